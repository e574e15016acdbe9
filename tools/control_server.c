/* The listening socket, and who is let in. What is said: control_stream.c. */
#include "tools/control_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/control_path.h"
#include "tools/control_stream.h"
#include "tools/log.h"
#include "tools/text.h"

struct control_server {
    struct ev_loop *loop;
    struct control_host host;
    ev_io acceptor;
    ev_timer pause; /* no descriptors: accept again a little later */
    int fd;
    gid_t group; /* that may read, or CONTROL_NO_GROUP */
    char *path;
    struct stat file; /* the socket's, so that only our own is removed */
    struct control_peers clients;
};

/* Whether somebody serves the socket at this address. */
static bool is_live(const struct sockaddr_un *address) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool live = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN;
    close(fd);
    return live;
}

static bool remove_stale(const char *path, const struct sockaddr_un *address) {
    struct stat file;
    if (lstat(path, &file) != 0)
        return true;
    if (!S_ISSOCK(file.st_mode)) {
        complain("control socket %s: a file that is no socket is in the way; choose another place with --control",
                 path);
        return false;
    }
    if (is_live(address)) {
        complain("another agent serves the control socket %s; give this one its own with --control PATH", path);
        return false;
    }
    if (unlink(path) == 0 || errno == ENOENT)
        return true;
    complain("control socket %s is stale and cannot be removed: %s", path, strerror(errno));
    return false;
}

/* The directory, made if only it is missing, and locked against another agent that starts at this moment. */
static int lock_directory(const char *path) {
    const char *slash = strrchr(path, '/');
    char *directory = slash == NULL ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
    if (directory == NULL) {
        complain("control socket %s: out of memory", path);
        return -1;
    }
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    int fd = open(directory, flags);
    if (fd < 0 && errno == ENOENT && mkdir(directory, 0755) == 0 && chmod(directory, 0755) == 0)
        fd = open(directory, flags); /* whatever the umask: the socket has rights of its own */
    if (fd < 0)
        complain("control socket %s: cannot open or make the directory %s: %s; choose another place with --control",
                 path, directory, strerror(errno));
    else
        (void)flock(fd, LOCK_EX); /* where it cannot be locked there is no such race to lose but a rare one */
    free(directory);
    return fd;
}

/* The kernel keeps all others from connecting. */
static bool open_to_group(const char *path, gid_t group) {
    if (group == CONTROL_NO_GROUP || (lchown(path, (uid_t)-1, group) == 0 && chmod(path, 0660) == 0))
        return true;
    complain("control socket %s: cannot be given to group %u: %s; the agent's user must be in the group of "
             "--control-group",
             path, group, strerror(errno));
    return false;
}

static bool bind_private(int fd, const char *path, gid_t group, const struct sockaddr_un *address) {
    mode_t mask = umask(0177);
    int bound = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    umask(mask);
    if (bound == 0 && !open_to_group(path, group)) {
        unlink(path);
        return false;
    }
    if (bound == 0 && listen(fd, CONTROL_CLIENT_MAX) == 0)
        return true;
    complain("control socket %s: %s; choose another place with --control", path, strerror(errno));
    return false;
}

static int listen_at(const char *path, gid_t group) {
    struct sockaddr_un address;
    if (!control_address(path, &address)) {
        complain("control socket %s: longer than the %zu bytes that a socket's path may have; give a shorter one with "
                 "--control",
                 path, sizeof(address.sun_path) - 1);
        return -1;
    }
    int directory = lock_directory(path);
    if (directory < 0)
        return -1;
    int fd = -1;
    if (remove_stale(path, &address)) {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
            complain("control socket: %s", strerror(errno));
    }
    if (fd >= 0 && !bind_private(fd, path, group, &address)) {
        close(fd);
        fd = -1;
    }
    close(directory);
    return fd;
}

static void refuse(int fd, const char *code, const char *message) {
    json_t *error = control_error(code, message);
    char *text = json_dumps(error, JSON_COMPACT);
    if (text != NULL) { /* a fresh socket has room for a line */
        (void)!send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)!send(fd, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    free(text);
    json_decref(error);
    close(fd);
}

static void on_connection(struct ev_loop *loop, ev_io *watcher, int events) {
    struct control_server *server = watcher->data;
    (void)events;
    for (int i = 0; i < CONTROL_CLIENT_MAX; i++) {
        int fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
            ev_io_stop(loop, watcher);
            ev_timer_again(loop, &server->pause);
        }
        if (fd < 0)
            return;
        enum control_right right = control_right_of(fd, server->group);
        if (right == CONTROL_DENIED)
            refuse(fd, "denied",
                   server->group == CONTROL_NO_GROUP ? "the agent talks to its own user and to root only"
                                                     : "the agent talks to its own user, root and its group only");
        else if (!control_peers_add(&server->clients, fd, right))
            refuse(fd, "busy", "too many clients: try again later");
    }
}

static void on_pause_over(struct ev_loop *loop, ev_timer *timer, int events) {
    struct control_server *server = timer->data;
    (void)events;
    ev_timer_stop(loop, timer);
    ev_io_start(loop, &server->acceptor);
}

struct control_server *control_server_open(const char *path, gid_t group, struct ev_loop *loop,
                                           const struct control_host *host) {
    struct control_server *server = calloc(1, sizeof(*server));
    char *copy = server != NULL ? strdup(path) : NULL;
    if (copy == NULL) {
        complain("control socket %s: out of memory", path);
        free(server);
        return NULL;
    }
    server->loop = loop;
    server->host = *host;
    server->path = copy;
    server->group = group;
    server->fd = listen_at(path, group);
    if (server->fd < 0 || stat(path, &server->file) != 0) {
        free(server->path);
        free(server);
        return NULL;
    }
    control_peers_open(&server->clients, loop, &server->host);
    ev_io_init(&server->acceptor, on_connection, server->fd, EV_READ);
    server->acceptor.data = server;
    ev_init(&server->pause, on_pause_over);
    server->pause.repeat = 1.0;
    server->pause.data = server;
    return server;
}

void control_server_start(struct control_server *server) {
    ev_io_start(server->loop, &server->acceptor);
}

void control_server_feed(struct control_server *server) {
    control_peers_feed(&server->clients);
}

void control_server_left(struct control_server *server) {
    control_peers_left(&server->clients);
}

void control_server_close(struct control_server *server) {
    if (server == NULL)
        return;
    ev_io_stop(server->loop, &server->acceptor);
    ev_timer_stop(server->loop, &server->pause);
    control_peers_close(&server->clients);
    close(server->fd);
    struct stat file;
    if (stat(server->path, &file) == 0 && file.st_ino == server->file.st_ino && file.st_dev == server->file.st_dev)
        unlink(server->path);
    free(server->path);
    free(server);
}
