/* Faults as they are written. See fault.h for the form; every mistake is answered with the piece and what it should be. */
#include "sim/fault_words.h"

#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TIME_FORM "30s, 500ms, 1.5m, 2h"

enum value_kind {
    NO_VALUE,
    PERCENT,
    DURATION,
    ON_OFF,
    BYTES,
    BANDWIDTH,
    RESTART,
    YES_NO,
    STEP,
    PPM,
    PACKETS,
    PRIORITY
};
enum where_kind { AT_HOSTS, AT_LINK, ANYWHERE, AT_PARTS };
enum when_kind { INSTANT, SPAN };

static const struct kind_row {
    const char *word;
    const char *form;
    const char *meaning;
} words[] = {
#define ROW(name, word, form, text) {word, form, text},
    BW_FAULTS(ROW)
#undef ROW
};

static const struct shape {
    enum where_kind where;
    enum value_kind value;
    enum when_kind when;
    bool disturbs; /* its hosts are out of order meanwhile */
    bool removes;  /* ... and to be found missing */
} shapes[] = {
    [BW_FAULT_CRASH] = {AT_HOSTS, NO_VALUE, SPAN, true, true},
    [BW_FAULT_RESTART] = {AT_HOSTS, RESTART, INSTANT, true, false},
    [BW_FAULT_STOP] = {AT_HOSTS, NO_VALUE, SPAN, true, true},
    [BW_FAULT_SLEEP] = {AT_HOSTS, NO_VALUE, SPAN, true, true},
    [BW_FAULT_LEAVE] = {AT_HOSTS, NO_VALUE, SPAN, true, true},
    [BW_FAULT_STEPDOWN] = {AT_HOSTS, NO_VALUE, SPAN, false, false},
    [BW_FAULT_FREEZE] = {AT_HOSTS, NO_VALUE, SPAN, false, false},
    [BW_FAULT_THAW] = {AT_HOSTS, NO_VALUE, INSTANT, false, false},
    [BW_FAULT_TRANSFER] = {AT_HOSTS, NO_VALUE, INSTANT, false, false},
    [BW_FAULT_PRIORITY] = {AT_HOSTS, PRIORITY, INSTANT, false, false},
    [BW_FAULT_UNREADY] = {AT_HOSTS, NO_VALUE, SPAN, false, false},
    [BW_FAULT_SILENT] = {AT_HOSTS, NO_VALUE, SPAN, true, true},
    [BW_FAULT_PARTITION] = {AT_PARTS, NO_VALUE, SPAN, false, false},
    [BW_FAULT_CUT] = {AT_LINK, NO_VALUE, SPAN, false, false},
    [BW_FAULT_LOSS] = {ANYWHERE, PERCENT, SPAN, true, false},
    [BW_FAULT_LATENCY] = {ANYWHERE, DURATION, SPAN, true, false},
    [BW_FAULT_DUPLICATE] = {ANYWHERE, PERCENT, SPAN, false, false},
    [BW_FAULT_REORDER] = {ANYWHERE, PERCENT, SPAN, false, false},
    [BW_FAULT_FLAP] = {ANYWHERE, ON_OFF, SPAN, true, false},
    [BW_FAULT_MTU] = {ANYWHERE, BYTES, SPAN, true, false},
    [BW_FAULT_BANDWIDTH] = {ANYWHERE, BANDWIDTH, SPAN, true, false},
    [BW_FAULT_REFUSE] = {AT_HOSTS, YES_NO, SPAN, true, false},
    [BW_FAULT_SLOW] = {AT_HOSTS, DURATION, SPAN, true, false},
    [BW_FAULT_CLOCK] = {AT_HOSTS, STEP, INSTANT, false, false},
    [BW_FAULT_RATE] = {AT_HOSTS, PPM, SPAN, false, false},
    [BW_FAULT_DISK] = {AT_HOSTS, NO_VALUE, SPAN, false, false},
    [BW_FAULT_ROTATE] = {AT_HOSTS, NO_VALUE, SPAN, true, false}, /* some alone: others cannot read them any more */
    [BW_FAULT_HOSTILE] = {AT_HOSTS, PACKETS, SPAN, false, false},
};

struct reading {
    struct bw_fault *fault;
    size_t host_count;
    char *why;
    size_t why_size;
};

static bool wrong(const struct reading *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(const struct reading *r, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->why, r->why_size, format, arguments);
    va_end(arguments);
    return false;
}

const char *bw_fault_word(enum bw_fault_kind kind) {
    return words[kind].word;
}

const char *bw_fault_form(enum bw_fault_kind kind) {
    return words[kind].form;
}

const char *bw_fault_meaning(enum bw_fault_kind kind) {
    return words[kind].meaning;
}

static bool is_link(const struct bw_fault *fault) {
    return fault->shape == BW_SHAPE_LINK || fault->shape == BW_SHAPE_ONE_WAY;
}

bool bw_fault_disturbs(const struct bw_fault *fault) {
    return shapes[fault->kind].disturbs && !is_link(fault) && fault->who.kind != BW_WHO_ALL;
}

