#include "tools/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/json.h"
#include "tools/text.h"

const char *const log_level_names[] = {"debug", "info", "warn", "error", NULL};
const char *const log_format_names[] = {"text", "json", NULL};

static bool is_open; /* the one log of the process */
static enum log_level least_level;
static enum log_format line_format;
static unsigned long lost_count;

void log_open(enum log_level least, enum log_format format) {
    is_open = true;
    least_level = least;
    line_format = format;
}

bool log_is_open(void) {
    return is_open;
}

static bool log_is_writable(void) {
    struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&fd, 1, 0) != 0;
}

/* A reader that stalls must not stall the agent: what the pipe does not take at once is lost, and counted. */
static void emit(const char *line, size_t size) {
    if (!log_is_writable()) {
        lost_count++;
        return;
    }
    if (lost_count > 0) {
        unsigned long lost = lost_count;
        lost_count = 0;
        log_line(LOG_LEVEL_WARN, "%lu log lines were lost: nobody read them in time", lost);
    }
    ssize_t written;
    do
        written = write(STDERR_FILENO, line, size);
    while (written < 0 && errno == EINTR);
}

static bool is_plain(const char *text) {
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || *text == '"' || *text == '=' || *text == '\\' || *text == 0x7f)
            return false;
    return true;
}

static void put_logfmt_value(FILE *to, json_t *value) {
    const char *text = json_string_value(value);
    bool harmless = text != NULL && text_is_harmless(text);
    if (harmless && is_plain(text)) {
        fputs(text, to);
        return;
    }
    char *quoted = json_dumps(value, JSON_TEXT_FLAGS | JSON_ENCODE_ANY | (harmless ? 0 : JSON_ENSURE_ASCII));
    for (const char *at = quoted; at != NULL && *at != '\0'; at++)
        if (*at == 0x7f) /* which JSON lets stand */
            fputs("\\u007f", to);
        else
            fputc(*at, to);
    free(quoted);
}

static void put_logfmt(FILE *to, json_t *object) {
    const char *key;
    json_t *value;
    const char *separator = "";
    json_object_foreach(object, key, value) {
        fprintf(to, "%s%s=", separator, key);
        put_logfmt_value(to, value);
        separator = " ";
    }
}

static void put_object(json_t *object) {
    char *line = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&line, &size);
    if (to == NULL)
        return;
    if (line_format == LOG_FORMAT_JSON)
        json_dumpf(object, to, JSON_TEXT_FLAGS);
    else
        put_logfmt(to, object);
    fputc('\n', to);
    if (fclose(to) == 0)
        emit(line, size);
    free(line);
}

void log_object(enum log_level level, const json_t *object) {
    if (level < least_level)
        return;
    json_t *shown = json_copy((json_t *)object);
    if (shown != NULL && line_format == LOG_FORMAT_TEXT)
        json_object_set_new(shown, "level", json_string(log_level_names[level]));
    if (shown != NULL)
        put_object(shown);
    json_decref(shown);
}

void log_line(enum log_level level, const char *format, ...) {
    if (level < least_level)
        return;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char time[TIME_TEXT_SIZE];
    time_text((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, time);
    json_t *line = json_object();
    json_object_set_new(line, "time", json_string(time));
    json_object_set_new(line, "level", json_string(log_level_names[level]));
    json_object_set_new(line, "msg", json_text(text));
    put_object(line);
    json_decref(line);
}
