/* reload: the agent reads its configuration and its keys again. */
#include <stdio.h>

#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/json.h"

static error_t parse(int key, char *value, struct argp_state *state) {
    struct client_options *client = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = client;
        return 0;
    case ARGP_KEY_ARG:
        return options_surplus(state, value);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp reload_argp = {
    .parser = parse,
    .children = children,
    .doc =
        "Has the agent read its configuration file and its key file again, as SIGHUP does. What of it can change "
        "while it runs does: tags, priorities of scopes, log-level and log-format, keys. What else differs is named: "
        "it counts at the next start. What was changed by hand meanwhile ('bellwether tags', 'bellwether "
        "priority') stays, unless the configuration changes the same thing.\v"
        "Exit code 5: the configuration or the key file cannot be used; the message says where and why, and nothing "
        "has changed. Where the ring is kept by 'bellwether keys', a key file that somebody edited is refused. Or tags "
        "or a priority are refused: then the message says what has changed all the same.\n\n"
        "Under the packaged unit both files are copies that systemd made at the start (LoadCredential): a reload reads "
        "these again, and says so. After an edit in /etc/bellwether: systemctl restart bellwether."};

static void print_names(const char *title, const json_t *names) {
    size_t index;
    json_t *name;
    json_array_foreach(names, index, name) {
        if (index == 0)
            printf("%s: ", title);
        else
            fputs(", ", stdout);
        text_print_safe(stdout, json_string_value(name));
    }
    if (json_array_size(names) > 0)
        putchar('\n');
}

int cmd_reload(int argc, char **argv) {
    struct client_options client = {.control = NULL};
    json_t *answer = NULL;
    int code = options_parse(&reload_argp, argc, argv, &client);
    if (code == EXIT_DONE)
        code = control_ask_once(&client, json_pack("{s:s}", "op", "reload"), &answer);
    if (code == EXIT_DONE && client.json) {
        json_print(answer);
    } else if (code == EXIT_DONE) {
        puts(json_is_true(json_object_get(answer, "keys_changed")) ? "the keys are read again"
                                                                   : "the keys are as they were");
        print_names("changed", json_object_get(answer, "applied"));
        print_names("counts at the next start only", json_object_get(answer, "restart"));
        print_names("systemd's copies, which 'systemctl restart' makes anew", json_object_get(answer, "credentials"));
    }
    json_decref(answer);
    return code;
}
