#include "tools/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "crypto/certificate.h"
#include "node/host.h"
#include "tools/differs.h"
#include "tools/json_user.h"
#include "tools/scope_option.h"

void time_text(int64_t wall_us, char text[TIME_TEXT_SIZE]) {
    time_t seconds = (time_t)(wall_us / BW_US_PER_S);
    int64_t rest_us = wall_us % BW_US_PER_S;
    if (rest_us < 0) {
        rest_us += BW_US_PER_S;
        seconds--;
    }
    struct tm parts;
    memset(&parts, 0, sizeof(parts));
    gmtime_r(&seconds, &parts);
    size_t size = strftime(text, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + size, TIME_TEXT_SIZE - size, ".%03uZ", (unsigned)(rest_us / BW_US_PER_MS) % 1000u);
}

bool time_parse(const char *text, int64_t *us) {
    struct tm parts;
    int64_t fraction_us = 0;
    memset(&parts, 0, sizeof(parts));
    const char *at = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (at == NULL || parts.tm_year < 70 || parts.tm_year > 8000)
        return false;
    if (*at == '.') {
        int64_t unit_us = BW_US_PER_S / 10;
        for (at++; *at >= '0' && *at <= '9'; at++, unit_us /= 10)
            fraction_us += unit_us * (*at - '0');
    }
    *us = (int64_t)timegm(&parts) * BW_US_PER_S + fraction_us;
    return strcmp(at, "Z") == 0;
}

json_t *json_text(const char *text) {
    json_t *plain = json_string(text);
    if (plain != NULL)
        return plain;
    char *escaped = malloc(4 * strlen(text) + 1);
    if (escaped == NULL)
        return json_string("?");
    char *to = escaped;
    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++)
        to += *at < 0x80 ? sprintf(to, "%c", *at) : sprintf(to, "\\x%02x", *at);
    json_t *value = json_string(escaped);
    free(escaped);
    return value;
}

void json_print(const json_t *object) {
    json_dumpf(object, stdout, JSON_TEXT_FLAGS);
    putchar('\n');
}

const char *json_text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static void set_text(json_t *object, const char *key, const char *text) {
    json_object_set_new(object, key, json_text(text));
}

static void set_integer(json_t *object, const char *key, uint64_t number) {
    json_int_t most = INT64_MAX; /* of JSON's integers: a term that was refused may be larger */
    json_object_set_new(object, key, json_integer(number > INT64_MAX ? most : (json_int_t)number));
}

static void set_time(json_t *object, const char *key, int64_t wall_us) {
    char text[TIME_TEXT_SIZE];
    time_text(wall_us, text);
    set_text(object, key, text);
}

static void set_id(json_t *object, const char *key, const struct bw_id *id) {
    char text[BW_ID_TEXT_SIZE];
    bw_id_text(id, text);
    set_text(object, key, text);
}

static void set_addr(json_t *object, const char *key, const struct bw_addr *addr) {
    char text[BW_ADDR_TEXT_SIZE];
    bw_addr_text(addr, text);
    set_text(object, key, text);
}

static void set_token(json_t *object, const char *key, const struct bw_token *token) {
    char text[BW_TOKEN_TEXT_SIZE];
    bw_token_text(token, text);
    set_text(object, key, text);
}

static void set_milliseconds(json_t *object, const char *key, int64_t us) {
    json_object_set_new(object, key, us < 0 ? json_null() : json_real((double)us / 1000.0));
}

static void add_member_fields(json_t *object, const struct bw_event *event) {
    set_text(object, "name", event->name);
    set_id(object, "id", &event->id);
    set_addr(object, "addr", &event->addr);
    set_integer(object, "incarnation", event->incarnation);
    bool forgotten = event->type == BW_EVENT_MEMBER_LEFT && event->by[0] != '\0';
    if (event->type == BW_EVENT_MEMBER_SUSPECT || event->type == BW_EVENT_MEMBER_DEAD || forgotten) {
        set_text(object, "by", event->by);
        json_object_set_new(object, "own", json_boolean(event->own));
    } else if (event->type == BW_EVENT_MEMBER_TWICE) {
        json_object_set_new(object, "own", json_boolean(event->own));
    }
}

bool scope_is(const char *scope, const char *asked) {
    size_t size = 0;
    return strcmp(scope, asked) == 0 ||
           (bw_scope_seat(scope, &size) >= 0 && size == strlen(asked) && memcmp(scope, asked, size) == 0);
}

bool scope_is_in(const char *scope, const char *asked) {
    size_t size = 0;
    return scope_is(scope, asked) ||
           (bw_scope_shard(scope, &size) >= 0 && size == strlen(asked) && memcmp(scope, asked, size) == 0);
}

