#include "tools/hints.h"

#include "tools/log.h"

enum { INTERVAL_S = 5, QUIET_ROUNDS = 12 /* a minute */ };

static bool is_alone(const struct bw_node *node) {
    return bw_node_member_count(node) < 2;
}

/* Told once: an agent that has never met anybody although it was told whom to join. */
static void look_for_others(struct hints *hints, const struct bw_node *node) {
    if (hints->looked)
        return;
    hints->looked = true;
    if (hints->has_seeds && is_alone(node))
        log_line(LOG_LEVEL_WARN,
                 "no answer yet from the addresses to join: are agents there, does UDP pass both ways, and "
                 "have they the same key and cluster label? They are tried again, for ever");
}

/* Told at most once a minute. Just after our start the others still send to our former session, which does not open. */
static void look_at_drops(struct hints *hints, const struct bw_node *node) {
    uint64_t foreign_keys = bw_node_dropped(node, BW_ERR_DROP_KEY);
    uint64_t not_opened = bw_node_dropped(node, BW_ERR_DROP_AUTH);
    if (hints->quiet_rounds > 0) {
        hints->quiet_rounds--;
        return;
    }
    if (foreign_keys > hints->foreign_keys)
        log_line(LOG_LEVEL_WARN,
                 "%llu datagrams were sealed with a key that is not in the key file: somebody who was told to "
                 "join us has another one",
                 (unsigned long long)(foreign_keys - hints->foreign_keys));
    if (not_opened > hints->not_opened && hints->looked)
        log_line(LOG_LEVEL_WARN, "%llu datagrams did not open: another cluster's label, or damaged or forged",
                 (unsigned long long)(not_opened - hints->not_opened));
    if (foreign_keys > hints->foreign_keys || not_opened > hints->not_opened)
        hints->quiet_rounds = QUIET_ROUNDS;
    hints->foreign_keys = foreign_keys;
    hints->not_opened = not_opened;
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events) {
    struct hints *hints = timer->data;
    const struct bw_node *node = bw_loop_node(hints->host);
    (void)loop;
    (void)events;
    look_at_drops(hints, node);
    look_for_others(hints, node);
}

void hints_start(struct hints *hints, struct ev_loop *loop, struct bw_loop *host, bool has_seeds) {
    *hints = (struct hints){.host = host, .has_seeds = has_seeds};
    ev_timer_init(&hints->timer, on_timer, INTERVAL_S, INTERVAL_S);
    hints->timer.data = hints;
    ev_timer_start(loop, &hints->timer);
}
