#include "tools/options.h"

#include <bellwether/discover.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/examples.h"

enum { NAME_MAX_COUNT = 64, KEY_COLOR = 0x1000, KEY_CONTROL, KEY_JSON, KEY_TIMEOUT };

static bool mistaken; /* argp gives its parsers no place of their own for this */

error_t options_mistake(struct argp_state *state, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    complain("%s (see '%s --help')", text, state->name);
    mistaken = true;
    return EINVAL;
}

error_t options_told(struct argp_state *state) {
    (void)state;
    mistaken = true;
    return EINVAL;
}

error_t options_surplus(struct argp_state *state, const char *operand) {
    return options_mistake(state, "'%s' is one word too many", operand);
}

struct known {
    const struct argp_option *option[NAME_MAX_COUNT];
    const char *names[NAME_MAX_COUNT + 1];
    size_t count;
};

static void know(struct known *known, const struct argp_option *option) {
    if (option->name == NULL || known->count >= NAME_MAX_COUNT)
        return;
    known->option[known->count] = option;
    known->names[known->count++] = option->name;
    known->names[known->count] = NULL;
}

static void know_all(struct known *known, const struct argp *argp) {
    for (const struct argp_option *o = argp->options; o != NULL && (o->name != NULL || o->doc != NULL); o++)
        know(known, o);
    for (const struct argp_child *child = argp->children; child != NULL && child->argp != NULL; child++)
        know_all(known, child->argp);
}

void options_each(const struct argp *argp, void (*each)(void *context, const struct argp_option *option),
                  void *context) {
    struct known known = {.count = 0};
    know_all(&known, argp);
    for (size_t i = 0; i < known.count; i++)
        each(context, known.option[i]);
}

/* Help, with examples; ends the process. */
static void help(const struct argp *argp, char *name) {
    static const struct argp_option list[] = {{"help", 'h', NULL, 0, "Show this", -1}, {NULL, 0, NULL, 0, NULL, 0}};
    static const struct argp builtin = {.options = list};
    const struct argp_child children[] = {{argp, 0, NULL, 0}, {&builtin, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp whole = {.children = children};
    const char *command = strrchr(name, ' ');
    argp_help(&whole, stdout, ARGP_HELP_STD_HELP & ~(unsigned)(ARGP_HELP_EXIT_OK | ARGP_HELP_EXIT_ERR), name);
    examples_print(stdout, command == NULL ? name : command + 1);
    exit(fflush(stdout) == 0 ? EXIT_DONE : EXIT_NO);
}

/* The option that word (without its dashes) names or is the only one to begin with; NULL if there is none. */
static const struct argp_option *known_find(const struct known *known, const char *word, size_t size) {
    const struct argp_option *found = NULL;
    for (size_t i = 0; i < known->count; i++) {
        if (strncmp(known->names[i], word, size) != 0)
            continue;
        if (known->names[i][size] == '\0')
            return known->option[i];
        if (found != NULL)
            return NULL;
        found = known->option[i];
    }
    return found;
}

/* The option whose letter, behind a dash, word is; NULL if there is none. */
static const struct argp_option *known_letter(const struct known *known, const char *word) {
    for (size_t i = 0; i < known->count; i++)
        if (word[0] == '-' && word[1] == known->option[i]->key && word[1] != '\0' && word[2] == '\0')
            return known->option[i];
    return NULL;
}

static int complain_unknown(const char *command, const struct known *known, const char *word, int size) {
    char name[64];
    snprintf(name, sizeof(name), "%.*s", size, word);
    const char *near = nearest(name, known->names);
    if (near != NULL)
        complain("unknown option '--%s'; did you mean '--%s'? (see '%s --help')", name, near, command);
    else
        complain("unknown option '--%s' (see '%s --help')", name, command);
    return EXIT_USAGE;
}

/* A value that may be left out stands behind '='; behind a space it would be taken for an operand. */
static bool is_stray_value(const struct argp_option *option, const char *word) {
    double seconds;
    enum color_choice color;
    struct bw_addr group;
    if (word == NULL || option->arg == NULL || !(option->flags & OPTION_ARG_OPTIONAL))
        return false;
    if (strcmp(option->arg, "GROUP") == 0)
        return bw_discover_group(&group, word) == 0;
    return strcmp(option->arg, "S") == 0 ? parse_seconds(word, &seconds)
                                         : strcmp(option->arg, "WHEN") == 0 && color_parse(word, &color);
}

/* getopt's own messages know no nearest name, and go past the log. Ends at '--', or at the first operand but own_count; gives the
 * place. */
static int check_words(const struct argp *argp, int argc, char **argv, int own_count, int *end) {
    static const struct argp_option builtin[] = {{"help", 0, 0, 0, "", 0}, {"usage", 0, 0, 0, "", 0}};
    struct known known = {.count = 0};
    know_all(&known, argp);
    know(&known, &builtin[0]);
    know(&known, &builtin[1]);
    int i = 1;
    for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "-h") == 0)
            help(argp, argv[0]);
        const struct argp_option *letter = known_letter(&known, argv[i]);
        if (letter != NULL && letter->arg != NULL && ++i >= argc) {
            complain("option '-%c' needs a value: -%c %s", letter->key, letter->key, letter->arg);
            return EXIT_USAGE;
        }
        if (letter != NULL)
            continue;
        if (argv[i][0] == '-' && argv[i][1] != '-' && argv[i][1] != '\0' && argv[i][1] != '?') {
            complain("unknown option '%s': options are written --NAME; behind '--' it is no option (see '%s --help')",
                     argv[i], argv[0]);
            return EXIT_USAGE;
        }
        if (strncmp(argv[i], "--", 2) != 0) {
            if (own_count-- > 0)
                continue;
            break;
        }
        const char *word = argv[i] + 2;
        size_t size = strcspn(word, "=");
        const struct argp_option *option = known_find(&known, word, size);
        if (option == NULL)
            return complain_unknown(argv[0], &known, word, (int)size);
        if (option == &builtin[0])
            help(argp, argv[0]);
        bool has_value = word[size] == '=';
        if (has_value && option->arg == NULL) {
            complain("option '--%s' takes no value", option->name);
            return EXIT_USAGE;
        }
        if (!has_value && is_stray_value(option, argv[i + 1])) {
            complain("the value of '--%s' is joined to it: --%s=%s", option->name, option->name, argv[i + 1]);
            return EXIT_USAGE;
        }
        if (!has_value && option->arg != NULL && !(option->flags & OPTION_ARG_OPTIONAL) && ++i >= argc) {
            complain("option '--%s' needs a value: --%s %s", option->name, option->name, option->arg);
            return EXIT_USAGE;
        }
    }
    *end = i < argc ? i : argc;
    return EXIT_DONE;
}

