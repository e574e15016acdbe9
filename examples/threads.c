/* A member in a thread of its own, for programs that have threads, or whose own work blocks: one thread runs the loop and is the only
 * one that calls the library. It says under a lock until when this process may act and with which token; the others look there
 * before each piece of work. What they want of the member they leave there, too, and wake the loop.
 *
 *     threads NAME KEY-FILE ADDRESS:PORT [SEED-ADDRESS:PORT]
 *
 * The member's memory has a bound, MEMORY_MAX. docs/EMBEDDING.md explains both. */
#define _POSIX_C_SOURCE 200809L /* sigtimedwait, pthread_sigmask */
#include <bellwether/bellwether.h>
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SCOPE "default"
#define LOOK_S 0.1 /* so often the lease is looked at: several times in the 1.5 s that it lasts */
#define MEMORY_MAX (8u << 20)

/* What the threads share. */
struct desk {
    pthread_mutex_t lock;
    int64_t until_us;               /* this process may act before that instant of bw_loop_now; 0: it does not lead */
    char token[BW_TOKEN_TEXT_SIZE]; /* of the reign */
    bool stop;                      /* wanted: leave */
};

struct member {
    struct desk *desk;
    struct ev_loop *loop;
    struct bw_loop *host;
    struct ev_async wake;
    struct ev_timer look;
    size_t memory; /* in use */
};

/* ------------------------------------------------------------------ the member's thread */

/* A bound for what the member may take: at it the library is told that there is no more, and goes on with what it has. */
static void *resize(void *context, void *memory, size_t old_size, size_t new_size) {
    struct member *member = context;
    void *new_memory = NULL;
    if (new_size > old_size && new_size - old_size > MEMORY_MAX - member->memory) {
        return NULL;
    }
    if (new_size == 0) {
        free(memory);
    } else if ((new_memory = realloc(memory, new_size)) == NULL) {
        return NULL;
    }
    member->memory += new_size - old_size;
    return new_memory;
}

/* A lease that is counted from now is over on the same clock for all threads. */
static void publish(struct member *member) {
    struct bw_time now = bw_loop_now();
    struct bw_scope_info info;
    struct desk *desk = member->desk;
    bool leads = bw_node_scope_find(bw_loop_node(member->host), SCOPE, &info, now) == 0 && info.lease_us > 0;
    pthread_mutex_lock(&desk->lock);
    desk->until_us = leads ? now.mono_us + info.lease_us : 0;
    if (leads) {
        bw_token_text(&info.token, desk->token);
    }
    pthread_mutex_unlock(&desk->lock);
}

static void on_look(struct ev_loop *loop, struct ev_timer *watcher, int events) {
    (void)loop;
    (void)events;
    publish(watcher->data);
}

static void on_event(void *context, const struct bw_event *event) {
    printf("%s %s %s\n", bw_event_name(event->type), event->name, event->scope);
    fflush(stdout);
    if (event->type == BW_EVENT_SELF_ELECTED || event->type == BW_EVENT_SELF_DEPOSED) {
        publish(context); /* at once: a new lead may be used, a lost one must not */
    }
}

static void on_left(void *context) {
    ev_break(((struct member *)context)->loop, EVBREAK_ALL);
}

static void on_wake(struct ev_loop *loop, struct ev_async *watcher, int events) {
    struct member *member = watcher->data;
    (void)loop;
    (void)events;
    pthread_mutex_lock(&member->desk->lock);
    bool stop = member->desk->stop;
    pthread_mutex_unlock(&member->desk->lock);
    if (stop) {
        bw_loop_leave(member->host, 2000);
    }
}

static void *run(void *context) {
    struct member *member = context;
    ev_run(member->loop, 0);
    ev_timer_stop(member->loop, &member->look);
    ev_async_stop(member->loop, &member->wake);
    bw_loop_destroy(member->host);
    return NULL;
}

/* ------------------------------------------------------------------ the other threads */

/* Whether to act, at this moment, and under which token. A pause between this and the deed is what the token is for. */
static bool may_act(struct desk *desk, char token[BW_TOKEN_TEXT_SIZE]) {
    pthread_mutex_lock(&desk->lock);
    bool may = bw_loop_now().mono_us < desk->until_us;
    memcpy(token, desk->token, BW_TOKEN_TEXT_SIZE);
    pthread_mutex_unlock(&desk->lock);
    return may;
}

/* Works in steps, each shorter than the lease, until the process is told to end. */
static void work(struct desk *desk, const sigset_t *signals) {
    static const struct timespec step = {.tv_nsec = 50000000};
    char token[BW_TOKEN_TEXT_SIZE];
    char known[BW_TOKEN_TEXT_SIZE] = "";
    while (sigtimedwait(signals, NULL, &step) < 0) {
        if (may_act(desk, token) && strcmp(token, known) != 0) {
            memcpy(known, token, sizeof(known));
            printf("works under %s\n", token);
            fflush(stdout);
        }
    }
}

static void leave(struct member *member) {
    pthread_mutex_lock(&member->desk->lock);
    member->desk->stop = true;
    pthread_mutex_unlock(&member->desk->lock);
    ev_async_send(member->loop, &member->wake); /* the one call into libev that any thread may make */
}

/* ------------------------------------------------------------------ the start */

static int usage(void) {
    fprintf(stderr, "usage: threads NAME KEY-FILE ADDRESS:PORT [SEED-ADDRESS:PORT]\n");
    return 2;
}

static int start(struct member *member, char **argv, bool seeded) {
    struct bw_loop_config host = {.size = sizeof(host), .on_event = on_event, .on_left = on_left, .context = member};
    struct bw_config node;
    struct bw_scope_config scope;
    struct bw_addr seed;
    char key[4096];
    char why[256];
    FILE *file = NULL;
    bw_config_init(&node, BW_PROFILE_LAN);
    bw_scope_config_init(&scope, SCOPE);
    if (bw_addr_parse(&host.bind, argv[3], 7947) == 0 && (!seeded || bw_addr_parse(&seed, argv[4], 7947) == 0)) {
        file = fopen(argv[2], "r");
    }
    if (file == NULL) {
        return usage();
    }
    node.name = argv[1];
    node.keys = key;
    node.keys_size = fread(key, 1, sizeof(key), file);
    node.seeds = &seed;
    node.seed_count = seeded;
    node.scopes = &scope;
    node.scope_count = 1;
    node.allocator = (struct bw_allocator){.resize = resize, .context = member};
    fclose(file);
    if (bw_loop_create(&member->host, member->loop, &host, &node, why, sizeof(why)) != 0) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    ev_async_init(&member->wake, on_wake);
    ev_timer_init(&member->look, on_look, 0., LOOK_S);
    member->wake.data = member;
    member->look.data = member;
    ev_async_start(member->loop, &member->wake);
    ev_timer_start(member->loop, &member->look);
    return 0;
}

int main(int argc, char **argv) {
    struct desk desk = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct member member = {.desk = &desk, .loop = ev_loop_new(EVFLAG_AUTO)};
    sigset_t signals;
    pthread_t thread;
    int code = argc < 4 || argc > 5 || member.loop == NULL ? usage() : start(&member, argv, argc > 4);
    if (code != 0) {
        return code;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before there is a second thread: so no thread is hit by them */
    if (pthread_create(&thread, NULL, run, &member) != 0) {
        fprintf(stderr, "cannot start a thread\n");
        return 1;
    }
    work(&desk, &signals);
    leave(&member);
    pthread_join(thread, NULL);
    printf("left, with %zu bytes in use\n", member.memory);
    ev_loop_destroy(member.loop);
    return 0;
}
