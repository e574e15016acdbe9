/* The objects of the contract: what `monitor --json`, the log, the control socket and the --json options show. */
#ifndef BW_TOOLS_JSON_H
#define BW_TOOLS_JSON_H

#include <jansson.h>

#include <bellwether/bellwether.h>

#define JSON_TEXT_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(10))
#define TIME_TEXT_SIZE 32u

/* RFC 3339, UTC, milliseconds. */
void time_text(int64_t wall_us, char text[TIME_TEXT_SIZE]);
/* The same back, with any number of decimals: "2026-01-02T03:04:05.678Z". False: it is none. */
bool time_parse(const char *text, int64_t *wall_us);

/* A string; bytes that are not UTF-8 are shown as \xNN, so that there is always one. */
json_t *json_text(const char *text);

/* One line on standard output. */
void json_print(const json_t *object);

/* The string at key, "" if there is none. */
const char *json_text_of(const json_t *object, const char *key);

json_t *json_event(const struct bw_event *event, uint64_t seq);
/* Where the event's member is, as far as the node knows it. */
void json_add_member_addr(json_t *object, const struct bw_event *event, const struct bw_node *node);
json_t *json_ready(const struct bw_node *node, const char *name, const char *cluster, const struct bw_addr *addr,
                   int64_t wall_us);
/* A sentence of bw_why_not_name or bw_vacancy_name, with the member's name in it. */
void sentence_about(const char *sentence, const char *name, char *text, size_t size);

/* Whether that is the scope of this name, or a seat of it. */
bool scope_is(const char *scope, const char *asked);
/* Or, besides, a scope of the range of this name. */
bool scope_is_in(const char *scope, const char *asked);
/* Whether anybody stands for the scope of just this name, or leads it. */
bool scope_in_use(const struct bw_node *node, const char *scope, struct bw_time now);
/* Adds "seat", the number, if the scope is one. */
void json_set_seat(json_t *object, const char *scope);

/* {"name":"value",…} */
json_t *json_tags(struct bw_bytes tags);
/* The answers to {"op":"members"} and {"op":"leader"}; scope NULL: all of them. */
json_t *json_members(const struct bw_node *node, const char *cluster, const char *self);
json_t *json_leader(const struct bw_node *node, const char *scope, struct bw_time now);
/* The answer to {"op":"history"}. */
json_t *json_history(const struct bw_node *node, const char *scope, struct bw_time now);

/* Identity mode: what is wrong with a member's certificate, "revoked" or "expired"; null: nothing, or it has none. */
json_t *json_certificate_fault(const struct bw_node *node, const struct bw_id *id, struct bw_time now);

#endif
