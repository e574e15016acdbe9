/* The demo: real agents as child processes on loopback, watched through their public event streams alone. */
#ifndef BW_TOOLS_DEMO_H
#define BW_TOOLS_DEMO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include <bellwether/loop.h>

#include "tools/json.h"

enum { DEMO_NODES_MIN = 2, DEMO_NODES_MAX = 50, DEMO_LINE_SIZE = 8192, DEMO_SEEN_MAX = 256 };

/* One agent: its process, and what its events have said so far. */
struct demo_child {
    char name[8];
    pid_t pid; /* 0: not running */
    int fd;    /* its standard error, -1: closed */
    char line[DEMO_LINE_SIZE];
    size_t line_size;
    char addr[BW_ADDR_TEXT_SIZE]; /* kept over a restart */
    bool ready;
    bool alive[DEMO_NODES_MAX];   /* as it sees the others */
    char leader[BW_NAME_MAX + 1]; /* "" : none */
    char token[BW_TOKEN_TEXT_SIZE];
    double leader_at; /* when it said so */
    char error[512];  /* its last complaint */
};

struct demo_view {
    bool silent; /* --json: nothing is told on the way */
    bool color;
    bool utf8;
    double start; /* of the step */
    bool narrating;
    char *seen[DEMO_SEEN_MAX]; /* what the step has told already */
    size_t seen_count;
};

struct demo {
    struct demo_child children[DEMO_NODES_MAX];
    unsigned count;
    char directory[256];
    int signal_fd;
    bool interrupted;
    bool late; /* a step missed its limit */
    bool keep;
    const char *failure; /* what did not happen; NULL: nothing of the kind */
    struct demo_view view;
};

/* A step's figures. */
struct demo_outcome {
    const char *step; /* for programs */
    const char *what; /* for people */
    double took_s;
    double target_s;
    bool told;                    /* it has come so far */
    bool passed;                  /* in time */
    const char *member;           /* whom it is about; NULL: all */
    char leader[BW_NAME_MAX + 1]; /* whom all name at its end, with the token; "" : it asks nobody */
    char token[BW_TOKEN_TEXT_SIZE];
};

/* ---- demo_children.c ---- */

/* The folder, the key, the signals. Complains and returns false. */
bool demo_prepare(struct demo *demo);
/* Starts a child, in its place if it has had one; false if there is no process for it. */
bool demo_start(struct demo *demo, struct demo_child *child);
/* Sends a signal; returns when, on demo_now's clock. */
double demo_signal(struct demo_child *child, int number);
/* Takes events until condition holds; false when that does not come true in time, or on an interrupt. */
bool demo_until(struct demo *demo, double timeout_s, bool (*condition)(struct demo *demo, void *context),
                void *context);
/* Waits for the end of a process that has been told to go. */
void demo_reap(struct demo_child *child);
/* Ends the agents and removes the folder. */
void demo_clean_up(struct demo *demo);
struct demo_child *demo_find(struct demo *demo, const char *name);
void demo_path(const struct demo *demo, const char *name, const char *suffix, char *path, size_t size);

/* ---- demo_view.c ---- */

void demo_title(struct demo_view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
void demo_say(const struct demo_view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The outcome of a step. */
void demo_result(const struct demo_view *view, bool good, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Tells an event, if it is the first of its kind in this step. */
void demo_narrate(struct demo_view *view, const char *observer, const json_t *event, double at);
void demo_forget(struct demo_view *view);
/* One object for programs. */
void demo_print_json(const struct demo *demo, const struct demo_outcome *outcomes, size_t count);
/* "130 ms", "2.4 s" */
const char *demo_duration(double seconds, char text[16]);

#endif
