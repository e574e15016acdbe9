#include "tools/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/text.h"

void notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(address.sun_path))
        return;
    size_t size = strlen(path);
    memcpy(address.sun_path, path, size);
    if (path[0] == '@') /* a name in the abstract name space */
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size));
    close(fd);
}

static void on_watchdog(struct ev_loop *loop, ev_timer *timer, int events) {
    (void)loop;
    (void)timer;
    (void)events;
    notify("WATCHDOG=1");
}

void notify_watchdog(struct ev_loop *loop, ev_timer *timer) {
    const char *interval = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t interval_us, wanted_pid;
    if (interval == NULL || !parse_number(interval, 1, INT64_MAX, &interval_us))
        return;
    if (pid != NULL && (!parse_number(pid, 1, INT64_MAX, &wanted_pid) || wanted_pid != (uint64_t)getpid()))
        return;
    double half_s = (double)interval_us / 2e6;
    ev_timer_init(timer, on_watchdog, half_s, half_s);
    ev_timer_start(loop, timer);
}
