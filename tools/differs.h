/* Settings of a scope that members have differently, in words. */
#ifndef BW_TOOLS_DIFFERS_H
#define BW_TOOLS_DIFFERS_H

#include <jansson.h>
#include <stddef.h>

#include <bellwether/bellwether.h>

/* [{"name":…,"id":…,"setting":…,"theirs":…,"ours":…},…]: the first ones of this agent's scope. */
json_t *json_differs(const struct bw_node *node, const char *scope);
/* Of one of these. */
void differs_text(const json_t *difference, char *text, size_t size);

/* The name that the configuration has: "q" of "q#0", "orders" of "orders/7". size: of the name's bytes. */
size_t differs_base(const char *scope);

#endif