void json_set_seat(json_t *object, const char *scope) {
    int seat = bw_scope_seat(scope, NULL);
    if (seat >= 0)
        json_object_set_new(object, "seat", json_integer(seat));
}

static void add_leader_fields(json_t *object, const struct bw_event *event) {
    set_text(object, "scope", event->scope);
    set_text(object, "leader", event->name);
    set_id(object, "leader_id", &event->id);
    set_integer(object, "term", event->token.term);
    set_token(object, "token", &event->token);
    if (event->type == BW_EVENT_LEADER_LOST || event->type == BW_EVENT_SELF_DEPOSED)
        set_text(object, "reason", bw_loss_name(event->reason));
    json_set_seat(object, event->scope);
}

static void add_healed_fields(json_t *object, const struct bw_event *event) {
    set_text(object, "scope", event->scope);
    set_text(object, "leader", event->name);
    set_token(object, "token", &event->token);
    set_token(object, "other", &event->other);
    json_object_set_new(object, "overlap_ms", event->overlap_ms < 0 ? json_null() : json_integer(event->overlap_ms));
}

static void add_conflict_fields(json_t *object, const struct bw_event *event) {
    add_member_fields(object, event);
    set_id(object, "other_id", &event->other.id);
    set_addr(object, "other_addr", &event->addr); /* as addr, which has always been the other one's */
}

void json_add_member_addr(json_t *object, const struct bw_event *event, const struct bw_node *node) {
    struct bw_member_info member;
    for (size_t i = 0; bw_node_member(node, i, &member) == 0; i++)
        if (bw_id_equal(&member.id, &event->id))
            set_addr(object, "member_addr", &member.addr);
}

static void add_refused_fields(json_t *object, const struct bw_event *event) {
    set_text(object, "scope", event->scope);
    set_text(object, "name", event->name);
    set_id(object, "id", &event->id);
    set_integer(object, "term", event->token.term);
    if (bw_id_none(&event->token.id)) {
        json_object_set_new(object, "leader", json_null());
        json_object_set_new(object, "leader_id", json_null());
    } else {
        set_text(object, "leader", event->by);
        set_id(object, "leader_id", &event->token.id);
    }
    set_integer(object, "dropped", event->dropped);
}

json_t *json_event(const struct bw_event *event, uint64_t seq) {
    json_t *object = json_object();
    set_integer(object, "seq", seq);
    set_time(object, "time", event->time.wall_us);
    set_text(object, "type", bw_event_name(event->type));
    switch (event->type) {
    case BW_EVENT_MEMBER_ALIVE:
    case BW_EVENT_MEMBER_SUSPECT:
    case BW_EVENT_MEMBER_DEAD:
    case BW_EVENT_MEMBER_LEFT:
    case BW_EVENT_MEMBER_UPDATE:
    case BW_EVENT_MEMBER_TWICE:
        add_member_fields(object, event);
        break;
    case BW_EVENT_MEMBER_CONFLICT:
        add_conflict_fields(object, event);
        break;
    case BW_EVENT_MEMBER_INCOMPATIBLE:
        add_member_fields(object, event);
        set_integer(object, "protocol_min", event->protocol_min);
        set_integer(object, "protocol_max", event->protocol_max);
        break;
    case BW_EVENT_LEADER_ELECTED:
    case BW_EVENT_LEADER_LOST:
    case BW_EVENT_SELF_ELECTED:
    case BW_EVENT_SELF_DEPOSED:
        add_leader_fields(object, event);
        break;
    case BW_EVENT_SPLIT_BRAIN_HEALED:
        add_healed_fields(object, event);
        break;
    case BW_EVENT_SCOPE_FROZEN:
    case BW_EVENT_SCOPE_THAWED:
        set_text(object, "scope", event->scope);
        set_text(object, "by", event->by);
        if (event->type == BW_EVENT_SCOPE_FROZEN)
            json_object_set_new(object, "left_ms", event->left_ms < 0 ? json_null() : json_integer(event->left_ms));
        break;
    case BW_EVENT_USER_EVENT:
    case BW_EVENT_QUERY:
    case BW_EVENT_QUERY_ACK:
    case BW_EVENT_QUERY_RESPONSE:
    case BW_EVENT_QUERY_END:
        json_user_fields(object, event);
        break;
    case BW_EVENT_BOUND_PASSED:
        set_text(object, "what", event->bound);
        set_integer(object, "dropped", event->dropped);
        break;
    case BW_EVENT_KEYS_CHANGED:
        set_integer(object, "version", event->version);
        set_integer(object, "keys", event->keys);
        break;
    case BW_EVENT_STRANGER:
        set_addr(object, "addr", &event->addr);
        set_text(object, "reason", bw_error_name(event->error));
        set_integer(object, "dropped", event->dropped);
        break;
    case BW_EVENT_TERM_REFUSED:
        add_refused_fields(object, event);
        break;
    case BW_EVENT_CONVERGED:
    case BW_EVENT_DIVERGED:
    case BW_EVENT_COUNT:
        break;
    }
    return object;
}

