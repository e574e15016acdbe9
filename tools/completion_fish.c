/* fish. */
#include <string.h>

#include "tools/completion.h"

struct writing {
    FILE *file;
    const struct command *command;
};

/* The words of -a; fish expands them, so that nothing but what tables hold may stand in them. */
static void write_words(FILE *file, completion_spec spec) {
    if (strcmp(spec, "@dirs") == 0)
        fputs(" -x -a '(__fish_complete_directories)'", file);
    else if (strcmp(spec, "@files") == 0)
        fputs(" -r -F", file);
    else if (strcmp(spec, "@command") == 0)
        fputs(" -x -a '(__fish_complete_subcommand)'", file);
    else if (spec[0] == '@')
        fprintf(file, " -x -a '(bellwether completion %s 2>/dev/null)'", spec + 1);
    else {
        fputs(" -x", file);
        if (spec[0] != '\0') {
            fputs(" -a ", file);
            completion_quote(file, spec, "\\");
        }
    }
}

static void write_option(void *context, const struct argp_option *option) {
    const struct writing *writing = context;
    FILE *file = writing->file;
    char words[4096];
    char text[160];
    completion_text(option, text, sizeof(text));
    fprintf(file, "complete -c bellwether -n '__bellwether_is %s' -l %s", writing->command->name, option->name);
    if (option->key > ' ' && option->key < 0x7f)
        fprintf(file, " -s %c", option->key);
    if (option->arg != NULL && (option->flags & OPTION_ARG_OPTIONAL) == 0)
        write_words(file, completion_value(option, words, sizeof(words)));
    fputs(" -d ", file);
    completion_quote(file, text, "\\");
    fputc('\n', file);
}

void completion_fish(FILE *file) {
    struct writing writing = {.file = file};
    char words[4096];
    fputs("# fish completion of bellwether: made by 'bellwether completion fish' from its tables of commands and "
          "options.\n"
          "function __bellwether_is\n"
          "    set -l words (commandline -opc)\n"
          "    test (count $words) -gt 1; and test $words[2] = $argv[1]\n"
          "end\n"
          "# Whether operand number $argv[2], counted from 0, of the command is wanted; a third word: that one or a "
          "later one.\n"
          "function __bellwether_at\n"
          "    __bellwether_is $argv[1]; or return 1\n"
          "    set -l place (math (count (string match -v -- '-*' (commandline -opc))) - 2)\n"
          "    test $place -eq $argv[2]; or begin\n"
          "        test (count $argv) -gt 2; and test $place -gt $argv[2]\n"
          "    end\n"
          "end\n"
          "complete -c bellwether -f\n",
          file);
    for (const struct command *command = commands; command->name != NULL; command++) {
        fprintf(file, "complete -c bellwether -n 'test (count (commandline -opc)) -eq 1' -a %s -d ", command->name);
        completion_quote(file, command->summary, "\\");
        fputc('\n', file);
    }
    for (writing.command = commands; writing.command->name != NULL; writing.command++) {
        bool rest = false;
        completion_spec spec;
        completion_options(writing.command, write_option, &writing);
        for (size_t place = 0;
             !rest && (spec = completion_operand(writing.command, place, &rest, words, sizeof(words))) != NULL;
             place++) {
            fprintf(file, "complete -c bellwether -n '__bellwether_at %s %zu%s'", writing.command->name, place,
                    rest ? " rest" : "");
            write_words(file, spec);
            fputc('\n', file);
        }
    }
}
