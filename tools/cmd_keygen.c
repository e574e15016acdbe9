/* keygen: one line on standard output. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/key_file.h"
#include "tools/options.h"

static error_t parse(int key, char *value, struct argp_state *state) {
    return key == ARGP_KEY_ARG ? options_surplus(state, value) : ARGP_ERR_UNKNOWN;
}

static const struct argp keygen_argp = {
    .parser = parse,
    .doc = "Prints a new cluster key, 32 random bytes in base64. Keep it in a file that its owner alone can read:\v"
           "  (umask 077; bellwether keygen > bellwether.key)",
};

int cmd_keygen(int argc, char **argv) {
    int code = options_parse(&keygen_argp, argc, argv, NULL);
    if (code != EXIT_DONE)
        return code;
    char text[BW_KEY_TEXT_SIZE];
    if (!key_make(text)) {
        complain("no random numbers: %s", strerror(errno));
        return EXIT_NO;
    }
    struct stat output;
    if (fstat(STDOUT_FILENO, &output) == 0 && S_ISREG(output.st_mode) && (output.st_mode & 077) != 0)
        complain("others can read that file: chmod 600 it, or an agent will refuse it");
    puts(text);
    explicit_bzero(text, sizeof(text));
    return EXIT_DONE;
}
