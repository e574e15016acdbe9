/* top: the cluster on a full screen, live. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "build-config.h"
#include "tools/command.h"
#include "tools/top.h"

static error_t parse(int key, char *value, struct argp_state *state) {
    struct top *top = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &top->client;
        return 0;
    case ARGP_KEY_ARG:
        return options_surplus(state, value);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp top_argp = {
    .parser = parse,
    .children = children,
    .doc =
        "Shows the cluster on the whole terminal, live: members with their state, round trip and suspicion, the leader "
        "of each scope, and what happens. It stays when the agent goes, says so, and goes on when it is back. Keys are "
        "in the last line; ? explains them.\v"
        "Exit code 1: there is no terminal, or one that cannot be drawn upon; 3: no agent was there at the start."};

#ifdef HAVE_NCURSES

enum { LOOK_MS = 250 };

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    stop = number;
}

static void watch_signals(void) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaction(numbers[i], &action, NULL);
}

/* The time goes on in what is shown: once a second at least it is drawn anew. */
static void run(struct top *top) {
    double drawn_at = 0;
    while (stop == 0) {
        top_connect(top);
        top_ask(top);
        if (top->changed || control_now() - drawn_at >= 1) {
            top->changed = false;
            drawn_at = control_now();
            top_draw(top);
        }
        struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = top->connected ? top->questions.fd : -1, .events = POLLIN},
                               {.fd = top->connected ? top->events.fd : -1, .events = POLLIN}};
        int ready = poll(fds, 3, LOOK_MS);
        if ((ready < 0 && errno != EINTR) || (ready > 0 && (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0))
            return; /* the terminal has gone */
        if (ready > 0 && fds[1].revents != 0)
            top_hear(top, false);
        if (ready > 0 && fds[2].revents != 0)
            top_hear(top, true);
        if (!top_keys(top))
            return;
    }
}

int cmd_top(int argc, char **argv) {
    struct top top;
    struct control_client probe;
    memset(&top, 0, sizeof(top));
    top.questions.fd = top.events.fd = -1;
    int code = options_parse(&top_argp, argc, argv, &top);
    if (code == EXIT_DONE)
        code = control_open(&probe, &top.client); /* a wrong path is told at once, and in words */
    if (code != EXIT_DONE)
        return code;
    control_close(&probe);
    top.whys = json_object();
    if (!top_view_open(&top)) {
        top_forget(&top);
        return EXIT_NO;
    }
    watch_signals();
    run(&top);
    top_view_close();
    top_forget(&top);
    return EXIT_DONE;
}

#else

int cmd_top(int argc, char **argv) {
    struct top top;
    memset(&top, 0, sizeof(top));
    int code = options_parse(&top_argp, argc, argv, &top);
    if (code != EXIT_DONE)
        return code;
    complain(
        "this bellwether was built without ncurses (Debian: libncurses-dev, then configure again); 'bellwether members "
        "--watch' and 'bellwether monitor' show the same");
    return EXIT_NO;
}

#endif
