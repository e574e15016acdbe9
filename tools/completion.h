/* Completion scripts for shells, made from the tables of commands and options. */
#ifndef BW_TOOLS_COMPLETION_H
#define BW_TOOLS_COMPLETION_H

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

#include "tools/command.h"

/* What may stand in a place: "@files", "@dirs", "@command" (any program, and its words), "@scopes" or "@members" (the running agent is
 * asked), or words separated by blanks; "": nobody knows. */
typedef const char *completion_spec;

/* What the value of an option of a command may be. buffer: room for words that are put together. */
completion_spec completion_value(const struct argp_option *option, char *buffer, size_t size);

/* What the operand at a place, from 0 on, of a command may be; NULL: it takes none there. rest: it stands for all that follow. */
completion_spec completion_operand(const struct command *command, size_t place, bool *rest, char *buffer, size_t size);

/* An option's text up to its first full stop or semicolon, as far as a line takes it. */
void completion_text(const struct argp_option *option, char *text, size_t size);

/* Calls each for each option of the command that has a name, --help among them. */
void completion_options(const struct command *command, void (*each)(void *context, const struct argp_option *option),
                        void *context);

/* Writes text within single quotes of a shell that knows '\'' (all three do); each byte of escaped gets a backslash. */
void completion_quote(FILE *file, const char *text, const char *escaped);

void completion_bash(FILE *file);
void completion_zsh(FILE *file);
void completion_fish(FILE *file);

#endif
