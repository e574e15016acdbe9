/* The configuration file: "option = value" lines, each option under its name on the command line. */
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/agent_options.h"
#include "tools/text.h"

struct reading {
    const char *path;
    FILE *file;
    unsigned line;
    bool failed;
    struct agent_options *options;
};

static void fail(struct reading *reading, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct reading *reading, const char *format, ...) {
    char text[512];
    va_list arguments;
    if (reading->failed)
        return; /* the first mistake is told */
    reading->failed = true;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    complain("%s:%u: %s", reading->path, reading->line, text);
}

/* As fgets, but counts lines, does not take a long one for two, and leaves the indentation out, which the parser would
 * take for a continuation of the line above. */
static char *read_line(char *text, int size, void *context) {
    struct reading *reading = context;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = reading->failed ? -1 : getline(&line, &capacity, reading->file);
    if (length >= 0) {
        size_t indent = strspn(line, " \t");
        reading->line++;
        if (length >= size || strlen(line) != (size_t)length)
            fail(reading, "a line longer than %d bytes, or with a zero byte in it", size - 2);
        else
            memcpy(text, line + indent, (size_t)length - indent + 1);
    }
    free(line);
    return length < 0 || reading->failed ? NULL : text;
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
    if (reading->failed)
        return 0;
    if (section[0] != '\0') {
        fail(reading, "there are no sections: leave [%s] out", section);
        return 0;
    }
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
    int line = ini_parse_stream(read_line, &reading, on_setting, &reading);
    if (line > 0)
        reading.line = (unsigned)line;
    if (line != 0)
        fail(&reading, "not understood: lines are 'option = value' or begin with #");
    if (ferror(reading.file))
        fail(&reading, "cannot be read: %s", strerror(errno));
    fclose(reading.file);
    return !reading.failed;
}
