/* The operator's hand, and the health check's, on the agent's own part in a scope. */
#include "tools/agent_scope.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "node/addr.h"
#include "tools/agent_members.h"
#include "tools/control_server.h"
#include "tools/json.h"
#include "tools/member.h"

#define STEPDOWN_DEFAULT_MS 60000

static json_t *not_standing(int error, const char *scope) {
    char why[BW_NAME_MAX + 64];
    snprintf(why, sizeof(why), "this agent does not stand for '%s'", scope);
    return error == BW_ERR_NOT_FOUND ? control_error("not-found", why)
                                     : control_error(bw_error_name(error), bw_error_text(error));
}

/* Where one scope is wanted: not its seats, nor a range. NULL: it is neither. */
static json_t *several(const struct bw_node *node, const char *scope) {
    struct bw_scope_info info;
    char why[3 * BW_NAME_MAX + 96];
    for (size_t i = 0; bw_node_scope(node, i, &info, bw_loop_now()) == 0; i++) {
        if (!scope_is_in(info.scope, scope) || strcmp(info.scope, scope) == 0)
            continue;
        snprintf(why, sizeof(why), "'%.63s' stands for several, each with a lead of its own: name one, as in '%.63s'",
                 scope, info.scope);
        return control_error("not-found", why);
    }
    return NULL;
}

static json_t *no_member(void) {
    return control_error("leaving", "it is no member: it stands for nothing");
}

/* Whether we lead the scope of this name, a seat of it, or a scope of that range. */
static bool leads_of(const struct bw_node *node, const char *scope) {
    struct bw_scope_info info;
    for (size_t i = 0; bw_node_scope(node, i, &info, bw_loop_now()) == 0; i++)
        if (scope_is_in(info.scope, scope) && info.has_leader && info.role == BW_ROLE_LEADER)
            return true;
    return false;
}

json_t *answer_stepdown(struct agent_view *view, const json_t *request) {
    const char *scope = json_string_value(json_object_get(request, "scope"));
    const json_t *duration = json_object_get(request, "for_ms");
    json_int_t for_ms = duration == NULL ? STEPDOWN_DEFAULT_MS : json_integer_value(duration);
    if (scope == NULL || for_ms <= 0 || for_ms > UINT32_MAX)
        return control_error("invalid", "scope is a string, for_ms a number of milliseconds above zero");
    if (view->phase != AGENT_MEMBER)
        return no_member();
    struct bw_scope_info info;
    const struct bw_node *node = bw_loop_node(view->host);
    bool led = leads_of(node, scope);
    json_t *leader = led || !scope_leader(node, scope, &info) ? json_null() : json_text(info.leader);
    int error = bw_loop_stepdown(view->host, scope, (uint32_t)for_ms);
    if (error == 0)
        return json_pack("{s:s,s:I,s:b,s:o}", "scope", scope, "for_ms", for_ms, "led", led, "leader", leader);
    json_decref(leader);
    return not_standing(error, scope);
}

/* Who leads the scope, as far as we know. False: nobody. */
bool scope_leader(const struct bw_node *node, const char *scope, struct bw_scope_info *info) {
    return bw_node_scope_find(node, scope, info, bw_loop_now()) == 0 && info->has_leader;
}

static bool has_seats(const struct bw_node *node, const char *scope) {
    struct bw_scope_info info;
    for (size_t i = 0; bw_node_scope(node, i, &info, bw_loop_now()) == 0; i++)
        if (scope_is(info.scope, scope) && strcmp(info.scope, scope) != 0)
            return true;
    return false;
}

/* Only the leader can do it: where is it? */
json_t *scope_not_leading(const struct agent_view *view, const char *scope) {
    const struct bw_node *node = bw_loop_node(view->host);
    struct bw_scope_info info;
    struct bw_member_info member;
    char addr[BW_ADDR_TEXT_SIZE], why[3 * BW_NAME_MAX + 160];
    if (has_seats(node, scope)) {
        snprintf(why, sizeof(why),
                 "this agent leads no seat of '%.63s': 'bellwether leader' shows who does; run the command there",
                 scope);
        return control_error("not-leader", why);
    }
    if (!scope_leader(node, scope, &info)) {
        snprintf(why, sizeof(why), "nobody leads '%.63s' now: the best candidate is being chosen", scope);
        return control_error("no-leader", why);
    }
    if (member_by_id(node, &info.token.id, &member)) {
        bw_addr_text(&member.addr, addr);
        snprintf(why, sizeof(why), "this agent does not lead '%.63s': %.63s at %s does; run the command there", scope,
                 member.name, addr);
        return control_error("not-leader", why);
    }
    snprintf(why, sizeof(why), "this agent does not lead '%.63s', and does not know who does", scope);
    return control_error("not-leader", why);
}

