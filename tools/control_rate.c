#include "tools/control_rate.h"

#include <time.h>

double control_rate_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void work_off(struct control_rate *rate) {
    double now_s = control_rate_now();
    rate->debt_s -= (now_s - rate->at_s) * rate->share;
    if (rate->debt_s < -rate->ahead_s)
        rate->debt_s = -rate->ahead_s;
    rate->at_s = now_s;
}

void control_rate_take(struct control_rate *rate, double began_s) {
    double used_s = control_rate_now() - began_s;
    work_off(rate);
    rate->debt_s += used_s > CONTROL_RATE_LEAST_S ? used_s : CONTROL_RATE_LEAST_S;
}

double control_rate_wait(struct control_rate *rate) {
    work_off(rate);
    return rate->debt_s > 0 ? rate->debt_s / rate->share : 0;
}
