/* The answer to {"op":"info"}: one agent, in numbers. */
#ifndef BW_TOOLS_JSON_INFO_H
#define BW_TOOLS_JSON_INFO_H

#include <jansson.h>

#include <bellwether/bellwether.h>

json_t *json_info(struct bw_loop *host, const char *name, const char *cluster, struct bw_time started);

#endif
