#include "tools/agent_answer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "build-config.h"
#include "tools/addr.h"
#include "tools/agent_keys.h"
#include "tools/agent_members.h"
#include "tools/agent_network.h"
#include "tools/agent_reload.h"
#include "tools/agent_runs.h"
#include "tools/agent_scope.h"
#include "tools/agent_setup.h"
#include "tools/agent_user.h"
#include "tools/agent_voters.h"
#include "tools/confine.h"
#include "tools/control_server.h"
#include "tools/footprint.h"
#include "tools/json.h"
#include "tools/json_info.h"

json_t *agent_greet(void *context) {
    const struct agent_view *view = context;
    char id[BW_ID_TEXT_SIZE];
    struct bw_id own = bw_node_id(bw_loop_node(view->host));
    bw_id_text(&own, id);
    return json_pack("{s:s,s:i,s:s,s:s,s:s,s:i}", "bellwether", PACKAGE_VERSION, "protocol", CONTROL_PROTOCOL, "name",
                     view->options->name, "id", id, "cluster", view->options->cluster, "pid", (int)getpid());
}

static json_t *answer_members(struct agent_view *view, const json_t *request) {
    (void)request;
    return json_members(bw_loop_node(view->host), view->options->cluster, view->options->name);
}

static json_t *answer_leader(struct agent_view *view, const json_t *request) {
    const json_t *scope = json_object_get(request, "scope");
    if (scope != NULL && !json_is_string(scope))
        return control_error("invalid", "scope is a string");
    return json_leader(bw_loop_node(view->host), json_string_value(scope), bw_loop_now());
}

static json_t *answer_history(struct agent_view *view, const json_t *request) {
    const json_t *scope = json_object_get(request, "scope");
    if (scope != NULL && !json_is_string(scope))
        return control_error("invalid", "scope is a string");
    return json_history(bw_loop_node(view->host), json_string_value(scope), bw_loop_now());
}

static json_t *answer_info(struct agent_view *view, const json_t *request) {
    static const char *const states[] = {[AGENT_MEMBER] = "member", [AGENT_LEAVING] = "leaving", [AGENT_LEFT] = "left"};
    (void)request;
    json_t *info = json_info(view->host, view->options->name, view->options->cluster, view->started);
    json_object_set_new(info, "state", json_string(states[view->phase]));
    json_object_set_new(info, "confined", confine_json());
    json_object_set_new(info, "http", view->http[0] == '\0' ? json_null() : json_string(view->http));
    return info;
}

static json_t *answer_leave(struct agent_view *view, const json_t *request) {
    const json_t *stay = json_object_get(request, "stay");
    if (stay != NULL && !json_is_boolean(stay))
        return control_error("invalid", "stay is true or false");
    if (json_is_true(stay) && view->phase != AGENT_MEMBER && view->exits)
        return control_error("leaving", "it is leaving for good already");
    if (view->phase == AGENT_LEFT && json_is_true(stay))
        return json_pack("{s:b}", "left", 1);
    bw_node_forget_peers(bw_loop_node(view->host), bw_loop_now()); /* told to leave, it does not come back by itself */
    view->leave(view, !json_is_true(stay));
    return json_pack("{s:b}", "leaving", 1);
}

static json_t *answer_join(struct agent_view *view, const json_t *request) {
    const json_t *list = json_object_get(request, "addrs");
    struct bw_addr addrs[SEED_COUNT_MAX];
    size_t count = json_array_size(list);
    if (count == 0 || count > SEED_COUNT_MAX)
        return control_error("invalid", "addrs is a list of 1 to 64 addresses");
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text == NULL || bw_addr_parse(&addrs[i], text, DEFAULT_PORT) != 0)
            return control_error("invalid", "an entry of addrs is not a numeric address");
    }
    if (view->phase == AGENT_LEAVING)
        return control_error("leaving", "it has not finished leaving");
    int error = bw_loop_join(view->host, addrs, count);
    if (error != 0)
        return control_error(bw_error_name(error), bw_error_text(error));
    view->joined(view);
    return json_pack("{s:I}", "joining", (json_int_t)count);
}

void agent_gone(void *context, struct control_peer *peer) {
    const struct agent_view *view = context;
    agent_runs_gone(view->runs, peer);
}

json_t *agent_answer(void *context, struct control_peer *peer, const char *op, const json_t *request) {
    static const struct {
        const char *op;
        json_t *(*answer)(struct agent_view *view, const json_t *request);
    } list[] = {
        {"members", answer_members},   {"leader", answer_leader},   {"history", answer_history},
        {"info", answer_info},         {"join", answer_join},       {"leave", answer_leave},
        {"stepdown", answer_stepdown}, {"owner", answer_owner},     {"transfer", answer_transfer},
        {"ready", answer_ready},       {"freeze", answer_freeze},   {"thaw", answer_thaw},
        {"priority", answer_priority}, {"tags", answer_tags},       {"forget", answer_forget},
        {"why", answer_why},           {"rtt", answer_rtt},         {"reachability", answer_reachability},
        {"event", answer_event},       {"query", answer_query},     {"respond", answer_respond},
        {"voters", answer_voters},     {"refused", answer_refused}, {"keys", answer_keys},
        {"reload", answer_reload},     {"setup", answer_setup},     {"paths", answer_paths},
    };
    struct agent_view *view = context;
    footprint_asked(view->footprint);
    json_t *campaign = agent_runs_answer(view->runs, peer, op, request);
    if (campaign != NULL)
        return campaign;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        if (strcmp(list[i].op, op) == 0)
            return list[i].answer(context, request);
    return control_error("unknown-op", "this agent does not know this op");
}
