/* The cluster in virtual time. See gossip_test.h. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/gossip_test.h"

static void on_rule(void *context, enum bw_rule rule, const struct bw_id *subject, uint64_t detail) {
    (void)context, (void)subject, (void)detail;
    marks_hit(rule);
}

struct bw_time net_now(const struct net *net) {
    return (struct bw_time){net->now_us, net->now_us + INT64_C(1000000000000000)};
}

void net_open(struct net *net, uint64_t seed) {
    memset(net, 0, sizeof(*net));
    struct bw_config config;
    bw_config_init(&config, BW_PROFILE_LAN);
    net->params = config.params;
    net->latency_us = 500;
    net->now_us = MS(1000000);
    bw_rng_seed(&net->rng, seed);
    for (size_t a = 0; a < NET_MAX; a++) {
        for (size_t b = 0; b < NET_MAX; b++) {
            net->received[a][b] = BW_NOT_HEARD;
        }
    }
}

void net_close(struct net *net) {
    for (size_t i = 0; i < net->count; i++) {
        bw_gossip_destroy(net->nodes[i].gossip);
        CU_ASSERT_EQUAL(net->nodes[i].memory.used_size, 0);
    }
    free(net->packets);
}

struct bw_id net_id(size_t index) {
    struct bw_id id = {{(uint8_t)(index * 37 + 11), 1, 2, 3}};
    bw_put_u32(id.bytes + 12, (uint32_t)index + 1);
    return id;
}

static struct bw_addr addr_of(size_t index) {
    return (struct bw_addr){.ip = {10, 0, (uint8_t)(index >> 8), (uint8_t)index}, .port = 7000, .family = 4};
}

struct bw_gossip_config net_config(struct net *net, size_t index) {
    struct net_node *node = &net->nodes[index];
    static char names[NET_MAX][8];
    names[index][0] = 'n';
    names[index][1] = (char)('0' + index / 100 % 10);
    names[index][2] = (char)('0' + index / 10 % 10);
    names[index][3] = (char)('0' + index % 10);
    node->id = net_id(index);
    node->addr = addr_of(index);
    node->session = bw_rng_next(&net->rng) | 1;
    node->trace.hook = on_rule;
    return (struct bw_gossip_config){.allocator = test_allocator(&node->memory),
                                     .trace = &node->trace,
                                     .params = net->params,
                                     .seed = bw_rng_next(&net->rng),
                                     .self = node->id,
                                     .session = node->session,
                                     .incarnation = (uint64_t)net_now(net).wall_us,
                                     .name = names[index],
                                     .label = "test",
                                     .addr = node->addr,
                                     .protocol_min = node->protocol_min,
                                     .protocol_max = node->protocol_max};
}

/* ------------------------------------------------------------------ the wire */

static void post(struct net *net, size_t from, const struct bw_outbound *out) {
    if (net->packet_count == net->packet_capacity) {
        net->packet_capacity = net->packet_capacity ? net->packet_capacity * 2 : 256;
        net->packets = realloc(net->packets, net->packet_capacity * sizeof(*net->packets));
    }
    struct net_packet *packet = &net->packets[net->packet_count++];
    memset(packet, 0, offsetof(struct net_packet, frames));
    packet->at_us = net->now_us + net->latency_us;
    packet->order = net->order++;
    packet->from = from;
    packet->session = net->nodes[from].session;
    packet->sent_us = net->now_us;
    packet->echo_us = BW_NOT_HEARD;
    for (size_t i = 0; i < net->count; i++) {
        if (bw_addr_equal(&net->nodes[i].addr, &out->addr)) {
            packet->echo_us = net->received[from][i];
        }
    }
    packet->out = *out;
    memcpy(packet->frames, out->frames, out->frames_size);
    net->nodes[from].sent++;
    net->nodes[from].sent_bytes += out->frames_size + BW_SEAL_OVERHEAD;
}

static int find_addr(const struct net *net, const struct bw_addr *addr) {
    for (size_t i = 0; i < net->count; i++) {
        if (bw_addr_equal(&net->nodes[i].addr, addr)) {
            return (int)i;
        }
    }
    return -1;
}

static int find_id(const struct net *net, const struct bw_id *id) {
    for (size_t i = 0; i < net->count; i++) {
        if (bw_id_equal(&net->nodes[i].id, id)) {
            return (int)i;
        }
    }
    return -1;
}

