#include "tools/discover_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *const *words, const char *value) {
    while (*words != NULL && strcmp(*words, value) != 0)
        words++;
    return *words != NULL;
}

bool discover_set_group(struct discover_option *option, const char *value, char *why, size_t why_size) {
    static const char *const yes[] = {"yes", "true", "on", "1", NULL};
    static const char *const no[] = {"no", "false", "off", "0", NULL};
    if (value == NULL || is_one_of(yes, value)) {
        option->on = true;
        return true;
    }
    if (is_one_of(no, value)) {
        option->on = false;
        return true;
    }
    snprintf(why, why_size, "a group in 239.255.0.0/16 is wanted, with or without :PORT, or a :PORT alone");
    option->on = bw_discover_group(&option->group, value) == 0;
    return option->on;
}

bool discover_add_interface(struct discover_option *option, const char *value, char *why, size_t why_size) {
    size_t size = strlen(value);
    snprintf(why, why_size, "the name of an interface is wanted, as 'ip link' shows it");
    if (size == 0 || size >= BW_INTERFACE_NAME_SIZE || strpbrk(value, "/: \t") != NULL)
        return false;
    snprintf(why, why_size, "at most %d interfaces can be named", BW_DISCOVER_INTERFACE_MAX);
    if (option->interface_count == BW_DISCOVER_INTERFACE_MAX)
        return false;
    option->interfaces[option->interface_count] = strdup(value);
    return option->interfaces[option->interface_count++] != NULL;
}

void discover_free(struct discover_option *option) {
    for (size_t i = 0; i < option->interface_count; i++)
        free(option->interfaces[i]);
    option->interface_count = 0;
}

struct bw_discover_config discover_config(const struct discover_option *option) {
    return (struct bw_discover_config){.size = sizeof(struct bw_discover_config),
                                       .group = option->group,
                                       .interfaces = (const char *const *)option->interfaces,
                                       .interface_count = option->interface_count};
}
