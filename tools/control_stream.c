#include "tools/control_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/json.h"

enum { CHUNK_SIZE = 16384 };         /* a stream takes about so much from the ring at once, bytes */
static const double patience_s = 10; /* an answer that nobody reads for so long ends the connection */

struct control_peer {
    struct control_peers *clients;
    struct control_peer **place;
    int fd;
    ev_io reader;
    ev_io writer;
    ev_timer patience;
    char in[CONTROL_REQUEST_SIZE];
    size_t in_size;
    char *out; /* what is being sent; no request is read until it is gone */
    size_t out_size;
    size_t out_done;
    bool closing;    /* once out is sent */
    bool until_left; /* it has asked for a leave, and waits for its end */
    bool streaming;
    uint64_t next;  /* number of the next event to send */
    uint64_t types; /* one bit for each enum bw_event_type */
};

json_t *control_error(const char *code, const char *message) {
    return json_pack("{s:{s:s,s:s}}", "error", "code", code, "message", message);
}

static void client_close(struct control_peer *client) {
    struct ev_loop *loop = client->clients->loop;
    ev_io_stop(loop, &client->reader);
    ev_io_stop(loop, &client->writer);
    ev_timer_stop(loop, &client->patience);
    close(client->fd);
    *client->place = NULL;
    client->clients->host->gone(client->clients->host->context, client);
    free(client->out);
    free(client);
}

static bool out_append(struct control_peer *client, const char *text, size_t size) {
    char *grown = realloc(client->out, client->out_size + size + 1);
    if (grown == NULL)
        return false;
    client->out = grown;
    memcpy(grown + client->out_size, text, size);
    grown[client->out_size + size] = '\n';
    client->out_size += size + 1;
    return true;
}

/* Moves what the stream is owed from the ring into its empty buffer. False if it has fallen out of the ring. */
static bool out_refill(struct control_peer *client) {
    const struct event_ring *ring = client->clients->host->ring;
    if (!client->streaming)
        return true;
    if (client->next < event_ring_oldest(ring))
        return false;
    for (; client->next <= ring->newest && client->out_size < CHUNK_SIZE; client->next++) {
        const struct event_entry *entry = event_ring_at(ring, client->next);
        if ((client->types >> entry->type & 1) != 0 && !out_append(client, entry->line, strlen(entry->line)))
            return false;
    }
    return true;
}

