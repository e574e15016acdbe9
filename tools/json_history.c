/* A scope's history as JSON: who led, and where two leaders met. */
#include "tools/json.h"

#include <string.h>

static json_t *json_time(int64_t wall_us) {
    char text[TIME_TEXT_SIZE];
    time_text(wall_us, text);
    return json_string(text);
}

static json_t *json_token(const struct bw_token *token) {
    char text[BW_TOKEN_TEXT_SIZE];
    bw_token_text(token, text);
    return json_string(text);
}

static json_t *json_entry(const struct bw_history_info *info) {
    char id[BW_ID_TEXT_SIZE];
    bw_id_text(&info->token.id, id);
    json_t *object =
        json_pack("{s:I,s:s,s:o,s:s,s:I,s:o}", "number", (json_int_t)info->number, "type",
                  info->healed ? "split-brain-healed" : "reign", "leader", json_text(info->leader), "leader_id", id,
                  "term", (json_int_t)info->token.term, "token", json_token(&info->token));
    if (info->healed) {
        json_object_set_new(object, "time", json_time(info->from_wall_us));
        json_object_set_new(object, "other", json_token(&info->other));
        json_object_set_new(object, "overlap_ms", info->overlap_ms < 0 ? json_null() : json_integer(info->overlap_ms));
        return object;
    }
    json_object_set_new(object, "from", json_time(info->from_wall_us));
    json_object_set_new(object, "until", info->over ? json_time(info->until_wall_us) : json_null());
    json_object_set_new(object, "reason", info->over ? json_string(bw_loss_name(info->reason)) : json_null());
    return object;
}

static json_t *json_scope_history(const struct bw_node *node, const char *scope) {
    json_t *list = json_array();
    struct bw_history_info info;
    for (size_t i = 0; bw_node_history(node, scope, i, &info) == 0; i++)
        json_array_append_new(list, json_entry(&info));
    return json_pack("{s:o,s:o}", "scope", json_text(scope), "history", list);
}

json_t *json_history(const struct bw_node *node, const char *scope, struct bw_time now) {
    json_t *list = json_array();
    struct bw_scope_info info;
    for (size_t i = 0; bw_node_scope(node, i, &info, now) == 0; i++)
        if (scope == NULL || scope_is_in(info.scope, scope))
            json_array_append_new(list, json_scope_history(node, info.scope));
    return json_pack("{s:o}", "scopes", list);
}
