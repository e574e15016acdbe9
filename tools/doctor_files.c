/* Files of a running agent, which says what it may do with them itself: user and view of the file system may be others here. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/doctor.h"
#include "tools/json.h"
#include "tools/private_file.h"

static bool flag(const struct doctor *doctor, const char *name) {
    return json_is_true(json_object_get(doctor->setup, name));
}

/* An older agent does not say what it may do: that is no finding. */
static bool denies(const struct doctor *doctor, const char *name) {
    return json_is_false(json_object_get(doctor->setup, name));
}

static void look_at_state_dir(struct doctor *doctor, const char *path, uid_t user) {
    struct stat file;
    char mend[512];
    bool usable = !denies(doctor, "state_writable");
    if (stat(path, &file) != 0) {
        bool gone = errno == ENOENT && !usable; /* else the agent has another view of the file system */
        doctor_say(
            doctor,
            &(struct doctor_finding){gone ? DOCTOR_PROBLEM : DOCTOR_NOTE, "state", path,
                                     gone ? "an agent's state must outlive it: restart the agent, which makes it anew"
                                          : "run the doctor as the agent's user, or as root"},
            "the state directory cannot be looked at: %s", strerror(errno));
        return;
    }
    snprintf(mend, sizeof(mend), "chown %u '%s' && chmod 700 '%s'", (unsigned)user, path, path);
    if (!usable)
        doctor_say(
            doctor, &(struct doctor_finding){DOCTOR_PROBLEM, "state", path, mend},
            "the agent's user %u cannot write its state directory (mode %04o, owner %u): terms and votes are not "
            "kept, and it claims nothing",
            (unsigned)user, (unsigned)file.st_mode & 07777u, (unsigned)file.st_uid);
    else if ((file.st_mode & 022) != 0)
        doctor_say(doctor, &(struct doctor_finding){DOCTOR_PROBLEM, "state", path, mend},
                   "others can change the agent's state (mode %04o)", (unsigned)file.st_mode & 07777u);
}

static bool is_credential(const struct doctor *doctor, const char *option) {
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(doctor->setup, "credentials"), index, name) {
        if (strcmp(json_string_value(name), option) == 0)
            return true;
    }
    return false;
}

/* Where 'bellwether keys' would have the agent put a changed ring. */
static void look_beside_key_file(struct doctor *doctor, const char *path, uid_t user, bool credential) {
    if (!denies(doctor, "key_replaceable"))
        return;
    doctor_say(
        doctor,
        &(struct doctor_finding){
            DOCTOR_NOTE, "key-file", path,
            credential
                ? "only if you use 'bellwether keys': give the unit a key file that is no credential "
                  "(docs/OPERATING.md, systemd)"
                : "only if you use 'bellwether keys': give the agent's user the right to write in its directory"},
        "the agent's user %u cannot make files beside its key file: a ring changed by 'bellwether keys' would "
        "not be kept over its restart",
        (unsigned)user);
}

static void look_at_key_file(struct doctor *doctor, const char *path, uid_t user) {
    struct stat file;
    char mend[512];
    bool credential = is_credential(doctor, "key-file");
    if (stat(path, &file) != 0) {
        bool gone = errno == ENOENT && denies(doctor, "key_readable") && !credential; /* systemd makes that anew */
        doctor_say(doctor,
                   &(struct doctor_finding){gone ? DOCTOR_PROBLEM : DOCTOR_NOTE, "key-file", path,
                                            gone ? "put it back from another member's host: the agent would not "
                                                   "start again"
                                                 : "run the doctor as the agent's user, or as root"},
                   "the key file cannot be looked at: %s", strerror(errno));
        return;
    }
    bool fine = credential && private_file_has_credential_rights(&file);
    snprintf(mend, sizeof(mend), "chown %u '%s' && chmod 600 '%s'", (unsigned)user, path, path);
    if (!fine && (file.st_mode & 077) != 0)
        doctor_say(
            doctor, &(struct doctor_finding){DOCTOR_PROBLEM, "key-file", path, mend},
            "others can read or change the key file (mode %04o): the agent would not start again, and the key may "
            "be known",
            (unsigned)file.st_mode & 07777u);
    else if (denies(doctor, "key_readable") && (file.st_uid == user || file.st_uid == 0))
        doctor_say(doctor, &(struct doctor_finding){DOCTOR_PROBLEM, "key-file", path, mend},
                   "the agent's user %u cannot read the key file (mode %04o, owner %u), or a directory above it: the "
                   "agent would not start again",
                   (unsigned)user, (unsigned)file.st_mode & 07777u, (unsigned)file.st_uid);
    else if (denies(doctor, "key_readable") || (!fine && file.st_uid != user && file.st_uid != 0))
        doctor_say(doctor, &(struct doctor_finding){DOCTOR_PROBLEM, "key-file", path, mend},
                   "the key file belongs to user %u, not to the agent's user %u: the agent would not start again",
                   (unsigned)file.st_uid, (unsigned)user);
    look_beside_key_file(doctor, path, user, credential);
}

/* As the agent chooses by itself: up, multicast, neither loopback nor point-to-point. */
static void look_at_multicast(struct doctor *doctor) {
    struct ifaddrs *list = NULL;
    unsigned usable = 0;
    if (getifaddrs(&list) != 0)
        return;
    for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next)
        usable += at->ifa_addr != NULL && (at->ifa_flags & IFF_UP) != 0 && (at->ifa_flags & IFF_MULTICAST) != 0 &&
                  (at->ifa_flags & (IFF_LOOPBACK | IFF_POINTOPOINT)) == 0;
    freeifaddrs(list);
    if (usable == 0)
        doctor_say(doctor,
                   &(struct doctor_finding){DOCTOR_PROBLEM, "multicast", doctor_self(doctor),
                                            "bring a network up, name one (discover-interface), or use join"},
                   "discovery is on, but no interface of this host can multicast");
    else if (json_array_size(json_object_get(doctor->members, "members")) < 2)
        doctor_say(doctor,
                   &(struct doctor_finding){DOCTOR_PROBLEM, "multicast", doctor_self(doctor),
                                            "'bellwether discover --key-file FILE' on both hosts shows whether beacons "
                                            "arrive; let UDP 7948 in, IGMP and MLD through; clouds pass no multicast: "
                                            "use join there"},
                   "discovery is on, and has found nobody");
}

void doctor_look_at_files(struct doctor *doctor) {
    uid_t user = (uid_t)json_integer_value(json_object_get(doctor->setup, "uid"));
    const char *state = json_string_value(json_object_get(doctor->setup, "state_dir"));
    const char *key = json_string_value(json_object_get(doctor->setup, "key_file"));
    size_t before = doctor->problems;
    if (state != NULL)
        look_at_state_dir(doctor, state, user);
    if (key != NULL)
        look_at_key_file(doctor, key, user);
    if (flag(doctor, "discover"))
        look_at_multicast(doctor);
    if (doctor->problems == before && state != NULL)
        doctor_say(doctor, &(struct doctor_finding){DOCTOR_FINE, "files", doctor_self(doctor), NULL},
                   "key file and state directory have the rights that they need");
}
