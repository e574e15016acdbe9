/* One request: whether it may be answered, by whom. For libmicrohttpd; context is the server, *place the request's peer. */
#ifndef BW_TOOLS_HTTP_REQUEST_H
#define BW_TOOLS_HTTP_REQUEST_H

#include <microhttpd.h>

enum MHD_Result http_request(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                             const char *version, const char *body, size_t *body_size, void **place);

#endif
