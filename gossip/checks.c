#include "gossip/checks.h"

#include "gossip/machine.h"

/* So many at once, and one more in each step; of all senders together ALL times as many. A look takes some 640,000 instructions, or
 * 0.15 ms: so one member's fresh and sound signatures take a 13th of a core at most, and what nobody signed a 200th. */
#define VAIN_BURST 32
#define VAIN_STEP_US (BW_US_PER_S / 32)
#define LOOKS_BURST 2048
#define LOOKS_BURST_JOINING 32768 /* who joins is told of thousands by one member, and leads nothing yet */
#define LOOKS_STEP_US (BW_US_PER_S / 512)
#define ALL_VAIN 8
#define ALL_LOOKS 2

int bw_checks_create(struct bw_gossip *g) {
    g->attest.checks = bw_alloc(&g->allocator, sizeof(*g->attest.checks));
    if (!g->attest.checks) {
        return BW_ERR_MEMORY;
    }
    *g->attest.checks = (struct bw_checks){.count = 1};
    return 0;
}

void bw_checks_free(struct bw_gossip *g) {
    bw_free(&g->allocator, g->attest.checks, g->attest.checks ? sizeof(*g->attest.checks) : 0);
    g->attest.checks = NULL;
}

static struct bw_checker *checker_of(struct bw_gossip *g, const struct bw_id *from) {
    struct bw_checks *checks = g->attest.checks;
    struct bw_checker *oldest = &checks->senders[1];
    if (!bw_members_find(&g->members, from)) {
        return &checks->senders[0];
    }
    for (size_t i = 1; i < checks->count; i++) {
        struct bw_checker *sender = &checks->senders[i];
        if (bw_id_equal(&sender->from, from)) {
            return sender;
        }
        oldest = sender->used_us < oldest->used_us ? sender : oldest;
    }
    struct bw_checker *made = checks->count < BW_CHECKERS_MAX ? &checks->senders[checks->count++] : oldest;
    *made = (struct bw_checker){.from = *from};
    return made;
}

/* Whether what is left of a burst is used up. */
static bool spent(int64_t whole_us, int64_t now_us, int64_t step_us, int64_t burst) {
    return whole_us - now_us > step_us * (burst - 1);
}

static bool left(const struct bw_gossip *g, const struct bw_allowances *allowances, int64_t vain_times,
                 int64_t looks_times) {
    int64_t burst = g->resync_ms > 0 ? LOOKS_BURST_JOINING : LOOKS_BURST;
    int64_t now_us = g->now.mono_us;
    return !spent(allowances->vain_us, now_us, VAIN_STEP_US / vain_times, VAIN_BURST * vain_times) &&
           !spent(allowances->looks_us, now_us, LOOKS_STEP_US / looks_times, burst * looks_times);
}

bool bw_checks_may(struct bw_gossip *g, const struct bw_id *from) {
    const struct bw_checker *sender = checker_of(g, from);
    bool may = left(g, &sender->left, 1, 1) && left(g, &g->attest.checks->all, ALL_VAIN, ALL_LOOKS);
    if (!may) {
        bw_bound_passed(g, BW_BOUND_SIGNATURES, from, 1);
    }
    return may;
}

static void charge(int64_t *whole_us, int64_t now_us, int64_t cost_us) {
    *whole_us = (*whole_us > now_us ? *whole_us : now_us) + cost_us;
}

void bw_checks_charge(struct bw_gossip *g, const struct bw_id *from, unsigned looks, bool sound) {
    struct bw_checker *sender = checker_of(g, from);
    struct bw_allowances *all = &g->attest.checks->all;
    int64_t now_us = g->now.mono_us;
    sender->used_us = now_us;
    charge(&sender->left.looks_us, now_us, LOOKS_STEP_US * (int64_t)looks);
    charge(&all->looks_us, now_us, LOOKS_STEP_US / ALL_LOOKS * (int64_t)looks);
    if (!sound) {
        charge(&sender->left.vain_us, now_us, VAIN_STEP_US);
        charge(&all->vain_us, now_us, VAIN_STEP_US / ALL_VAIN);
    }
}

bool bw_checks_verify(struct bw_gossip *g, const struct bw_id *from, const uint8_t key[BW_PUBLIC_SIZE],
                      const char *words, struct bw_bytes message, const uint8_t signature[BW_SIGNATURE_SIZE]) {
    if (!bw_checks_may(g, from)) {
        return false;
    }
    bool sound = bw_identity_verify(key, words, message, signature);
    bw_checks_charge(g, from, 1, sound);
    return sound;
}