static void note_event(struct net *net, struct net_node *node, const struct bw_gossip_event *event) {
    node->events[event->type]++;
    node->last = *event;
    if (event->type == BW_GOSSIP_MEMBER) {
        node->last_member = *event;
        int of = find_id(net, &event->id);
        if (of >= 0 && (event->first || event->before != event->status)) {
            node->status_events[event->status]++;
            node->status_us[of][event->status] = net->now_us;
        }
    }
    struct bw_bytes text = event->type == BW_GOSSIP_RECORD ? event->record.body : event->message;
    if (event->type == BW_GOSSIP_RECORD || event->type == BW_GOSSIP_MESSAGE) {
        memcpy(node->text, text.data, text.size);
        node->text_size = text.size;
    }
}

void net_drain(struct net *net, size_t index) {
    struct net_node *node = &net->nodes[index];
    struct bw_outbound out;
    struct bw_gossip_event event;
    for (bool again = true; again;) {
        again = false;
        while (bw_gossip_transmit(node->gossip, &out, net_now(net))) {
            CU_ASSERT(out.frames_size > 0 && out.frames_size <= BW_FRAMES_MAX);
            post(net, index, &out);
        }
        while (bw_gossip_event(node->gossip, &event)) {
            note_event(net, node, &event);
            if (net->on_event) {
                net->on_event(net, index, &event);
            }
            if (event.type == BW_GOSSIP_RECORD && node->accept_records) {
                CU_ASSERT_EQUAL(bw_gossip_put(node->gossip, &event.record, net_now(net)), 0);
                again = true;
            }
        }
    }
}

static bool reaches(const struct net *net, const struct net_packet *packet, size_t to) {
    const struct net_node *node = &net->nodes[to];
    if (packet->out.session != 0 &&
        (packet->out.session != node->session || !bw_id_equal(&packet->out.to, &node->id))) {
        return false; /* sealed for somebody else, or for an earlier life */
    }
    return packet->session == net->nodes[packet->from].session || !net->nodes[packet->from].up;
}

static void deliver(struct net *net, struct net_packet *packet) {
    int to = find_addr(net, &packet->out.addr);
    if (to < 0) {
        return;
    }
    size_t from = packet->from;
    struct net_node *node = &net->nodes[to];
    if (net->cut[from][to] || node->muted || net->nodes[from].muted ||
        bw_rng_below(&net->rng, 100) < net->loss_percent || (net->filter && !net->filter(net, packet, (size_t)to))) {
        return;
    }
    if (!node->up) {
        if (net->refuse && net->nodes[from].up && !bw_id_none(&packet->out.to)) {
            bw_gossip_refused(net->nodes[from].gossip, &packet->out.to, net_now(net));
            net_drain(net, from);
        }
        return;
    }
    if (!reaches(net, packet, (size_t)to)) {
        return;
    }
    net->received[to][from] = packet->sent_us > net->received[to][from] ? packet->sent_us : net->received[to][from];
    struct bw_inbound in = {.from = net->nodes[from].id,
                            .session = packet->session,
                            .addr = net->nodes[from].addr,
                            .proven = packet->out.session != 0,
                            .bound = packet->out.session != 0,
                            .heard_us = packet->echo_us,
                            .frames = {packet->frames, packet->out.frames_size}};
    bw_gossip_receive(node->gossip, &in, net_now(net));
    net_drain(net, (size_t)to);
}

int net_inject(struct net *net, size_t to, const struct bw_id *from, uint64_t session, bool proven,
               const struct bw_schema *schema, const void *message) {
    uint8_t frames[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, schema, message), 0);
    int at = find_id(net, from);
    struct bw_inbound in = {.from = *from,
                            .session = session,
                            .addr = at >= 0 ? net->nodes[at].addr : addr_of(999),
                            .proven = proven,
                            .bound = proven,
                            .heard_us = proven ? net->now_us - 1000 : BW_NOT_HEARD,
                            .frames = {frames, writer.used}};
    int error = bw_gossip_receive(net->nodes[to].gossip, &in, net_now(net));
    net_drain(net, to);
    return error;
}

/* ------------------------------------------------------------------ time */

