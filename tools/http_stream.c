#include "tools/http_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tools/http_guard.h"
#include "tools/http_library.h"
#include "tools/http_state.h"
#include "tools/text.h"

enum { BLOCK_SIZE = 4096, RETRY_MS = 2000, TYPES_SIZE_MAX = 512 };

struct http_stream {
    struct bw_list link;
    struct http_peer *peer;
    uint64_t next;  /* number of the next event to send */
    uint64_t types; /* one bit for each enum bw_event_type */
    char *text;     /* what is being sent, NULL: nothing */
    size_t text_size;
    size_t text_done;
    bool comment; /* is wanted */
    bool sleeps;  /* until there is something to send */
    ev_io end;    /* while it sleeps libmicrohttpd does not look whether the client is still there */
    bool ends;
};

static void wake(struct http_stream *stream) {
    if (!stream->sleeps)
        return;
    stream->sleeps = false;
    ev_io_stop(stream->peer->server->loop, &stream->end);
    mhd.resume_connection(stream->peer->connection);
    http_wake(stream->peer->server);
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int events) {
    struct http_stream *stream = watcher->data;
    char byte;
    (void)events;
    ev_io_stop(loop, watcher); /* whoever says something during a stream is not listened to */
    if (recv(watcher->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) > 0)
        return;
    stream->ends = true;
    wake(stream);
}

/* Takes text. */
static bool put(struct http_stream *stream, int size, char *text) {
    if (size < 0)
        return false;
    stream->text = text;
    stream->text_size = (size_t)size;
    stream->text_done = 0;
    return true;
}

/* Makes the next thing to send, if there is any. False: it has fallen out of the ring, or there is no memory. */
static bool refill(struct http_stream *stream) {
    const struct event_ring *ring = stream->peer->server->ring;
    char *text = NULL;
    if (stream->ends || stream->next < event_ring_oldest(ring))
        return false;
    while (stream->next <= ring->newest) {
        uint64_t seq = stream->next++;
        const struct event_entry *entry = event_ring_at(ring, seq);
        if ((stream->types >> entry->type & 1) != 0) {
            int size = asprintf(&text, "id: %llu\ndata: %s\n\n", (unsigned long long)seq, entry->line);
            return put(stream, size, text);
        }
    }
    if (!stream->comment)
        return true;
    stream->comment = false;
    int size = asprintf(&text, ":\n\n");
    return put(stream, size, text);
}

static ssize_t on_wanted(void *context, uint64_t position, char *to, size_t room) {
    struct http_stream *stream = context;
    size_t used = 0;
    (void)position;
    while (used < room) {
        if (stream->text == NULL && !refill(stream))
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (stream->text == NULL)
            break;
        size_t size = stream->text_size - stream->text_done;
        if (size > room - used)
            size = room - used;
        memcpy(to + used, stream->text + stream->text_done, size);
        used += size;
        stream->text_done += size;
        if (stream->text_done == stream->text_size) {
            free(stream->text);
            stream->text = NULL;
        }
    }
    if (used == 0) {
        stream->sleeps = true;
        ev_io_start(stream->peer->server->loop, &stream->end);
        mhd.suspend_connection(stream->peer->connection);
    }
    return (ssize_t)used;
}

static void on_ended(void *context) {
    struct http_stream *stream = context;
    ev_io_stop(stream->peer->server->loop, &stream->end);
    stream->peer->stream = NULL;
    stream->peer->server->stream_count--;
    bw_list_remove(&stream->link);
    free(stream->text);
    free(stream);
}

static bool parse_types(const char *text, uint64_t *types) {
    char words[TYPES_SIZE_MAX];
    char *rest = words;
    *types = UINT64_MAX;
    if (text == NULL)
        return true;
    if (!http_decode(text, words, sizeof(words)))
        return false;
    *types = 0;
    for (char *word = strsep(&rest, ","); word != NULL; word = strsep(&rest, ",")) {
        int type = 0;
        while (type < BW_EVENT_COUNT && strcmp(word, bw_event_name((enum bw_event_type)type)) != 0)
            type++;
        if (type == BW_EVENT_COUNT)
            return false;
        *types |= UINT64_C(1) << type;
    }
    return true;
}

