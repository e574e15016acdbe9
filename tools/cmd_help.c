/* help, version */
#include <stdio.h>
#include <string.h>

#include <bellwether/bellwether.h>

#include "build-config.h"
#include "tools/command.h"
#include "tools/json.h"
#include "tools/options.h"

enum { KEY_JSON = 0x2000 };

static void print_commands(FILE *file) {
    fputs("Usage: bellwether COMMAND [OPTION...]\n"
          "Who is here, and who leads: membership and leader election for a cluster.\n\n",
          file);
    for (const struct command *command = commands; command->name != NULL; command++)
        fprintf(file, "  %-12s %s\n", command->name, command->summary);
    fputs("\n'bellwether help COMMAND' explains a command with examples, 'bellwether help parameters' what agent --set "
          "takes.\n"
          "Exit codes: 0 done; 1 the answer is no, nothing is called so, or it failed; 2 usage; 3 no agent; 4 timed "
          "out; 5 the agent refused.\n"
          "To see it at work: bellwether demo\n",
          file);
}

/* The profiles' values, in the order of bw_params_describe. */
#define DEFAULTS(name, least, largest, local, lan, wan, text) {local, lan, wan},
static const uint32_t defaults[][3] = {BW_PARAMS(DEFAULTS)};

static int print_parameters_json(void) {
    json_t *list = json_array();
    const char *name, *text;
    uint32_t least, largest;
    for (size_t i = 0; (name = bw_params_describe(i, &text, &least, &largest)) != NULL; i++) {
        const uint32_t *value = defaults[i];
        json_array_append_new(list, json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:s}", "name", name, "least", (json_int_t)least,
                                              "largest", (json_int_t)largest, "local", (json_int_t)value[0], "lan",
                                              (json_int_t)value[1], "wan", (json_int_t)value[2], "text", text));
    }
    json_t *object = json_pack("{s:o}", "parameters", list);
    json_print(object);
    json_decref(object);
    return EXIT_DONE;
}

static int print_parameters(void) {
    const char *name, *text;
    uint32_t least, largest;
    printf("%-22s %17s %8s %8s %8s\n", "PARAMETER", "RANGE", "local", "lan", "wan");
    for (size_t i = 0; (name = bw_params_describe(i, &text, &least, &largest)) != NULL; i++) {
        const uint32_t *value = defaults[i];
        char range[32];
        snprintf(range, sizeof(range), "%u..%u", least, largest);
        printf("%-22s %17s %8u %8u %8u\n    %s\n", name, range, value[0], value[1], value[2], text);
    }
    return EXIT_DONE;
}

struct help {
    const char *topic;
    bool json;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct help *help = state->input;
    bool parameters = help->topic != NULL && strcmp(help->topic, "parameters") == 0;
    switch (key) {
    case KEY_JSON:
        help->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (help->topic != NULL)
            return options_surplus(state, value);
        help->topic = value;
        return 0;
    case ARGP_KEY_END:
        return help->json && !parameters ? options_mistake(state, "--json is for 'help parameters' alone") : 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option help_options[] = {
    {"json", KEY_JSON, NULL, 0, "parameters: as JSON", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
const struct argp help_argp = {.options = help_options,
                               .parser = parse,
                               .args_doc = "[COMMAND]",
                               .doc = "Explains a command; 'parameters': what agent --set takes."};

int cmd_help(int argc, char **argv) {
    struct help help = {.topic = NULL};
    if (argc == 1) { /* as well from main, without a command */
        print_commands(strcmp(argv[0], "bellwether help") == 0 ? stdout : stderr);
        return EXIT_DONE;
    }
    int code = options_parse(&help_argp, argc, argv, &help);
    const char *topic = help.topic;
    if (code != EXIT_DONE)
        return code;
    if (topic == NULL) {
        print_commands(stdout);
        return EXIT_DONE;
    }
    if (strcmp(topic, "parameters") == 0)
        return help.json ? print_parameters_json() : print_parameters();
    const struct command *command = command_find(topic);
    if (command == NULL)
        return command_unknown(topic);
    char title[64];
    char option[] = "--help";
    snprintf(title, sizeof(title), "bellwether %s", command->name);
    char *words[] = {title, option, NULL};
    return command->run(2, words);
}

static error_t parse_version(int key, char *value, struct argp_state *state) {
    bool *json = state->input;
    if (key == KEY_JSON)
        *json = true;
    else
        return key == ARGP_KEY_ARG ? options_surplus(state, value) : ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp_option version_options[] = {
    {"json", KEY_JSON, NULL, 0, "JSON for programs", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
const struct argp version_argp = {.options = version_options, .parser = parse_version, .doc = "Prints the version."};

int cmd_version(int argc, char **argv) {
    bool json = false;
    int code = strncmp(argv[0], "bellwether", 10) == 0 ? options_parse(&version_argp, argc, argv, &json) : EXIT_DONE;
    if (code == EXIT_DONE)
        printf(json ? "{\"version\":\"%s\"}\n" : "bellwether %s\n", PACKAGE_VERSION);
    return code;
}
