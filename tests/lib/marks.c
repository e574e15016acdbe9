#include "tests/lib/marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MARK_NAME_(name, ...) #name,
static const char *const rule_names[] = {BW_RULES(MARK_NAME_)};
#undef MARK_NAME_
#define RULE_COUNT (sizeof rule_names / sizeof rule_names[0])

static bool hit[RULE_COUNT];
static FILE *file;

const char *marks_name(enum bw_rule rule) {
    return (size_t)rule < RULE_COUNT ? rule_names[rule] : "?";
}

void marks_hit(enum bw_rule rule) {
    if ((size_t)rule >= RULE_COUNT || hit[rule])
        return;
    hit[rule] = true;
    if (file != NULL)
        fprintf(file, "%s\n", rule_names[rule]);
}

/* "/any/where/tests/unit/rng" writes to "unit-rng": the last two parts of the path. */
void marks_open(const char *program, bool all) {
    const char *directory = getenv("BW_RULE_MARKS");
    char path[4096];
    if (directory == NULL)
        return;
    const char *name = strrchr(program, '/');
    name = name != NULL ? name : program;
    const char *parent = name;
    while (parent > program && parent[-1] != '/')
        parent--;
    int used = snprintf(path, sizeof path, "%s/%s", directory, parent);
    if (used < 0 || (size_t)used >= sizeof path)
        return;
    for (char *c = path + strlen(directory) + 1; *c != '\0'; c++)
        if (*c == '/')
            *c = '-';
    mkdir(directory, 0755);
    file = fopen(path, all ? "w" : "a");
    if (file != NULL)
        setvbuf(file, NULL, _IOLBF, 0); /* what a crash had reached still counts as seen in the log */
}

void marks_close(void) {
    if (file != NULL)
        fclose(file);
    file = NULL;
}
