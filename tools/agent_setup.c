#include "tools/agent_setup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "tools/agent_answer.h"
#include "tools/agent_paths.h"
#include "tools/control_server.h"
#include "tools/json.h"
#include "tools/private_file.h"

static json_t *text_or_null(const char *text) {
    return text == NULL ? json_null() : json_text(text);
}

json_t *agent_credentials(const struct agent_options *options) {
    const struct {
        const char *name;
        const char *path;
    } files[] = {{"config", options->config},
                 {"key-file", options->key_file},
                 {"identity", options->identity},
                 {"certificate", options->certificate},
                 {"revoked", options->revoked}};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (files[i].path != NULL && private_file_is_credential(files[i].path))
            json_array_append_new(list, json_string(files[i].name));
    return list;
}

/* Whether this process may make files beside that one. */
static bool may_write_beside(const char *path) {
    char *folder = strdup(path);
    char *slash = folder == NULL ? NULL : strrchr(folder, '/');
    if (slash != NULL)
        slash[slash == folder] = '\0';
    bool may = access(slash == NULL ? "." : folder, W_OK | X_OK) == 0;
    free(folder);
    return may;
}

/* What it may do with its files, which somebody else could only guess. */
static void add_rights(json_t *setup, const struct agent_options *options) {
    json_object_set_new(setup, "state_writable", json_boolean(access(options->state_dir, W_OK | X_OK) == 0));
    json_object_set_new(setup, "key_readable", json_boolean(access(options->key_file, R_OK) == 0));
    json_object_set_new(setup, "key_replaceable", json_boolean(may_write_beside(options->key_file)));
}

json_t *answer_setup(struct agent_view *view, const json_t *request) {
    const struct agent_options *options = view->options;
    json_t *joins = json_array();
    (void)request;
    for (size_t i = 0; i < options->join_count; i++)
        json_array_append_new(joins, json_text(options->joins[i]));
    const struct bw_node *node = bw_loop_node(view->host);
    const struct bw_id own = bw_node_id(node);
    json_t *setup = json_pack(
        "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:o,s:I,s:I}", "config", text_or_null(options->config), "key_file",
        text_or_null(options->key_file), "state_dir", text_or_null(options->state_dir), "control",
        text_or_null(options->control), "certificate", text_or_null(options->certificate), "certificate_fault",
        json_certificate_fault(node, &own, bw_loop_now()), "credentials", agent_credentials(options), "join", joins,
        "discover", options->discover.on, "advertised", json_boolean(options->advertise.family != 0), "uid",
        (json_int_t)geteuid(), "pid", (json_int_t)getpid());
    struct bw_params params;
    bw_node_params(node, &params);
    json_object_set_new(setup, "probe_interval_ms", json_integer(params.probe_interval_ms));
    add_rights(setup, options);
    return setup;
}

json_t *answer_paths(struct agent_view *view, const json_t *request) {
    const json_t *start = json_object_get(request, "start");
    if (start != NULL && !json_is_boolean(start))
        return control_error("invalid", "start is true or false");
    if (json_is_true(start) && view->phase != AGENT_MEMBER)
        return control_error("leaving", "it is no member: nobody would answer it");
    if (json_is_true(start))
        agent_paths_start(view->paths);
    return agent_paths_json(view->paths);
}
