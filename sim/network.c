/* The network: what becomes of a datagram between two hosts. */
#include "sim/internal.h"

#include <stdlib.h>
#include <string.h>

#define PORT 7946u

/* Host i is 10.x.y.z, with i + 1 in the last three bytes. */
struct bw_addr bw_sim_addr(size_t host) {
    uint32_t number = (uint32_t)host + 1u;
    struct bw_addr addr = {
        .ip = {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}, .port = PORT, .family = 4};
    return addr;
}

size_t bw_sim_host_at(const struct bw_sim *sim, const struct bw_addr *addr) {
    if (addr->family != 4 || addr->ip[0] != 10 || addr->port != PORT)
        return BW_SIM_NONE;
    size_t number = (size_t)addr->ip[1] << 16 | (size_t)addr->ip[2] << 8 | addr->ip[3];
    return number >= 1 && number <= sim->host_count ? number - 1 : BW_SIM_NONE;
}

static struct bw_sim_path *path_of(struct bw_sim *sim, size_t from, size_t to) {
    struct bw_sim_host *host = bw_sim_host(sim, from);
    BW_ASSERT(to < sim->host_count);
    if (host->paths == NULL)
        host->paths = bw_sim_memory(sim->host_count * sizeof host->paths[0]);
    return &host->paths[to];
}

struct bw_sim_link *bw_sim_link(struct bw_sim *sim, size_t from, size_t to) {
    return &path_of(sim, from, to)->link;
}

struct bw_sim_link *bw_sim_out(struct bw_sim *sim, size_t host) {
    return &bw_sim_host(sim, host)->out;
}

struct bw_sim_link *bw_sim_in(struct bw_sim *sim, size_t host) {
    return &bw_sim_host(sim, host)->in;
}

static bool chance(struct bw_sim *sim, uint32_t ppm) {
    return ppm > 0 && bw_rng_below(&sim->network, BW_SIM_PPM_MAX) < ppm;
}

static int64_t transfer_us(const struct bw_sim_link *link, size_t size) {
    return (int64_t)(((uint64_t)size * BW_US_PER_S + link->bytes_per_s - 1) / link->bytes_per_s);
}

static bool passes(struct bw_sim *sim, const struct bw_sim_link *link, size_t size) {
    if (link->cut || (link->mtu > 0 && size > link->mtu))
        return false;
    if (link->up_ms > 0 && sim->now_us / BW_US_PER_MS % (link->up_ms + link->down_ms) >= link->up_ms)
        return false;
    if (link->bytes_per_s > 0 && link->busy_us - sim->now_us > transfer_us(link, BW_SIM_LINE_BUFFER))
        return false;
    return !chance(sim, link->loss_ppm);
}

static bool arrives(struct bw_sim *sim, size_t from, size_t to, size_t size) {
    const struct bw_sim_host *sender = &sim->hosts[from];
    const struct bw_sim_host *receiver = &sim->hosts[to];
    if (sender->silent || receiver->silent || sender->group != receiver->group)
        return false;
    if (sim->options.mtu > 0 && size > sim->options.mtu)
        return false;
    if (sender->paths != NULL && !passes(sim, &sender->paths[to].link, size))
        return false;
    return passes(sim, &sender->out, size) && passes(sim, &receiver->in, size) && !chance(sim, sim->options.loss_ppm);
}

/* What a link adds to a datagram's way. Behind a link of limited bandwidth it waits until those before it are through. */
static uint64_t link_us(struct bw_sim *sim, struct bw_sim_link *link, size_t size) {
    uint64_t us = link->latency_us;
    if (chance(sim, link->reorder_ppm))
        us += bw_rng_below(&sim->network, (uint64_t)sim->options.reorder_us + 1);
    if (link->bytes_per_s == 0)
        return us;
    link->busy_us = (link->busy_us > sim->now_us ? link->busy_us : sim->now_us) + transfer_us(link, size);
    return us + (uint64_t)(link->busy_us - sim->now_us);
}

static int64_t travel_us(struct bw_sim *sim, size_t from, size_t to, size_t size) {
    const struct bw_sim_options *options = &sim->options;
    struct bw_sim_host *sender = &sim->hosts[from];
    uint64_t us = options->latency_us;
    us += bw_rng_below(&sim->network, (uint64_t)options->jitter_us + 1);
    us += link_us(sim, &sender->out, size);
    us += link_us(sim, &sim->hosts[to].in, size);
    us += sender->paths != NULL ? link_us(sim, &sender->paths[to].link, size) : 0;
    if (chance(sim, options->reorder_ppm))
        us += bw_rng_below(&sim->network, (uint64_t)options->reorder_us + 1);
    return (int64_t)us;
}

