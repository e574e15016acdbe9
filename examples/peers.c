/* A peer-to-peer program without a server: peers count the primes below LIMIT together. They find each other, one leads and hands
 * out pieces of the work by direct messages, all of them work, and the work goes on when the leader dies.
 *
 *     peers NAME KEY-FILE ADDRESS:PORT LIMIT [SEED-ADDRESS:PORT]
 *
 * docs/recipes/embedding.md explains it. */
#include <bellwether/bellwether.h>
#include <ev.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCOPE "primes"
#define CHANNEL BW_CHANNEL_MIN
#define PIECES 64
#define NONE PIECES /* no piece */
#define UNKNOWN UINT32_MAX
#define STEP 200         /* numbers looked at before the loop has its turn again */
#define ASK_S 0.2        /* who has nothing to do asks so often: a message may be lost */
#define AGAIN_US 2000000 /* who was given a piece so long ago and has not done it does not count on it any more */

/* What peers tell each other. All are the same program, so the struct itself is sent; its numbers are the host's. */
struct message {
    uint32_t limit;
    uint32_t piece;                 /* from the leader: work on this; NONE: ask again. To the leader: NONE */
    char token[BW_TOKEN_TEXT_SIZE]; /* from the leader: of its reign. To the leader: empty */
    uint32_t found[PIECES];         /* all results that the sender knows */
};

struct peer {
    struct ev_loop *loop;
    struct bw_loop *member;
    uint32_t limit;
    uint32_t
        found[PIECES]; /* primes in each piece, or UNKNOWN. Who led does not matter to them: a piece has one result */
    char newest[BW_TOKEN_TEXT_SIZE]; /* the largest token that we have worked under */
    bool said;
    /* our work */
    uint32_t piece, at, count;
    ev_timer work, ask;
    /* as the leader: */
    int64_t given_us[PIECES]; /* when we handed the piece out, 0: never */
};

/* ------------------------------------------------------------------ what all know */

/* Results come from everywhere, often twice, in any order: it makes no difference. */
static void merge(struct peer *peer, const uint32_t *found) {
    uint64_t sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < PIECES; i++) {
        if (peer->found[i] == UNKNOWN)
            peer->found[i] = found[i];
        known += peer->found[i] != UNKNOWN;
        sum += peer->found[i];
    }
    if (known == PIECES && !peer->said) {
        printf("primes below %" PRIu32 ": %" PRIu64 "\n", peer->limit, sum);
        fflush(stdout); /* it may be the last that we say */
        peer->said = true;
    }
}

static void tell(struct peer *peer, const struct bw_id *to, uint32_t piece, const char *token) {
    struct message message;
    memset(&message, 0, sizeof(message));
    message.limit = peer->limit;
    message.piece = piece;
    memcpy(message.found, peer->found, sizeof(message.found));
    snprintf(message.token, sizeof(message.token), "%s", token);
    bw_loop_send(peer->member, to, CHANNEL, &message,
                 sizeof(message)); /* or it is lost: the next question is answered */
}

static bool scope_of(const struct peer *peer, struct bw_scope_info *info) {
    const struct bw_node *node = bw_loop_node(peer->member);
    for (size_t i = 0; bw_node_scope(node, i, info, bw_loop_now()) == 0; i++)
        if (strcmp(info->scope, SCOPE) == 0)
            return info->has_leader;
    return false;
}

/* ------------------------------------------------------------------ the leader */

/* The piece that was never given away, or longest ago. */
static uint32_t next_piece(struct peer *peer, int64_t now_us) {
    uint32_t best = NONE;
    for (uint32_t i = 0; i < PIECES; i++)
        if (peer->found[i] == UNKNOWN && (peer->given_us[i] == 0 || now_us - peer->given_us[i] >= AGAIN_US) &&
            (best == NONE || peer->given_us[i] < peer->given_us[best]))
            best = i;
    return best;
}

/* Only while the lease lasts, and under our token: what we say after a pause is refused. */
static bool give(struct peer *peer, uint32_t *piece, char token[BW_TOKEN_TEXT_SIZE]) {
    struct bw_time now = bw_loop_now();
    struct bw_scope_info info;
    if (!scope_of(peer, &info) || !bw_node_may_act(bw_loop_node(peer->member), SCOPE, now))
        return false;
    *piece = next_piece(peer, now.mono_us);
    if (*piece != NONE)
        peer->given_us[*piece] = now.mono_us;
    bw_token_text(&info.token, token);
    return true;
}

/* ------------------------------------------------------------------ the worker */

static bool take(struct peer *peer, uint32_t piece, const char *token) {
    if (strcmp(token, peer->newest) < 0) {
        printf("refused %s: %s was here\n", token, peer->newest);
        return false;
    }
    snprintf(peer->newest, sizeof(peer->newest), "%s", token);
    if (piece >= PIECES || peer->piece != NONE || peer->found[piece] != UNKNOWN)
        return false;
    printf("work %" PRIu32 " %s\n", piece, token);
    peer->piece = piece;
    peer->at = (uint32_t)((uint64_t)peer->limit * piece / PIECES);
    peer->count = 0;
    ev_timer_again(peer->loop, &peer->work);
    return true;
}

