#include "tools/text.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/log.h"

void complain(const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (log_is_open()) {
        log_line(LOG_LEVEL_ERROR, "%s", text);
        return;
    }
    fputs("bellwether: ", stderr);
    text_print_safe(stderr, text);
    fputc('\n', stderr);
}

/* Damerau-Levenshtein over at most 32 characters: a swap of neighbours counts as one mistake. */
static unsigned edit_distance(const char *a, const char *b) {
    enum { LIMIT = 32 };
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > LIMIT || b_size > LIMIT)
        return LIMIT;
    unsigned d[LIMIT + 1][LIMIT + 1];
    for (size_t i = 0; i <= a_size; i++) {
        for (size_t j = 0; j <= b_size; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = (unsigned)(i + j);
                continue;
            }
            unsigned best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[a_size][b_size];
}

const char *nearest(const char *word, const char *const *names) {
    size_t size = strlen(word);
    unsigned limit = size < 4 ? 1 : size < 8 ? 2 : 3;
    const char *found = NULL;
    for (; *names != NULL; names++) {
        unsigned distance = edit_distance(word, *names);
        if (size >= 3 && strncmp(word, *names, size) == 0)
            distance = 1; /* the beginning of a name is near to it */
        if (distance <= limit) {
            limit = distance == 0 ? 0 : distance - 1;
            found = *names;
            if (distance <= 1)
                break;
        }
    }
    return found;
}

const char *nearest_hint(const char *word, const char *const *names, char *text, size_t size) {
    const char *name = nearest(word, names);
    if (name == NULL)
        text[0] = '\0';
    else
        snprintf(text, size, " (did you mean '%s'?)", name);
    return text;
}

bool color_parse(const char *word, enum color_choice *choice) {
    if (word == NULL || strcmp(word, "always") == 0)
        *choice = COLOR_ALWAYS;
    else if (strcmp(word, "never") == 0)
        *choice = COLOR_NEVER;
    else if (strcmp(word, "auto") == 0)
        *choice = COLOR_AUTO;
    else
        return false;
    return true;
}

bool color_wanted(enum color_choice choice, FILE *file) {
    if (choice != COLOR_AUTO)
        return choice == COLOR_ALWAYS;
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    if (no_color != NULL && no_color[0] != '\0')
        return false;
    return isatty(fileno(file)) != 0 && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

bool text_is_utf8(void) {
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Length of the UTF-8 sequence at the start of text, 0 if there is none that is well formed and printable. */
static size_t printable_size(const unsigned char *text) {
    if (text[0] < 0x80)
        return text[0] >= 0x20 && text[0] != 0x7f;
    size_t size = text[0] >= 0xf0 && text[0] < 0xf5 ? 4 : text[0] >= 0xe0 ? 3 : text[0] >= 0xc2 ? 2 : 0;
    if (size == 0 || text[0] >= 0xf5)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return text[0] == 0xc2 && text[1] < 0xa0 ? 0 : size; /* C1 control characters */
}

void text_print_safe(FILE *file, const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    while (*at != 0) {
        size_t size = printable_size(at);
        if (size == 0)
            fprintf(file, "\\x%02x", *at++);
        for (; size > 0; size--)
            fputc(*at++, file);
    }
}

bool parse_number(const char *text, uint64_t least, uint64_t largest, uint64_t *number) {
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *number = value;
    return value >= least && value <= largest;
}

bool parse_seconds(const char *text, double *seconds) {
    char *end = NULL;
    *seconds = strtod(text, &end);
    return end != text && *end == '\0' && *seconds > 0 && *seconds <= 1e9;
}