static bool comes_twice(struct bw_sim *sim, size_t from, size_t to) {
    const struct bw_sim_host *sender = &sim->hosts[from];
    return chance(sim, sim->options.duplicate_ppm) || chance(sim, sender->out.duplicate_ppm) ||
           chance(sim, sim->hosts[to].in.duplicate_ppm) ||
           (sender->paths != NULL && chance(sim, sender->paths[to].link.duplicate_ppm));
}

static void push_after(struct bw_sim *sim, enum bw_sim_kind kind, size_t from, size_t to, const uint8_t *data,
                       size_t size, int64_t after_us) {
    uint8_t *copy = bw_sim_take(sim, size);
    BW_ASSERT(copy != NULL);
    memcpy(copy, data, size);
    struct bw_sim_item item = {
        .at_us = sim->now_us + after_us, .kind = kind, .host = to, .from = from, .data = copy, .size = size};
    bw_sim_heap_push(&sim->heap, &item);
}

static void push(struct bw_sim *sim, enum bw_sim_kind kind, size_t from, size_t to, const uint8_t *data, size_t size) {
    push_after(sim, kind, from, to, data, size, travel_us(sim, from, to, size));
}

void bw_sim_slip_in(struct bw_sim *sim, size_t from, size_t to, const uint8_t *data, size_t size, int64_t after_us) {
    if (sim->hosts[to].in.cut) /* whom nothing reaches hears no attacker either, who would carry others' words to it */
        return;
    bw_sim_record_datagram(sim, BW_SIM_LINE_SENT, from, to, data, size);
    push_after(sim, BW_SIM_DELIVER, from, to, data, size, after_us);
}

static void carry(struct bw_sim *sim, size_t from, size_t to, const uint8_t *data, size_t size) {
    if (!arrives(sim, from, to, size)) {
        sim->hosts[from].counts.lost++;
        bw_sim_record_datagram(sim, BW_SIM_LINE_LOST, from, to, data, size);
        return;
    }
    bw_sim_record_datagram(sim, BW_SIM_LINE_SENT, from, to, data, size);
    push(sim, BW_SIM_DELIVER, from, to, data, size);
    if (sim->captures != NULL)
        bw_sim_capture(sim, from, to, data, size);
    if (comes_twice(sim, from, to))
        push(sim, BW_SIM_DELIVER, from, to, data, size);
}

void bw_sim_send(struct bw_sim *sim, size_t from, const struct bw_datagram *datagram) {
    struct bw_sim_counts *counts = &sim->hosts[from].counts;
    size_t to = bw_sim_host_at(sim, &datagram->to);
    counts->sent++;
    counts->sent_size += datagram->size;
    if (datagram->size > counts->largest)
        counts->largest = datagram->size;
    if (datagram->size > BW_DATAGRAM_MAX || datagram->size == 0)
        bw_sim_violate(sim, BW_INVARIANT_DATAGRAM_SIZE, "n%zu sends a datagram of %zu bytes", from, datagram->size);
    if (sim->options.on_datagram != NULL)
        sim->options.on_datagram(sim->options.context, from, to, datagram->data, datagram->size);
    if (to == BW_SIM_NONE)
        counts->lost++;
    else
        carry(sim, from, to, datagram->data, datagram->size);
}

void bw_sim_inject(struct bw_sim *sim, size_t from, size_t to, const void *data, size_t size) {
    BW_ASSERT(from < sim->host_count && to < sim->host_count);
    carry(sim, from, to, data, size);
}

/* The kernel of a host without a process at the port answers; it rations its answers for each peer. */
void bw_sim_refuse(struct bw_sim *sim, size_t host, size_t sender, const uint8_t *data, size_t size) {
    struct bw_sim_path *path = path_of(sim, host, sender);
    size_t quoted = size < BW_SIM_QUOTE_SIZE ? size : BW_SIM_QUOTE_SIZE;
    if (path->refusals_us < sim->now_us)
        path->refusals_us = sim->now_us;
    if (path->refusals_us - sim->now_us > (int64_t)(BW_SIM_REFUSAL_BURST - 1u) * BW_US_PER_S)
        return;
    path->refusals_us += BW_US_PER_S;
    if (arrives(sim, host, sender, quoted))
        push(sim, BW_SIM_REFUSE, host, sender, data, quoted);
}