json_t *answer_owner(struct agent_view *view, const json_t *request) {
    const json_t *key = json_object_get(request, "key");
    const char *scopes = json_string_value(json_object_get(request, "scopes"));
    struct bw_owner_info owner;
    char id[BW_ID_TEXT_SIZE], token[BW_TOKEN_TEXT_SIZE], why[BW_NAME_MAX + 160];
    if (scopes == NULL || !json_is_string(key))
        return control_error("invalid", "scopes and key are strings");
    if (bw_node_owner(bw_loop_node(view->host), scopes, json_string_value(key), json_string_length(key), &owner,
                      bw_loop_now()) != 0) {
        snprintf(why, sizeof(why),
                 "no scopes '%.63s/0', '%.63s/1' and so on are known here: agents declare them with --scope", scopes,
                 scopes);
        return control_error("not-found", why);
    }
    const struct bw_scope_info *scope = &owner.scope;
    json_t *answer = json_pack("{s:O,s:s,s:I,s:I,s:o}", "key", key, "scopes", scopes, "shard", (json_int_t)owner.shard,
                               "shards", (json_int_t)owner.shards, "scope", json_text(scope->scope));
    if (!scope->has_leader) {
        json_object_update_new(answer, json_pack("{s:n,s:n,s:n,s:n}", "leader", "leader_id", "term", "token"));
        return answer;
    }
    bw_id_text(&scope->token.id, id);
    bw_token_text(&scope->token, token);
    json_object_update_new(answer, json_pack("{s:o,s:s,s:I,s:s}", "leader", json_text(scope->leader), "leader_id", id,
                                             "term", (json_int_t)scope->token.term, "token", token));
    return answer;
}

json_t *answer_transfer(struct agent_view *view, const json_t *request) {
    const char *scope = json_string_value(json_object_get(request, "scope"));
    const struct bw_node *node = bw_loop_node(view->host);
    struct bw_member_info to;
    struct bw_scope_info info;
    char id[BW_ID_TEXT_SIZE], why[2 * BW_NAME_MAX + 96];
    const char *reason = "";
    if (scope == NULL)
        return control_error("invalid", "scope is a string, to a member's name or the beginning of its id");
    if (view->phase != AGENT_MEMBER)
        return no_member();
    json_t *error = find_member(node, json_string_value(json_object_get(request, "to")), rank_present, &to);
    if (error != NULL)
        return error;
    bw_id_text(&to.id, id);
    json_t *done = json_pack("{s:s,s:o,s:s}", "scope", scope, "to", json_text(to.name), "id", id);
    if (scope_leader(node, scope, &info) && bw_id_equal(&info.token.id, &to.id))
        return done; /* it leads already, wherever this is asked */
    snprintf(why, sizeof(why), "%.63s cannot take '%.63s': ", to.name, scope);
    int code = bw_loop_transfer(view->host, scope, &to.id, &reason);
    if (code == 0)
        return done;
    json_decref(done);
    error = code == BW_ERR_NOT_FOUND ? several(node, scope) : NULL;
    if (error != NULL)
        return error;
    snprintf(why + strlen(why), sizeof(why) - strlen(why), "%s", reason);
    return code == BW_ERR_BUSY      ? scope_not_leading(view, scope)
           : code == BW_ERR_INVALID ? control_error("unfit", why)
                                    : not_standing(code, scope);
}

