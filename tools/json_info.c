#include "tools/json_info.h"

#include <stdio.h>

#include "base/base.h"
#include "build-config.h"
#include "tools/json.h"

static json_t *number(uint64_t value) {
    return json_integer((json_int_t)value);
}

static json_t *addr_text(const struct bw_addr *addr) {
    char text[BW_ADDR_TEXT_SIZE];
    bw_addr_text(addr, text);
    return json_string(text);
}

/* How many members there are of each status; advertised gets our own address. */
static json_t *count_members(const struct bw_node *node, json_t **advertised) {
    static const enum bw_status statuses[] = {BW_STATUS_ALIVE, BW_STATUS_SUSPECT, BW_STATUS_DEAD, BW_STATUS_LEFT};
    uint64_t counts[BW_COUNT(statuses)] = {0};
    struct bw_member_info member;
    *advertised = NULL;
    for (size_t i = 0; bw_node_member(node, i, &member) == 0; i++) {
        counts[member.status]++;
        if (member.self)
            *advertised = addr_text(&member.addr);
    }
    json_t *object = json_object();
    for (size_t i = 0; i < BW_COUNT(statuses); i++)
        json_object_set_new(object, bw_status_name(statuses[i]), number(counts[statuses[i]]));
    return object;
}

/* Who leads each scope, and which of them we do. */
static void add_scopes(json_t *object, const struct bw_node *node, struct bw_time now) {
    json_t *leaders = json_object();
    json_t *led = json_array();
    struct bw_scope_info scope;
    for (size_t i = 0; bw_node_scope(node, i, &scope, now) == 0; i++) {
        if (scope_in_use(node, scope.scope, now)) /* for one that nobody stands for any more nobody waits */
            json_object_set_new(leaders, scope.scope, scope.has_leader ? json_text(scope.leader) : json_null());
        if (scope.role == BW_ROLE_LEADER)
            json_array_append_new(led, json_text(scope.scope));
    }
    json_object_set_new(object, "leaders", leaders);
    json_object_set_new(object, "leads", led);
}

static json_t *drops(const struct bw_node *node) {
    json_t *object = json_object();
    for (int error = 1; error < BW_ERROR_COUNT; error++) {
        uint64_t count = bw_node_dropped(node, -error);
        if (count > 0)
            json_object_set_new(object, bw_error_name(-error), number(count));
    }
    return object;
}

static json_t *rules(const struct bw_node *node) {
    json_t *object = json_object();
    const char *name;
    uint64_t count;
    for (size_t i = 0; bw_node_rule(node, i, &name, &count) == 0; i++)
        if (count > 0)
            json_object_set_new(object, name, number(count));
    return object;
}

static json_t *bounds_passed(const struct bw_node *node) {
    json_t *object = json_object();
    const char *word;
    uint64_t count;
    for (size_t i = 0; bw_node_bound(node, i, &word, NULL, &count) == 0; i++)
        if (count > 0)
            json_object_set_new(object, word, number(count));
    return object;
}

static void add_counters(json_t *object, const struct bw_node *node) {
    struct bw_node_stats stats = {.size = sizeof(stats)};
    bw_node_stats(node, &stats);
    json_object_set_new(object, "health", number(stats.health));
    json_object_set_new(object, "sent", number(stats.sent));
    json_object_set_new(object, "sent_bytes", number(stats.sent_size));
    json_object_set_new(object, "received", number(stats.received));
    json_object_set_new(object, "received_bytes", number(stats.received_size));
    json_object_set_new(object, "dropped", drops(node));
    json_object_set_new(object, "events_lost", number(stats.events_lost));
    json_object_set_new(object, "bounds_passed", bounds_passed(node));
    json_object_set_new(object, "rules", rules(node));
}

json_t *json_info(struct bw_loop *host, const char *name, const char *cluster, struct bw_time started) {
    const struct bw_node *node = bw_loop_node(host);
    const struct bw_addr bound = bw_loop_bound(host);
    const struct bw_time now = bw_loop_now();
    const struct bw_id own = bw_node_id(node);
    char id[BW_ID_TEXT_SIZE], digest[17], since[TIME_TEXT_SIZE];
    int64_t uptime_ms = (now.mono_us - started.mono_us) / BW_US_PER_MS;
    json_t *advertised;
    json_t *members = count_members(node, &advertised);
    bw_id_text(&own, id);
    time_text(started.wall_us, since);
    snprintf(digest, sizeof(digest), "%016llx", (unsigned long long)bw_node_digest(node));
    json_t *object = json_pack("{s:o,s:s,s:o,s:o*,s:o,s:s,s:s,s:f,s:o,s:b,s:s}", "name", json_text(name), "id", id,
                               "cluster", json_text(cluster), "addr", advertised, "bound", addr_text(&bound), "version",
                               PACKAGE_VERSION, "started", since, "uptime_s", (double)uptime_ms / 1000.0, "members",
                               members, "converged", bw_node_converged(node), "digest", digest);
    if (object != NULL) {
        add_scopes(object, node, now);
        add_counters(object, node);
    }
    return object;
}
