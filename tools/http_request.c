#include "tools/http_request.h"

#include <string.h>
#include <sys/socket.h>

#include "node/addr.h"
#include "tools/http_guard.h"
#include "tools/http_library.h"
#include "tools/http_metrics.h"
#include "tools/http_state.h"
#include "tools/http_stream.h"
#include "tools/json.h"

/* ------------------------------------------------------------------ answers */

static enum MHD_Result answer_page(struct http_request *request) {
    const struct http_server *server = request->peer->server;
    char *copy = strdup(server->page);
    return copy == NULL ? MHD_NO
                        : http_reply(request, MHD_HTTP_OK, "text/html; charset=utf-8", copy, server->page_size);
}

static enum MHD_Result answer_metrics(struct http_request *request) {
    size_t size;
    char *text = http_metrics_text(request->peer->server, &size);
    return text == NULL ? MHD_NO
                        : http_reply(request, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, size);
}

/* What the control socket answers to the same question. */
static enum MHD_Result answer_as_control(struct http_request *request, const char *op, const char *key,
                                         const char *list) {
    bool asked = key != NULL && request->rest[0] != '\0';
    json_t *question = asked ? json_pack("{s:o}", key, json_text(request->rest)) : json_object();
    json_t *object = question == NULL ? NULL : agent_answer(request->peer->server->view, NULL, op, question);
    const json_t *found = list == NULL ? NULL : json_object_get(object, list);
    bool missing = json_object_get(object, "error") != NULL || (asked && found != NULL && json_array_size(found) == 0);
    json_decref(question);
    if (missing && json_object_get(object, "error") == NULL) {
        json_decref(object);
        return http_error(request, MHD_HTTP_NOT_FOUND, "not-found", "no scope of this name is known here");
    }
    return http_json(request, missing ? MHD_HTTP_NOT_FOUND : MHD_HTTP_OK, object);
}

static enum MHD_Result answer_members(struct http_request *request) {
    return answer_as_control(request, "members", NULL, NULL);
}

static enum MHD_Result answer_scopes(struct http_request *request) {
    return answer_as_control(request, "leader", "scope", "scopes");
}

static enum MHD_Result answer_history(struct http_request *request) {
    return answer_as_control(request, "history", "scope", "scopes");
}

static enum MHD_Result answer_info(struct http_request *request) {
    return answer_as_control(request, "info", NULL, NULL);
}

static enum MHD_Result answer_why(struct http_request *request) {
    return answer_as_control(request, "why", "name", NULL);
}

/* 200 where a request for the scope's leader is right: as long as the lease runs, to the microsecond. */
static enum MHD_Result answer_leads(struct http_request *request) {
    const struct http_server *server = request->peer->server;
    const struct bw_node *node = bw_loop_node(server->view->host);
    const struct bw_time now = bw_loop_now();
    const char *asked = request->rest[0] == '\0' ? "default" : request->rest;
    struct bw_scope_info scope, best = {.has_leader = false, .role = BW_ROLE_OBSERVER};
    char token[BW_TOKEN_TEXT_SIZE];
    bool known = false, leads = false;
    for (size_t i = 0; !leads && bw_node_scope(node, i, &scope, now) == 0; i++) {
        if (!scope_is(scope.scope, asked))
            continue;
        leads = bw_node_may_act(node, scope.scope, now);
        if (leads || !known)
            best = scope;
        known = true;
    }
    bw_token_text(&best.token, token);
    json_t *object =
        json_pack("{s:o,s:b,s:o,s:o,s:o,s:s,s:o}", "scope", json_text(leads ? best.scope : asked), "leads", leads,
                  "leader", best.has_leader ? json_text(best.leader) : json_null(), "term",
                  best.has_leader ? json_integer((json_int_t)best.token.term) : json_null(), "token",
                  best.has_leader ? json_string(token) : json_null(), "role", bw_role_name(best.role), "lease_ms",
                  leads && best.lease_us >= 0 ? json_integer(best.lease_us / BW_US_PER_MS) : json_null());
    return http_json(request, leads ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, object);
}

static enum MHD_Result answer_ready(struct http_request *request) {
    bool ready = request->peer->server->view->phase == AGENT_MEMBER;
    return http_json(request, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, json_pack("{s:b}", "ready", ready));
}

static enum MHD_Result answer_live(struct http_request *request) {
    return http_json(request, MHD_HTTP_OK, json_pack("{s:b}", "live", 1));
}

/* ------------------------------------------------------------------ routes */

enum { EXPENSIVE = 1, HEALTH = 2 /* OPTIONS has the status of GET: HAProxy's checks ask so by default */ };

static const struct route {
    const char *path; /* one that ends with a slash takes what follows it */
    enum MHD_Result (*answer)(struct http_request *request);
    int kind;
} routes[] = {
    {"/", answer_page, 0},
    {"/metrics", answer_metrics, EXPENSIVE},
    {"/v1/members", answer_members, EXPENSIVE},
    {"/v1/leader", answer_scopes, EXPENSIVE},
    {"/v1/leader/", answer_scopes, EXPENSIVE},
    {"/v1/history", answer_history, EXPENSIVE},
    {"/v1/history/", answer_history, EXPENSIVE},
    {"/v1/info", answer_info, EXPENSIVE},
    {"/v1/why/", answer_why, EXPENSIVE},
    {"/v1/events", http_stream_open, 0},
    {"/leader", answer_leads, HEALTH},
    {"/leader/", answer_leads, HEALTH},
    {"/ready", answer_ready, HEALTH},
    {"/live", answer_live, HEALTH},
};

