/* agent: its options become agent_options, file first. */
#include <stdlib.h>
#include <string.h>

#include "tools/agent.h"
#include "tools/command.h"
#include "tools/options.h"

enum { KEY_FIRST = 0x2000, OPTION_MAX = 32 };

struct pass {
    struct agent_options *options;
    bool only_config; /* first the file, which the rest overrides */
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct pass *pass = state->input;
    char why[256] = "";
    if (key == ARGP_KEY_ARG)
        return options_surplus(state, value);
    if (key < KEY_FIRST || key >= KEY_FIRST + OPTION_MAX)
        return ARGP_ERR_UNKNOWN;
    const struct agent_option *option = &agent_option_list[key - KEY_FIRST];
    if ((strcmp(option->name, "config") == 0) != pass->only_config ||
        option->set(pass->options, value, why, sizeof(why)))
        return 0;
    return options_mistake(state, "--%s %s: %s", option->name, value == NULL ? "" : value, why);
}

static void list_options(struct argp_option *list) {
    memset(list, 0, (OPTION_MAX + 1) * sizeof(*list));
    for (int i = 0; i < OPTION_MAX && agent_option_list[i].name != NULL; i++) {
        list[i].name = agent_option_list[i].name;
        list[i].key = KEY_FIRST + i;
        list[i].arg = agent_option_list[i].argument;
        list[i].doc = agent_option_list[i].text;
    }
}

/* The log's options are looked for first, whatever else may be wrong with the line: mistakes are told in its format. */
static void open_log_early(int argc, char **argv, struct agent_options *options) {
    char why[256];
    for (int i = 1; i < argc; i++) {
        const char *value = NULL;
        if (strncmp(argv[i], "--log-format=", 13) == 0)
            value = argv[i] + 13;
        else if (strcmp(argv[i], "--log-format") == 0 && i + 1 < argc)
            value = argv[i + 1];
        if (value != NULL) /* a wrong one is told later */
            options->log_format_given = agent_option_find("log-format")->set(options, value, why, sizeof(why));
    }
    log_open(options->log_level, options->log_format);
}

static int read_options(const struct argp *argp, int argc, char **argv, struct agent_options *options) {
    struct pass config = {.options = options, .only_config = true};
    struct pass rest = {.options = options};
    open_log_early(argc, argv, options);
    int code = options_parse(argp, argc, argv, &config);
    if (code != EXIT_DONE)
        return code;
    if (options->config != NULL && !config_file_read(options->config, options))
        return EXIT_USAGE;
    return options_parse(argp, argc, argv, &rest);
}

int cmd_agent(int argc, char **argv) {
    struct argp_option list[OPTION_MAX + 1];
    const struct argp argp = {
        .options = list,
        .parser = parse,
        .doc =
            "Runs a member of the cluster until SIGTERM or SIGINT, then resigns and leaves. It stays in the foreground "
            "and logs to standard error.\vEach option can stand in the configuration file as well, as NAME = VALUE.",
    };
    struct agent_options options;
    list_options(list);
    agent_options_init(&options);
    int code = read_options(&argp, argc, argv, &options);
    if (code == EXIT_DONE) {
        log_open(options.log_level, options.log_format);
        code = agent_options_complete(&options) ? agent_run(&options) : EXIT_NO;
    }
    agent_options_free(&options);
    return code;
}
