/* The options of commands: argp, with the nearest known name for an unknown one, and what all clients share. */
#ifndef BW_TOOLS_OPTIONS_H
#define BW_TOOLS_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

#include "tools/text.h"

/* Parses; on a mistake says so and returns EXIT_USAGE, after --help and the like exits. Options may stand behind operands. */
int options_parse(const struct argp *argp, int argc, char **argv, void *input);

/* The same for a command that runs another one: options end at '--', or at the first operand but own_count, which the parser gets;
 * argv[*rest] is what follows; argc if nothing does. */
int options_parse_first(const struct argp *argp, int argc, char **argv, void *input, int own_count, int *rest);

/* A mistake found in a parser function: says so, makes options_parse return EXIT_USAGE. */
error_t options_mistake(struct argp_state *state, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a mistake that has been complained about. */
error_t options_told(struct argp_state *state);

/* An operand that the command does not take. */
error_t options_surplus(struct argp_state *state, const char *operand);

/* Calls each for each option that has a name, those that all clients take among them. */
void options_each(const struct argp *argp, void (*each)(void *context, const struct argp_option *option),
                  void *context);

/* What each client command takes. */
struct client_options {
    const char *control; /* NULL: the usual places */
    double timeout_s;    /* 0: the command's own default */
    bool json;
    bool quiet; /* says nothing when there is no agent, or none that answers */
    enum color_choice color;
};

extern const struct argp client_argp;      /* --control, --timeout, --color; child_inputs: struct client_options */
extern const struct argp client_json_argp; /* the same and --json */

#endif
