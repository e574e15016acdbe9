/* Hostile packets: somebody without the keys, who sees all that is sent, keeps some of it, and sends it again: as it was, with
 * bits changed, cut short, to somebody else, back to its sender; and junk. */
#include "sim/fault_parts.h"

#include <stdlib.h>
#include <string.h>

#define TURN_US 10000
#define JUNK_SIZE_MAX 1400u
#define HEADER_SIZE \
    28u          /* of a packet: version, flags, hint of the key, session and counter, and what follows from them */
#define TRIES 16 /* to find a capture that fits */

enum trick { REPLAY, FLIP, AMBUSH, CUT_SHORT, REDIRECT, REFLECT, JUNK, FALSE_HEAD, TRICK_COUNT };

struct bw_attack {
    struct bw_sim *sim;
    struct bw_rng rng;
    bool *hosts;
    int64_t per_s;
    int64_t begin_us;
    int64_t until_us;
    int64_t sent_count; /* to each host */
    int64_t ambushes;   /* copies with changed bits that are to overtake the next datagrams */
};

/* Bits anywhere, the head included. */
static void flip(struct bw_attack *attack, uint8_t *data, size_t size) {
    for (uint64_t count = 1 + bw_rng_below(&attack->rng, 8); count > 0; count--)
        data[bw_rng_below(&attack->rng, size)] ^= (uint8_t)(1u << bw_rng_below(&attack->rng, 8));
}

/* It arrives before what it is a copy of: its number is new to the receiver. */
static void overtake(struct bw_attack *attack, const struct bw_sim_capture *capture) {
    uint8_t data[BW_DATAGRAM_MAX];
    if (attack == NULL || attack->ambushes == 0 || !attack->hosts[capture->to])
        return;
    attack->ambushes--;
    memcpy(data, capture->data, capture->size);
    flip(attack, data, capture->size);
    bw_sim_slip_in(attack->sim, capture->from, capture->to, data, capture->size, 0);
}

/* The newest, and as many of all times: captures may be old. */
void bw_sim_capture(struct bw_sim *sim, size_t from, size_t to, const uint8_t *data, size_t size) {
    struct bw_sim_captures *captures = sim->captures;
    size_t half = BW_SIM_CAPTURE_COUNT / 2;
    uint64_t number = captures->count++;
    struct bw_sim_capture *newest = &captures->captures[number % half];
    newest->from = from;
    newest->to = to;
    newest->size = size <= sizeof newest->data ? size : sizeof newest->data;
    memcpy(newest->data, data, newest->size);
    uint64_t place = number < half ? number : bw_rng_below(&captures->rng, number + 1);
    if (place < half)
        captures->captures[half + place] = *newest;
    overtake(captures->attack, newest);
}

static const struct bw_sim_capture *any_capture(struct bw_attack *attack) {
    const struct bw_sim_captures *captures = attack->sim->captures;
    size_t half = BW_SIM_CAPTURE_COUNT / 2;
    size_t known = captures->count < half ? (size_t)captures->count : half;
    if (known == 0)
        return NULL;
    size_t place = (size_t)bw_rng_below(&attack->rng, known);
    return &captures->captures[bw_rng_below(&attack->rng, 2) == 0 ? place : half + place];
}

/* One whose receiver is the host, or is not; or whose sender is. */
static const struct bw_sim_capture *choose(struct bw_attack *attack, enum trick trick, size_t host) {
    const struct bw_sim_capture *capture = NULL;
    for (int i = 0; i < TRIES; i++) {
        capture = any_capture(attack);
        if (capture == NULL)
            return NULL;
        bool fits = trick == REFLECT ? capture->from == host : (capture->to == host) == (trick != REDIRECT);
        if (fits)
            return capture;
    }
    return capture;
}

static size_t make_junk(struct bw_attack *attack, uint8_t *data) {
    size_t size = 1 + (size_t)bw_rng_below(&attack->rng, JUNK_SIZE_MAX);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)bw_rng_below(&attack->rng, 256);
    return size;
}

static void attack_once(struct bw_attack *attack, size_t host) {
    uint8_t data[JUNK_SIZE_MAX + BW_DATAGRAM_MAX];
    enum trick trick = (enum trick)bw_rng_below(&attack->rng, TRICK_COUNT);
    attack->sim->hostile_count++;
    if (trick == AMBUSH) {
        attack->ambushes++;
        return;
    }
    const struct bw_sim_capture *capture = trick == JUNK ? NULL : choose(attack, trick, host);
    size_t from = (size_t)bw_rng_below(&attack->rng, attack->sim->host_count);
    size_t size;
    if (capture == NULL || capture->size <= HEADER_SIZE) {
        size = make_junk(attack, data);
    } else {
        from = bw_rng_below(&attack->rng, 4) == 0 ? from : capture->from;
        size = capture->size;
        memcpy(data, capture->data, size);
        if (trick == FLIP)
            flip(attack, data, size);
        if (trick == CUT_SHORT)
            size = 1 + (size_t)bw_rng_below(&attack->rng, size - 1);
        if (trick == FALSE_HEAD) {
            size = make_junk(attack, data + HEADER_SIZE) + HEADER_SIZE;
            memcpy(data, capture->data, HEADER_SIZE);
        }
    }
    bw_sim_slip_in(attack->sim, from, host, data, size, (int64_t)bw_rng_below(&attack->rng, TURN_US));
}

static void take_turn(struct bw_sim *sim, void *context) {
    struct bw_attack *attack = context;
    int64_t due = (int64_t)((double)(sim->now_us - attack->begin_us) * (double)attack->per_s / 1e6);
    for (; attack->sent_count < due; attack->sent_count++)
        for (size_t i = 0; i < sim->host_count; i++)
            if (attack->hosts[i])
                attack_once(attack, i);
    if (sim->now_us >= attack->until_us)
        attack->ambushes = 0;
    else
        bw_sim_schedule_us(sim, sim->now_us + TURN_US, take_turn, attack);
}

void bw_sim_listen(struct bw_sim *sim) {
    if (sim->captures != NULL)
        return;
    sim->captures = bw_sim_memory(sizeof *sim->captures);
    bw_rng_seed(&sim->captures->rng, sim->seed ^ UINT64_C(0x6c697374656e)); /* "listen" */
}

struct bw_attack *bw_attack_begin(struct bw_sim *sim, const bool *hosts, uint16_t number, int64_t per_s,
                                  int64_t until_us) {
    struct bw_attack *attack = bw_sim_memory(sizeof *attack);
    attack->sim = sim;
    attack->hosts = bw_sim_memory_copy(hosts, sim->host_count * sizeof hosts[0]);
    attack->per_s = per_s;
    attack->begin_us = sim->now_us;
    attack->until_us = until_us;
    sim->captures->attack = attack;                                               /* who begins last lies in ambush */
    bw_rng_seed(&attack->rng, sim->seed ^ (UINT64_C(0x686f7374696c65) + number)); /* "hostile" */
    if (sim->options.unsealed)
        bw_sim_fail(sim, "hostile packets in an unsealed world: its stand-in does not notice a changed datagram");
    else
        take_turn(sim, attack);
    return attack;
}

void bw_attack_free(struct bw_attack *attack) {
    if (attack == NULL)
        return;
    free(attack->hosts);
    free(attack);
}
