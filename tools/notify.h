/* systemd's readiness protocol, its few lines. */
#ifndef BW_TOOLS_NOTIFY_H
#define BW_TOOLS_NOTIFY_H

/* Sends state ("READY=1", "STATUS=…") to $NOTIFY_SOCKET, if there is one. */
void notify(const char *state);

#endif
