/* systemd's readiness protocol, its few lines. */
#ifndef BW_TOOLS_NOTIFY_H
#define BW_TOOLS_NOTIFY_H

#include <ev.h>

/* Sends state ("READY=1", "STATUS=…") to $NOTIFY_SOCKET, if there is one. */
void notify(const char *state);

/* Tells systemd twice in each of its watchdog's intervals that the loop turns, if WatchdogSec= is set for this process.
 * timer: kept by the caller as long as the loop runs. */
void notify_watchdog(struct ev_loop *loop, ev_timer *timer);

#endif