json_t *answer_refused(struct agent_view *view, const json_t *request) {
    const char *scope = json_string_value(json_object_get(request, "scope"));
    const char *text = json_string_value(json_object_get(request, "token"));
    const struct bw_node *node = bw_loop_node(view->host);
    struct bw_scope_info info;
    struct bw_token token;
    char own[BW_TOKEN_TEXT_SIZE], why[BW_NAME_MAX + 160];
    if (scope == NULL || text == NULL || bw_token_parse(&token, text) != 0)
        return control_error("invalid", "scope is a string, token 32 hexadecimal digits");
    if (view->phase != AGENT_MEMBER)
        return no_member();
    bool leads = scope_leader(node, scope, &info) && info.role == BW_ROLE_LEADER;
    struct bw_token held = leads ? info.token : (struct bw_token){0};
    int error = bw_loop_claim_above(view->host, scope, &token);
    bw_token_text(&held, own);
    if (error == 0)
        return json_pack("{s:s,s:s,s:s,s:b}", "scope", scope, "token", text, "own", own, "given_up",
                         bw_token_compare(&token, &held) > 0);
    if (error == BW_ERR_INVALID) {
        snprintf(why, sizeof(why),
                 "the term of %.32s is more than 2^32 above all that this cluster knows of: a token above it would be "
                 "refused. Set the guard anew",
                 text);
        return control_error("invalid", why);
    }
    json_t *wrong = error == BW_ERR_NOT_FOUND ? several(node, scope) : NULL;
    if (wrong != NULL)
        return wrong;
    return error == BW_ERR_BUSY ? scope_not_leading(view, scope) : not_standing(error, scope);
}

static json_t *unknown_scope(int error, const char *scope) {
    char why[BW_NAME_MAX + 64];
    snprintf(why, sizeof(why), "no scope '%.63s' is known here", scope);
    return error == BW_ERR_NOT_FOUND ? control_error("not-found", why)
                                     : control_error(bw_error_name(error), bw_error_text(error));
}

json_t *answer_freeze(struct agent_view *view, const json_t *request) {
    const char *scope = json_string_value(json_object_get(request, "scope"));
    const json_t *duration = json_object_get(request, "for_ms");
    json_int_t for_ms = json_integer_value(duration);
    if (scope == NULL || (duration != NULL && (!json_is_integer(duration) || for_ms <= 0 || for_ms > UINT32_MAX)))
        return control_error("invalid", "scope is a string, for_ms a number of milliseconds above zero");
    if (view->phase != AGENT_MEMBER)
        return no_member();
    int error = bw_loop_freeze(view->host, scope, (uint32_t)for_ms);
    return error == 0 ? json_pack("{s:s,s:b,s:o}", "scope", scope, "frozen", 1, "for_ms",
                                  duration == NULL ? json_null() : json_integer(for_ms))
                      : unknown_scope(error, scope);
}

json_t *answer_thaw(struct agent_view *view, const json_t *request) {
    const char *scope = json_string_value(json_object_get(request, "scope"));
    if (scope == NULL)
        return control_error("invalid", "scope is a string");
    if (view->phase != AGENT_MEMBER)
        return no_member();
    int error = bw_loop_thaw(view->host, scope);
    return error == 0 ? json_pack("{s:s,s:b}", "scope", scope, "frozen", 0) : unknown_scope(error, scope);
}

json_t *answer_ready(struct agent_view *view, const json_t *request) {
    const char *scope = json_string_value(json_object_get(request, "scope"));
    const json_t *ready = json_object_get(request, "ready");
    const json_t *ttl = json_object_get(request, "ttl_ms");
    json_int_t ttl_ms = json_integer_value(ttl);
    bool sound = ttl == NULL || (json_is_true(ready) && json_is_integer(ttl) && ttl_ms > 0 && ttl_ms <= UINT32_MAX);
    if (scope == NULL || !json_is_boolean(ready) || !sound)
        return control_error("invalid",
                             "scope is a string, ready a boolean; ttl_ms, a number of milliseconds above zero, "
                             "goes with true");
    int error = bw_loop_ready(view->host, scope, json_is_true(ready), (uint32_t)ttl_ms);
    return error == 0 ? json_pack("{s:s,s:b,s:o}", "scope", scope, "ready", json_is_true(ready), "ttl_ms",
                                  ttl == NULL ? json_null() : json_integer(ttl_ms))
                      : not_standing(error, scope);
}

json_t *answer_priority(struct agent_view *view, const json_t *request) {
    const char *scope = json_string_value(json_object_get(request, "scope"));
    const json_t *number = json_object_get(request, "priority");
    json_int_t priority = json_integer_value(number);
    if (scope == NULL || !json_is_integer(number) || priority < 0 || priority > UINT16_MAX)
        return control_error("invalid", "scope is a string, priority a number from 0 to 65535");
    int error = bw_loop_priority(view->host, scope, (uint16_t)priority);
    return error == 0 ? json_pack("{s:s,s:I}", "scope", scope, "priority", priority) : not_standing(error, scope);
}
