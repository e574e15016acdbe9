/* keygen: one line on standard output: a cluster key, or the public part of a node's own key. */
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/confine.h"
#include "tools/identity_file.h"
#include "tools/key_file.h"
#include "tools/options.h"

static error_t parse(int key, char *value, struct argp_state *state) {
    if (key == 'i')
        *(const char **)state->input = value;
    return key == 'i' ? 0 : key == ARGP_KEY_ARG ? options_surplus(state, value) : ARGP_ERR_UNKNOWN;
}

static const struct argp_option option_list[] = {
    {"identity", 'i', "FILE", 0,
     "Make a node's own key instead, for identity mode: the key in FILE, which must not be there yet, and its public "
     "part on standard output, for 'bellwether authority sign'",
     0},
    {0}};
const struct argp keygen_argp = {
    .options = option_list,
    .parser = parse,
    .doc = "Prints a new cluster key, 32 random bytes in base64. Keep it in a file that its owner alone can read:\v"
           "  (umask 077; bellwether keygen > bellwether.key)",
};

static int make_identity(const char *path) {
    uint8_t public[BW_PUBLIC_SIZE];
    char text[512];
    char line[BW_ARMOUR_TEXT_SIZE(BW_PUBLIC_SIZE)];
    bool ok = identity_make(BW_ARMOUR_IDENTITY, public, text, sizeof(text)) && identity_file_make(path, text);
    explicit_bzero(text, sizeof(text));
    if (ok) {
        bw_armour_write(BW_ARMOUR_PUBLIC, (struct bw_bytes){public, sizeof(public)}, line);
        fputs(line, stdout);
    }
    return ok ? EXIT_DONE : EXIT_NO;
}

int cmd_keygen(int argc, char **argv) {
    const char *identity = NULL;
    int code = options_parse(&keygen_argp, argc, argv, &identity);
    if (code != EXIT_DONE)
        return code;
    (void)confine_memory();
    if (identity != NULL)
        return make_identity(identity);
    char *text = key_make();
    if (text == NULL) {
        complain("no key: %s", strerror(errno));
        return EXIT_NO;
    }
    struct stat output;
    if (fstat(STDOUT_FILENO, &output) == 0 && S_ISREG(output.st_mode) && (output.st_mode & 077) != 0)
        complain("others can read that file: chmod 600 it, or an agent will refuse it");
    size_t size = strlen(text);
    ssize_t written = write(STDOUT_FILENO, text, size); /* no buffer of stdio keeps it */
    if (written != (ssize_t)size)
        complain("the key could not be written: %s", written < 0 ? strerror(errno) : "only a part of it was");
    sodium_free(text);
    return written == (ssize_t)size ? EXIT_DONE : EXIT_NO;
}
