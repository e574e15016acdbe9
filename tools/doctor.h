/* The doctor: what is wrong with a cluster, where, and what mends it. */
#ifndef BW_TOOLS_DOCTOR_H
#define BW_TOOLS_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/control_client.h"

enum doctor_level { DOCTOR_FINE, DOCTOR_NOTE, DOCTOR_PROBLEM };

/* What the agent has said. */
struct doctor {
    const struct client_options *client;
    json_t *findings;
    json_t *info;
    json_t *setup;
    json_t *paths;
    json_t *reachability;
    json_t *members;
    json_t *leader;
    json_t *events; /* a list: strangers, conflicts, incompatible ones */
    int64_t now_s;  /* since 1970: when the look began */
    size_t unstable_count;
    const char *unstable[16];
    size_t problems;
};

/* One line of the result. check: a word for programs; mend: NULL, if there is nothing to do. */
struct doctor_finding {
    enum doctor_level level;
    const char *check;
    const char *where;
    const char *mend;
};
void doctor_say(struct doctor *doctor, const struct doctor_finding *finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a member is called, as one word of a shell's command line: anybody in the cluster chooses a name. */
enum { DOCTOR_WORD_SIZE = 4 * 63 + 6 };
void doctor_word(const char *name, char word[DOCTOR_WORD_SIZE]);

/* The agent's name. */
const char *doctor_self(const struct doctor *doctor);

/* With what the agent has said. */
void doctor_look_at_paths(struct doctor *doctor);
void doctor_look_at_state(struct doctor *doctor);
void doctor_look_at_files(struct doctor *doctor);
/* The addresses to join, asked by us: of an agent that has met nobody, or where there is none. */
void doctor_look_at_joins(struct doctor *doctor, const json_t *joins, const char *own, bool tried);

/* Where no agent runs: the configuration, as far as it is known. config may be NULL. */
void doctor_look_alone(struct doctor *doctor, const char *config);

#endif
