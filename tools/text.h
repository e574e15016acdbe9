/* Words for people: complaints, near names, colour. */
#ifndef BW_TOOLS_TEXT_H
#define BW_TOOLS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One line on standard error, "bellwether: …"; in an agent that logs, a log line of level error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Until it is called with NULL, the first complaint is also kept in text, for whoever waits for an answer elsewhere; "" if none. */
enum { COMPLAINT_SIZE = 1024 };
void complain_keep(char text[COMPLAINT_SIZE]);

/* The entry of names (NULL at the end) that word was probably meant to be; NULL if none is near. */
const char *nearest(const char *word, const char *const *names);
/* " (did you mean 'X'?)", or "" if nothing is near. */
const char *nearest_hint(const char *word, const char *const *names, char *text, size_t size);
/* "; did you mean 'X'?", or "": what follows "unknown command 'Y'". */
const char *unknown_hint(const char *word, const char *const *names, char *text, size_t size);

enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
bool color_parse(const char *word, enum color_choice *choice);
/* Whether to colour what goes to file: as chosen, else on a terminal unless NO_COLOR is set. */
bool color_wanted(enum color_choice choice, FILE *file);
/* Whether the locale's characters are UTF-8. */
bool text_is_utf8(void);

/* Whether text is UTF-8 of which all is seen: no control characters, none that turn the direction of writing or hide. */
bool text_is_harmless(const char *text);
/* Writes an escaped copy: control characters and invalid UTF-8 become \xNN, hidden characters <U+NNNN>. */
void text_print_safe(FILE *file, const char *text);

/* Appends to the text, behind the separator unless it is empty; what does not fit in size bytes is cut off. */
void text_append(char *text, size_t size, const char *separator, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A whole decimal number within bounds, nothing after it. */
bool parse_number(const char *text, uint64_t least, uint64_t largest, uint64_t *number);
/* Seconds, with a fraction if need be, above zero. */
bool parse_seconds(const char *text, double *seconds);

#endif
