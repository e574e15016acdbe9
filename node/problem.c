/* Trouble in words: each kind at once, then at most every 10 s, with the number of those held back. */
#include "node/problem.h"

#include "base/base.h"

#include <bellwether/loop.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define QUIET_US (10 * BW_US_PER_S)
#define TEXT_SIZE 512

static void say(struct bw_problems *problems, enum bw_problem_kind kind, const char *text, int64_t now_us) {
    char message[TEXT_SIZE + 64];
    int64_t said_us = problems->said_us[kind];
    if (problems->say == NULL) {
        return;
    }
    if (said_us != 0 && now_us - said_us < QUIET_US) {
        problems->held_back[kind]++;
        return;
    }
    if (problems->held_back[kind] > 0) {
        snprintf(message, sizeof(message), "%s (and %" PRIu64 " times before)", text, problems->held_back[kind]);
        text = message;
    }
    problems->said_us[kind] = now_us;
    problems->held_back[kind] = 0;
    problems->say(problems->context, text);
}

void bw_problems_state(struct bw_problems *problems, const struct bw_store *store,
                       const struct bw_store_failure *failure, int64_t now_us) {
    char why[TEXT_SIZE - 64];
    char text[TEXT_SIZE];
    if (failure != NULL) {
        problems->state_failed = true;
        bw_store_explain(store, failure, why, sizeof(why));
        snprintf(text, sizeof(text), "%s; until then this node claims no leadership", why);
        say(problems, BW_PROBLEM_STATE, text, now_us);
    } else if (problems->state_failed) {
        problems->state_failed = false;
        problems->said_us[BW_PROBLEM_STATE] = 0;
        problems->held_back[BW_PROBLEM_STATE] = 0;
        snprintf(text, sizeof(text), "the state directory %s can be written again", store->path);
        say(problems, BW_PROBLEM_STATE, text, now_us);
        problems->said_us[BW_PROBLEM_STATE] = 0;
    }
}

void bw_problems_udp(struct bw_problems *problems, const struct bw_udp_stats *stats, int64_t now_us) {
    char addr[BW_ADDR_TEXT_SIZE];
    char text[TEXT_SIZE];
    struct bw_udp_stats seen = problems->seen;
    problems->seen = *stats;
    if (stats->failed != seen.failed) {
        bw_addr_text(&stats->failed_to, addr);
        snprintf(text, sizeof(text), "cannot send to %s: %s; check routes and firewall", addr,
                 strerror(stats->failed_error));
        say(problems, BW_PROBLEM_SEND, text, now_us);
    }
    if (stats->deaf != seen.deaf) {
        snprintf(text, sizeof(text), "cannot receive: %s; look for what this machine is short of",
                 strerror(stats->deaf_error));
        say(problems, BW_PROBLEM_RECEIVE, text, now_us);
    }
    if (stats->too_big != seen.too_big) {
        snprintf(text, sizeof(text), "a datagram was larger than the path takes; the network must pass %u bytes of UDP",
                 BW_DATAGRAM_MAX);
        say(problems, BW_PROBLEM_SIZE, text, now_us);
    }
    if (stats->full != seen.full) {
        say(problems, BW_PROBLEM_FULL,
            "a datagram was dropped: the socket's send buffer is full; the network is too slow", now_us);
    }
}
