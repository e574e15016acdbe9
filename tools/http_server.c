/* The socket, libmicrohttpd and the loop, and what a client may take. What is answered: http_request.c. */
#include "tools/http_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/addr.h"
#include "tools/http_library.h"
#include "tools/http_page.h"
#include "tools/http_request.h"
#include "tools/http_state.h"
#include "tools/http_stream.h"
#include "tools/log.h"
#include "tools/text.h"

static const double sweep_s = 1;
/* What requests take of the agent's time, at most. */
static const struct control_rate http_rate = {.share = 0.25, .ahead_s = 0.1};

/* ------------------------------------------------------------------ connections */

static void on_connection(void *context, struct MHD_Connection *connection, void **peer_place,
                          enum MHD_ConnectionNotificationCode what) {
    struct http_server *server = context;
    struct http_peer *peer = *peer_place;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED && peer != NULL) {
        bw_list_remove(&peer->link);
        bw_list_remove(&peer->turn);
        server->peer_count--;
        free(peer);
        *peer_place = NULL;
    }
    if (what != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    const union MHD_ConnectionInfo *info = mhd.get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    peer = calloc(1, sizeof(*peer));
    if (peer == NULL || info == NULL) { /* its requests find no peer, and end it */
        free(peer);
        return;
    }
    *peer = (struct http_peer){
        .server = server, .connection = connection, .fd = info->connect_fd, .since_s = control_rate_now()};
    bw_list_append(&server->peers, &peer->link);
    bw_list_init(&peer->turn);
    server->peer_count++;
    if (!ev_is_active(&server->sweep)) {
        server->commented_s = peer->since_s;
        ev_timer_again(server->loop, &server->sweep);
    }
    *peer_place = peer;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode why) {
    struct http_peer *peer = *request;
    (void)context;
    (void)connection;
    (void)why;
    if (peer == NULL)
        return;
    peer->since_s = control_rate_now();
    peer->granted = false;
    *request = NULL;
}

void http_cut(struct http_peer *peer) {
    struct http_server *server = peer->server;
    shutdown(peer->fd, SHUT_RDWR); /* libmicrohttpd finds it ended */
    if (peer->waits) {
        peer->waits = false;
        bw_list_remove(&peer->turn);
        mhd.resume_connection(peer->connection);
    }
    http_wake(server);
}

/* Silence ends a connection by itself; one byte at a time does not. */
static void sweep(struct http_server *server) {
    double now_s = control_rate_now();
    struct bw_list *next;
    for (struct bw_list *at = server->peers.next; at != &server->peers; at = next) {
        struct http_peer *peer = bw_container(at, struct http_peer, link);
        next = at->next;
        if (peer->stream == NULL && now_s - peer->since_s > HTTP_PATIENCE_S) {
            peer->since_s = now_s;
            server->counts.connections_ended++;
            http_cut(peer);
        }
    }
    if (now_s - server->commented_s >= HTTP_STREAM_COMMENT_S) {
        server->commented_s = now_s;
        http_streams_comment(server);
    }
}

static void on_sweep(struct ev_loop *loop, ev_timer *timer, int events) {
    struct http_server *server = timer->data;
    (void)events;
    sweep(server);
    if (server->peer_count == 0)
        ev_timer_stop(loop, timer);
}

/* ------------------------------------------------------------------ turns */

bool http_take_turn(struct http_peer *peer) {
    struct http_server *server = peer->server;
    if (peer->granted || (!server->turn_taken && bw_list_empty(&server->turns))) {
        peer->granted = false;
        server->turn_taken = true;
        return true;
    }
    bw_list_append(&server->turns, &peer->turn);
    peer->waits = true;
    mhd.suspend_connection(peer->connection);
    return false;
}

static void grant_turn(struct http_server *server) {
    if (bw_list_empty(&server->turns))
        return;
    struct http_peer *peer = bw_container(server->turns.next, struct http_peer, turn);
    bw_list_remove(&peer->turn);
    peer->waits = false;
    peer->granted = true;
    mhd.resume_connection(peer->connection);
    http_wake(server);
}

/* ------------------------------------------------------------------ the loop */

void http_wake(struct http_server *server) {
    ev_timer_stop(server->loop, &server->due);
    ev_timer_set(&server->due, 0, 0);
    if (!ev_is_active(&server->rest))
        ev_timer_start(server->loop, &server->due);
}

static void run(struct http_server *server) {
    MHD_UNSIGNED_LONG_LONG due_ms;
    double began_s = control_rate_now();
    ev_timer_stop(server->loop, &server->due);
    server->turn_taken = false;
    mhd.run(server->daemon);
    control_rate_take(&server->rate, began_s);
    double rest_s = control_rate_wait(&server->rate);
    if (rest_s > 0) {
        ev_io_stop(server->loop, &server->ready);
        ev_timer_set(&server->rest, rest_s, 0);
        ev_timer_start(server->loop, &server->rest);
    } else if (mhd.get_timeout(server->daemon, &due_ms) == MHD_YES) {
        ev_timer_set(&server->due, (double)due_ms / 1000.0, 0);
        ev_timer_start(server->loop, &server->due);
    }
    grant_turn(server);
}

static void on_ready(struct ev_loop *loop, ev_io *watcher, int events) {
    (void)loop;
    (void)events;
    run(watcher->data);
}

static void on_due(struct ev_loop *loop, ev_timer *timer, int events) {
    (void)loop;
    (void)events;
    run(timer->data);
}

static void on_rested(struct ev_loop *loop, ev_timer *timer, int events) {
    struct http_server *server = timer->data;
    (void)events;
    ev_timer_stop(loop, timer);
    ev_io_start(loop, &server->ready);
    run(server);
}

