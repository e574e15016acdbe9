/* completion: scripts for shells, and what they ask for while one types. */
#include <string.h>

#include "tools/command.h"
#include "tools/completion.h"
#include "tools/control_client.h"
#include "tools/json.h"

static const double PATIENCE_S = 1; /* somebody has pressed a key and waits */

static error_t parse(int key, char *value, struct argp_state *state) {
    const char **word = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (*word != NULL)
            return options_surplus(state, value);
        *word = value;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return options_mistake(state, "for which shell? bash, zsh or fish");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp completion_argp = {
    .parser = parse,
    .args_doc = "bash|zsh|fish",
    .doc = "Prints the completion of commands, options and their values for a shell. 'make install' puts it where the "
           "shell looks for it. What scopes and members there are the script asks the running agent: 'completion "
           "scopes' and 'completion members' print them, but for names that a shell might take for more than a name."};

/* Names come from others: what a shell could expand is left out. */
static bool is_safe(const char *name) {
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/#@+-";
    return name[0] != '\0' && name[0] != '-' && name[strspn(name, safe)] == '\0';
}

/* The field of each entry of the answer's list, each once: the lists are in order. */
static int print_names(const char *op, const char *list, const char *field) {
    const struct client_options client = {.timeout_s = PATIENCE_S, .quiet = true};
    const char *last = "";
    json_t *answer = NULL;
    size_t index;
    json_t *entry;
    int code = control_ask_once(&client, json_pack("{s:s}", "op", op), &answer);
    json_array_foreach(json_object_get(answer, list), index, entry) {
        const char *name = json_text_of(entry, field);
        if (is_safe(name) && strcmp(name, last) != 0)
            puts(name);
        last = name;
    }
    json_decref(answer);
    return code;
}

int cmd_completion(int argc, char **argv) {
    static const char *const words[] = {"bash", "zsh", "fish", NULL};
    const char *word = NULL;
    char hint[64];
    int code = options_parse(&completion_argp, argc, argv, &word);
    if (code != EXIT_DONE)
        return code;
    agent_argp_fill();
    if (strcmp(word, "bash") == 0)
        completion_bash(stdout);
    else if (strcmp(word, "zsh") == 0)
        completion_zsh(stdout);
    else if (strcmp(word, "fish") == 0)
        completion_fish(stdout);
    else if (strcmp(word, "scopes") == 0)
        return print_names("leader", "scopes", "scope");
    else if (strcmp(word, "members") == 0)
        return print_names("members", "members", "name");
    else {
        complain("unknown shell '%s'%s (bash, zsh or fish)", word, unknown_hint(word, words, hint, sizeof(hint)));
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}
