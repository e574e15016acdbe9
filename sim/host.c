/* The host of one node: what libev, sockets, disk and scheduler are to a real agent. See node.h for the contract. */
#include "sim/internal.h"

#include <stdlib.h>
#include <string.h>

#define TRANSMIT_MAX 100000u /* datagrams that one call may lead to */
#define STUCK_MAX 1000u      /* ticks in a row that leave the deadline in the past */
#define EXTRA_TICK_MAX_US 50000u

static struct bw_time clock_of(const struct bw_sim *sim, const struct bw_sim_host *host) {
    return bw_sim_clock_at(host, sim->now_us);
}

/* How late this host's timer for a deadline fires: by chance, but the same however often it is asked. */
static int64_t tick_late_us(const struct bw_sim *sim, size_t index, int64_t deadline_us) {
    struct bw_rng rng;
    if (sim->options.tick_late_us == 0)
        return 0;
    bw_rng_seed(&rng, sim->seed ^ (uint64_t)deadline_us ^ (uint64_t)index << 48);
    return (int64_t)bw_rng_below(&rng, (uint64_t)sim->options.tick_late_us + 1);
}

static void arm(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = &sim->hosts[index];
    int64_t deadline_us = bw_node_deadline(host->node);
    int64_t at_us = BW_NEVER;
    if (deadline_us != BW_NEVER) {
        int64_t now_us = clock_of(sim, host).mono_us;
        at_us = deadline_us <= now_us ? sim->now_us
                                      : bw_sim_clock_real(host, deadline_us) + tick_late_us(sim, index, deadline_us);
    }
    if (at_us == host->tick_at_us)
        return;
    host->tick_at_us = at_us;
    host->tick_stamp++;
    if (at_us == BW_NEVER)
        return;
    struct bw_sim_item item = {.at_us = at_us, .kind = BW_SIM_TICK, .host = index, .stamp = host->tick_stamp};
    bw_sim_heap_push(&sim->heap, &item);
}

static void write_state(struct bw_sim *sim, size_t index, const struct bw_bytes *state) {
    struct bw_sim_host *host = &sim->hosts[index];
    if (!sim->options.durable)
        bw_sim_violate(sim, BW_INVARIANT_ONE_WRITE, "n%zu wants to write without a disk", index);
    if (host->writing != NULL)
        bw_sim_violate(sim, BW_INVARIANT_ONE_WRITE, "n%zu asks for a second write before the first is answered", index);
    free(host->writing);
    host->writing = bw_sim_memory_copy(state->data, state->size);
    host->writing_size = state->size;
    host->counts.writes++;
    struct bw_sim_item item = {
        .at_us = sim->now_us + host->write_us, .kind = BW_SIM_WRITTEN, .host = index, .stamp = ++host->write_stamp};
    bw_sim_heap_push(&sim->heap, &item);
}

static void plan_extra_tick(struct bw_sim *sim, size_t index) {
    if (sim->options.extra_tick_ppm == 0 || bw_rng_below(&sim->extra, BW_SIM_PPM_MAX) >= sim->options.extra_tick_ppm)
        return;
    struct bw_sim_item item = {.at_us = sim->now_us + (int64_t)bw_rng_below(&sim->extra, EXTRA_TICK_MAX_US),
                               .kind = BW_SIM_EXTRA,
                               .host = index};
    bw_sim_heap_push(&sim->heap, &item);
}

/* The four lines of the contract. */
void bw_sim_host_pump(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = &sim->hosts[index];
    struct bw_time now = clock_of(sim, host);
    struct bw_datagram datagram;
    struct bw_event event;
    struct bw_bytes state;
    for (size_t count = 0; bw_node_transmit(host->node, &datagram, now); count++) {
        if (count > TRANSMIT_MAX) {
            bw_sim_violate(sim, BW_INVARIANT_BOUNDED_OUTPUT, "n%zu does not stop sending", index);
            break;
        }
        bw_sim_send(sim, index, &datagram);
    }
    while (bw_node_event(host->node, &event)) {
        if (event.type == BW_EVENT_KEYS_CHANGED)
            bw_sim_keys_changed(sim, index);
        bw_sim_check_event(sim, index, &event);
    }
    if (bw_node_persist(host->node, &state))
        write_state(sim, index, &state);
    arm(sim, index);
    plan_extra_tick(sim, index);
    bw_sim_check_host(sim, index);
    sim->change_count++;
}

