/* How much of the agent's time its clients may take. */
#ifndef BW_TOOLS_CONTROL_RATE_H
#define BW_TOOLS_CONTROL_RATE_H

/* A share of the time, and so much ahead; begins as {.share = …, .ahead_s = …}. */
struct control_rate {
    double share;   /* of one second, above 0 */
    double ahead_s; /* what may be saved up */
    double debt_s;  /* what was taken and is not worked off yet; below 0: saved */
    double at_s;    /* when that was so */
};

/* Seconds on a clock that only runs. */
double control_rate_now(void);
/* Takes what was used since began_s, at least CONTROL_RATE_LEAST_S. */
void control_rate_take(struct control_rate *rate, double began_s);
/* For how many seconds nothing may be taken; 0: it may. */
double control_rate_wait(struct control_rate *rate);

#define CONTROL_RATE_LEAST_S 1e-4

#endif
