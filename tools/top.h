/* The full-screen view: what is known of the cluster, and how it is drawn. */
#ifndef BW_TOOLS_TOP_H
#define BW_TOOLS_TOP_H

#include <jansson.h>
#include <stdbool.h>

#include "tools/control_client.h"

enum { TOP_TAIL = 64, TOP_QUEUE = 24, TOP_FILTER = 64 };

enum top_kind { TOP_INFO, TOP_MEMBERS, TOP_LEADER, TOP_WHY };

/* A question whose answer is waited for; answers come in their order. */
struct top_question {
    enum top_kind kind;
    char id[33];
};

/* A line of the tail. */
struct top_line {
    char *text;        /* escaped */
    const char *color; /* as of event_color */
};

enum top_sort { TOP_BY_NAME, TOP_BY_STATUS, TOP_BY_RTT, TOP_BY_AGE, TOP_SORT_COUNT };

struct top {
    struct client_options client;
    /* the agent */
    struct control_client questions;
    struct control_client events;
    bool connected;
    bool ever;        /* it has been there */
    json_int_t pid;   /* of the agent that was there last */
    json_int_t since; /* the last event that was seen */
    double connect_at;
    double ask_at;
    double asked_at;
    struct top_question queue[TOP_QUEUE];
    size_t queued;
    json_t *info;
    json_t *members;
    json_t *leader;
    json_t *whys; /* of suspects, by id */
    struct top_line tail[TOP_TAIL];
    size_t tail_count;
    /* the view */
    bool color;
    bool changed;
    enum top_sort sort;
    bool reverse;
    char filter[TOP_FILTER];
    bool filtering; /* it is being typed */
    bool help;
    size_t scroll;
};

/* top_agent.c. Nothing here waits, but for a moment for the greeting of an agent. */
void top_connect(struct top *top);          /* if it is time */
void top_ask(struct top *top);              /* if it is time */
void top_hear(struct top *top, bool event); /* one of the two connections can be read */
void top_gone(struct top *top);             /* closes both */
void top_forget(struct top *top);           /* and all that is known */

/* top_rows.c: members as the view has them; the caller frees the list. NULL: no memory, or nobody. */
const json_t **top_rows(const struct top *top, size_t *count);
/* For a member: how long its status lasts, what it leads, its suspicion. Empty where there is nothing to say. */
void top_age(const json_t *member, char *text, size_t size);
void top_leads(const struct top *top, const json_t *member, char *text, size_t size);
void top_suspicion(const struct top *top, const json_t *member, char *text, size_t size);
void top_tags(const json_t *member, char *text, size_t size);
const char *top_sort_name(enum top_sort sort);

/* top_view.c: with ncurses. */
bool top_view_open(struct top *top); /* complains */
void top_view_close(void);
void top_draw(struct top *top);
/* Takes the keys that wait. False: quit. */
bool top_keys(struct top *top);

#endif