static void plan_wake(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = &sim->hosts[index];
    struct bw_sim_item item = {.at_us = sim->now_us + (int64_t)bw_rng_below(&sim->network, (uint64_t)host->slow_us + 1),
                               .kind = BW_SIM_WAKE,
                               .host = index,
                               .stamp = ++host->wake_stamp};
    bw_sim_heap_push(&sim->heap, &item);
}

/* A slow process that is free takes up its next work late; meanwhile everything waits. */
static void fall_asleep_if_slow(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = &sim->hosts[index];
    if (host->slow_us == 0 || host->asleep)
        return;
    host->asleep = true;
    plan_wake(sim, index);
}

static void take(struct bw_sim *sim, size_t index, size_t from, const uint8_t *data, size_t size, bool refusal) {
    struct bw_sim_host *host = &sim->hosts[index];
    struct bw_addr addr = bw_sim_addr(from);
    struct bw_time now = clock_of(sim, host);
    if (refusal) {
        host->counts.refused++;
        bw_sim_record_text(sim, index, "refused by n%zu", from);
        bw_node_refused(host->node, data, size, &addr, now);
    } else {
        host->counts.received++;
        if (bw_node_receive(host->node, data, size, &addr, now) < 0)
            host->counts.dropped++;
    }
    bw_sim_host_pump(sim, index);
}

static void enqueue(struct bw_sim *sim, size_t index, const struct bw_sim_item *item, bool refusal) {
    struct bw_sim_host *host = &sim->hosts[index];
    if (host->queue_size + item->size > sim->options.socket_buffer_size) {
        host->counts.lost++;
        return;
    }
    struct bw_sim_packet *packet = bw_sim_memory(sizeof *packet + item->size);
    packet->from = item->from;
    packet->refusal = refusal;
    packet->size = item->size;
    memcpy(packet->data, item->data, item->size);
    *host->queue_end = packet;
    host->queue_end = &packet->next;
    host->queue_size += item->size;
}

void bw_sim_host_deliver(struct bw_sim *sim, size_t index, const struct bw_sim_item *item, bool refusal) {
    struct bw_sim_host *host = &sim->hosts[index];
    if (host->silent)
        return;
    if (host->node == NULL || (!refusal && host->refusals == BW_SIM_REFUSALS_ALWAYS)) {
        if (!refusal && host->refusals != BW_SIM_REFUSALS_NEVER)
            bw_sim_refuse(sim, index, item->from, item->data, item->size);
        return;
    }
    fall_asleep_if_slow(sim, index);
    if (host->asleep)
        enqueue(sim, index, item, refusal);
    else
        take(sim, index, item->from, item->data, item->size, refusal);
}

static void tick(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = &sim->hosts[index];
    struct bw_time now = clock_of(sim, host);
    host->tick_at_us = BW_NEVER;
    bw_node_tick(host->node, now);
    bw_sim_host_pump(sim, index);
    host->stuck_count = bw_node_deadline(host->node) <= now.mono_us ? host->stuck_count + 1 : 0;
    if (host->stuck_count > STUCK_MAX)
        bw_sim_violate(sim, BW_INVARIANT_BOUNDED_OUTPUT, "n%zu: its deadline stays in the past", index);
}

void bw_sim_host_tick(struct bw_sim *sim, size_t index, const struct bw_sim_item *item) {
    struct bw_sim_host *host = &sim->hosts[index];
    if (host->node == NULL || item->stamp != host->tick_stamp || host->tick_at_us == BW_NEVER)
        return;
    fall_asleep_if_slow(sim, index);
    if (!host->asleep)
        tick(sim, index);
}

/* Too early to be of use, and so without any effect. */
void bw_sim_host_extra(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = &sim->hosts[index];
    if (host->node == NULL || host->asleep)
        return;
    struct bw_time now = clock_of(sim, host);
    if (bw_node_deadline(host->node) <= now.mono_us)
        return;
    bw_node_tick(host->node, now);
    bw_sim_host_pump(sim, index);
}