/* Sends what the socket takes. False if the connection is over. */
static bool out_send(struct control_peer *client) {
    for (;;) {
        if (client->out_done == client->out_size) {
            free(client->out);
            client->out = NULL;
            client->out_size = client->out_done = 0;
            if (client->closing || !out_refill(client))
                return false;
            if (client->out_size == 0)
                return true;
        }
        ssize_t sent = send(client->fd, client->out + client->out_done, client->out_size - client->out_done,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN;
        client->out_done += (size_t)sent;
        ev_timer_stop(client->clients->loop, &client->patience);
    }
}

/* Arms the watchers for what the client waits for. */
static void client_wait(struct control_peer *client) {
    struct ev_loop *loop = client->clients->loop;
    if (client->out_size == 0) {
        ev_io_stop(loop, &client->writer);
        ev_timer_stop(loop, &client->patience);
        ev_io_start(loop, &client->reader);
        return;
    }
    if (!client->streaming)
        ev_io_stop(loop, &client->reader);
    ev_io_start(loop, &client->writer);
    if (!ev_is_active(&client->patience) && !client->streaming)
        ev_timer_again(loop, &client->patience);
}

static void say(struct control_peer *client, json_t *object) {
    char *text = object == NULL ? NULL : json_dumps(object, JSON_TEXT_FLAGS);
    if (text == NULL || !out_append(client, text, strlen(text)))
        client->closing = true;
    free(text);
    json_decref(object);
}

void control_say(struct control_peer *client, json_t *news) {
    struct ev_loop *loop = client->clients->loop;
    say(client, news);
    ev_io_start(loop, &client->writer); /* it is sent from the loop: the caller may be in the middle of anything */
    if (!ev_is_active(&client->patience))
        ev_timer_again(loop, &client->patience);
}

static void end_with(struct control_peer *client, const char *code, const char *message) {
    say(client, control_error(code, message));
    client->closing = true;
}

static bool types_parse(const json_t *list, uint64_t *types) {
    size_t index;
    json_t *name;
    *types = list == NULL ? UINT64_MAX : 0;
    json_array_foreach(list, index, name) {
        int type = 0;
        while (type < BW_EVENT_COUNT &&
               (!json_is_string(name) || strcmp(json_string_value(name), bw_event_name((enum bw_event_type)type)) != 0))
            type++;
        if (type == BW_EVENT_COUNT)
            return false;
        *types |= UINT64_C(1) << type;
    }
    return list == NULL || json_is_array(list);
}

/* {"op":"monitor"}: from now on, or behind event number since, as far back as the ring goes. */
static void start_stream(struct control_peer *client, const json_t *request) {
    const struct event_ring *ring = client->clients->host->ring;
    const json_t *since = json_object_get(request, "since");
    if (!types_parse(json_object_get(request, "types"), &client->types) ||
        (since != NULL && (!json_is_integer(since) || json_integer_value(since) < 0))) {
        say(client, control_error("invalid", "since is a number, types a list of event types"));
        return;
    }
    uint64_t oldest = event_ring_oldest(ring);
    client->next = ring->newest + 1;
    if (since != NULL && (uint64_t)json_integer_value(since) <= ring->newest)
        client->next = (uint64_t)json_integer_value(since) + 1;
    if (client->next < oldest)
        client->next = oldest;
    say(client, json_pack("{s:I,s:I}", "oldest", (json_int_t)oldest, "newest", (json_int_t)ring->newest));
    client->streaming = true;
}

static void answer(struct control_peer *client, const char *op, const json_t *request) {
    const struct control_host *host = client->clients->host;
    json_t *object = host->answer(host->context, client, op, request);
    client->until_left = client->until_left || json_is_true(json_object_get(object, "leaving"));
    client->closing = client->closing || json_is_true(json_object_get(object, "left"));
    say(client, object);
}

static void handle(struct control_peer *client, const char *line, size_t size) {
    json_t *request = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
    const char *op = json_string_value(json_object_get(request, "op"));
    if (op == NULL)
        end_with(client, "malformed", "a request is a JSON object with an op, on one line");
    else if (strcmp(op, "monitor") == 0)
        start_stream(client, request);
    else
        answer(client, op, request);
    json_decref(request);
}

/* Takes one request out of the buffer. False if there is no whole one. */
static bool handle_next(struct control_peer *client) {
    char *end = memchr(client->in, '\n', client->in_size);
    if (end == NULL)
        return false;
    size_t size = (size_t)(end - client->in);
    handle(client, client->in, size);
    client->in_size -= size + 1;
    memmove(client->in, end + 1, client->in_size);
    return true;
}

/* Answers what has been asked, one at a time, as long as the answers are taken. */
static void client_go_on(struct control_peer *client) {
    do {
        if (!out_send(client)) {
            client_close(client);
            return;
        }
    } while (client->out_size == 0 && !client->streaming && handle_next(client));
    client_wait(client);
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int events) {
    struct control_peer *client = watcher->data;
    (void)loop;
    (void)events;
    size_t room = sizeof(client->in) - client->in_size;
    ssize_t got = recv(client->fd, client->in + client->in_size, room, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        client_close(client);
        return;
    }
    if (client->streaming) /* nothing is asked during a stream */
        return;
    client->in_size += (size_t)got;
    if (client->in_size == sizeof(client->in) && memchr(client->in, '\n', client->in_size) == NULL)
        end_with(client, "malformed", "the request is too long");
    client_go_on(client);
}

static void on_writable(struct ev_loop *loop, ev_io *watcher, int events) {
    (void)loop;
    (void)events;
    client_go_on(watcher->data);
}

static void on_out_of_patience(struct ev_loop *loop, ev_timer *timer, int events) {
    (void)loop;
    (void)events;
    client_close(timer->data);
}

bool control_peers_add(struct control_peers *clients, int fd) {
    struct control_peer **place = NULL;
    for (size_t i = 0; i < CONTROL_CLIENT_MAX && place == NULL; i++)
        place = clients->list[i] == NULL ? &clients->list[i] : NULL;
    struct control_peer *client = place == NULL ? NULL : calloc(1, sizeof(*client));
    if (client == NULL)
        return false;
    *place = client;
    client->clients = clients;
    client->place = place;
    client->fd = fd;
    ev_io_init(&client->reader, on_readable, fd, EV_READ);
    ev_io_init(&client->writer, on_writable, fd, EV_WRITE);
    ev_init(&client->patience, on_out_of_patience);
    client->patience.repeat = patience_s;
    client->reader.data = client->writer.data = client->patience.data = client;
    say(client, clients->host->greet(clients->host->context));
    client_go_on(client);
    return true;
}

void control_peers_feed(struct control_peers *clients) {
    for (size_t i = 0; i < CONTROL_CLIENT_MAX; i++) {
        struct control_peer *client = clients->list[i];
        if (client != NULL && client->streaming && client->out_size == 0)
            client_go_on(client);
        else if (client != NULL && client->streaming && client->next < event_ring_oldest(clients->host->ring))
            client_close(client);
    }
}

void control_peers_left(struct control_peers *clients) {
    for (size_t i = 0; i < CONTROL_CLIENT_MAX; i++) {
        struct control_peer *client = clients->list[i];
        if (client == NULL || !client->until_left)
            continue;
        client->closing = true;
        if (client->out_size == 0)
            client_close(client);
    }
}

void control_peers_close(struct control_peers *clients) {
    for (size_t i = 0; i < CONTROL_CLIENT_MAX; i++)
        if (clients->list[i] != NULL)
            client_close(clients->list[i]);
}
