/* Answers: JSON and text, with the headers that all have, and within the bound of what waits to be sent. */
#ifndef BW_TOOLS_HTTP_REPLY_H
#define BW_TOOLS_HTTP_REPLY_H

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/http_server.h"

struct http_peer;

enum { HTTP_PATH_SIZE = 512 };

/* One request, while it is answered. */
struct http_request {
    struct http_peer *peer;
    struct MHD_Connection *connection;
    char path[HTTP_PATH_SIZE]; /* decoded */
    const char *rest;          /* of it, behind the route's own part */
    bool head;                 /* no body is wanted */
    bool options;              /* OPTIONS: what may be done */
    bool refused;              /* the method is none of those */
};

/* NULL if it is not there. */
const char *http_header(const struct http_request *request, const char *name);
/* As it came, not decoded; NULL if it is not there. */
const char *http_argument(const struct http_request *request, const char *name);

/* Takes text, which comes from malloc; NULL with size 0: no body. */
enum MHD_Result http_reply(struct http_request *request, unsigned status, const char *type, char *text, size_t size);
/* Takes the object. */
enum MHD_Result http_json(struct http_request *request, unsigned status, json_t *object);
enum MHD_Result http_error(struct http_request *request, unsigned status, const char *code, const char *message);
/* Adds the headers, and takes the response. */
enum MHD_Result http_send(struct http_request *request, unsigned status, const char *type,
                          struct MHD_Response *response);

#endif