/* Asks the leader for work, and tells it what we have found. Who leads gives itself some. */
static void on_ask(struct ev_loop *loop, ev_timer *timer, int events) {
    struct peer *peer = timer->data;
    struct bw_scope_info info;
    char token[BW_TOKEN_TEXT_SIZE];
    uint32_t piece;
    (void)loop;
    (void)events;
    if (peer->piece != NONE || peer->said || !scope_of(peer, &info))
        return;
    if (give(peer, &piece, token))
        take(peer, piece, token);
    else
        tell(peer, &info.token.id, NONE, "");
}

static bool is_prime(uint32_t number) {
    if (number < 2 || number % 2 == 0)
        return number == 2;
    for (uint32_t i = 3; (uint64_t)i * i <= number; i += 2)
        if (number % i == 0)
            return false;
    return true;
}

/* A little at a time: a member that does not come to its turn is soon suspected. */
static void on_work(struct ev_loop *loop, ev_timer *timer, int events) {
    struct peer *peer = timer->data;
    uint32_t end = (uint32_t)((uint64_t)peer->limit * (peer->piece + 1) / PIECES);
    uint32_t found[PIECES];
    for (int i = 0; i < STEP && peer->at < end; i++)
        peer->count += is_prime(peer->at++);
    if (peer->at < end)
        return;
    ev_timer_stop(loop, timer);
    memset(found, 0xff, sizeof(found));
    found[peer->piece] = peer->count;
    peer->piece = NONE;
    merge(peer, found);
    on_ask(loop, &peer->ask, events);
}

/* ------------------------------------------------------------------ the member */

static void on_message(void *context, const struct bw_message *received) {
    struct peer *peer = context;
    struct bw_id from = received->from; /* the message is the library's, until we call it again */
    struct message message;
    char token[BW_TOKEN_TEXT_SIZE];
    uint32_t piece;
    if (received->channel != CHANNEL || received->size != sizeof(message))
        return;
    memcpy(&message, received->data, sizeof(message));
    if (message.limit != peer->limit || message.token[sizeof(message.token) - 1] != '\0')
        return;
    merge(peer, message.found);
    if (message.token[0] != '\0')
        take(peer, message.piece, message.token);
    else if (give(peer, &piece,
                  token)) /* who leads no more leaves the question alone: the next one goes to the right one */
        tell(peer, &from, piece, token);
    fflush(stdout);
}

static void on_event(void *context, const struct bw_event *event) {
    struct peer *peer = context;
    char token[BW_TOKEN_TEXT_SIZE];
    if (event->type == BW_EVENT_SELF_ELECTED)
        memset(peer->given_us, 0, sizeof(peer->given_us)); /* what the last one gave away we do not know */
    bw_token_text(&event->token, token);
    printf("%s %s %s\n", bw_event_name(event->type), event->name, event->token.term != 0 ? token : "");
    fflush(stdout);
}

static void on_left(void *context) {
    struct peer *peer = context;
    ev_break(peer->loop, EVBREAK_ALL);
}

static void on_signal(struct ev_loop *loop, struct ev_signal *watcher, int events) {
    (void)loop;
    (void)events;
    bw_loop_leave(watcher->data, 2000);
}

static void run(struct peer *peer) {
    struct ev_signal signals[2];
    for (int i = 0; i < 2; i++) {
        ev_signal_init(&signals[i], on_signal, i == 0 ? SIGTERM : SIGINT);
        signals[i].data = peer->member;
        ev_signal_start(peer->loop, &signals[i]);
    }
    ev_timer_init(&peer->work, on_work, 0, 0.001);
    ev_timer_init(&peer->ask, on_ask, 0, ASK_S);
    peer->work.data = peer->ask.data = peer;
    ev_timer_again(peer->loop, &peer->ask);
    ev_run(peer->loop, 0);
    bw_loop_destroy(peer->member);
}

int main(int argc, char **argv) {
    struct peer peer = {.loop = ev_default_loop(0), .piece = NONE};
    struct bw_loop_config host = {
        .size = sizeof(host), .on_event = on_event, .on_left = on_left, .on_message = on_message, .context = &peer};
    struct bw_config node;
    struct bw_scope_config scope;
    struct bw_addr seed;
    char key[4096], why[256];
    FILE *file = NULL;

    memset(peer.found, 0xff, sizeof(peer.found));
    bw_config_init(&node, BW_PROFILE_LAN);
    bw_scope_config_init(&scope, SCOPE);
    node.scopes = &scope;
    node.scope_count = 1;
    if (argc >= 5 && bw_addr_parse(&host.bind, argv[3], 7947) == 0 &&
        (argc == 5 || bw_addr_parse(&seed, argv[5], 7947) == 0)) {
        peer.limit = (uint32_t)strtoul(argv[4], NULL, 10);
        file = peer.limit >= PIECES ? fopen(argv[2], "r") : NULL;
    }
    if (file == NULL) {
        fprintf(stderr, "usage: peers NAME KEY-FILE ADDRESS:PORT LIMIT [SEED-ADDRESS:PORT], with LIMIT from %d\n",
                PIECES);
        return 2;
    }
    node.name = argv[1];
    node.keys = key;
    node.keys_size = fread(key, 1, sizeof(key), file);
    node.seeds = &seed;
    node.seed_count = argc > 5;
    fclose(file);
    if (bw_loop_create(&peer.member, peer.loop, &host, &node, why, sizeof(why)) != 0) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    run(&peer);
    return 0;
}
