/* What `systemctl status` shows of an agent: how many members it sees alive, and who leads. */
#include "tools/notify_status.h"

#include <stdio.h>

#include "tools/notify.h"
#include "tools/text.h"

#define DELAY_S 0.1 /* what comes together is shown together; and a large cluster is not counted for each event */
#define SCOPES_NAMED 3u

static size_t count_living(const struct bw_node *node) {
    struct bw_member_info member;
    size_t living = 0;
    for (size_t i = 0; bw_node_member(node, i, &member) == 0; i++)
        living += member.status == BW_STATUS_ALIVE || member.status == BW_STATUS_SUSPECT;
    return living;
}

void notify_status_text(const struct bw_node *node, struct bw_time now, char *text, size_t size) {
    size_t living = count_living(node), scopes = bw_node_scope_count(node);
    struct bw_scope_info scope;
    snprintf(text, size, "STATUS=%zu member%s alive", living, living == 1 ? "" : "s");
    for (size_t i = 0; i < scopes && i < SCOPES_NAMED && bw_node_scope(node, i, &scope, now) == 0; i++) {
        const char *leader = !scope.has_leader ? "nobody" : scope.leader[0] != '\0' ? scope.leader : "somebody";
        text_append(text, size, i == 0 ? "; " : ", ", "%s leads %s", leader, scope.scope);
    }
    if (scopes > SCOPES_NAMED)
        text_append(text, size, ", and ", "%zu scope%s more", scopes - SCOPES_NAMED,
                    scopes - SCOPES_NAMED == 1 ? "" : "s");
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events) {
    struct notify_status *status = timer->data;
    char text[1024];
    (void)loop;
    (void)events;
    if (status->node == NULL)
        return;
    notify_status_text(status->node, bw_loop_now(), text, sizeof(text));
    notify(text);
}

void notify_status_soon(struct notify_status *status, struct ev_loop *loop, const struct bw_node *node) {
    status->node = node;
    if (ev_is_active(&status->timer))
        return;
    ev_timer_init(&status->timer, on_timer, DELAY_S, 0.0);
    status->timer.data = status;
    ev_timer_start(loop, &status->timer);
}

void notify_status_stop(struct notify_status *status, struct ev_loop *loop) {
    status->node = NULL;
    ev_timer_stop(loop, &status->timer);
}
