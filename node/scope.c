/* What the host may do about our own part in scopes. Where a scope has seats, its name stands for all of them, and the name of a
 * range for all its scopes. */
#include "node/internal.h"

#include <string.h>

#define STEPDOWN_MS 60000u /* where no time is given */

struct asked {
    uint32_t number;
    bool yes;
    uint32_t ttl_ms;
    const struct bw_id *to;
    const char *why;
};
typedef int (*ask_one)(struct bw_node *node, const char *scope, struct asked *asked);

/* What came of asking for several. */
struct outcome {
    bool done;
    int failed;
};

/* Those that are not there count for nothing. */
static void note(struct outcome *outcome, int error) {
    outcome->done = outcome->done || error == 0;
    if (error != 0 && error != BW_ERR_NOT_FOUND && (outcome->failed == 0 || outcome->failed == BW_ERR_BUSY)) {
        outcome->failed = error; /* of another that we lead it says more than that we do not lead this one */
    }
}

/* once: until it has been done. */
static void ask_seats(struct bw_node *node, const char *scope, ask_one ask, struct asked *asked, bool once,
                      struct outcome *outcome) {
    char name[BW_NAME_MAX + 1];
    for (unsigned seat = 0; seat < BW_SEATS_MAX && !(outcome->done && once); seat++) {
        bw_scope_seat_name(scope, seat, name);
        note(outcome, name[0] != '\0' ? ask(node, name, asked) : BW_ERR_NOT_FOUND);
    }
}

static void ask_range(struct bw_node *node, const char *base, ask_one ask, struct asked *asked,
                      struct outcome *outcome) {
    struct bw_scope_info info;
    size_t size;
    for (size_t i = 0; bw_node_scope(node, i, &info, node->now) == 0; i++) {
        if (bw_scope_shard(info.scope, &size) >= 0 && size == strlen(base) && memcmp(info.scope, base, size) == 0) {
            note(outcome, ask(node, info.scope, asked));
        }
    }
}

/* once: of several one only, and so not of a range. */
static int ask_scope(struct bw_node *node, const char *scope, ask_one ask, struct asked *asked, bool once) {
    struct outcome outcome = {0};
    int error = ask(node, scope, asked);
    if (error == BW_ERR_NOT_FOUND && bw_scope_seat(scope, NULL) < 0) {
        ask_seats(node, scope, ask, asked, once, &outcome);
        if (!outcome.done && outcome.failed == 0 && !once) {
            ask_range(node, scope, ask, asked, &outcome);
        }
        bool enough = outcome.failed == 0 || (outcome.done && once);
        error = enough ? (outcome.done ? 0 : BW_ERR_NOT_FOUND) : outcome.failed;
    }
    bw_node_pump(node);
    return error;
}

static int stepdown_one(struct bw_node *node, const char *scope, struct asked *asked) {
    return bw_election_stepdown(node->election, scope, asked->number, node->now);
}

int bw_node_stepdown(struct bw_node *node, const char *scope, uint32_t for_ms, struct bw_time now) {
    struct asked asked = {.number = for_ms > 0 ? for_ms : STEPDOWN_MS};
    (void)bw_node_clamp(node, now);
    return ask_scope(node, scope, stepdown_one, &asked, false);
}

static int ready_one(struct bw_node *node, const char *scope, struct asked *asked) {
    return bw_election_ready(node->election, scope, asked->yes, asked->ttl_ms, node->now);
}

int bw_node_ready(struct bw_node *node, const char *scope, bool ready, uint32_t ttl_ms, struct bw_time now) {
    struct asked asked = {.yes = ready, .ttl_ms = ttl_ms};
    (void)bw_node_clamp(node, now);
    return ask_scope(node, scope, ready_one, &asked, false);
}

static int priority_one(struct bw_node *node, const char *scope, struct asked *asked) {
    if (!bw_identity_may_stand(node, scope, 0, (uint16_t)asked->number)) {
        return BW_ERR_NOT_GRANTED;
    }
    return bw_election_priority(node->election, scope, (uint16_t)asked->number, node->now);
}

int bw_node_priority(struct bw_node *node, const char *scope, uint16_t priority, struct bw_time now) {
    struct asked asked = {.number = priority};
    (void)bw_node_clamp(node, now);
    return ask_scope(node, scope, priority_one, &asked, false);
}

int bw_node_claim_above(struct bw_node *node, const char *scope, const struct bw_token *token, struct bw_time now) {
    (void)bw_node_clamp(node, now);
    int error = bw_election_claim_above(node->election, scope, token, node->now);
    bw_node_pump(node);
    return error;
}

static int freeze_one(struct bw_node *node, const char *scope, struct asked *asked) {
    return bw_election_freeze(node->election, scope, asked->number, node->now);
}

int bw_node_freeze(struct bw_node *node, const char *scope, uint32_t for_ms, struct bw_time now) {
    struct asked asked = {.number = for_ms};
    (void)bw_node_clamp(node, now);
    return ask_scope(node, scope, freeze_one, &asked, false);
}

static int thaw_one(struct bw_node *node, const char *scope, struct asked *asked) {
    (void)asked;
    return bw_election_thaw(node->election, scope, node->now);
}

int bw_node_thaw(struct bw_node *node, const char *scope, struct bw_time now) {
    struct asked asked = {0};
    (void)bw_node_clamp(node, now);
    return ask_scope(node, scope, thaw_one, &asked, false);
}

static int withdraw_one(struct bw_node *node, const char *scope, struct asked *asked) {
    (void)asked;
    return bw_election_scope_remove(node->election, scope, node->now);
}

int bw_node_scope_remove(struct bw_node *node, const char *scope, struct bw_time now) {
    struct asked asked = {0};
    (void)bw_node_clamp(node, now);
    return ask_scope(node, scope, withdraw_one, &asked, false);
}

static int stopped_one(struct bw_node *node, const char *scope, struct asked *asked) {
    (void)asked;
    return bw_election_stopped(node->election, scope, node->now);
}

int bw_node_stopped(struct bw_node *node, const char *scope, struct bw_time now) {
    struct asked asked = {0};
    (void)bw_node_clamp(node, now);
    return ask_scope(node, scope, stopped_one, &asked, false);
}

static int transfer_one(struct bw_node *node, const char *scope, struct asked *asked) {
    return bw_election_transfer(node->election, scope, asked->to, &asked->why, node->now);
}

int bw_node_transfer(struct bw_node *node, const char *scope, const struct bw_id *to, const char **why,
                     struct bw_time now) {
    struct asked asked = {.to = to};
    (void)bw_node_clamp(node, now);
    int error = ask_scope(node, scope, transfer_one, &asked, true);
    if (why != NULL && asked.why != NULL) {
        *why = asked.why;
    }
    return error;
}
