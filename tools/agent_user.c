#include "tools/agent_user.h"

#include <string.h>

#include "tools/control_server.h"
#include "tools/json_user.h"

enum { NODES_MAX = 512 }; /* more would not fit into a query */

/* What the errors mean here. */
static json_t *refused(int error) {
    switch (error) {
    case BW_ERR_INVALID:
        return control_error("invalid", "a name is 1 to 63 bytes without control characters, a time at most an hour");
    case BW_ERR_SPACE:
        return control_error("space", "name, payload and filters are at most 1024 bytes together");
    case BW_ERR_BUSY:
        return control_error("busy", "events come faster than they can be spread: try again in a moment");
    case BW_ERR_FULL:
        return control_error("full", "16 queries wait for answers already: try again later");
    default:
        return control_error(bw_error_name(error), bw_error_text(error));
    }
}

/* The payload; false and a refusal if it is none. */
static bool take_payload(const json_t *request, uint8_t *data, struct bw_bytes *payload, json_t **why) {
    *payload = (struct bw_bytes){data, 0};
    if (json_get_payload(request, data, &payload->size))
        return true;
    *why = control_error("invalid", "payload is text, or payload_base64 base64, of at most 1024 bytes");
    return false;
}

static bool is_text(const json_t *value) {
    return json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value);
}

json_t *answer_event(struct agent_view *view, const json_t *request) {
    const json_t *name = json_object_get(request, "name");
    uint8_t data[BW_USER_SIZE_MAX];
    struct bw_bytes payload;
    uint64_t ltime = 0;
    json_t *why = NULL;
    if (!is_text(name))
        return control_error("invalid", "name is a string");
    if (!take_payload(request, data, &payload, &why))
        return why;
    if (view->phase != AGENT_MEMBER)
        return control_error("leaving", "it is no member: nobody would hear it");
    int error = bw_loop_user_event(view->host, json_string_value(name), payload, &ltime);
    if (error != 0)
        return refused(error);
    return json_pack("{s:O,s:I}", "event", name, "ltime", (json_int_t)ltime);
}

struct filters {
    const char *nodes[NODES_MAX];
    size_t node_count;
    struct bw_tag tags[BW_TAG_COUNT_MAX];
    size_t tag_count;
};

static bool take_filters(const json_t *request, struct filters *filters) {
    json_t *nodes = json_object_get(request, "nodes");
    json_t *tags = json_object_get(request, "tags");
    json_t *value;
    const char *key;
    size_t index;
    if ((nodes != NULL && !json_is_array(nodes)) || (tags != NULL && !json_is_object(tags)))
        return false;
    json_array_foreach(nodes, index, value) {
        if (!is_text(value) || filters->node_count == NODES_MAX)
            return false;
        filters->nodes[filters->node_count++] = json_string_value(value);
    }
    json_object_foreach(tags, key, value) {
        if (!is_text(value) || filters->tag_count == BW_TAG_COUNT_MAX)
            return false;
        filters->tags[filters->tag_count++] = (struct bw_tag){key, json_string_value(value)};
    }
    return true;
}

json_t *answer_query(struct agent_view *view, const json_t *request) {
    const json_t *name = json_object_get(request, "name");
    const json_t *timeout = json_object_get(request, "timeout_ms");
    const json_t *ack = json_object_get(request, "ack");
    json_int_t timeout_ms = timeout == NULL ? 0 : json_integer_value(timeout);
    struct filters filters = {.node_count = 0};
    uint8_t data[BW_USER_SIZE_MAX];
    struct bw_bytes payload;
    json_t *why = NULL;
    if (!is_text(name) || (timeout != NULL && (timeout_ms <= 0 || timeout_ms > UINT32_MAX)) ||
        (ack != NULL && !json_is_boolean(ack)) || !take_filters(request, &filters))
        return control_error("invalid",
                             "name is a string, nodes a list of names, tags an object of strings, timeout_ms "
                             "a number above zero, ack true or false");
    if (!take_payload(request, data, &payload, &why))
        return why;
    if (view->phase != AGENT_MEMBER)
        return control_error("leaving", "it is no member: nobody would hear it");
    const struct bw_query query = {.name = json_string_value(name),
                                   .payload = payload,
                                   .nodes = filters.nodes,
                                   .node_count = filters.node_count,
                                   .tags = filters.tags,
                                   .tag_count = filters.tag_count,
                                   .ack = json_is_true(ack),
                                   .timeout_ms = (uint32_t)timeout_ms};
    uint64_t number = 0;
    int error = bw_loop_query(view->host, &query, &number);
    if (error != 0)
        return refused(error);
    char id[QUERY_ID_SIZE];
    query_id_text(number, id);
    return json_pack("{s:s}", "query", id);
}

json_t *answer_respond(struct agent_view *view, const json_t *request) {
    uint8_t data[BW_USER_SIZE_MAX];
    struct bw_bytes payload;
    uint64_t number = 0;
    json_t *why = NULL;
    if (!query_id_parse(json_string_value(json_object_get(request, "query")), &number))
        return control_error("invalid", "query is the 16 digits that the query's event has");
    if (!take_payload(request, data, &payload, &why))
        return why;
    int error = bw_loop_respond(view->host, number, payload);
    if (error == BW_ERR_NOT_FOUND)
        return control_error("not-found", "no such query waits for an answer of this member");
    if (error == BW_ERR_INVALID)
        return control_error("answered", "this member has answered it already");
    if (error != 0)
        return control_error(bw_error_name(error), bw_error_text(error));
    return json_pack("{s:O}", "query", json_object_get(request, "query"));
}
