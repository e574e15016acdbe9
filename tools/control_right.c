#include "tools/control_right.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59 /* Linux 4.13 */
#endif

/* The primary group is in the credentials, the others are asked for. */
static bool is_in_group(int fd, const struct ucred *peer, gid_t group) {
    if (peer->gid == group)
        return true;
    socklen_t size = 0;
    (void)getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size); /* says how many there are */
    gid_t *groups = size == 0 ? NULL : malloc(size);
    bool found = false;
    if (groups != NULL && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
        for (size_t i = 0; i < size / sizeof(*groups); i++)
            found = found || groups[i] == group;
    free(groups);
    return found;
}

enum control_right control_right_of(int fd, gid_t group) {
    struct ucred peer;
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return CONTROL_DENIED;
    if (peer.uid == geteuid() || peer.uid == 0)
        return CONTROL_CHANGES;
    return group != CONTROL_NO_GROUP && is_in_group(fd, &peer, group) ? CONTROL_READS : CONTROL_DENIED;
}

/* The one table. rtt, reachability and paths may send a question, but leave nothing behind. */
static const struct {
    const char *op;
    const char *unless[2]; /* with one of these fields it changes */
} reading[] = {
    {"members", {NULL, NULL}}, {"leader", {NULL, NULL}}, {"history", {NULL, NULL}},     {"info", {NULL, NULL}},
    {"monitor", {NULL, NULL}}, {"owner", {NULL, NULL}},  {"why", {NULL, NULL}},         {"rtt", {NULL, NULL}},
    {"paths", {NULL, NULL}},   {"setup", {NULL, NULL}},  {"voters", {"add", "remove"}}, {"reachability", {NULL, NULL}},
};

enum control_right control_right_for(const char *op, const json_t *request) {
    for (size_t i = 0; i < sizeof(reading) / sizeof(reading[0]); i++) {
        if (strcmp(reading[i].op, op) != 0)
            continue;
        for (size_t j = 0; j < 2; j++)
            if (reading[i].unless[j] != NULL && json_object_get(request, reading[i].unless[j]) != NULL)
                return CONTROL_CHANGES;
        return CONTROL_READS;
    }
    return CONTROL_CHANGES;
}