void bw_sim_loss(struct bw_sim *sim, uint32_t loss_ppm) {
    bw_sim_record_text(sim, BW_SIM_NONE, "loss of %lu ppm everywhere", (unsigned long)loss_ppm);
    sim->options.loss_ppm = loss_ppm;
}

void bw_sim_cut_one_way(struct bw_sim *sim, size_t from, size_t to) {
    bw_sim_record_text(sim, from, "cut towards n%zu", to);
    bw_sim_link(sim, from, to)->cut = true;
}

void bw_sim_cut(struct bw_sim *sim, size_t a, size_t b) {
    bw_sim_cut_one_way(sim, a, b);
    bw_sim_cut_one_way(sim, b, a);
}

void bw_sim_mend(struct bw_sim *sim, size_t a, size_t b) {
    bw_sim_record_text(sim, a, "mended with n%zu", b);
    bw_sim_link(sim, a, b)->cut = false;
    bw_sim_link(sim, b, a)->cut = false;
}

void bw_sim_refusals(struct bw_sim *sim, size_t host, enum bw_sim_refusals refusals) {
    static const char *const texts[] = {"refuses as usual", "refuses nothing", "refuses everything"};
    bw_sim_record_text(sim, host, "%s", texts[refusals]);
    bw_sim_host(sim, host)->refusals = refusals;
}

void bw_sim_host_silent(struct bw_sim *sim, size_t host, bool silent) {
    bw_sim_record_text(sim, host, silent ? "silent" : "no longer silent");
    if (bw_sim_host(sim, host)->silent != silent)
        bw_sim_touched(bw_sim_host(sim, host));
    bw_sim_host(sim, host)->silent = silent;
}

static bool is_alone(const struct bw_sim *sim, size_t host) {
    for (size_t i = 0; i < sim->host_count; i++)
        if (i != host && sim->hosts[i].group == sim->hosts[host].group && bw_sim_running(sim, i) &&
            !sim->hosts[i].silent)
            return false;
    return true;
}

/* All at one instant: who comes among others out of a part of its own is known by what was before. */
static void put_into_groups(struct bw_sim *sim, const unsigned *groups) {
    bool *was_alone = bw_sim_memory(sim->host_count * sizeof was_alone[0]);
    for (size_t i = 0; i < sim->host_count; i++)
        was_alone[i] = is_alone(sim, i);
    for (size_t i = 0; i < sim->host_count; i++) {
        if (sim->hosts[i].group == groups[i])
            continue;
        sim->hosts[i].group = groups[i];
        bw_sim_touched(&sim->hosts[i]);
        bw_sim_tell(sim, BW_STORY_GROUP, i);
    }
    for (size_t i = 0; i < sim->host_count; i++)
        if (was_alone[i] && !is_alone(sim, i))
            sim->hosts[i].rejoined_us = sim->now_us;
    free(was_alone);
}

void bw_sim_partition(struct bw_sim *sim, const unsigned *groups) {
    for (size_t i = 0; i < sim->host_count; i++)
        if (sim->hosts[i].group != groups[i])
            bw_sim_record_text(sim, i, "in partition %u", groups[i]);
    put_into_groups(sim, groups);
}

void bw_sim_split(struct bw_sim *sim, size_t first_count) {
    unsigned *groups = bw_sim_memory(sim->host_count * sizeof groups[0]);
    bw_sim_record_text(sim, BW_SIM_NONE, "the first %zu are cut off from the rest", first_count);
    for (size_t i = 0; i < sim->host_count; i++)
        groups[i] = i < first_count ? 0 : 1;
    put_into_groups(sim, groups);
    free(groups);
}

void bw_sim_heal(struct bw_sim *sim) {
    static const struct bw_sim_link sound = {0};
    unsigned *groups = bw_sim_memory(sim->host_count * sizeof groups[0]);
    bw_sim_record_text(sim, BW_SIM_NONE, "the network is whole");
    put_into_groups(sim, groups);
    free(groups);
    for (size_t i = 0; i < sim->host_count; i++) {
        struct bw_sim_host *host = &sim->hosts[i];
        host->in = sound;
        host->out = sound;
        for (size_t to = 0; host->paths != NULL && to < sim->host_count; to++)
            host->paths[to].link = sound;
    }
}