/* From where on. False: a number is none. An id that this agent has not given yet is from its life before: all is new then. */
static bool parse_start(struct http_request *request, uint64_t *next) {
    const struct event_ring *ring = request->peer->server->ring;
    const char *id = http_header(request, "Last-Event-ID");
    const char *since = id != NULL ? id : http_argument(request, "since");
    const char *last = http_argument(request, "last");
    uint64_t oldest = event_ring_oldest(ring);
    uint64_t number;
    *next = ring->newest + 1;
    if (since != NULL) {
        if (!parse_number(since, 0, UINT64_MAX - 1, &number))
            return false;
        *next = number > ring->newest ? oldest : number + 1;
    } else if (last != NULL) {
        if (!parse_number(last, 0, EVENT_RING_COUNT, &number))
            return false;
        *next = number > ring->newest ? oldest : ring->newest + 1 - number;
    }
    if (*next < oldest)
        *next = oldest;
    return true;
}

enum MHD_Result http_stream_open(struct http_request *request) {
    struct http_peer *peer = request->peer;
    struct http_server *server = peer->server;
    struct http_stream begin = {.peer = peer};
    if (!parse_start(request, &begin.next) || !parse_types(http_argument(request, "types"), &begin.types))
        return http_error(request, MHD_HTTP_BAD_REQUEST, "invalid",
                          "Last-Event-ID, since and last are numbers, types are words of 'bellwether monitor --type', "
                          "with commas between them");
    if (request->head)
        return http_reply(request, MHD_HTTP_OK, "text/event-stream", NULL, 0);
    struct http_stream *stream = server->stream_count < HTTP_STREAM_MAX ? malloc(sizeof(*stream)) : NULL;
    if (stream == NULL)
        return http_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy",
                          "too many streams of events are open: try again later");
    *stream = begin;
    ev_io_init(&stream->end, on_readable, peer->fd, EV_READ);
    stream->end.data = stream;
    int size = asprintf(&stream->text, "retry: %d\n: bellwether %s, events %llu to %llu\n\n", RETRY_MS,
                        server->view->options->name, (unsigned long long)event_ring_oldest(server->ring),
                        (unsigned long long)server->ring->newest);
    struct MHD_Response *response = NULL;
    if (put(stream, size, stream->text))
        response = mhd.create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, on_wanted, stream, on_ended);
    if (response == NULL) {
        if (size >= 0)
            free(stream->text);
        free(stream);
        return MHD_NO;
    }
    bw_list_append(&server->streams, &stream->link);
    server->stream_count++;
    peer->stream = stream;
    return http_send(request, MHD_HTTP_OK, "text/event-stream", response);
}

void http_streams_feed(struct http_server *server) {
    struct bw_list *next;
    for (struct bw_list *at = server->streams.next; at != &server->streams; at = next) {
        struct http_stream *stream = bw_container(at, struct http_stream, link);
        next = at->next;
        wake(stream);
        if (stream->next < event_ring_oldest(server->ring) && !stream->ends) {
            stream->ends = true;
            server->counts.streams_dropped++;
            http_cut(stream->peer);
        }
    }
}

void http_streams_comment(struct http_server *server) {
    for (struct bw_list *at = server->streams.next; at != &server->streams; at = at->next) {
        struct http_stream *stream = bw_container(at, struct http_stream, link);
        stream->comment = true;
        wake(stream);
    }
}

void http_streams_end(struct http_server *server) {
    for (struct bw_list *at = server->streams.next; at != &server->streams; at = at->next) {
        struct http_stream *stream = bw_container(at, struct http_stream, link);
        stream->ends = true;
        wake(stream);
    }
}
