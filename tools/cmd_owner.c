/* owner: which member leads the shard of a key. */
#include <string.h>

#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/json.h"
#include "tools/options.h"
#include "tools/text.h"

enum { KEY_SCOPES = 0x2000 };

struct owner {
    struct client_options client;
    const char *key;
    const char *scopes;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct owner *owner = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &owner->client;
        return 0;
    case ARGP_KEY_ARG:
        if (owner->key != NULL)
            return options_surplus(state, value);
        owner->key = value;
        return 0;
    case KEY_SCOPES:
        owner->scopes = value;
        return 0;
    case ARGP_KEY_END:
        if (owner->key == NULL)
            return options_mistake(state, "the owner of which KEY?");
        if (owner->scopes == NULL)
            return options_mistake(state, "among which scopes? --scopes orders for orders/0, orders/1 and so on");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"scopes", KEY_SCOPES, "NAME", 0, "The shards: NAME/0, NAME/1 and so on", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp owner_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "KEY --scopes NAME",
    .doc =
        "Prints the name of the member that leads the shard of KEY among the scopes NAME/0, NAME/1 and so on, as "
        "agents "
        "declare them with --scope NAME/0..63:spread. With --json also the shard, and the token of its leader's reign. "
        "Any agent knows it, and asks nobody.\v"
        "Exit code 1: nobody leads that shard now, or no such scopes are known here; the message says which."};

int cmd_owner(int argc, char **argv) {
    struct owner owner = {.key = NULL};
    json_t *answer = NULL;
    int code = options_parse(&owner_argp, argc, argv, &owner);
    if (code != EXIT_DONE)
        return code;
    json_t *ask = json_pack("{s:s,s:s,s:s}", "op", "owner", "key", owner.key, "scopes", owner.scopes);
    if (ask == NULL) {
        complain("'%s' or '%s' is not UTF-8", owner.key, owner.scopes);
        return EXIT_USAGE;
    }
    code = control_ask_once(&owner.client, ask, &answer);
    if (code == EXIT_DONE) {
        bool led = json_is_string(json_object_get(answer, "leader"));
        if (owner.client.json) {
            json_print(answer);
        } else if (led) {
            text_print_safe(stdout, json_text_of(answer, "leader"));
            putchar('\n');
        } else {
            complain("nobody leads '%s' now, the shard of this key", json_text_of(answer, "scope"));
        }
        code = led ? EXIT_DONE : EXIT_NO;
    }
    json_decref(answer);
    return code;
}