static void finish_write(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = &sim->hosts[index];
    bool ok = !host->disk_fails;
    bw_sim_record_text(sim, index, ok ? "state written" : "state not written");
    if (ok) {
        free(host->former_state);
        host->former_state = host->state;
        host->former_size = host->state_size;
        host->state = host->writing;
        host->state_size = host->writing_size;
        bw_sim_check_state(sim, index);
    } else {
        free(host->writing);
    }
    host->writing = NULL;
    host->write_done = false;
    bw_node_persisted(host->node, ok, clock_of(sim, host));
    bw_sim_host_pump(sim, index);
}

void bw_sim_host_written(struct bw_sim *sim, size_t index, const struct bw_sim_item *item) {
    struct bw_sim_host *host = &sim->hosts[index];
    if (host->node == NULL || host->writing == NULL || item->stamp != host->write_stamp)
        return;
    if (host->asleep)
        host->write_done = true;
    else
        finish_write(sim, index);
}

static void forget_queue(struct bw_sim_host *host) {
    for (struct bw_sim_packet *packet = host->queue, *next; packet != NULL; packet = next) {
        next = packet->next;
        free(packet);
    }
    host->queue = NULL;
    host->queue_end = &host->queue;
    host->queue_size = 0;
}

/* On the processor again: the socket is drained, then the disk's answer is taken, then the clock is looked at. */
static void wake(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = &sim->hosts[index];
    struct bw_sim_packet *packet = host->queue;
    host->asleep = false;
    host->queue = NULL;
    host->queue_end = &host->queue;
    host->queue_size = 0;
    bw_sim_check_host(sim, index);
    while (packet != NULL) {
        struct bw_sim_packet *next = packet->next;
        take(sim, index, packet->from, packet->data, packet->size, packet->refusal);
        free(packet);
        packet = next;
    }
    if (host->write_done)
        finish_write(sim, index);
    bw_sim_keys_due(sim, index);
    if (bw_node_deadline(host->node) <= clock_of(sim, host).mono_us)
        tick(sim, index);
    else
        arm(sim, index);
}

void bw_sim_host_wake(struct bw_sim *sim, size_t index, const struct bw_sim_item *item) {
    struct bw_sim_host *host = &sim->hosts[index];
    if (host->node != NULL && !host->paused && host->asleep && item->stamp == host->wake_stamp)
        wake(sim, index);
}

void bw_sim_pause(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    BW_ASSERT(host->node != NULL);
    bw_sim_record_text(sim, index, "paused");
    bw_sim_tell(sim, BW_STORY_PAUSED, index);
    host->paused = true;
    host->asleep = true;
    bw_sim_touched(host);
    sim->change_count++;
}

void bw_sim_continue(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    BW_ASSERT(host->node != NULL && host->paused);
    bw_sim_record_text(sim, index, "continued");
    bw_sim_tell(sim, BW_STORY_CONTINUED, index);
    host->paused = false;
    bw_sim_touched(host);
    wake(sim, index);
}

void bw_sim_slow(struct bw_sim *sim, size_t index, uint32_t late_ms) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    bw_sim_record_text(sim, index, "runs up to %lu ms late", (unsigned long)late_ms);
    host->slow_us = late_ms * (uint32_t)BW_US_PER_MS;
    if (host->asleep && !host->paused)
        plan_wake(sim, index); /* its new slowness holds for what it waits for already */
}

void bw_sim_host_end(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = &sim->hosts[index];
    bw_sim_check_end(sim, index);
    bw_sim_take_rule_counts(host, false);
    bw_node_destroy(host->node);
    host->node = NULL;
    bw_sim_ahead_know(sim, index);
    if (host->allocated_size != 0)
        bw_sim_violate(sim, BW_INVARIANT_NO_LEAK, "n%zu: %zu bytes were not given back", index, host->allocated_size);
    free(host->writing);
    host->writing = NULL;
    host->write_done = false;
    host->write_stamp++;
    host->tick_stamp++;
    host->wake_stamp++;
    host->tick_at_us = BW_NEVER;
    host->paused = false;
    host->asleep = false;
    host->leaving = false;
    host->stuck_count = 0;
    forget_queue(host);
    sim->change_count++;
}
