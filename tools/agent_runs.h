/* Who campaigns through this agent as long as a connection lives: `bellwether run`, or any client that does as it does
 * (docs/CONTROL.md, campaign). Clients of one scope queue: the scope is declared for one of them at a time. Nobody else leads
 * until a client's work has stopped: it says so, or the time is over that it was last told it had. */
#ifndef BW_TOOLS_AGENT_RUNS_H
#define BW_TOOLS_AGENT_RUNS_H

#include <ev.h>
#include <jansson.h>

#include <bellwether/bellwether.h>

struct agent_view;
struct agent_runs;
struct control_peer;

enum { RUN_COUNT_MAX = 48 }; /* of the connections that the agent takes at all */

/* NULL: no memory. */
struct agent_runs *agent_runs_create(struct ev_loop *loop, struct agent_view *view);
void agent_runs_destroy(struct agent_runs *runs);

/* Answers campaign, lease and stopped; NULL: another op. */
json_t *agent_runs_answer(struct agent_runs *runs, struct control_peer *peer, const char *op, const json_t *request);
/* The connection is no more. */
void agent_runs_gone(struct agent_runs *runs, struct control_peer *peer);
/* What the node has told: the clients hear of their lead and its end. */
void agent_runs_event(struct agent_runs *runs, const struct bw_event *event);
/* How long those that lead may take to stop, milliseconds. */
uint32_t agent_runs_stop_ms(const struct agent_runs *runs);

#endif
