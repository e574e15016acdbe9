/* What `systemctl status` shows of an agent: how many members it sees alive, and who leads. */
#ifndef BW_TOOLS_NOTIFY_STATUS_H
#define BW_TOOLS_NOTIFY_STATUS_H

#include <bellwether/loop.h>
#include <ev.h>

struct notify_status {
    ev_timer timer; /* all zero at first */
    const struct bw_node *node;
};

/* "STATUS=5 members alive; n1 leads default". The node's text alone: no control character is in it. */
void notify_status_text(const struct bw_node *node, struct bw_time now, char *text, size_t size);

/* Something has changed: systemd is told within a moment. */
void notify_status_soon(struct notify_status *status, struct ev_loop *loop, const struct bw_node *node);

/* The node says no more what is shown: it leaves, has left, or is gone. */
void notify_status_stop(struct notify_status *status, struct ev_loop *loop);

#endif