json_t *json_ready(const struct bw_node *node, const char *name, const char *cluster, const struct bw_addr *addr,
                   int64_t wall_us) {
    json_t *object = json_object();
    struct bw_id id = bw_node_id(node);
    set_time(object, "time", wall_us);
    set_text(object, "type", "ready");
    set_text(object, "name", name);
    set_id(object, "id", &id);
    set_addr(object, "addr", addr);
    set_text(object, "cluster", cluster);
    return object;
}

json_t *json_tags(struct bw_bytes tags) {
    json_t *object = json_object();
    struct bw_bytes name, value;
    size_t at = 0;
    while (bw_tag_next(tags, &at, &name, &value)) {
        char key[BW_TAG_SIZE_MAX + 1];
        if (name.size >= sizeof(key))
            continue;
        memcpy(key, name.data, name.size);
        key[name.size] = '\0';
        json_object_set_new(object, key, json_stringn((const char *)value.data, value.size));
    }
    return object;
}

static json_t *json_member(const struct bw_member_info *member) {
    json_t *object = json_object();
    set_text(object, "name", member->name);
    set_id(object, "id", &member->id);
    set_addr(object, "addr", &member->addr);
    set_text(object, "status", bw_status_name(member->status));
    set_integer(object, "incarnation", member->incarnation);
    json_object_set_new(object, "tags", json_tags(member->tags));
    set_milliseconds(object, "rtt_ms", member->rtt_us);
    set_time(object, "since", member->since_wall_us);
    set_integer(object, "protocol", member->protocol);
    return object;
}

static int member_order(const void *a, const void *b) {
    const struct bw_member_info *left = a;
    const struct bw_member_info *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : bw_id_compare(&left->id, &right->id);
}

json_t *json_members(const struct bw_node *node, const char *cluster, const char *self) {
    size_t count = bw_node_member_count(node);
    struct bw_member_info *members = calloc(count + 1, sizeof(*members));
    if (members == NULL)
        return NULL;
    size_t found = 0;
    while (found < count && bw_node_member(node, found, &members[found]) == 0)
        found++;
    qsort(members, found, sizeof(*members), member_order);
    json_t *list = json_array();
    for (size_t i = 0; i < found; i++)
        json_array_append_new(list, json_member(&members[i]));
    free(members);
    char digest[17];
    snprintf(digest, sizeof(digest), "%016llx", (unsigned long long)bw_node_digest(node));
    json_t *object = json_object();
    set_text(object, "cluster", cluster);
    set_text(object, "self", self);
    json_object_set_new(object, "converged", json_boolean(bw_node_converged(node)));
    set_text(object, "digest", digest);
    json_object_set_new(object, "members", list);
    return object;
}

void sentence_about(const char *sentence, const char *name, char *text, size_t size) {
    const char *gap = strstr(sentence, "%s");
    if (gap == NULL)
        snprintf(text, size, "%s", sentence);
    else
        snprintf(text, size, "%.*s%s%s", (int)(gap - sentence), sentence, name[0] == '\0' ? "a member" : name, gap + 2);
}

static json_t *json_candidate(const struct bw_candidate_info *candidate) {
    json_t *object = json_object();
    set_text(object, "name", candidate->name);
    set_integer(object, "priority", candidate->priority);
    json_object_set_new(object, "ready", json_boolean(candidate->ready));
    set_text(object, "status", bw_status_name(candidate->status));
    const char *sentence;
    char why[BW_NAME_MAX + 96];
    bw_why_not_name(candidate->why, &sentence);
    sentence_about(sentence, candidate->behind_name, why, sizeof(why));
    set_text(object, "why", why);
    return object;
}

/* All at once: they are ranked for it, once. */
static json_t *json_candidates(const struct bw_node *node, const char *scope) {
    size_t count = 0;
    (void)bw_node_candidates(node, scope, NULL, 0, &count);
    struct bw_candidate_info *candidates = calloc(count + 1, sizeof(*candidates));
    if (candidates == NULL || bw_node_candidates(node, scope, candidates, count, &count) != 0)
        count = 0;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_candidate(&candidates[i]));
    free(candidates);
    return list;
}

