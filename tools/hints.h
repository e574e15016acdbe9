/* What an agent says by itself when something is probably set up wrongly. */
#ifndef BW_TOOLS_HINTS_H
#define BW_TOOLS_HINTS_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include <bellwether/bellwether.h>

struct hints {
    ev_timer timer;
    struct bw_loop *host;
    bool has_seeds;
    bool looked; /* at least once */
    /* settings that differ: a look at all scopes takes several ticks if there are many */
    size_t at;       /* the scope at which it goes on */
    size_t scopes;   /* in which some do, so far */
    char found[512]; /* of the first */
    char said[512];  /* "": they do not */
    double said_at;
};

/* Looks every few seconds. has_seeds: addresses to join were given. hints: kept by the caller as long as the loop runs. */
void hints_start(struct hints *hints, struct ev_loop *loop, struct bw_loop *host, bool has_seeds);
/* Says of a member-twice event what to do. */
void hints_twice(const struct bw_event *event);
/* Says of a stranger event what is probably wrong. */
void hints_stranger(const struct hints *hints, const struct bw_event *event);
/* Says of a term-refused event who has that term. */
void hints_far_term(const struct bw_event *event);

#endif
