#include "tools/hints.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "tools/differs.h"
#include "tools/json.h"
#include "tools/log.h"
#include "tools/text.h"

enum { INTERVAL_S = 5, SETTINGS_AGAIN_S = 60, SCOPES_PER_TICK = 256 };

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

void hints_twice(const struct bw_event *event) {
    char addr[BW_ADDR_TEXT_SIZE];
    bw_addr_text(&event->addr, addr);
    log_line(
        event->own ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN,
        "%s runs twice with one id, the other one at %s: its state directory was copied, and neither leads or votes. "
        "Stop one of them, and start it with an empty --state-dir and a --name of its own",
        event->own ? "this agent" : event->name, addr);
}

void hints_stranger(const struct hints *hints, const struct bw_event *event) {
    char addr[BW_ADDR_TEXT_SIZE];
    bw_addr_text(&event->addr, addr);
    if (event->error == BW_ERR_DROP_KEY && hints->host != NULL && is_alone(bw_loop_node(hints->host)))
        log_line(
            LOG_LEVEL_WARN,
            "%s seals with a key that is not in our key file, and we have met nobody: our keys are probably "
            "older than the cluster's. Put the key file of a member in the place of ours, then 'bellwether reload'",
            addr);
    else if (event->error == BW_ERR_DROP_KEY)
        log_line(
            LOG_LEVEL_WARN,
            "%s seals with a key that is not in our ring (%llu datagrams): an agent with other keys was told to join "
            "us, or was away while keys were changed. Give it this member's key file; 'bellwether keys list' "
            "shows the ring",
            addr, (unsigned long long)event->dropped);
    else
        log_line(LOG_LEVEL_WARN,
                 "%llu datagrams did not open, the last from %s: another cluster's label, or damaged or forged",
                 (unsigned long long)event->dropped, addr);
}

void hints_far_term(const struct bw_event *event) {
    char of[BW_NAME_MAX + sizeof(" in a claim of ")] = "";
    if (!bw_id_none(&event->token.id) && !bw_id_equal(&event->token.id, &event->id))
        snprintf(of, sizeof(of), " in a claim of %s", event->by[0] == '\0' ? "a member" : event->by);
    log_line(LOG_LEVEL_WARN,
             "%s sent term %llu of scope '%s'%s, more than 2^32 above all that we have seen: refused (%llu such terms "
             "since this was told last). Its state is damaged, or it is hostile, or we were given such terms ourselves",
             event->name[0] == '\0' ? "a member" : event->name, (unsigned long long)event->token.term, event->scope, of,
             (unsigned long long)event->dropped);
}

/* In that scope; the first with a difference is told, others are counted. */
static void look_at_scope(struct hints *hints, const struct bw_node *node, const char *scope) {
    char first[256] = "";
    size_t count = 0;
    if (bw_node_differences(node, scope, NULL, 0, &count) != 0 || count == 0 || hints->scopes++ > 0)
        return;
    json_t *differs = json_differs(node, scope);
    differs_text(json_array_get(differs, 0), first, sizeof(first));
    snprintf(hints->found, sizeof(hints->found), "scope '%s': %s", scope, first);
    if (count > 1)
        text_append(hints->found, sizeof(hints->found), "; ", "%zu settings differ", count);
    json_decref(differs);
}

/* Whether it has come to the last scope: then found is what differs, in one line, "" if nothing does. */
static bool look_on(struct hints *hints, const struct bw_node *node) {
    struct bw_scope_info info;
    if (hints->at == 0) {
        hints->found[0] = '\0';
        hints->scopes = 0;
    }
    for (size_t i = 0; i < SCOPES_PER_TICK; i++) {
        if (bw_node_scope(node, hints->at, &info, bw_loop_now()) != 0) {
            hints->at = 0;
            if (hints->scopes > 1)
                text_append(hints->found, sizeof(hints->found), "; ", "so do those of other scopes: %zu",
                            hints->scopes - 1);
            return true;
        }
        look_at_scope(hints, node, info.scope);
        hints->at++;
    }
    return false;
}

/* Each change once, and not more often than every so often. */
static void look_at_settings(struct hints *hints, const struct bw_node *node, double now) {
    if (!look_on(hints, node))
        return;
    if (hints->found[0] == '\0')
        hints->said[0] = '\0';
    if (strcmp(hints->found, hints->said) == 0 || (hints->said_at > 0 && now - hints->said_at < SETTINGS_AGAIN_S))
        return;
    memcpy(hints->said, hints->found, sizeof(hints->said));
    hints->said_at = now;
    log_line(LOG_LEVEL_WARN, "%s: give all members the same; 'bellwether doctor' names what differs", hints->found);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events) {
    struct hints *hints = timer->data;
    const struct bw_node *node = bw_loop_node(hints->host);
    (void)events;
    look_for_others(hints, node);
    look_at_settings(hints, node, ev_now(loop));
}

void hints_start(struct hints *hints, struct ev_loop *loop, struct bw_loop *host, bool has_seeds) {
    *hints = (struct hints){.host = host, .has_seeds = has_seeds};
    ev_timer_init(&hints->timer, on_timer, INTERVAL_S, INTERVAL_S);
    hints->timer.data = hints;
    ev_timer_start(loop, &hints->timer);
}