/* Why nobody leads: the word, whom it is about, how long that may last. */
static void set_vacancy(json_t *object, const struct bw_node *node, const char *scope, struct bw_time now) {
    struct bw_vacancy_info info;
    if (bw_node_vacancy(node, scope, &info, now) != 0)
        info = (struct bw_vacancy_info){.reason = BW_VACANCY_NONE, .of = "", .wait_us = -1};
    bool led = info.reason == BW_VACANCY_NONE;
    json_object_set_new(object, "reason", led ? json_null() : json_string(bw_vacancy_name(info.reason, NULL)));
    json_object_set_new(object, "reason_of", info.of[0] == '\0' ? json_null() : json_text(info.of));
    json_object_set_new(object, "wait_ms", info.wait_us < 0 ? json_null() : json_integer(info.wait_us / BW_US_PER_MS));
}

static json_t *json_scope(const struct bw_node *node, const struct bw_scope_info *scope, struct bw_time now) {
    json_t *object = json_object();
    set_text(object, "scope", scope->scope);
    json_object_set_new(object, "seat", json_null());
    json_set_seat(object, scope->scope);
    set_text(object, "mode", mode_name(scope->mode));
    if (scope->has_leader) {
        set_text(object, "leader", scope->leader);
        set_id(object, "leader_id", &scope->token.id);
        set_integer(object, "term", scope->token.term);
        set_token(object, "token", &scope->token);
    } else {
        json_object_set_new(object, "leader", json_null());
        json_object_set_new(object, "leader_id", json_null());
        json_object_set_new(object, "term", json_null());
        json_object_set_new(object, "token", json_null());
    }
    set_text(object, "role", bw_role_name(scope->role));
    if (scope->has_leader)
        set_time(object, "since", scope->since_wall_us);
    else
        json_object_set_new(object, "since", json_null());
    json_object_set_new(object, "lease_ms",
                        scope->lease_us < 0 ? json_null() : json_integer(scope->lease_us / BW_US_PER_MS));
    json_object_set_new(object, "frozen", json_boolean(scope->frozen));
    json_object_set_new(object, "frozen_by", scope->frozen ? json_text(scope->frozen_by) : json_null());
    json_object_set_new(object, "frozen_ms",
                        scope->frozen_us < 0 ? json_null() : json_integer(scope->frozen_us / BW_US_PER_MS));
    set_vacancy(object, node, scope->scope, now);
    json_object_set_new(object, "candidates", json_candidates(node, scope->scope));
    json_object_set_new(object, "differs", json_differs(node, scope->scope));
    return object;
}

bool scope_in_use(const struct bw_node *node, const char *scope, struct bw_time now) {
    struct bw_scope_info info;
    struct bw_candidate_info first;
    return bw_node_scope_find(node, scope, &info, now) == 0 &&
           (info.has_leader || bw_node_candidate(node, scope, 0, &first) == 0);
}

static int compare_scopes(const void *a, const void *b) {
    return strverscmp(json_text_of(*(json_t *const *)a, "scope"), json_text_of(*(json_t *const *)b, "scope"));
}

/* "orders/2" before "orders/10". Takes the list. */
static json_t *sorted(json_t *list) {
    size_t count = json_array_size(list);
    json_t **scopes = calloc(count + 1, sizeof(json_t *));
    if (scopes == NULL)
        return list;
    json_t *result = json_array();
    for (size_t i = 0; i < count; i++)
        scopes[i] = json_array_get(list, i);
    qsort(scopes, count, sizeof(json_t *), compare_scopes);
    for (size_t i = 0; i < count; i++)
        json_array_append(result, scopes[i]);
    free(scopes);
    json_decref(list);
    return result;
}

json_t *json_leader(const struct bw_node *node, const char *scope, struct bw_time now) {
    json_t *list = json_array();
    struct bw_scope_info info;
    bool plain = scope != NULL && scope_in_use(node, scope, now); /* others may have it with seats, by mistake */
    for (size_t i = 0; bw_node_scope(node, i, &info, now) == 0; i++)
        if (scope == NULL || (plain ? strcmp(info.scope, scope) == 0 : scope_is_in(info.scope, scope)))
            json_array_append_new(list, json_scope(node, &info, now));
    json_t *object = json_object();
    json_object_set_new(object, "scopes", sorted(list));
    return object;
}

json_t *json_certificate_fault(const struct bw_node *node, const struct bw_id *id, struct bw_time now) {
    int64_t until_s = bw_host_certified_until(node, id);
    if (until_s < 0)
        return json_string("revoked");
    bool expired = until_s > 0 && until_s < now.wall_us / BW_US_PER_S - BW_CLOCKS_DIFFER_S; /* as the members judge */
    return expired ? json_string("expired") : json_null();
}