bool bw_fault_removes(const struct bw_fault *fault) {
    return shapes[fault->kind].removes;
}

static bool read_kind(const struct reading *r, const char *word) {
    char all[320] = "";
    for (size_t i = 0; i < BW_FAULT_KIND_COUNT; i++) {
        if (strcmp(words[i].word, word) == 0) {
            r->fault->kind = (enum bw_fault_kind)i;
            return true;
        }
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", words[i].word);
    }
    return wrong(r, "'%s' is no kind of fault; there are %s", word, all);
}

static bool read_who(const struct reading *r, const char *text, struct bw_who *who) {
    return bw_who_parse(text, r->host_count, who, r->why, r->why_size);
}

/* "n1-n2", "n1>n2", or hosts. */
static bool read_where(const struct reading *r, char *text) {
    enum where_kind allowed = shapes[r->fault->kind].where;
    char *sign = strpbrk(text, "->");
    if (sign == NULL && allowed == AT_LINK)
        return wrong(r, "'%s' is no link: n1-n2, or n1>n2 for one way", text);
    if (sign != NULL && allowed == AT_HOSTS)
        return wrong(r, "'%s' is a link, but %s happens to hosts: %s", text, words[r->fault->kind].word,
                     words[r->fault->kind].form);
    if (sign == NULL)
        return read_who(r, text, &r->fault->who);
    r->fault->shape = *sign == '-' ? BW_SHAPE_LINK : BW_SHAPE_ONE_WAY;
    *sign = '\0';
    return read_who(r, text, &r->fault->who) && read_who(r, sign + 1, &r->fault->other);
}

static bool read_part(const struct reading *r, const char *text) {
    struct bw_fault *fault = r->fault;
    int64_t weight;
    if (fault->part_count == BW_FAULT_PART_MAX)
        return wrong(r, "more than %u parts", BW_FAULT_PART_MAX);
    if (bw_number_parse(text, 1000000, &weight)) {
        if (weight == 0)
            return wrong(r, "a part of 0");
        fault->weights[fault->part_count] = (size_t)weight;
    } else if (!read_who(r, text, &fault->parts[fault->part_count])) {
        return false;
    } else if (fault->parts[fault->part_count].kind == BW_WHO_ALL) {
        return wrong(r, "a part of all leaves nobody for the others");
    }
    fault->part_count++;
    return true;
}

static bool read_parts(const struct reading *r, char *text) {
    struct bw_fault *fault = r->fault;
    bool one_way = strchr(text, '>') != NULL;
    size_t weighed = 0;
    fault->shape = one_way ? BW_SHAPE_ONE_WAY : BW_SHAPE_PARTS;
    for (char *at = text, *next; at != NULL; at = next) {
        next = strpbrk(at, one_way ? ">" : "/");
        if (next != NULL)
            *next++ = '\0';
        if (!read_part(r, at))
            return false;
    }
    for (size_t i = 0; i < fault->part_count; i++)
        weighed += fault->weights[i] > 0;
    if (fault->part_count < 2 || (one_way && fault->part_count > 2))
        return wrong(r, "a partition has %s: %s", one_way ? "two sides, one way" : "at least two parts",
                     words[BW_FAULT_PARTITION].form);
    if (weighed != 0 && weighed != fault->part_count)
        return wrong(r, "either ratios (50/50) or hosts (n0,n1/n2..n4), not both");
    if (weighed > r->host_count)
        return wrong(r, "%zu parts of %zu nodes", weighed, r->host_count);
    return true;
}

static bool read_signed(const struct reading *r, const char *text, bool ppm) {
    int64_t amount = 0;
    bool good = text[0] == '+' || text[0] == '-';
    if (good && ppm)
        good = bw_number_parse(text + 1, 500000, &amount);
    else if (good)
        good = bw_time_parse(text + 1, &amount) && amount % BW_US_PER_MS == 0;
    if (!good)
        return ppm ? wrong(r, "'%s' is no rate: +200 or -200, in parts in a million, at most 500000", text)
                   : wrong(r, "'%s' is no step of a clock: +1h or -30s, in whole milliseconds", text);
    r->fault->value = text[0] == '-' ? -amount : amount;
    return true;
}

static bool read_on_off(const struct reading *r, char *text) {
    struct bw_fault *fault = r->fault;
    char *slash = strchr(text, '/');
    if (slash != NULL)
        *slash = '\0';
    if (slash == NULL || !bw_time_parse(text, &fault->value) || !bw_time_parse(slash + 1, &fault->other_value) ||
        fault->value < BW_US_PER_MS || fault->other_value < BW_US_PER_MS)
        return wrong(r, "'%s%s%s' is not on and off: 5s/20s, each at least 1ms", text, slash != NULL ? "/" : "",
                     slash != NULL ? slash + 1 : "");
    return true;
}

static bool read_yes_no(const struct reading *r, const char *text) {
    r->fault->value = strcmp(text, "yes") == 0;
    if (r->fault->value || strcmp(text, "no") == 0)
        return true;
    return wrong(r, "'%s' is neither yes nor no", text);
}

