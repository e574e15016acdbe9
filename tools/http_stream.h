/* Server-sent events: the objects of `monitor --json`, each with its number as id. */
#ifndef BW_TOOLS_HTTP_STREAM_H
#define BW_TOOLS_HTTP_STREAM_H

#include "tools/http_reply.h"

/* GET /v1/events, from now on, or behind the event of the header Last-Event-ID or of ?since=, or with the ?last=N newest; ?types=A,B. */
enum MHD_Result http_stream_open(struct http_request *request);
/* New events are in the ring. */
void http_streams_feed(struct http_server *server);
/* A comment to all, so that nobody on the way takes them for dead. */
void http_streams_comment(struct http_server *server);
/* Before the server ends. */
void http_streams_end(struct http_server *server);

#endif
