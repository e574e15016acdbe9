/* What the parts of `bellwether run` share: what it is at, and what each does to it. */
#ifndef BW_TOOLS_RUN_STATE_H
#define BW_TOOLS_RUN_STATE_H

#include "tools/command.h"
#include "tools/json.h"
#include "tools/run.h"

#define US_PER_S 1000000
#define BACKOFF_FIRST_US 250000  /* between attempts to fence, and to find the agent */
#define BACKOFF_LAST_US 30000000 /* ... doubled up to this */

enum run_state {
    RUN_APART,    /* no agent: to be looked for again */
    RUN_WAITING,  /* for the lead */
    RUN_LEADING,  /* how long it may be is not known yet */
    RUN_PAUSING,  /* until the next attempt to fence */
    RUN_FENCING,  /* the fencing program runs */
    RUN_WORKING,  /* the command runs */
    RUN_STOPPING, /* what runs was told to end */
};

struct run {
    const struct run_options *options;
    struct control_client client;
    bool connected;
    int signals;
    int timer;
    enum run_state state;
    bool progress; /* a line of it is on the terminal */
    struct run_reign reign;
    struct run_watchdog watchdog;
    json_t *next_lead; /* news of a lead that came before the work under the last one had ended */
    int64_t lease_us;  /* nominal */
    int64_t asked_us;  /* the question that is under way was sent then; 0: none is */
    int64_t ask_at_us;
    int64_t end_us; /* the lease lasts so long at least; 0: not known yet */
    int64_t began_us;
    int64_t wake_us;
    int64_t backoff_us;
    pid_t group;  /* what runs, or has left something behind; 0: nothing */
    bool running; /* its first process has not ended */
    int status;
    int64_t stop_us; /* it was told to end then; 0: not told */
    bool lost;
    int ending; /* told to end by this signal */
    bool told;  /* the command was: if the lead is lost before it has ended, nobody campaigns again */
    int code;   /* to exit with; -1: not yet */
};

/* -- run_loop.c -- */
/* important: said without being asked for. */
void run_tell(struct run *run, bool important, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void run_clear_progress(struct run *run);
/* When what runs must be told to end, if nothing is heard of the lease until then. */
int64_t run_doubt_us(const struct run *run);
/* The lease lasts until then, at least. */
void run_know_end(struct run *run, int64_t end_us);
/* The agent leads, by this news of it, which is taken. */
void run_take_lead(struct run *run, json_t *news);
/* It does so for long enough to begin. */
void run_begin_reign(struct run *run);
/* The lead is over, or about to be. */
void run_lose(struct run *run, const char *why);

/* -- run_agent.c -- */
/* Complains unless quiet; returns an exit code. */
int run_connect(struct run *run, bool quiet);
void run_disconnect(struct run *run);
void run_send_token(struct run *run, const char *op);
void run_ask_lease(struct run *run, int64_t now_us);
void run_hear_agent(struct run *run);
void run_look_for_agent(struct run *run, int64_t now_us);

#endif
