/* The small words that faults are made of: times, shares, hosts. */
#include "sim/fault_words.h"

#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits with at most one point among them; what follows is left at end. No exponents, signs or blanks. */
static bool decimal(const char *text, double *value, const char **end) {
    size_t digits = strspn(text, "0123456789");
    size_t size = digits;
    if (text[size] == '.') {
        size_t fraction = strspn(text + size + 1, "0123456789");
        digits += fraction;
        size += fraction > 0 ? 1 + fraction : 0;
    }
    char number[32];
    if (digits == 0 || size >= sizeof number)
        return false;
    memcpy(number, text, size);
    number[size] = '\0';
    *value = strtod(number, NULL);
    *end = text + size;
    return true;
}

static const struct unit {
    const char *name;
    int64_t us;
} units[] = {
    {"d", INT64_C(86400000000)}, {"h", INT64_C(3600000000)}, {"m", 60000000}, {"s", 1000000}, {"ms", 1000}, {"us", 1},
};

/* "90s", "1m30s": each unit smaller than the one before it. */
bool bw_time_parse(const char *text, int64_t *us) {
    double sum = 0;
    size_t next = 0;
    if (strcmp(text, "0") == 0) {
        *us = 0;
        return true;
    }
    do {
        double value;
        const char *end;
        if (!decimal(text, &value, &end))
            return false;
        size_t size = strspn(end, "dhmsu");
        while (next < BW_COUNT(units) && (strlen(units[next].name) != size || memcmp(units[next].name, end, size) != 0))
            next++;
        if (next == BW_COUNT(units))
            return false;
        sum += value * (double)units[next++].us;
        text = end + size;
    } while (*text != '\0');
    *us = (int64_t)(sum + 0.5);
    return sum <= 400.0 * 86400e6;
}

void bw_time_text(int64_t us, char *text, size_t size) {
    const struct unit *unit = &units[0];
    const char *sign = us < 0 ? "-" : "";
    us = us < 0 ? -us : us;
    while (unit->us > 1 && us % unit->us != 0)
        unit++;
    snprintf(text, size, us == 0 ? "0" : "%s%lld%s", sign, (long long)(us / unit->us), unit->name);
}

bool bw_percent_parse(const char *text, uint32_t *ppm) {
    double value;
    const char *end;
    if (!decimal(text, &value, &end) || value > 100 || (strcmp(end, "%") != 0 && *end != '\0'))
        return false;
    *ppm = (uint32_t)(value * 10000 + 0.5);
    return true;
}

bool bw_rate_parse(const char *text, int64_t *bytes_per_s) {
    static const struct {
        const char *name;
        double bytes;
    } rates[] = {{"bit/s", 1 / 8.0}, {"kbit/s", 125}, {"Mbit/s", 125000}, {"Gbit/s", 125e6},
                 {"B/s", 1},         {"kB/s", 1000},  {"MB/s", 1e6}};
    double value;
    const char *end;
    if (!decimal(text, &value, &end))
        return false;
    for (size_t i = 0; i < BW_COUNT(rates); i++)
        if (strcmp(end, rates[i].name) == 0) {
            double rate = value * rates[i].bytes + 0.5;
            *bytes_per_s = rate < 1e12 ? (int64_t)rate : 0;
            return *bytes_per_s > 0;
        }
    return false;
}

bool bw_number_parse(const char *text, int64_t most, int64_t *number) {
    size_t size = strlen(text);
    if (size == 0 || size > 12 || strspn(text, "0123456789") != size)
        return false;
    *number = strtoll(text, NULL, 10);
    return *number <= most;
}

/* "n12" */
static bool host_number(const char *text, size_t host_count, size_t *host, char *why, size_t why_size) {
    int64_t number;
    if (text[0] != 'n' || !bw_number_parse(text + 1, INT64_MAX, &number)) {
        snprintf(why, why_size, "'%s' is no host: n0, n1,n3, n4..n7, any2, leader or all", text);
        return false;
    }
    if ((size_t)number >= host_count) {
        snprintf(why, why_size, "there is no %s among %zu nodes: n0 to n%zu", text, host_count, host_count - 1);
        return false;
    }
    *host = (size_t)number;
    return true;
}

static bool add_range(struct bw_who *who, char *text, size_t host_count, char *why, size_t why_size) {
    char *dots = strstr(text, "..");
    size_t first, last;
    if (dots != NULL)
        *dots = '\0';
    if (!host_number(text, host_count, &first, why, why_size))
        return false;
    last = first;
    if (dots != NULL && !host_number(dots + 2, host_count, &last, why, why_size))
        return false;
    if (last < first) {
        snprintf(why, why_size, "n%zu..n%zu goes backwards", first, last);
        return false;
    }
    if (who->count == BW_FAULT_RANGE_MAX) {
        snprintf(why, why_size, "more than %u hosts and ranges in one list", BW_FAULT_RANGE_MAX);
        return false;
    }
    who->ranges[who->count].first = first;
    who->ranges[who->count++].last = last;
    return true;
}

static bool any_parse(const char *text, size_t host_count, struct bw_who *who, char *why, size_t why_size) {
    int64_t count = 1;
    if (text[0] != '\0' && (!bw_number_parse(text, INT64_MAX, &count) || count == 0)) {
        snprintf(why, why_size, "'any%s' is no host: any, any2, any3, ...", text);
        return false;
    }
    if ((size_t)count > host_count) {
        snprintf(why, why_size, "any%lld of %zu nodes are too many", (long long)count, host_count);
        return false;
    }
    *who = (struct bw_who){.kind = BW_WHO_ANY, .count = (size_t)count};
    return true;
}

bool bw_who_parse(const char *text, size_t host_count, struct bw_who *who, char *why, size_t why_size) {
    char copy[BW_FAULT_TEXT_MAX + 1];
    *who = (struct bw_who){.kind = BW_WHO_LISTED};
    snprintf(copy, sizeof copy, "%s", text);
    if (strcmp(text, "all") == 0) {
        who->kind = BW_WHO_ALL;
        return true;
    }
    if (strcmp(text, "leader") == 0) {
        who->kind = BW_WHO_LEADER;
        return true;
    }
    if (strncmp(text, "any", 3) == 0)
        return any_parse(text + 3, host_count, who, why, why_size);
    for (char *at = copy, *next; at != NULL; at = next) {
        next = strchr(at, ',');
        if (next != NULL)
            *next++ = '\0';
        if (!add_range(who, at, host_count, why, why_size))
            return false;
    }
    return true;
}

bool bw_who_lists(const struct bw_who *who, size_t host) {
    for (size_t i = 0; who->kind == BW_WHO_LISTED && i < who->count; i++)
        if (host >= who->ranges[i].first && host <= who->ranges[i].last)
            return true;
    return who->kind == BW_WHO_ALL;
}
