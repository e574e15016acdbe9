/* agent: its options become agent_options, file first. */
#include <stdlib.h>
#include <string.h>

#include "tools/agent.h"
#include "tools/agent_config.h"
#include "tools/command.h"
#include "tools/options.h"

enum { KEY_FIRST = 0x2000, KEY_CHECK = KEY_FIRST + AGENT_OPTION_MAX };

struct pass {
    struct agent_options *options;
    bool only_config; /* first the file, which the rest overrides */
    bool check;       /* --check-config: nothing is started */
};

/* The words that this process was started with. */
static int given_count;
static char **given_words;

static error_t parse(int key, char *value, struct argp_state *state) {
    struct pass *pass = state->input;
    char why[256] = "";
    if (key == ARGP_KEY_ARG)
        return options_surplus(state, value);
    if (key == KEY_CHECK) {
        pass->check = true;
        return 0;
    }
    if (key < KEY_FIRST || key >= KEY_FIRST + AGENT_OPTION_MAX)
        return ARGP_ERR_UNKNOWN;
    const struct agent_option *option = &agent_option_list[key - KEY_FIRST];
    if ((strcmp(option->name, "config") == 0) != pass->only_config ||
        agent_option_take(option, pass->options, value, why, sizeof(why)))
        return 0;
    return options_mistake(state, "--%s %s: %s", option->name, value == NULL ? "" : value, why);
}

static struct argp_option list[AGENT_OPTION_MAX + 2];
const struct argp agent_argp = {
    .options = list,
    .parser = parse,
    .doc =
        "Runs a member of the cluster until SIGTERM or SIGINT, then resigns and leaves. It stays in the foreground "
        "and logs to standard error.\vEach option but --config and --check-config can stand in the configuration file "
        "as well, as NAME = VALUE. SIGHUP and 'bellwether reload' read it again."};

void agent_argp_fill(void) {
    size_t count = 0;
    for (; agent_option_list[count].name != NULL; count++) {
        list[count].name = agent_option_list[count].name;
        list[count].key = KEY_FIRST + (int)count;
        list[count].arg = agent_option_list[count].argument;
        list[count].flags = agent_option_list[count].bare ? OPTION_ARG_OPTIONAL : 0;
        list[count].doc = agent_option_list[count].text;
    }
    list[count].name = "check-config";
    list[count].key = KEY_CHECK;
    list[count].doc = "Only look whether configuration, keys and certificate can be used, and say what is wrong";
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

static int read_options(struct agent_options *options, bool *check) {
    struct pass config = {.options = options, .only_config = true};
    struct pass rest = {.options = options};
    int code = options_parse(&agent_argp, given_count, given_words, &config);
    if (code != EXIT_DONE)
        return code;
    if (options->config != NULL && !config_file_read(options->config, options))
        return EXIT_USAGE;
    code = options_parse(&agent_argp, given_count, given_words, &rest);
    *check = rest.check;
    return code;
}

bool agent_options_again(struct agent_options *fresh) {
    bool check;
    agent_options_init(fresh);
    fresh->log_format_given = true; /* the file changes no log yet */
    return read_options(fresh, &check) == EXIT_DONE && agent_options_complete(fresh);
}

static int check_config(const struct agent_options *options, bool complete) {
    if (!agent_config_check(options, complete))
        return EXIT_NO;
    printf("%s: can be used; keys: %s, state: %s, control: %s\n",
           options->config != NULL ? options->config : "the command line", options->key_file, options->state_dir,
           options->control);
    return EXIT_DONE;
}

int cmd_agent(int argc, char **argv) {
    struct agent_options options;
    bool check = false;
    agent_argp_fill();
    agent_options_init(&options);
    given_count = argc;
    given_words = argv;
    open_log_early(argc, argv, &options);
    int code = read_options(&options, &check);
    if (code == EXIT_DONE) {
        log_open(options.log_level, options.log_format);
        bool complete = agent_options_complete(&options);
        code = check ? check_config(&options, complete) : complete ? agent_run(&options) : EXIT_NO;
    }
    agent_options_free(&options);
    return code;
}
