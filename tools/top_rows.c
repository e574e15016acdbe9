/* Which members top shows, in which order, and what it says of each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/json.h"
#include "tools/top.h"

const char *top_sort_name(enum top_sort sort) {
    static const char *const names[] = {"name", "status", "rtt", "age"};
    return names[sort];
}

static int64_t age_of(const json_t *member) {
    int64_t since_us;
    if (!time_parse(json_text_of(member, "since"), &since_us))
        return -1;
    int64_t age_s = (int64_t)time(NULL) - since_us / 1000000;
    return age_s < 0 ? 0 : age_s;
}

void top_age(const json_t *member, char *text, size_t size) {
    int64_t age_s = age_of(member);
    if (age_s < 0)
        text[0] = '\0';
    else if (age_s < 100)
        snprintf(text, size, "%llds", (long long)age_s);
    else if (age_s < 6000)
        snprintf(text, size, "%lldm", (long long)age_s / 60);
    else if (age_s < 360000)
        snprintf(text, size, "%lldh", (long long)age_s / 3600);
    else
        snprintf(text, size, "%lldd", (long long)age_s / 86400);
}

void top_leads(const struct top *top, const json_t *member, char *text, size_t size) {
    size_t index;
    json_t *scope;
    text[0] = '\0';
    json_array_foreach(json_object_get(top->leader, "scopes"), index, scope) {
        if (strcmp(json_text_of(scope, "leader_id"), json_text_of(member, "id")) == 0 && strlen(text) + 2 < size)
            text_append(text, size, " ", "%s", json_text_of(scope, "scope"));
    }
}

void top_suspicion(const struct top *top, const json_t *member, char *text, size_t size) {
    const json_t *why = json_object_get(top->whys, json_text_of(member, "id"));
    const json_t *suspicion = json_object_get(why, "suspicion");
    text[0] = '\0';
    if (strcmp(json_text_of(member, "status"), "suspect") != 0)
        return;
    if (!json_is_object(suspicion) || json_is_string(json_object_get(suspicion, "outcome"))) {
        snprintf(text, size, "suspected");
        return;
    }
    snprintf(text, size, "by %zu, %.1f of %.1f s", json_array_size(json_object_get(suspicion, "accusers")),
             json_number_value(json_object_get(suspicion, "lasted_ms")) / 1000,
             json_number_value(json_object_get(suspicion, "wait_ms")) / 1000);
}

void top_tags(const json_t *member, char *text, size_t size) {
    const char *name;
    json_t *value;
    text[0] = '\0';
    json_object_foreach(json_object_get(member, "tags"), name, value) {
        if (strlen(text) + 2 >= size)
            return;
        text_append(text, size, " ", "%s=%s", name, json_string_value(value));
    }
}

/* The filter is part of the name, address, status, a tag, or a scope that it leads. */
static bool is_wanted(const struct top *top, const json_t *member) {
    char text[1024];
    if (top->filter[0] == '\0' || strstr(json_text_of(member, "name"), top->filter) != NULL ||
        strstr(json_text_of(member, "addr"), top->filter) != NULL ||
        strstr(json_text_of(member, "status"), top->filter) != NULL)
        return true;
    top_tags(member, text, sizeof(text));
    if (strstr(text, top->filter) != NULL)
        return true;
    top_leads(top, member, text, sizeof(text));
    return strstr(text, top->filter) != NULL;
}

static int status_rank(const json_t *member) {
    static const char *const order[] = {"suspect", "dead", "alive", "left"};
    for (int i = 0; i < 4; i++)
        if (strcmp(order[i], json_text_of(member, "status")) == 0)
            return i;
    return 4;
}

static double rtt_of(const json_t *member) {
    const json_t *rtt = json_object_get(member, "rtt_ms");
    return json_is_number(rtt) ? json_number_value(rtt) : -1;
}

static double order_by(const struct top *top, const json_t *left, const json_t *right) {
    switch (top->sort) {
    case TOP_BY_STATUS:
        return status_rank(left) - status_rank(right);
    case TOP_BY_RTT:
        return rtt_of(right) - rtt_of(left); /* the slowest first */
    case TOP_BY_AGE:
        return (double)(age_of(left) - age_of(right)); /* what has just happened first */
    default:
        return 0;
    }
}

static int compare(const void *a, const void *b, void *context) {
    const json_t *left = *(const json_t *const *)a;
    const json_t *right = *(const json_t *const *)b;
    const struct top *top = context;
    double order = order_by(top, left, right);
    int sign = order < 0 ? -1 : order > 0;
    if (sign == 0)
        sign = strverscmp(json_text_of(left, "name"), json_text_of(right, "name"));
    if (sign == 0)
        sign = strcmp(json_text_of(left, "id"), json_text_of(right, "id"));
    return top->reverse ? -sign : sign;
}

const json_t **top_rows(const struct top *top, size_t *count) {
    json_t *list = json_object_get(top->members, "members");
    const json_t **rows = json_array_size(list) == 0 ? NULL : calloc(json_array_size(list), sizeof(json_t *));
    size_t index;
    json_t *member;
    *count = 0;
    if (rows == NULL)
        return NULL;
    json_array_foreach(list, index, member) {
        if (is_wanted(top, member))
            rows[(*count)++] = member;
    }
    qsort_r((void *)rows, *count, sizeof(json_t *), compare, (void *)top);
    return rows;
}
