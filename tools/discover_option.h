/* Where to discover, as the agent and the command discover are told. */
#ifndef BW_TOOLS_DISCOVER_OPTION_H
#define BW_TOOLS_DISCOVER_OPTION_H

#include <bellwether/bellwether.h>

struct discover_option {
    bool on;
    struct bw_addr group; /* family 0: the usual one */
    char *interfaces[BW_DISCOVER_INTERFACE_MAX];
    size_t interface_count;
};

/* "239.255.1.2", with or without ":PORT"; ":PORT"; yes, no; NULL is yes. False: why says what is wrong. */
bool discover_set_group(struct discover_option *option, const char *value, char *why, size_t why_size);
bool discover_add_interface(struct discover_option *option, const char *value, char *why, size_t why_size);
void discover_free(struct discover_option *option);

/* For the library; the option outlives it. */
struct bw_discover_config discover_config(const struct discover_option *option);

#endif
