/* help, version */
#include <stdio.h>
#include <string.h>

#include <bellwether/bellwether.h>

#include "build-config.h"
#include "tools/command.h"
#include "tools/options.h"

static void print_commands(FILE *file) {
    fputs("Usage: bellwether COMMAND [OPTION...]\n"
          "Who is here, and who leads: membership and leader election for a cluster.\n\n",
          file);
    for (const struct command *command = commands; command->name != NULL; command++)
        fprintf(file, "  %-12s %s\n", command->name, command->summary);
    fputs(
        "\n'bellwether COMMAND --help' explains a command, 'bellwether help parameters' what agent --set takes.\n"
        "Exit codes: 0 done; 1 the answer is no, or it failed; 2 usage; 3 no agent; 4 timed out; 5 the agent refused.\n"
        "To see it at work: bellwether demo\n",
        file);
}

/* The profiles' values, in the order of bw_params_describe. */
#define DEFAULTS(name, least, largest, local, lan, wan, text) {local, lan, wan},
static const uint32_t defaults[][3] = {BW_PARAMS(DEFAULTS)};

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

static error_t parse(int key, char *value, struct argp_state *state) {
    const char **topic = state->input;
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    if (*topic != NULL)
        return options_surplus(state, value);
    *topic = value;
    return 0;
}

static const struct argp help_argp = {.parser = parse, .args_doc = "[COMMAND]", .doc = "Explains a command."};

int cmd_help(int argc, char **argv) {
    const char *topic = NULL;
    if (argc == 1) { /* as well from main, without a command */
        print_commands(strcmp(argv[0], "bellwether help") == 0 ? stdout : stderr);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--help") == 0) {
        print_commands(stdout);
        return EXIT_DONE;
    }
    int code = options_parse(&help_argp, argc, argv, &topic);
    if (code != EXIT_DONE)
        return code;
    if (topic == NULL) {
        print_commands(stdout);
        return EXIT_DONE;
    }
    if (strcmp(topic, "parameters") == 0)
        return print_parameters();
    const struct command *command = command_find(topic);
    if (command == NULL)
        return command_unknown(topic);
    char title[64];
    char option[] = "--help";
    snprintf(title, sizeof(title), "bellwether %s", command->name);
    char *words[] = {title, option, NULL};
    return command->run(2, words);
}

static error_t parse_nothing(int key, char *value, struct argp_state *state) {
    return key == ARGP_KEY_ARG ? options_surplus(state, value) : ARGP_ERR_UNKNOWN;
}

static const struct argp version_argp = {.parser = parse_nothing, .doc = "Prints the version."};

int cmd_version(int argc, char **argv) {
    int code = strncmp(argv[0], "bellwether", 10) == 0 ? options_parse(&version_argp, argc, argv, NULL) : EXIT_DONE;
    if (code == EXIT_DONE)
        printf("bellwether %s\n", PACKAGE_VERSION);
    return code;
}
