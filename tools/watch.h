/* Looking again whenever something happens: what --watch and --wait do. */
#ifndef BW_TOOLS_WATCH_H
#define BW_TOOLS_WATCH_H

#include "tools/control_client.h"

/* What a look says of going on. */
enum watch_verdict { WATCH_GO_ON, WATCH_DONE };

struct watch {
    const struct client_options *client;
    const char *types;       /* the events at which to look, separated by commas */
    double deadline;         /* on control_now's clock; CONTROL_FOREVER: none */
    const char *waiting_for; /* shown on a terminal while it takes long; NULL: nothing */
    double interval_s;       /* look as well when so much time has passed without an event; 0: not */
    json_t *(*request)(void *context);
    enum watch_verdict (*look)(void *context, const json_t *answer);
    void *context;
};

/* Looks at once, then after each event. Returns EXIT_DONE when a look says so, EXIT_TIMED_OUT, or complains. */
int watch_run(const struct watch *watch);

/* Whether what was printed went out. If not, code is what to end with: EXIT_DONE when nobody reads any more, which is how a stream
 * ends, else EXIT_NO after a complaint. */
bool watch_flush(int *code);

/* Whether now differs from what it was at the last call, which last keeps; frees now. */
bool watch_changed(char **last, json_t *now);

/* "a,b" as a JSON array; NULL for NULL. */
json_t *watch_types(const char *types);

#endif
