/* What of a request is looked at before it is answered: pure functions on text of others. */
#ifndef BW_TOOLS_HTTP_GUARD_H
#define BW_TOOLS_HTTP_GUARD_H

#include "tools/http_option.h"

/* Undoes %XX. False: a broken escape, a zero byte, or it does not fit into to. */
bool http_decode(const char *text, char *to, size_t size);

/* Whether a request with this Host header may be answered that came in at the address `local`. A page of somebody else's whose
 * name was made to lead here (DNS rebinding) says its own name. */
bool http_host_allowed(const char *host, const struct bw_addr *local, const struct http_option *option);

/* Whether a browser asks on behalf of a page of another origin; a link that is followed is not that. NULL: it does not say. */
bool http_cross_site(const char *fetch_site, const char *fetch_mode);

/* The same of browsers that do not say so, as they do of TLS and loopback alone: whether there is an Origin other than Host. Before
 * a proxy the two differ; then fetch_site is known better. */
bool http_cross_origin(const char *origin, const char *host, const char *fetch_site);

#endif
