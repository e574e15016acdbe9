/* bash. Nothing that a member is called is ever expanded: words are compared and taken as they are. */
#include <string.h>

#include "tools/completion.h"

static const char begin[] =
    "# bash completion of bellwether: made by 'bellwether completion bash' from its tables of commands and options.\n";

static const char end[] =
    "# The words of $1 that begin with $2, as COMPREPLY.\n"
    "_bellwether_reply() {\n"
    "    local word\n"
    "    case $1 in\n"
    "    @files | @dirs)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        local kind=-f\n"
    "        [[ $1 == @dirs ]] && kind=-d\n"
    "        while IFS= read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen \"$kind\" -- \"$2\")\n"
    "        ;;\n"
    "    @command)\n"
    "        while IFS= read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen -c -- \"$2\")\n"
    "        ;;\n"
    "    @*)\n"
    "        while IFS= read -r word; do\n"
    "            if [[ $word == \"$2\"* ]]; then COMPREPLY+=(\"$word\"); fi\n"
    "        done < <(\"${COMP_WORDS[0]}\" completion \"${1#@}\" 2>/dev/null)\n"
    "        ;;\n"
    "    *)\n"
    "        for word in $1; do\n"
    "            [[ $word == \"$2\"* ]] || continue\n"
    "            COMPREPLY+=(\"$word\")\n"
    "            [[ $word != *= ]] || compopt -o nospace 2>/dev/null\n"
    "        done\n"
    "        ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_bellwether() {\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} at place=0 option= REPLY=\n"
    "    COMPREPLY=()\n"
    "    if ((COMP_CWORD == 1)); then\n"
    "        _bellwether_reply \"$_bellwether_commands --help --version\" \"$current\"\n"
    "        return\n"
    "    fi\n"
    "    # bash takes --name=value for three words.\n"
    "    for ((at = 2; at < COMP_CWORD; at++)); do\n"
    "        local word=${COMP_WORDS[at]}\n"
    "        option=\n"
    "        if [[ $word == -- ]]; then\n"
    "            at=$((at + 1))\n"
    "            if ((at == COMP_CWORD)); then _bellwether_reply @command \"$current\"; else _bellwether_reply @files "
    "\"$current\"; fi\n"
    "            return\n"
    "        elif [[ $word == -* ]]; then\n"
    "            _bellwether_value \"$command\" \"$word\"\n"
    "            local takes=$?\n"
    "            if [[ ${COMP_WORDS[at + 1]} == = ]]; then\n"
    "                option=$word\n"
    "                at=$((at + 2))\n"
    "            elif ((takes == 0)); then\n"
    "                option=$word\n"
    "                at=$((at + 1))\n"
    "            fi\n"
    "        else\n"
    "            place=$((place + 1))\n"
    "        fi\n"
    "    done\n"
    "    if [[ -n $option ]] && ((at > COMP_CWORD)); then\n"
    "        [[ $current != = ]] || current=\n"
    "        _bellwether_value \"$command\" \"$option\"\n"
    "        _bellwether_reply \"$REPLY\" \"$current\"\n"
    "    elif [[ $current == -* ]]; then\n"
    "        _bellwether_options \"$command\"\n"
    "        _bellwether_reply \"$REPLY\" \"$current\"\n"
    "    elif _bellwether_operand \"$command\" \"$place\"; then\n"
    "        _bellwether_reply \"$REPLY\" \"$current\"\n"
    "    fi\n"
    "}\n"
    "complete -F _bellwether bellwether\n";

struct writing {
    FILE *file;
    const struct command *command;
};

static void name_option(void *context, const struct argp_option *option) {
    fprintf(((const struct writing *)context)->file, "--%s ", option->name);
}

/* A value is wanted: status 0; one may be joined to it: 2. */
static void value_option(void *context, const struct argp_option *option) {
    const struct writing *writing = context;
    char words[4096];
    bool optional = (option->flags & OPTION_ARG_OPTIONAL) != 0;
    if (option->arg == NULL)
        return;
    fprintf(writing->file, "    '%s --%s'", writing->command->name, option->name);
    if (option->key > ' ' && option->key < 0x7f)
        fprintf(writing->file, " | '%s -%c'", writing->command->name, option->key);
    fputs(") REPLY=", writing->file);
    completion_quote(writing->file, completion_value(option, words, sizeof(words)), "");
    fprintf(writing->file, "%s ;;\n", optional ? " && return 2" : "");
}

static void write_operands(FILE *file, const struct command *command) {
    char words[4096];
    bool rest = false;
    completion_spec spec;
    for (size_t place = 0; !rest && (spec = completion_operand(command, place, &rest, words, sizeof(words))) != NULL;
         place++) {
        fprintf(file, "    '%s %s", command->name, rest ? "'*" : "");
        if (!rest)
            fprintf(file, "%zu'", place);
        fputs(") REPLY=", file);
        completion_quote(file, spec, "");
        fputs(" ;;\n", file);
    }
}

void completion_bash(FILE *file) {
    struct writing writing = {.file = file};
    fputs(begin, file);
    fputs("_bellwether_commands='", file);
    for (const struct command *command = commands; command->name != NULL; command++)
        fprintf(file, "%s%s", command == commands ? "" : " ", command->name);
    fputs("'\n\n_bellwether_options() {\n    case $1 in\n", file);
    for (writing.command = commands; writing.command->name != NULL; writing.command++) {
        fprintf(file, "    %s) REPLY='", writing.command->name);
        completion_options(writing.command, name_option, &writing);
        fputs("' ;;\n", file);
    }
    fputs("    *) REPLY= ;;\n    esac\n}\n\n"
          "# What may stand behind option $2 of command $1. Status 1: nothing, 2: it is joined by = or left out.\n"
          "_bellwether_value() {\n    REPLY=\n    case \"$1 $2\" in\n",
          file);
    for (writing.command = commands; writing.command->name != NULL; writing.command++)
        completion_options(writing.command, value_option, &writing);
    fputs("    *) return 1 ;;\n    esac\n}\n\n"
          "# What may stand as operand $2, counted from 0, of command $1.\n"
          "_bellwether_operand() {\n    REPLY=\n    case \"$1 $2\" in\n",
          file);
    for (writing.command = commands; writing.command->name != NULL; writing.command++)
        write_operands(file, writing.command);
    fputs("    *) return 1 ;;\n    esac\n}\n\n", file);
    fputs(end, file);
}