static int parse_checked(const struct argp *argp, int argc, char **argv, void *input) {
    mistaken = false;
    argp_err_exit_status = EXIT_USAGE;
    error_t error = argp_parse(argp, argc, argv, ARGP_IN_ORDER, NULL, input);
    if (error != 0 && !mistaken)
        complain("%s", strerror(error));
    return error == 0 ? EXIT_DONE : EXIT_USAGE;
}

int options_parse(const struct argp *argp, int argc, char **argv, void *input) {
    int end;
    int code = check_words(argp, argc, argv, INT_MAX, &end);
    return code == EXIT_DONE ? parse_checked(argp, argc, argv, input) : code;
}

int options_parse_first(const struct argp *argp, int argc, char **argv, void *input, int own_count, int *rest) {
    int end;
    int code = check_words(argp, argc, argv, own_count, &end);
    if (code != EXIT_DONE)
        return code;
    *rest = end < argc && strcmp(argv[end], "--") == 0 ? end + 1 : end;
    return parse_checked(argp, end, argv, input);
}

static error_t parse_client(int key, char *value, struct argp_state *state) {
    struct client_options *client = state->input;
    switch (key) {
    case KEY_COLOR:
        if (!color_parse(value, &client->color))
            return options_mistake(state, "--color=%s: auto, always or never", value);
        return 0;
    case KEY_CONTROL:
        client->control = value;
        return 0;
    case KEY_JSON:
        client->json = true;
        return 0;
    case KEY_TIMEOUT:
        if (!parse_seconds(value, &client->timeout_s))
            return options_mistake(state, "--timeout %s: a number of seconds above zero", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option client_list[] = {
    {NULL, 0, NULL, 0, "Talking to the agent:", 10},
    {"control", KEY_CONTROL, "PATH", 0,
     "The agent's control socket (default: BELLWETHER_CONTROL, the user's, the system's)", 10},
    {"timeout", KEY_TIMEOUT, "S", 0, "Give up when the agent has not answered for so many seconds", 10},
    {"color", KEY_COLOR, "WHEN", OPTION_ARG_OPTIONAL, "auto, always or never; NO_COLOR is respected", 10},
    {NULL, 0, NULL, 0, NULL, 0},
};

static const struct argp_option json_list[] = {
    {"json", KEY_JSON, NULL, 0, "JSON for programs", 9},
    {NULL, 0, NULL, 0, NULL, 0},
};

const struct argp client_argp = {.options = client_list, .parser = parse_client};

static error_t parse_json(int key, char *value, struct argp_state *state) {
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = state->input;
        return 0;
    }
    return key == KEY_JSON ? parse_client(key, value, state) : ARGP_ERR_UNKNOWN;
}

static const struct argp_child json_children[] = {{&client_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp client_json_argp = {.options = json_list, .parser = parse_json, .children = json_children};