static int64_t next_due(const struct net *net, int *node, size_t *packet) {
    int64_t at_us = BW_NEVER;
    *node = -1;
    uint64_t order = UINT64_MAX;
    for (size_t i = 0; i < net->packet_count; i++) {
        bool earlier =
            net->packets[i].at_us < at_us || (net->packets[i].at_us == at_us && net->packets[i].order < order);
        int to = find_addr(net, &net->packets[i].out.addr);
        if (earlier && (to < 0 || !net->nodes[to].paused)) {
            at_us = net->packets[i].at_us;
            order = net->packets[i].order;
            *packet = i;
        }
    }
    for (size_t i = 0; i < net->count; i++) {
        const struct net_node *at = &net->nodes[i];
        if (at->up && !at->paused && bw_gossip_deadline(at->gossip) < at_us) {
            at_us = bw_gossip_deadline(at->gossip);
            *node = (int)i;
        }
    }
    return at_us;
}

static bool step(struct net *net, int64_t until_us) {
    int node = -1;
    size_t at = 0;
    int64_t at_us = next_due(net, &node, &at);
    if (at_us > until_us) {
        return false;
    }
    net->now_us = at_us > net->now_us ? at_us : net->now_us;
    if (node >= 0) {
        bw_gossip_tick(net->nodes[node].gossip, net_now(net));
        net_drain(net, (size_t)node);
    } else {
        struct net_packet packet = net->packets[at];
        net->packets[at] = net->packets[--net->packet_count];
        deliver(net, &packet);
    }
    return true;
}

void net_run(struct net *net, int64_t ms) {
    int64_t until_us = net->now_us + MS(ms);
    while (step(net, until_us)) {
    }
    net->now_us = until_us;
}

/* ------------------------------------------------------------------ nodes */

void net_start_seeded(struct net *net, size_t index, size_t seed) {
    struct net_node *node = &net->nodes[index];
    bw_gossip_destroy(node->gossip);
    node->gossip = NULL;
    struct bw_gossip_config config = net_config(net, index);
    struct bw_addr addr = addr_of(seed);
    config.seeds = &addr;
    config.seed_count = 1;
    CU_ASSERT_EQUAL_FATAL(bw_gossip_create(&node->gossip, &config, net_now(net)), 0);
    node->up = true;
    net->count = index + 1 > net->count ? index + 1 : net->count;
    for (size_t i = 0; i < NET_MAX; i++) {
        net->received[index][i] = net->received[i][index] = BW_NOT_HEARD;
    }
    net_drain(net, index);
}

void net_start(struct net *net, size_t index) {
    net_start_seeded(net, index, 0);
}

void net_crash(struct net *net, size_t index) {
    net->nodes[index].up = false;
}

bool net_complete(const struct net *net) {
    for (size_t at = 0; at < net->count; at++) {
        for (size_t of = 0; of < net->count && net->nodes[at].up; of++) {
            if (net->nodes[of].up && (!net_member(net, at, of) || net_status(net, at, of) != BW_STATUS_ALIVE)) {
                return false;
            }
        }
    }
    return true;
}

bool net_wait_converged(struct net *net, int64_t ms) {
    for (int64_t at = 0; at <= ms; at += 10) {
        bool all = net_complete(net);
        for (size_t i = 0; i < net->count; i++) {
            all = all && (!net->nodes[i].up ||
                          (bw_gossip_converged(net->nodes[i].gossip) &&
                           bw_gossip_digest(net->nodes[i].gossip) == bw_gossip_digest(net->nodes[0].gossip)));
        }
        if (all) {
            return true;
        }
        net_run(net, 10);
    }
    return false;
}

void net_form(struct net *net, size_t count) {
    for (size_t i = 0; i < count; i++) {
        net_start(net, i);
    }
    CU_ASSERT_FATAL(net_wait_converged(net, 30000));
    net_run(net, 10000);
}

bool net_wait_status(struct net *net, size_t of, enum bw_status status, int64_t ms) {
    for (int64_t passed = 0; passed <= ms; passed += 5) {
        bool all = true;
        for (size_t at = 0; at < net->count; at++) {
            bool counts = net->nodes[at].up && at != of && !net->nodes[at].muted;
            all = all && (!counts || (net_member(net, at, of) && net_status(net, at, of) == status));
        }
        if (all) {
            return true;
        }
        net_run(net, 5);
    }
    return false;
}

const struct bw_member *net_member(const struct net *net, size_t at, size_t of) {
    return bw_members_find(&net->nodes[at].gossip->members, &net->nodes[of].id);
}

enum bw_status net_status(const struct net *net, size_t at, size_t of) {
    const struct bw_member *member = net_member(net, at, of);
    CU_ASSERT_PTR_NOT_NULL_FATAL(member);
    return bw_member_status(member);
}

uint64_t net_hits(const struct net *net, size_t at, enum bw_rule rule) {
    return net->nodes[at].trace.counts[rule];
}
