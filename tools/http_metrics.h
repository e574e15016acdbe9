/* GET /metrics: the agent in Prometheus' text format. docs/HTTP.md has the table. */
#ifndef BW_TOOLS_HTTP_METRICS_H
#define BW_TOOLS_HTTP_METRICS_H

#include <stddef.h>

struct http_server;

/* The caller frees it. NULL: no memory. */
char *http_metrics_text(const struct http_server *server, size_t *size);

#endif