static bool read_restart(const struct reading *r, const char *text) {
    static const char *const ways[] = {
        [BW_RESTART_KEPT] = "kept", [BW_RESTART_BLANK] = "blank", [BW_RESTART_TORN] = "torn", [BW_RESTART_OLD] = "old"};
    for (size_t i = 0; i < BW_COUNT(ways); i++)
        if (strcmp(ways[i], text) == 0) {
            r->fault->value = (int64_t)i;
            return true;
        }
    return wrong(r, "'%s' is neither blank nor torn, old or kept", text);
}

static bool read_value(const struct reading *r, char *text) {
    struct bw_fault *fault = r->fault;
    uint32_t ppm;
    switch (shapes[fault->kind].value) {
    case PERCENT:
        if (!bw_percent_parse(text, &ppm))
            return wrong(r, "'%s' is no share: 0%% to 100%%", text);
        fault->value = ppm;
        return true;
    case DURATION:
        if (!bw_time_parse(text, &fault->value) || fault->value > 1000 * BW_US_PER_S)
            return wrong(r, "'%s' is no time up to 1000s: " TIME_FORM, text);
        return true;
    case ON_OFF:
        return read_on_off(r, text);
    case BYTES:
        return bw_number_parse(text, 65535, &fault->value) ? true : wrong(r, "'%s' are no bytes up to 65535", text);
    case BANDWIDTH:
        return bw_rate_parse(text, &fault->value) ? true
                                                  : wrong(r, "'%s' is no bandwidth: 256kbit/s, 10Mbit/s, 64kB/s", text);
    case RESTART:
        return read_restart(r, text);
    case YES_NO:
        return read_yes_no(r, text);
    case STEP:
        return read_signed(r, text, false);
    case PPM:
        return read_signed(r, text, true);
    case PACKETS:
        return bw_number_parse(text, 100000, &fault->value)
                   ? true
                   : wrong(r, "'%s' is no number of packets a second up to 100000", text);
    case PRIORITY:
        return bw_number_parse(text, UINT16_MAX, &fault->value) ? true
                                                                : wrong(r, "'%s' is no priority from 0 to 65535", text);
    default:
        return wrong(r, "'%s' is one piece too many: %s", text, words[fault->kind].form);
    }
}

static bool read_instant(const struct reading *r, const char *text, int64_t *us) {
    return bw_time_parse(text, us) ? true : wrong(r, "'%s' is no time: " TIME_FORM, text);
}

static bool read_when(const struct reading *r, char *text) {
    struct bw_fault *fault = r->fault;
    char *dash = strchr(text, '-');
    bool takes_time = shapes[fault->kind].when == SPAN;
    if (dash != NULL)
        *dash++ = '\0';
    if (!read_instant(r, text, &fault->from_us))
        return false;
    fault->until_us = !takes_time                      ? fault->from_us
                      : fault->kind == BW_FAULT_ROTATE ? fault->from_us + BW_FAULT_ROTATE_US
                                                       : BW_FAULT_FOR_EVER;
    if (dash == NULL)
        return true;
    if (!takes_time)
        return wrong(r, "%s takes no time: %s", words[fault->kind].word, words[fault->kind].form);
    if (!read_instant(r, dash, &fault->until_us))
        return false;
    return fault->until_us > fault->from_us ? true : wrong(r, "it ends at %s, before it begins at %s", dash, text);
}

bool bw_fault_parse(const char *text, size_t host_count, struct bw_fault *fault, char *why, size_t why_size) {
    char copy[BW_FAULT_TEXT_MAX + 1];
    struct reading reading = {fault, host_count, why, why_size};
    memset(fault, 0, sizeof *fault);
    if (strlen(text) > BW_FAULT_TEXT_MAX)
        return wrong(&reading, "longer than %u characters", BW_FAULT_TEXT_MAX);
    snprintf(fault->text, sizeof fault->text, "%s", text);
    snprintf(copy, sizeof copy, "%s", text);
    char *when = strrchr(copy, '@');
    if (when != NULL)
        *when++ = '\0';
    char *where = strchr(copy, ':');
    if (where != NULL)
        *where++ = '\0';
    if (!read_kind(&reading, copy))
        return false;
    const struct shape *shape = &shapes[fault->kind];
    char *value = where != NULL ? strchr(where, ':') : NULL;
    if (value != NULL)
        *value++ = '\0';
    if (where == NULL || *where == '\0')
        return wrong(&reading, "where? %s", words[fault->kind].form);
    if (shape->where == AT_PARTS ? !read_parts(&reading, where) : !read_where(&reading, where))
        return false;
    if (value == NULL && shape->value != NO_VALUE && shape->value != RESTART)
        return wrong(&reading, "%s needs a value: %s", words[fault->kind].word, words[fault->kind].form);
    if (value != NULL && !read_value(&reading, value))
        return false;
    return when != NULL ? read_when(&reading, when) : wrong(&reading, "when? %s", words[fault->kind].form);
}
