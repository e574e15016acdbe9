#include "tools/event_view.h"

#include <stdlib.h>
#include <string.h>

#include "tools/json.h"
#include "tools/text.h"

/* How a type is told. In a pattern $x stands for a field, see fields. */
static const struct wording {
    const char *type;
    const char *pattern;
    const char *color;
    const char *unowned; /* the pattern where nobody is named in "by"; NULL: the same */
} wordings[] = {
    {"member-alive", "$n is alive at $a", "\033[32m", NULL},
    {"member-suspect", "$n is suspected by $b", "\033[33m", NULL},
    {"member-dead", "$n is dead, says $b", "\033[31m", NULL},
    {"member-left", "$n was forgotten by $b", "", "$n has left"},
    {"member-update", "$n has changed its record", "", NULL},
    {"member-conflict", "two members are called $n: one$m, and one at $a", "\033[31m", NULL},
    {"member-twice", "$n runs twice with one id, and stands for nothing: the other one is at $a", "\033[31m", NULL},
    {"member-incompatible", "$n at $a speaks no protocol version that this member speaks: it is kept out", "\033[31m",
     NULL},
    {"leader-elected", "$l leads $s, token $t", "\033[1;32m", NULL},
    {"leader-lost", "$l leads $s no longer: $r", "\033[31m", NULL},
    {"self-elected", "this member leads $s, token $t", "\033[1;32m", NULL},
    {"self-deposed", "this member leads $s no longer: $r", "\033[31m", NULL},
    {"split-brain-healed", "two led $s: $l stays, token $t", "\033[33m", NULL},
    {"scope-frozen", "$s is frozen by $b", "\033[36m", NULL},
    {"scope-thawed", "$s is thawed by $b", "\033[36m", "$s is thawed: its time is over"},
    {"keys-changed", "the key ring has changed: version $v, keys: $k", "", NULL},
    {"stranger", "$a has other keys, or another cluster: $r (datagrams dropped: $d)", "\033[33m", NULL},
    {"term-refused", "$n sent term $T of $s, which is out of bounds: refused (times: $d)", "\033[31m", NULL},
    {"converged", "all members heard of have the same view", "", NULL},
    {"diverged", "views differ", "", NULL},
    {"user-event", "$f tells all: $n $p", "\033[36m", NULL},
    {"query", "$f asks: $n $p (query $q)", "\033[36m", NULL},
    {"query-ack", "$f has been asked (query $q)", "", NULL},
    {"query-response", "$f answers: $p (query $q)", "", NULL},
    {"query-end", "no more answers are waited for: $c of $e answered (query $q)", "", NULL},
    {"bound-passed", "a bound is passed, and the least useful is dropped: $w (times: $d)", "\033[33m", NULL},
};

static const struct field {
    char letter;
    const char *key;
} fields[] = {
    {'n', "name"},   {'a', "addr"},    {'b', "by"},      {'s', "scope"}, {'l', "leader"},      {'t', "token"},
    {'r', "reason"}, {'f', "from"},    {'q', "query"},   {'w', "what"},  {'c', "responses"},   {'e', "expected"},
    {'T', "term"},   {'d', "dropped"}, {'v', "version"}, {'k', "keys"},  {'m', "member_addr"},
};

/* NULL: an agent that is newer says it. */
static const struct wording *wording_of(const json_t *event) {
    for (size_t i = 0; i < sizeof(wordings) / sizeof(wordings[0]); i++)
        if (strcmp(wordings[i].type, json_text_of(event, "type")) == 0)
            return &wordings[i];
    return NULL;
}

const char *event_color(const json_t *event) {
    const struct wording *wording = wording_of(event);
    return wording == NULL ? "" : wording->color;
}

static void print_key(FILE *to, const json_t *event, const char *key) {
    const json_t *value = json_object_get(event, key);
    if (json_is_integer(value))
        fprintf(to, "%lld", (long long)json_integer_value(value));
    else
        text_print_safe(to, json_text_of(event, key));
}

static void print_field(FILE *to, const json_t *event, char letter) {
    const char *base64 = json_text_of(event, "payload_base64");
    if (letter == 'p' && base64[0] != '\0')
        fprintf(to, "base64:%s", base64);
    else if (letter == 'p')
        print_key(to, event, "payload");
    if (letter == 'm' && json_text_of(event, "member_addr")[0] != '\0') /* older agents do not say it */
        fputs(" at ", to);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (fields[i].letter == letter)
            print_key(to, event, fields[i].key);
}

static const char *pattern_of(const struct wording *wording, const json_t *event) {
    bool unowned = json_text_of(event, "by")[0] == '\0';
    return unowned && wording->unowned != NULL ? wording->unowned : wording->pattern;
}

char *event_sentence(const json_t *event) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL)
        return NULL;
    const struct wording *wording = wording_of(event);
    if (wording == NULL)
        print_key(to, event, "type");
    for (const char *at = wording == NULL ? "" : pattern_of(wording, event); *at != '\0'; at++) {
        if (*at == '$')
            print_field(to, event, *++at);
        else
            fputc(*at, to);
    }
    return fclose(to) == 0 ? text : NULL;
}

void event_print(FILE *file, const json_t *event, bool color) {
    const struct wording *wording = wording_of(event);
    const char *start = color ? event_color(event) : "";
    char *sentence = event_sentence(event);
    fprintf(file, "%6lld  ", (long long)json_integer_value(json_object_get(event, "seq")));
    text_print_safe(file, json_text_of(event, "time"));
    fprintf(file, "  %s", start);
    if (wording != NULL) /* else the sentence is the type */
        fprintf(file, "%-18s ", wording->type);
    fprintf(file, "%s%s\n", sentence == NULL ? "" : sentence, start[0] == '\0' ? "" : "\033[0m");
    free(sentence);
}