/* rest gets what follows a route's slash. */
static const struct route *find_route(const char *path, const char **rest) {
    for (size_t i = 0; i < BW_COUNT(routes); i++) {
        size_t size = strlen(routes[i].path);
        bool takes = size > 1 && routes[i].path[size - 1] == '/';
        if (takes ? strncmp(path, routes[i].path, size) == 0 && path[size] != '\0'
                  : strcmp(path, routes[i].path) == 0) {
            *rest = path + size;
            return &routes[i];
        }
    }
    return NULL;
}

static enum MHD_Result route(struct http_request *request, const char *escaped) {
    if (request->options && strcmp(escaped, "*") == 0)
        return http_reply(request, MHD_HTTP_NO_CONTENT, NULL, NULL, 0);
    bool fits = strlen(escaped) < HTTP_PATH_SIZE;
    if (fits && !http_decode(escaped, request->path, sizeof(request->path)))
        return http_error(request, MHD_HTTP_BAD_REQUEST, "malformed",
                          "the path has a % that no two hexadecimal digits follow, or a zero byte");
    const struct route *found = fits ? find_route(request->path, &request->rest) : NULL;
    if (found == NULL)
        return http_error(request, MHD_HTTP_NOT_FOUND, "not-found",
                          "there is nothing here: / shows the cluster, docs/HTTP.md lists the paths");
    if (request->refused)
        return http_error(request, MHD_HTTP_METHOD_NOT_ALLOWED, "method",
                          "this can be read, with GET or HEAD; what changes the cluster is for the bellwether command");
    if (request->options && (found->kind & HEALTH) == 0)
        return http_reply(request, MHD_HTTP_NO_CONTENT, NULL, NULL, 0);
    if ((found->kind & EXPENSIVE) != 0 && !http_take_turn(request->peer))
        return MHD_YES; /* it is asked again */
    return found->answer(request);
}

/* ------------------------------------------------------------------ the guard */

struct host_headers {
    int count;
    const char *value;
};

static enum MHD_Result count_host(void *context, enum MHD_ValueKind kind, const char *name, const char *value) {
    struct host_headers *hosts = context;
    (void)kind;
    if (strcasecmp(name, "Host") == 0) {
        hosts->count++;
        hosts->value = value;
    }
    return MHD_YES;
}

/* The address at which the request came in. */
static struct bw_addr local_of(const struct http_peer *peer) {
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    struct bw_addr local = peer->server->bound;
    if (getsockname(peer->fd, (struct sockaddr *)&address, &size) == 0)
        (void)bw_addr_from_socket(&local, &address);
    return local;
}

/* True: it may be answered. False: *result is what became of it. */
static bool is_welcome(struct http_request *request, const char *version, enum MHD_Result *result) {
    struct host_headers hosts = {.count = 0};
    const struct bw_addr local = local_of(request->peer);
    const char *site = http_header(request, "Sec-Fetch-Site");
    bool old = strcmp(version, MHD_HTTP_VERSION_1_1) != 0; /* checks of load balancers: no browser speaks that */
    mhd.get_connection_values(request->connection, MHD_HEADER_KIND, count_host, &hosts);
    if (hosts.count > 1 || (hosts.count == 0 && !old))
        *result = http_error(request, MHD_HTTP_BAD_REQUEST, "host", "exactly one Host header is wanted");
    else if (hosts.count == 1 && !http_host_allowed(hosts.value, &local, request->peer->server->option))
        *result = http_error(request, MHD_HTTP_MISDIRECTED_REQUEST, "host",
                             "this agent is not called by the name in the Host header: if it is meant to be, start the "
                             "agent with --http-host NAME (http-host = NAME)");
    else if (http_cross_site(site, http_header(request, "Sec-Fetch-Mode")) ||
             http_cross_origin(http_header(request, "Origin"), hosts.value, site))
        *result = http_error(request, MHD_HTTP_FORBIDDEN, "cross-site", "a page of another origin may not ask this");
    else
        return true;
    return false;
}

static bool has_body(const struct http_request *request) {
    const char *length = http_header(request, "Content-Length");
    return http_header(request, "Transfer-Encoding") != NULL || (length != NULL && strcmp(length, "0") != 0);
}

enum MHD_Result http_request(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                             const char *version, const char *body, size_t *body_size, void **place) {
    const union MHD_ConnectionInfo *info = mhd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_peer *peer = info == NULL ? NULL : info->socket_context;
    (void)context;
    (void)body;
    if (peer == NULL)
        return MHD_NO;
    struct http_request request = {.peer = peer, .connection = connection, .rest = ""};
    request.head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    request.options = strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0;
    request.refused = !request.head && !request.options && strcmp(method, MHD_HTTP_METHOD_GET) != 0;
    if (*place == NULL) { /* the headers are there */
        *place = peer;
        if (has_body(&request))
            return http_error(&request, MHD_HTTP_CONTENT_TOO_LARGE, "body", "no request here has a body");
        return MHD_YES;
    }
    *body_size = 0;
    enum MHD_Result result = MHD_NO;
    return is_welcome(&request, version, &result) ? route(&request, path) : result;
}
