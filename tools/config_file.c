/* The configuration file: "option = value" lines, each option under its name on the command line. */
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/agent_options.h"
#include "tools/text.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

enum { MISTAKES_TOLD_MAX = 20 };

struct reading {
    const char *path;
    FILE *file;
    unsigned line;
    bool expected; /* the parser has got a line of which it must say what it is */
    unsigned mistakes;
    struct agent_options *options;
};

static void fail(struct reading *reading, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct reading *reading, const char *format, ...) {
    char text[512];
    va_list arguments;
    reading->mistakes++;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    complain("%s:%u: %s", reading->path, reading->line, text);
}

/* What the parser has said nothing of is none of the things that a line can be. */
static void end_line(struct reading *reading) {
    if (reading->expected)
        fail(reading, "not understood: lines are 'option = value' or begin with #");
    reading->expected = false;
}

/* One line for the parser, without its indentation, which would be taken for a continuation of the line above; empty if there is
 * nothing to say of it, or was. */
static void give_line(struct reading *reading, char *text, int size, const char *line, size_t length) {
    const char *begin = line + (reading->line == 1 && strncmp(line, BYTE_ORDER_MARK, 3) == 0 ? 3 : 0);
    begin += strspn(begin, " \t\r\n\v\f");
    size_t needed = length + (length > 0 && line[length - 1] != '\n'); /* a full text would be asked to go on */
    memcpy(text, "\n", 2);
    if (needed >= (size_t)size || strlen(line) != length) {
        fail(reading, "a line longer than %d bytes, or with a zero byte in it", size - 2);
    } else if (begin[0] == '[') {
        fail(reading, "there are no sections: leave %.*s out", (int)strcspn(begin, "\r\n"), begin);
    } else if (begin[0] != '\0' && begin[0] != '#' && begin[0] != ';') {
        reading->expected = true;
        memcpy(text, begin, strlen(begin) + 1);
    }
}

static bool is_at_end(FILE *file) {
    int next = getc(file);
    return next == EOF || ungetc(next, file) == EOF;
}

/* As fgets, but counts lines, and does not take a long one for two. Ends early when enough was told. */
static char *read_line(char *text, int size, void *context) {
    struct reading *reading = context;
    char *line = NULL;
    size_t capacity = 0;
    end_line(reading);
    if (reading->mistakes >= MISTAKES_TOLD_MAX) {
        if (!is_at_end(reading->file))
            complain("%s: %u mistakes; no further ones were looked for", reading->path, reading->mistakes);
        return NULL;
    }
    ssize_t length = getline(&line, &capacity, reading->file);
    if (length >= 0) {
        reading->line++;
        give_line(reading, text, size, line, (size_t)length);
    }
    free(line);
    return length < 0 ? NULL : text;
}

/* Paths in the file are relative to the file. */
static bool is_path(const char *name) {
    static const char *const paths[] = {"key-file", "identity", "certificate", "revoked", "state-dir", "control"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (strcmp(name, paths[i]) == 0)
            return true;
    return false;
}

static bool set(struct reading *reading, const struct agent_option *option, const char *value) {
    char path[PATH_MAX];
    char why[256] = "";
    const char *slash = strrchr(reading->path, '/');
    if (is_path(option->name) && value[0] != '/' && value[0] != '\0' && slash != NULL) {
        if (snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - reading->path), reading->path, value) >= PATH_MAX) {
            fail(reading, "%s: the path is too long", option->name);
            return false;
        }
        value = path;
    }
    if (agent_option_take(option, reading->options, value, why, sizeof(why))) {
        if (!reading->options->log_format_given)
            log_open(reading->options->log_level, reading->options->log_format);
        return true;
    }
    fail(reading, "%s = %s: %s", option->name, value, why);
    return false;
}

static int on_setting(void *context, const char *section, const char *name, const char *value) {
    struct reading *reading = context;
    const char *names[32];
    char hint[64];
    (void)section;
    reading->expected = false;
    const struct agent_option *option = agent_option_find(name);
    if (strcmp(name, "config") == 0 || strcmp(name, "check-config") == 0) {
        fail(reading, "'%s' is for the command line only: --%s", name, name);
        return 0;
    }
    if (option == NULL) {
        agent_option_names(names, sizeof(names) / sizeof(names[0]));
        fail(reading, "unknown key '%s'%s", name, unknown_hint(name, names, hint, sizeof(hint)));
        return 0;
    }
    return set(reading, option, value);
}

bool config_file_read(const char *path, struct agent_options *options) {
    struct reading reading = {.path = path, .file = fopen(path, "re"), .options = options};
    if (reading.file == NULL) {
        complain("configuration file %s: %s", path, strerror(errno));
        return false;
    }
    int code = ini_parse_stream(read_line, &reading, on_setting, &reading);
    end_line(&reading);
    if (code != 0 && reading.mistakes == 0)
        fail(&reading, "cannot be read");
    if (ferror(reading.file))
        fail(&reading, "cannot be read: %s", strerror(errno));
    fclose(reading.file);
    return code == 0 && reading.mistakes == 0;
}