/* ------------------------------------------------------------------ life */

static void on_log(void *context, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

static void on_log(void *context, const char *format, va_list arguments) {
    char text[256];
    (void)context;
    vsnprintf(text, sizeof(text), format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_line(LOG_LEVEL_DEBUG, "http: %s", text);
}

static void on_panic(void *context, const char *file, unsigned line, const char *reason) __attribute__((noreturn));

/* libmicrohttpd found itself inconsistent. */
static void on_panic(void *context, const char *file, unsigned line, const char *reason) {
    (void)context;
    log_line(LOG_LEVEL_ERROR, "http: libmicrohttpd gives up at %s:%u: %s", file, line, reason == NULL ? "" : reason);
    abort();
}

/* Escapes stay: http_decode refuses what is wrong with them. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text) {
    (void)context;
    (void)connection;
    return strlen(text);
}

static bool is_any(const struct bw_addr *addr) {
    return addr->family == 6 && bw_addr_unspecified(addr);
}

/* A bound, listening socket, or -1. bound gets the port that was chosen. */
static int listen_at(const struct bw_addr *addr, struct bw_addr *bound) {
    struct sockaddr_storage address;
    socklen_t size = bw_addr_to_socket(addr, &address);
    char text[BW_ADDR_TEXT_SIZE];
    const int on = 1, off = 0, sent_at_once = 128 << 10;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bw_addr_text(addr, text);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        /* What waits in the kernel for a reader has a bound, too. */
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sent_at_once, sizeof(sent_at_once));
        if (address.ss_family == AF_INET6)
            (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, is_any(addr) ? &off : &on, sizeof(on));
    }
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, size) != 0 || listen(fd, HTTP_CONNECTION_MAX) != 0) {
        complain("http at %s: %s%s", text, strerror(errno),
                 errno == EADDRINUSE      ? "; give another port with --http ADDR:PORT"
                 : errno == EADDRNOTAVAIL ? "; --http takes an address of this host"
                 : errno == EACCES        ? "; ports below 1024 are root's: give another one with --http ADDR:PORT"
                                          : "");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    size = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        (void)bw_addr_from_socket(bound, &address);
    return fd;
}

static bool start_daemon(struct http_server *server, int fd) {
    mhd.set_panic_func(on_panic, NULL);
    server->daemon = mhd.start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, http_request, server,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTION_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTION_ADDR_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_REQUEST_SIZE, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)HTTP_SILENCE_S, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    return server->daemon != NULL;
}

static void watch(struct http_server *server, int epoll) {
    ev_io_init(&server->ready, on_ready, epoll, EV_READ);
    ev_init(&server->due, on_due);
    ev_init(&server->rest, on_rested);
    ev_init(&server->sweep, on_sweep);
    server->sweep.repeat = sweep_s;
    server->ready.data = server->due.data = server->rest.data = server->sweep.data = server;
}

static void release(struct http_server *server) {
    free(server->page);
    free(server->page_policy);
    free(server);
}

struct http_server *http_server_open(const struct http_option *option, struct ev_loop *loop,
                                     const struct event_ring *ring, struct agent_view *view) {
    if (!http_library_load())
        return NULL;
    struct http_server *server = calloc(1, sizeof(*server));
    if (server == NULL || !http_page_make(&server->page, &server->page_size, &server->page_policy)) {
        complain("http: out of memory");
        free(server);
        return NULL;
    }
    server->loop = loop;
    server->option = option;
    server->ring = ring;
    server->view = view;
    server->rate = http_rate;
    bw_list_init(&server->peers);
    bw_list_init(&server->turns);
    bw_list_init(&server->streams);
    int fd = listen_at(&option->addr, &server->bound);
    if (fd < 0) {
        release(server);
        return NULL;
    }
    if (!start_daemon(server, fd)) {
        complain("http: libmicrohttpd does not start: out of memory or of file descriptors (ulimit -n)");
        close(fd);
        release(server);
        return NULL;
    }
    watch(server, mhd.get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
    return server;
}

void http_server_start(struct http_server *server) {
    if (server == NULL)
        return;
    ev_io_start(server->loop, &server->ready);
    http_wake(server);
}

struct bw_addr http_server_bound(const struct http_server *server) {
    return server->bound;
}

void http_server_event(struct http_server *server, const struct bw_event *event) {
    if (server == NULL)
        return;
    server->counts.events[event->type]++;
    server->counts.own_suspicions += event->type == BW_EVENT_MEMBER_SUSPECT && event->own;
    http_streams_feed(server);
}

void http_server_close(struct http_server *server) {
    if (server == NULL)
        return;
    /* A suspended connection cannot be closed. */
    for (struct bw_list *at = server->peers.next; at != &server->peers; at = at->next) {
        struct http_peer *peer = bw_container(at, struct http_peer, link);
        if (peer->waits)
            mhd.resume_connection(peer->connection);
        peer->waits = false;
        bw_list_remove(&peer->turn);
    }
    http_streams_end(server);
    ev_io_stop(server->loop, &server->ready);
    ev_timer_stop(server->loop, &server->due);
    ev_timer_stop(server->loop, &server->rest);
    ev_timer_stop(server->loop, &server->sweep);
    mhd.stop_daemon(server->daemon);
    release(server);
}

/* ------------------------------------------------------------------ counts */

void http_count_answer(struct http_server *server, unsigned status) {
#define HTTP_STATUS_CODE_(code) code,
    static const unsigned codes[] = {HTTP_STATUSES(HTTP_STATUS_CODE_)};
#undef HTTP_STATUS_CODE_
    for (size_t i = 0; i < BW_COUNT(codes); i++)
        if (codes[i] == status)
            server->counts.answers[i]++;
}
