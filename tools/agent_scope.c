/* The operator's hand, and the health check's, on the agent's own part in a scope. */
#include "tools/agent_scope.h"

#include <stdio.h>

#include "tools/control_server.h"

#define STEPDOWN_DEFAULT_MS 60000

static json_t *not_standing(int error, const char *scope) {
    char why[BW_NAME_MAX + 64];
    snprintf(why, sizeof(why), "this agent does not stand for '%s'", scope);
    return error == BW_ERR_NOT_FOUND ? control_error("not-found", why)
                                     : control_error(bw_error_name(error), bw_error_text(error));
}

static json_t *no_member(void) {
    return control_error("leaving", "it is no member: it stands for nothing");
}

json_t *answer_stepdown(struct agent_view *view, const json_t *request) {
    const char *scope = json_string_value(json_object_get(request, "scope"));
    const json_t *duration = json_object_get(request, "for_ms");
    json_int_t for_ms = duration == NULL ? STEPDOWN_DEFAULT_MS : json_integer_value(duration);
    if (scope == NULL || for_ms <= 0 || for_ms > UINT32_MAX)
        return control_error("invalid", "scope is a string, for_ms a number of milliseconds above zero");
    if (view->phase != AGENT_MEMBER)
        return no_member();
    int error = bw_loop_stepdown(view->host, scope, (uint32_t)for_ms);
    return error == 0 ? json_pack("{s:s,s:I}", "scope", scope, "for_ms", for_ms) : not_standing(error, scope);
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
