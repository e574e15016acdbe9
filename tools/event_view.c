#include "tools/event_view.h"

#include <stdlib.h>
#include <string.h>

#include "tools/json.h"
#include "tools/text.h"

/* How a type is told. In the pattern $x stands for a field: n name, a addr, b by, s scope, l leader, t token, r reason,
 * f from, q query, p payload, w what. */
static const struct wording {
    const char *type;
    const char *pattern;
    const char *color;
} wordings[] = {
    {"member-alive", "$n is alive at $a", "\033[32m"},
    {"member-suspect", "$n is suspected by $b", "\033[33m"},
    {"member-dead", "$n is dead, says $b", "\033[31m"},
    {"member-left", "$n has left", ""},
    {"member-update", "$n has changed its record", ""},
    {"member-conflict", "two members are called $n: another one is at $a", "\033[31m"},
    {"member-incompatible", "$n at $a speaks no protocol version that this member speaks: it is kept out", "\033[31m"},
    {"leader-elected", "$l leads $s, token $t", "\033[1;32m"},
    {"leader-lost", "$l leads $s no longer: $r", "\033[31m"},
    {"self-elected", "this member leads $s, token $t", "\033[1;32m"},
    {"self-deposed", "this member leads $s no longer: $r", "\033[31m"},
    {"split-brain-healed", "two led $s: $l stays, token $t", "\033[33m"},
    {"converged", "all members heard of have the same view", ""},
    {"diverged", "views differ", ""},
    {"user-event", "$f tells all: $n $p", "\033[36m"},
    {"query", "$f asks: $n $p (query $q)", "\033[36m"},
    {"query-ack", "$f has been asked (query $q)", ""},
    {"query-response", "$f answers: $p (query $q)", ""},
    {"query-end", "no more answers are waited for (query $q)", ""},
    {"bound-passed", "a bound is passed, and the least useful is dropped: $w", "\033[33m"},
};

static const struct wording *wording_of(const json_t *event) {
    static const struct wording unknown = {"", "$y", ""};
    for (size_t i = 0; i < sizeof(wordings) / sizeof(wordings[0]); i++)
        if (strcmp(wordings[i].type, json_text_of(event, "type")) == 0)
            return &wordings[i];
    return &unknown;
}

const char *event_color(const json_t *event) {
    return wording_of(event)->color;
}

static const char *field_of(char letter) {
    static const char *const fields[] = {"name",   "addr", "by",    "scope",   "leader", "token",
                                         "reason", "from", "query", "payload", "what"};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (fields[i][0] == letter)
            return fields[i];
    return "type";
}

static void print_field(FILE *to, const json_t *event, char letter) {
    const char *base64 = json_text_of(event, "payload_base64");
    if (letter == 'p' && base64[0] != '\0')
        fprintf(to, "base64:%s", base64);
    else
        text_print_safe(to, json_text_of(event, field_of(letter)));
}

char *event_sentence(const json_t *event) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL)
        return NULL;
    for (const char *at = wording_of(event)->pattern; *at != '\0'; at++) {
        if (*at == '$')
            print_field(to, event, *++at);
        else
            fputc(*at, to);
    }
    return fclose(to) == 0 ? text : NULL;
}

void event_print(FILE *file, const json_t *event, bool color) {
    const char *start = color ? wording_of(event)->color : "";
    char *sentence = event_sentence(event);
    fprintf(file, "%6lld  ", (long long)json_integer_value(json_object_get(event, "seq")));
    text_print_safe(file, json_text_of(event, "time"));
    fputs("  ", file);
    fprintf(file, "%s%-18s %s%s\n", start, wording_of(event)->type, sentence == NULL ? "" : sentence,
            start[0] == '\0' ? "" : "\033[0m");
    free(sentence);
}
