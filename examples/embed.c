/* A cluster member inside a libev program: finds the others, says what happens, leaves at SIGTERM or Ctrl-C.
 *
 *     embed NAME KEY-FILE ADDRESS:PORT [SEED-ADDRESS:PORT]
 */
#include <bellwether/bellwether.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>

static void on_event(void *context, const struct bw_event *event) {
    (void)context;
    printf("%s %s %s\n", bw_event_name(event->type), event->name, event->scope);
    fflush(stdout);
}

static void on_left(void *context) {
    ev_break(context, EVBREAK_ALL);
}

static void on_signal(struct ev_loop *loop, struct ev_signal *watcher, int events) {
    (void)loop;
    (void)events;
    bw_loop_leave(watcher->data, 2000);
}

int main(int argc, char **argv) {
    struct ev_loop *loop = ev_default_loop(0);
    struct bw_loop_config host = {.size = sizeof(host), .on_event = on_event, .on_left = on_left, .context = loop};
    struct bw_config node;
    struct bw_scope_config scope;
    struct bw_addr seed;
    struct bw_loop *member = NULL;
    struct ev_signal signals[2];
    char key[4096];
    char why[256] = "usage: embed NAME KEY-FILE ADDRESS:PORT [SEED-ADDRESS:PORT]";
    FILE *file = NULL;

    bw_config_init(&node, BW_PROFILE_LAN);
    bw_scope_config_init(&scope, "default"); /* we may lead this one */
    node.scopes = &scope;
    node.scope_count = 1;
    if (argc >= 4 && bw_addr_parse(&host.bind, argv[3], 7947) == 0 &&
        (argc == 4 || bw_addr_parse(&seed, argv[4], 7947) == 0)) {
        file = fopen(argv[2], "r");
    }
    if (file == NULL) {
        fprintf(stderr, "%s\n", why);
        return 2;
    }
    node.name = argv[1];
    node.keys = key;
    node.keys_size = fread(key, 1, sizeof(key), file);
    node.seeds = &seed;
    node.seed_count = argc > 4;
    fclose(file);

    if (bw_loop_create(&member, loop, &host, &node, why, sizeof(why)) != 0) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        ev_signal_init(&signals[i], on_signal, i == 0 ? SIGTERM : SIGINT);
        signals[i].data = member;
        ev_signal_start(loop, &signals[i]);
    }
    ev_run(loop, 0);
    bw_loop_destroy(member);
    return 0;
}
