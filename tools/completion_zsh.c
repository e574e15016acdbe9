/* zsh: specifications of _arguments. */
#include <string.h>

#include "tools/completion.h"

/* The action of _arguments that completes a spec. */
static void write_action(FILE *file, completion_spec spec) {
    if (spec[0] == '\0')
        fputs(" ", file);
    else if (strcmp(spec, "@files") == 0)
        fputs("_files", file);
    else if (strcmp(spec, "@dirs") == 0)
        fputs("_files -/", file);
    else if (strcmp(spec, "@command") == 0)
        fputs("_normal", file);
    else if (spec[0] == '@')
        fprintf(file, "_bellwether_ask %s", spec + 1);
    else
        fprintf(file, "(%s)", spec);
}

static void write_option(void *context, const struct argp_option *option) {
    FILE *file = context;
    char words[4096];
    char text[160];
    bool optional = (option->flags & OPTION_ARG_OPTIONAL) != 0;
    completion_text(option, text, sizeof(text));
    fprintf(file, " \\\n            '*--%s%s['", option->name, option->arg == NULL ? "" : optional ? "=-" : "=");
    completion_quote(file, text, "[]:\\");
    fputs("']", file);
    if (option->arg != NULL) {
        fprintf(file, "%s'", optional ? "::" : ":");
        completion_quote(file, option->arg, ":\\");
        fputs("':", file);
        write_action(file, completion_value(option, words, sizeof(words)));
    }
    fputc('\'', file);
}

static void write_command(FILE *file, const struct command *command) {
    char words[4096];
    bool rest = false;
    completion_spec spec;
    fprintf(file, "        %s)\n          _arguments -S -s", command->name);
    completion_options(command, write_option, file);
    for (size_t place = 0; !rest && (spec = completion_operand(command, place, &rest, words, sizeof(words))) != NULL;
         place++) {
        fprintf(file, " \\\n            '%s:operand:", rest ? "*:" : ":");
        write_action(file, spec);
        fputc('\'', file);
    }
    fputs(" ;;\n", file);
}

void completion_zsh(FILE *file) {
    fputs(
        "#compdef bellwether\n"
        "# zsh completion of bellwether: made by 'bellwether completion zsh' from its tables of commands and options.\n"
        "_bellwether_ask() {\n"
        "  local -a found\n"
        "  found=(${(f)\"$(bellwether completion $1 2>/dev/null)\"})\n"
        "  (( $#found )) && compadd -a found\n"
        "}\n"
        "\n"
        "_bellwether() {\n"
        "  local curcontext=\"$curcontext\" state line\n"
        "  typeset -A opt_args\n"
        "  local -a list\n"
        "  list=(\n",
        file);
    for (const struct command *command = commands; command->name != NULL; command++) {
        fputs("    ", file);
        fprintf(file, "'%s:'", command->name);
        completion_quote(file, command->summary, "");
        fputc('\n', file);
    }
    fputs("  )\n"
          "  _arguments -C '1: :->command' '*:: :->rest'\n"
          "  case $state in\n"
          "    command) _describe -t commands 'bellwether command' list ;;\n"
          "    rest)\n"
          "      case $words[1] in\n",
          file);
    for (const struct command *command = commands; command->name != NULL; command++)
        write_command(file, command);
    fputs("      esac ;;\n"
          "  esac\n"
          "}\n"
          "\n"
          "if [[ $funcstack[1] == _bellwether ]]; then _bellwether \"$@\"; else compdef _bellwether bellwether; fi\n",
          file);
}
