/* See watch.h. */
#include "tests/bench/watch.h"

#include <stdlib.h>
#include <string.h>

bool watch_set(struct bw_params *params, const char *text) {
    char name[64];
    const char *value = strchr(text, '=');
    if (value == NULL || (size_t)(value - text) >= sizeof name)
        return false;
    memcpy(name, text, (size_t)(value - text));
    name[value - text] = '\0';
    return bw_params_set(params, name, (uint32_t)strtoul(value + 1, NULL, 10)) == 0;
}

void watch_set_all(struct bw_params *params, const char *list) {
    const char *why = "";
    while (*list != '\0') {
        char text[80];
        size_t size = strcspn(list, " ");
        snprintf(text, sizeof text, "%.*s", (int)size, list);
        if (size > 0 && !watch_set(params, text)) {
            fprintf(stderr, "no such setting: %s\n", text);
            exit(2);
        }
        list += size + (list[size] == ' ');
    }
    if (bw_params_check(params, &why) != 0) {
        fprintf(stderr, "%s\n", why);
        exit(2);
    }
}

double watch_percentile_s(struct bw_sample *sample, unsigned percent) {
    int64_t value_us = bw_sample_percentile(sample, percent);
    return value_us < 0 ? -1 : (double)value_us / 1e6;
}

double watch_mean_s(const struct bw_sample *sample) {
    double sum = 0;
    for (size_t i = 0; i < sample->count; i++)
        sum += (double)sample->values[i];
    return sample->count == 0 ? -1 : sum / 1e6 / (double)sample->count;
}
