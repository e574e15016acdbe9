/* How much memory a running agent keeps resident. */
#ifndef BW_TOOLS_FOOTPRINT_H
#define BW_TOOLS_FOOTPRINT_H

#include <ev.h>

struct footprint {
    struct ev_loop *loop;
    ev_timer timer;
};

/* A little after the start, gives back what only the start has needed. */
void footprint_start(struct footprint *footprint, struct ev_loop *loop);
/* A question is answered: gives back what only answers need, within a minute and not more than once in one. */
void footprint_asked(struct footprint *footprint);

#endif
