#include "tools/http_reply.h"

#include <stdlib.h>
#include <string.h>

#include "tools/control_server.h"
#include "tools/http_library.h"
#include "tools/http_state.h"
#include "tools/json.h"

#define JSON_TYPE "application/json"
#define NOTHING_LOADED "default-src 'none'; frame-ancestors 'none'"

const char *http_header(const struct http_request *request, const char *name) {
    return mhd.lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *http_argument(const struct http_request *request, const char *name) {
    return mhd.lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* A text that waits to be sent. */
struct held {
    struct http_server *server;
    size_t size;
    char *text;
};

static void on_sent(void *context) {
    struct held *held = context;
    held->server->held_size -= held->size;
    free(held->text);
    free(held);
}

/* Takes text. NULL: no memory. */
static struct MHD_Response *hold(struct http_server *server, char *text, size_t size) {
    struct held *held = malloc(sizeof(*held));
    struct MHD_Response *response = NULL;
    if (held != NULL) {
        *held = (struct held){.server = server, .size = size, .text = text};
        response = mhd.create_response_from_buffer_with_free_callback_cls(size, text, on_sent, held);
    }
    if (response == NULL) {
        free(held);
        free(text);
        return NULL;
    }
    server->held_size += size;
    return response;
}

static bool set(struct MHD_Response *response, const char *name, const char *value) {
    return mhd.add_response_header(response, name, value) == MHD_YES;
}

static bool is_page(const char *type) {
    return type != NULL && strncmp(type, "text/html", 9) == 0;
}

enum MHD_Result http_send(struct http_request *request, unsigned status, const char *type,
                          struct MHD_Response *response) {
    struct http_server *server = request->peer->server;
    bool ok = response != NULL && (type == NULL || set(response, "Content-Type", type)) &&
              set(response, "Cache-Control", "no-store") && set(response, "X-Content-Type-Options", "nosniff") &&
              set(response, "Content-Security-Policy", is_page(type) ? server->page_policy : NOTHING_LOADED) &&
              set(response, "Cross-Origin-Resource-Policy", "same-origin") &&
              set(response, "Referrer-Policy", "no-referrer") && set(response, "X-Frame-Options", "DENY");
    if (request->options || status == MHD_HTTP_METHOD_NOT_ALLOWED)
        ok = ok && set(response, "Allow", "GET, HEAD, OPTIONS");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        ok = ok && set(response, "Retry-After", "1");
    enum MHD_Result result = ok ? mhd.queue_response(request->connection, status, response) : MHD_NO;
    if (response != NULL)
        mhd.destroy_response(response);
    if (result == MHD_YES)
        http_count_answer(server, status);
    return result;
}

enum MHD_Result http_reply(struct http_request *request, unsigned status, const char *type, char *text, size_t size) {
    struct http_server *server = request->peer->server;
    if (request->options) { /* the status says it */
        free(text);
        text = NULL;
        size = 0;
    }
    if (size > 0 && server->held_size + size > HTTP_HELD_SIZE_MAX) {
        free(text);
        return http_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy",
                          "too much waits to be sent to others: try again later");
    }
    if (text != NULL)
        return http_send(request, status, type, hold(server, text, size));
    static char nothing[1];
    return http_send(request, status, type, mhd.create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT));
}

enum MHD_Result http_json(struct http_request *request, unsigned status, json_t *object) {
    char *text = object == NULL ? NULL : json_dumps(object, JSON_TEXT_FLAGS);
    json_decref(object);
    size_t size = text == NULL ? 0 : strlen(text);
    char *line = text == NULL ? NULL : realloc(text, size + 2);
    if (line == NULL) {
        free(text);
        return MHD_NO;
    }
    memcpy(line + size, "\n", 2);
    return http_reply(request, status, JSON_TYPE, line, size + 1);
}

/* Small, and so not refused for want of room. */
enum MHD_Result http_error(struct http_request *request, unsigned status, const char *code, const char *message) {
    json_t *object = control_error(code, message);
    char *text = object == NULL ? NULL : json_dumps(object, JSON_TEXT_FLAGS);
    json_decref(object);
    if (text == NULL)
        return MHD_NO;
    return http_send(request, status, JSON_TYPE, hold(request->peer->server, text, strlen(text)));
}
