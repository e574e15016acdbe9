/* What one sees of the demo: colours and signs on a terminal, plain lines in a pipe. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/demo.h"
#include "tools/event_view.h"
#include "tools/text.h"

static const char *paint(const struct demo_view *view, const char *code) {
    return view->color ? code : "";
}

const char *demo_duration(double seconds, char text[16]) {
    if (seconds < 1)
        snprintf(text, 16, "%.0f ms", seconds * 1000);
    else
        snprintf(text, 16, "%.2f s", seconds);
    return text;
}

void demo_title(struct demo_view *view, const char *format, ...) {
    va_list arguments;
    if (view->silent)
        return;
    va_start(arguments, format);
    printf("\n%s", paint(view, "\033[1m"));
    vprintf(format, arguments);
    printf("%s\n", paint(view, "\033[0m"));
    va_end(arguments);
    fflush(stdout);
    demo_forget(view);
}

void demo_say(const struct demo_view *view, const char *format, ...) {
    va_list arguments;
    if (view->silent)
        return;
    va_start(arguments, format);
    fputs(paint(view, "\033[2m"), stdout);
    vprintf(format, arguments);
    puts(paint(view, "\033[0m"));
    va_end(arguments);
    fflush(stdout);
}

void demo_result(const struct demo_view *view, bool good, const char *format, ...) {
    const char *sign = view->utf8 ? (good ? "✓" : "✗") : (good ? "ok:" : "FAILED:");
    va_list arguments;
    if (view->silent)
        return;
    va_start(arguments, format);
    printf("  %s%s%s ", paint(view, good ? "\033[1;32m" : "\033[1;31m"), sign, paint(view, "\033[0m"));
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    fflush(stdout);
}

void demo_forget(struct demo_view *view) {
    while (view->seen_count > 0)
        free(view->seen[--view->seen_count]);
}

/* Each fact is told once, by who says it first. */
static bool is_news(struct demo_view *view, const char *fact) {
    for (size_t i = 0; i < view->seen_count; i++)
        if (strcmp(view->seen[i], fact) == 0)
            return false;
    if (view->seen_count < DEMO_SEEN_MAX)
        view->seen[view->seen_count++] = strdup(fact);
    return true;
}

static bool is_told(const char *type) {
    static const char *const silent[] = {"converged", "diverged", "member-update", "ready"};
    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
        if (strcmp(silent[i], type) == 0)
            return false;
    return true;
}

void demo_narrate(struct demo_view *view, const char *observer, const json_t *event, double at) {
    const char *type = json_string_value(json_object_get(event, "type"));
    if (view->silent || !view->narrating || type == NULL || !is_told(type))
        return;
    char *sentence = event_sentence(event);
    if (sentence == NULL)
        return;
    char fact[512];
    snprintf(fact, sizeof(fact), "%s: %s", strncmp(type, "self-", 5) == 0 ? observer : "", sentence);
    if (is_news(view, fact))
        printf("  %s+%6.0f ms%s  %s %s %s%s%s\n", paint(view, "\033[2m"), (at - view->start) * 1000,
               paint(view, "\033[0m"), observer, view->utf8 ? "│" : "|", paint(view, event_color(event)), sentence,
               paint(view, "\033[0m"));
    free(sentence);
    fflush(stdout);
}

static json_t *text_or_null(const char *text) {
    return text == NULL || text[0] == '\0' ? json_null() : json_text(text);
}

static json_t *json_outcome(const struct demo_outcome *outcome) {
    return json_pack("{s:s,s:s,s:f,s:f,s:b,s:o,s:o,s:o}", "step", outcome->step, "what", outcome->what, "took_ms",
                     round(outcome->took_s * 1e6) / 1e3, "target_ms", round(outcome->target_s * 1e6) / 1e3, "passed",
                     outcome->passed, "member", text_or_null(outcome->member), "leader", text_or_null(outcome->leader),
                     "token", text_or_null(outcome->token));
}

void demo_print_json(const struct demo *demo, const struct demo_outcome *outcomes, size_t count) {
    json_t *steps = json_array();
    json_t *controls = json_array();
    bool whole = true;
    for (size_t i = 0; i < count; i++) {
        whole = whole && outcomes[i].told;
        if (outcomes[i].told)
            json_array_append_new(steps, json_outcome(&outcomes[i]));
    }
    bool kept = demo->keep && whole && demo->failure == NULL;
    for (unsigned i = 0; kept && i < demo->count; i++) {
        char path[320];
        demo_path(demo, demo->children[i].name, ".sock", path, sizeof(path));
        if (demo->children[i].pid > 0)
            json_array_append_new(controls, json_text(path));
    }
    json_t *object =
        json_pack("{s:i,s:b,s:o,s:o,s:o,s:o}", "nodes", (int)demo->count, "passed",
                  whole && demo->failure == NULL && !demo->late, "failure", text_or_null(demo->failure), "steps", steps,
                  "directory", kept ? json_text(demo->directory) : json_null(), "controls", controls);
    json_print(object);
    json_decref(object);
}
