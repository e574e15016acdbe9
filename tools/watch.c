#include "tools/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"

json_t *watch_types(const char *types) {
    json_t *list = types == NULL ? NULL : json_array();
    while (types != NULL && *types != '\0') {
        size_t size = strcspn(types, ",");
        if (size > 0)
            json_array_append_new(list, json_stringn(types, size));
        types += size + (types[size] == ',');
    }
    return list;
}

/* What was written before the flush may have failed already, with an errno that is gone. */
static bool reader_is_gone(void) {
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

bool watch_flush(int *code) {
    bool flushed = fflush(stdout) == 0;
    if (flushed && !ferror(stdout))
        return true;
    *code = (!flushed && errno == EPIPE) || reader_is_gone() ? EXIT_DONE : EXIT_NO;
    if (*code != EXIT_DONE)
        complain("standard output cannot be written");
    return false;
}

bool watch_changed(char **last, json_t *now) {
    char *text = json_dumps(now, JSON_COMPACT);
    bool changed = text != NULL && (*last == NULL || strcmp(*last, text) != 0);
    json_decref(now);
    free(*last);
    *last = text;
    return changed;
}

/* A line on the terminal that goes away again. */
static void show_progress(const struct watch *watch, double start) {
    if (watch->waiting_for != NULL && isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[Kwaiting for %s, %.0f s", watch->waiting_for, control_now() - start);
}

static void clear_progress(const struct watch *watch) {
    if (watch->waiting_for != NULL && isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

/* Waits for an event, but at most a second, so that progress is seen. */
static int wait_event(const struct watch *watch, struct control_client *events, double start) {
    double look_at = watch->interval_s > 0 ? control_now() + watch->interval_s : CONTROL_FOREVER;
    for (;;) {
        double step = control_now() + 1;
        json_t *event = NULL;
        int code = control_read(events, step < watch->deadline ? step : watch->deadline, &event);
        json_decref(event);
        if (code != EXIT_TIMED_OUT || control_now() >= watch->deadline)
            return code;
        if (control_now() >= look_at)
            return EXIT_DONE;
        show_progress(watch, start);
    }
}

/* How long an answer may take: not longer than the whole. */
static double answer_timeout_s(const struct watch *watch) {
    double timeout_s = watch->client->timeout_s > 0 ? watch->client->timeout_s : CONTROL_TIMEOUT_S;
    double left_s = watch->deadline - control_now();
    return left_s < 0.001 ? 0.001 : left_s < timeout_s ? left_s : timeout_s;
}

static int watch_loop(const struct watch *watch, struct control_client *events, struct control_client *questions) {
    double start = control_now();
    for (;;) {
        json_t *answer = NULL;
        int code = control_ask(questions, watch->request(watch->context), answer_timeout_s(watch), &answer);
        if (code != EXIT_DONE)
            return code;
        enum watch_verdict verdict = watch->look(watch->context, answer);
        json_decref(answer);
        if (verdict == WATCH_DONE)
            return EXIT_DONE;
        if (!watch_flush(&code))
            return code;
        code = wait_event(watch, events, start);
        clear_progress(watch);
        if (code == EXIT_NO)
            return EXIT_DONE;
        if (code == EXIT_NO_AGENT)
            return control_complain_gone();
        if (code != EXIT_DONE)
            return code;
    }
}

int watch_run(const struct watch *watch) {
    struct control_client events, questions;
    int code = control_open(&events, watch->client);
    if (code != EXIT_DONE)
        return code;
    code = control_open(&questions, watch->client);
    if (code == EXIT_DONE) {
        json_t *answer = NULL;
        json_t *request = json_pack("{s:s,s:o*}", "op", "monitor", "types", watch_types(watch->types));
        code = control_ask(&events, request, answer_timeout_s(watch), &answer);
        json_decref(answer);
        events.prints = watch->waiting_for == NULL;
        if (code == EXIT_DONE)
            code = watch_loop(watch, &events, &questions);
        control_close(&questions);
    }
    control_close(&events);
    return code;
}
