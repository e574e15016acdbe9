/* What one sees of the demo: colours and signs on a terminal, plain lines in a pipe. */
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
    if (!view->narrating || type == NULL || !is_told(type))
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
