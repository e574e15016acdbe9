/* `bellwether run`: campaigns for a scope, and runs a command while its agent leads. Three processes: run itself; the command, with
 * a session and process group of its own; and a watchdog, that ends the group if run dies, or sleeps past the lease. */
#ifndef BW_TOOLS_RUN_H
#define BW_TOOLS_RUN_H

#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#include <bellwether/bellwether.h>

#include "tools/control_client.h"

enum {
    EXIT_LEAD_LOST = 75, /* EX_TEMPFAIL: try again later */
    EXIT_CANNOT_RUN = 126,
    EXIT_NO_SUCH_PROGRAM = 127,
};

struct run_options {
    struct client_options client; /* timeout_s: for the lead; 0: for ever */
    struct bw_scope_config scope;
    const char *scope_text; /* as given */
    double grace_s;
    const char *fence; /* NULL: none */
    int priority;      /* -1: the scope's */
    bool restart;
    bool verbose;
    bool quiet; /* no word when timeout_s is over */
    char **command;
};

/* Microseconds on the clock that the lease runs on: it goes on while the machine sleeps. */
int64_t run_now(void);

/* -- run_watchdog.c -- */

/* What run tells its watchdog, in memory that both have. */
struct run_shared {
    _Atomic int64_t deadline_us; /* the group is killed at this time; 0: not known yet */
    _Atomic pid_t group;         /* 0: nothing runs */
};

struct run_watchdog {
    struct run_shared *shared;
    pid_t pid; /* 0: none */
    int pipe;  /* its end is run's end; a byte: look again */
};

/* Starts it. control: the connection, that lives until the work under this token has ended. False: errno says why. */
bool run_watchdog_start(struct run_watchdog *watchdog, int control, const char *token);
/* Something in the shared memory has changed. */
void run_watchdog_tell(const struct run_watchdog *watchdog);
/* There is nothing to watch any more. */
void run_watchdog_end(struct run_watchdog *watchdog);

/* -- run_child.c -- */

/* Who leads, and led before, as the environment of programs. Strings are owned by news. */
struct run_reign {
    const char *scope;
    json_t *news; /* the agent's; NULL: none */
    const char *token;
    const char *control; /* NULL: the usual places */
    sigset_t signals;    /* that run was started with */
};

/* Runs a program in a session and group of its own; the watchdog knows it before it begins. -1: errno says why. */
pid_t run_spawn(char *const *words, const struct run_reign *reign, const struct run_watchdog *watchdog);
/* Whether any process of the group lives. */
bool run_group_lives(pid_t group);

/* -- run_loop.c -- */

/* Returns an exit code. */
int run_loop(const struct run_options *options);

#endif
