#include "tools/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/json.h"

void doctor_say(struct doctor *doctor, const struct doctor_finding *finding, const char *format, ...) {
    static const char *const levels[] = {[DOCTOR_FINE] = "fine", [DOCTOR_NOTE] = "note", [DOCTOR_PROBLEM] = "problem"};
    char *what = NULL;
    va_list arguments;
    va_start(arguments, format);
    int size = vasprintf(&what, format, arguments);
    va_end(arguments);
    if (size < 0)
        return;
    json_array_append_new(doctor->findings,
                          json_pack("{s:s,s:s,s:o,s:o,s:o}", "level", levels[finding->level], "check", finding->check,
                                    "where", json_text(finding->where), "what", json_text(what), "mend",
                                    finding->mend == NULL ? json_null() : json_text(finding->mend)));
    free(what);
    doctor->problems += finding->level == DOCTOR_PROBLEM;
}

void doctor_word(const char *name, char word[DOCTOR_WORD_SIZE]) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:@%+=/-";
    bool quoted = name[0] == '\0' || name[strspn(name, plain)] != '\0';
    size_t size = (size_t)sprintf(word, "%s%s", name[0] == '-' ? "-- " : "", quoted ? "'" : "");
    for (; *name != '\0' && size < DOCTOR_WORD_SIZE - 6; name++)
        size += (size_t)sprintf(word + size, *name == '\'' ? "'\\''" : "%c", *name);
    sprintf(word + size, "%s", quoted ? "'" : "");
}

const char *doctor_self(const struct doctor *doctor) {
    return json_text_of(doctor->info, "name");
}
