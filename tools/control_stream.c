#include "tools/control_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/control_rate.h"
#include "tools/json.h"

enum { CHUNK_SIZE = 16384 };         /* a stream takes about so much from the ring at once, bytes */
static const double patience_s = 10; /* an answer that nobody reads for so long ends the connection */

/* What the requests of all who may no more than read take of the agent's time, of all others, and of each campaign: whoever
 * asks much waits for its like alone, and a campaign for nobody. */
static const struct control_rate rates[] = {
    [CONTROL_READS] = {.share = 0.1, .ahead_s = 0.1}, [CONTROL_CHANGES] = {.share = 0.4, .ahead_s = 0.4}};
static const struct control_rate campaign_rate = {.share = 0.1, .ahead_s = 0.1};

struct control_peer {
    struct control_peers *clients;
    struct control_peer **place;
    int fd;
    enum control_right right;
    struct control_rate own;   /* of a campaign */
    struct control_rate *rate; /* what it shares with others, or its own */
    ev_io reader;
    ev_io writer;
    ev_timer patience;
    ev_timer turn; /* when its next request is looked at */
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
    return json_pack("{s:{s:s,s:o}}", "error", "code", code, "message", json_text(message)); /* a path may be in it */
}

static void client_close(struct control_peer *client) {
    struct ev_loop *loop = client->clients->loop;
    ev_io_stop(loop, &client->reader);
    ev_io_stop(loop, &client->writer);
    ev_timer_stop(loop, &client->patience);
    ev_timer_stop(loop, &client->turn);
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
        if (ev_is_active(&client->turn))
            ev_io_stop(loop, &client->reader);
        else
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

/* {"op":"monitor"}: from now on, or behind event number since, as far back as the ring goes. A number that this agent has not
 * given yet is from its life before: all is new then. */
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
    if (since != NULL)
        client->next =
            (uint64_t)json_integer_value(since) > ring->newest ? oldest : (uint64_t)json_integer_value(since) + 1;
    if (client->next < oldest)
        client->next = oldest;
    say(client, json_pack("{s:I,s:I}", "oldest", (json_int_t)oldest, "newest", (json_int_t)ring->newest));
    client->streaming = true;
    client->in_size = 0;
}

static void answer(struct control_peer *client, const char *op, const json_t *request) {
    const struct control_host *host = client->clients->host;
    json_t *object = host->answer(host->context, client, op, request);
    client->until_left = client->until_left || json_is_true(json_object_get(object, "leaving"));
    client->closing = client->closing || json_is_true(json_object_get(object, "left"));
    if (strcmp(op, "campaign") == 0 && json_object_get(object, "campaign") != NULL)
        client->rate = &client->own;
    say(client, object);
}

static void handle(struct control_peer *client, const char *line, size_t size) {
    json_t *request = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
    const char *op = json_string_value(json_object_get(request, "op"));
    if (op == NULL)
        end_with(client, "malformed", "a request is a JSON object with an op, on one line");
    else if (control_right_for(op, request) > client->right)
        say(client, control_error("denied", "this changes something, which only the agent's own user and root may; "
                                            "its group may read"));
    else if (strcmp(op, "monitor") == 0)
        start_stream(client, request);
    else
        answer(client, op, request);
    json_decref(request);
}

/* The size of the first whole request in the buffer, 0 if there is none. */
static size_t next_size(const struct control_peer *client) {
    const char *end = memchr(client->in, '\n', client->in_size);
    return end == NULL ? 0 : (size_t)(end - client->in) + 1;
}

/* Answers the first request in the buffer. */
static void handle_next(struct control_peer *client, size_t size) {
    double began_s = control_rate_now();
    struct control_rate *rate = client->rate;
    handle(client, client->in, size - 1);
    control_rate_take(rate, began_s);
    if (client->in_size >= size) { /* a stream has begun otherwise, before which all is forgotten */
        client->in_size -= size;
        memmove(client->in, client->in + size, client->in_size);
        explicit_bzero(client->in + client->in_size, size); /* it may have brought a key */
    }
}

/* Answers what has been asked, as long as the answers are taken: one request at a time, between which everything else has
 * its turn. */
static void client_go_on(struct control_peer *client) {
    bool answered = false;
    for (;;) {
        if (!out_send(client)) {
            client_close(client);
            return;
        }
        size_t size = client->out_size > 0 || client->streaming ? 0 : next_size(client);
        if (size == 0 || ev_is_active(&client->turn))
            break;
        double wait_s = control_rate_wait(client->rate);
        if (answered || wait_s > 0) {
            ev_timer_set(&client->turn, wait_s, 0);
            ev_timer_start(client->clients->loop, &client->turn);
            break;
        }
        handle_next(client, size);
        answered = true;
    }
    client_wait(client);
}

static void on_turn(struct ev_loop *loop, ev_timer *timer, int events) {
    (void)loop;
    (void)events;
    client_go_on(timer->data);
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

/* A free place, or NULL: those who only read cannot take all of them. */
static struct control_peer **find_place(struct control_peers *clients, enum control_right right) {
    struct control_peer **place = NULL;
    size_t readers = 0;
    for (size_t i = 0; i < CONTROL_CLIENT_MAX; i++) {
        if (clients->list[i] == NULL)
            place = &clients->list[i];
        else
            readers += clients->list[i]->right == CONTROL_READS;
    }
    return right == CONTROL_READS && readers >= CONTROL_READER_MAX ? NULL : place;
}

void control_peers_open(struct control_peers *clients, struct ev_loop *loop, const struct control_host *host) {
    *clients = (struct control_peers){.loop = loop, .host = host};
    memcpy(clients->rates, rates, sizeof(rates));
}

bool control_peers_add(struct control_peers *clients, int fd, enum control_right right) {
    struct control_peer **place = find_place(clients, right);
    struct control_peer *client = place == NULL ? NULL : calloc(1, sizeof(*client));
    if (client == NULL)
        return false;
    *place = client;
    client->clients = clients;
    client->place = place;
    client->fd = fd;
    client->right = right;
    client->own = campaign_rate;
    client->rate = &clients->rates[right];
    ev_init(&client->turn, on_turn);
    ev_io_init(&client->reader, on_readable, fd, EV_READ);
    ev_io_init(&client->writer, on_writable, fd, EV_WRITE);
    ev_init(&client->patience, on_out_of_patience);
    client->patience.repeat = patience_s;
    client->reader.data = client->writer.data = client->patience.data = client->turn.data = client;
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
