#include "tools/text.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/log.h"

static char *kept; /* NULL: nobody waits */

void complain_keep(char text[COMPLAINT_SIZE]) {
    kept = text;
    if (text != NULL)
        text[0] = '\0';
}

void complain(const char *format, ...) {
    char text[COMPLAINT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (kept != NULL && kept[0] == '\0')
        snprintf(kept, COMPLAINT_SIZE, "%s", text);
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

const char *unknown_hint(const char *word, const char *const *names, char *text, size_t size) {
    const char *name = nearest(word, names);
    if (name == NULL)
        text[0] = '\0';
    else
        snprintf(text, size, "; did you mean '%s'?", name);
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

/* Length of the UTF-8 sequence at the start of text, and its character; 0 if there is none that is well formed. */
static size_t decode(const unsigned char *text, uint32_t *character) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* of so many bytes: no shorter form would do */
    if (text[0] < 0x80) {
        *character = text[0];
        return 1;
    }
    size_t size = text[0] >= 0xf0 && text[0] < 0xf5 ? 4 : text[0] >= 0xe0 ? 3 : text[0] >= 0xc2 ? 2 : 0;
    if (size == 0 || text[0] >= 0xf5)
        return 0;
    *character = text[0] & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *character = *character << 6 | (text[i] & 0x3f);
    }
    bool is_surrogate = *character >= 0xd800 && *character <= 0xdfff;
    return *character < least[size] || *character > 0x10ffff || is_surrogate ? 0 : size;
}

static bool is_control(uint32_t character) {
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* Characters that are not seen but change what is: direction, line ends, what is joined, tags. */
static bool is_hidden(uint32_t character) {
    static const uint32_t ranges[][2] = {{0xad, 0xad},     {0x61c, 0x61c},   {0x180e, 0x180e},
                                         {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
                                         {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (character >= ranges[i][0] && character <= ranges[i][1])
            return true;
    return false;
}

bool text_is_harmless(const char *text) {
    uint32_t character = 0;
    for (size_t size; *text != '\0'; text += size) {
        size = decode((const unsigned char *)text, &character);
        if (size == 0 || is_control(character) || is_hidden(character))
            return false;
    }
    return true;
}

void text_print_safe(FILE *file, const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    while (*at != 0) {
        uint32_t character = 0;
        size_t size = decode(at, &character);
        if (size == 0 || is_control(character)) {
            for (size_t i = 0; i < (size == 0 ? 1 : size); i++)
                fprintf(file, "\\x%02x", at[i]);
        } else if (is_hidden(character)) {
            fprintf(file, "<U+%04X>", character);
        } else {
            fwrite(at, 1, size, file);
        }
        at += size == 0 ? 1 : size;
    }
}

void text_append(char *text, size_t size, const char *separator, const char *format, ...) {
    size_t used = strlen(text);
    va_list arguments;
    if (used > 0)
        used += (size_t)snprintf(text + used, size - used, "%s", separator);
    if (used >= size)
        return;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
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
