/* The leader's lease and its successors' watch, as the election's files share them. Part of state.h. */
#ifndef BW_ELECTION_LEASE_H
#define BW_ELECTION_LEASE_H

#include "election/state.h"

/* -- lease.c: rounds, acknowledgements, the leader's set -- */
int64_t bw_wait_us(uint32_t lease_ms, uint32_t drift_ppm, uint32_t margin_ms);
size_t bw_required(const struct bw_election *e, const struct bw_scope *scope, size_t minimum);
/* A round now, or if one was sent within so long, that much after it: of many scopes that are won at once, too. */
void bw_round_soon(struct bw_election *e, int64_t pause_us);
void bw_round_send(struct bw_election *e);
void bw_round_arm(struct bw_election *e);
void bw_lease_renew(struct bw_election *e, struct bw_scope *scope);
void bw_heartbeat_receive(struct bw_election *e, struct bw_peer *peer, int64_t heard_us,
                          const struct bw_message_heartbeat *m);
void bw_ack_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_ack *m);
void bw_set_receive(struct bw_election *e, struct bw_peer *peer, int64_t heard_us, const struct bw_message_set *m);

/* -- successor.c: watching the leader -- */
void bw_watch_step(struct bw_election *e, struct bw_scope *scope);
int64_t bw_heard_pt(const struct bw_election *e, const struct bw_scope *scope);
void bw_watch_reset(struct bw_scope *scope);
/* A successor died, left or refused us: what it heard last it tells no more, so it counts as having heard the leader now;
 * one that had fallen silent before, when that was noticed. */
void bw_watch_gone(struct bw_election *e, struct bw_scope *scope, const struct bw_peer *peer);
void bw_ask_all(struct bw_election *e, struct bw_scope *scope);
void bw_ask_leader(struct bw_election *e, struct bw_scope *scope, struct bw_peer *leader);
void bw_ask_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_ask *m);
void bw_reply_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_reply *m);
void bw_question_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_question *m);
void bw_answer_receive(struct bw_election *e, struct bw_peer *peer, int64_t heard_us, const struct bw_message_answer *m,
                       const uint8_t *signature);
void bw_watch_refused(struct bw_election *e, struct bw_peer *peer);

/* -- why.c: told to who asks -- */
/* Whom the others are compared with: the leader, or the best that could lead. NULL: there is none, as far as we know. */
const struct bw_candidate *bw_candidate_ahead(const struct bw_election *e, const struct bw_scope *scope);
/* Fills in why and behind. other: bw_candidate_ahead's, found once for all of them. */
void bw_candidate_why(const struct bw_election *e, const struct bw_scope *scope, const struct bw_candidate *candidate,
                      const struct bw_candidate *other, struct bw_candidate_info *info);

/* -- reign.c: terms that others speak of -- */
/* Remembers the term, so that our next claim is above it. False if it is out of bounds: then who sent it is told. of: whose claim it
 * is of; NULL: of none. */
bool bw_saw_term(struct bw_election *e, struct bw_scope *scope, uint64_t term, const struct bw_id *from,
                 const struct bw_id *of);
/* Says who sent a term that is out of bounds. */
void bw_refuse_term(struct bw_election *e, struct bw_scope *scope, uint64_t term, const struct bw_id *from,
                    const struct bw_id *of);

/* -- queue.c -- */
void bw_emit_term_refused(struct bw_election *e, struct bw_scope *scope, const struct bw_token *token,
                          const struct bw_id *from);

/* -- stop.c: work stops before its leader resigns -- */
/* Whether a resignation waits for the work to stop; then it has been told so. */
bool bw_stop_first(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason, const struct bw_id *heir);
/* The work has stopped, or its time and the lease are over: resigns. */
void bw_stop_end(struct bw_election *e, struct bw_scope *scope);
/* -- standing.c -- */
/* Brings our own candidacy up to date with what was changed. */
void bw_standing_changed(struct bw_election *e, struct bw_scope *scope);
/* We may not stand any more: the lead, or what leads to it, is given up. */
void bw_stand_back(struct bw_election *e, struct bw_scope *scope);

/* -- twice.c -- */
bool bw_twice(const struct bw_election *e);
void bw_twice_step(struct bw_election *e, struct bw_scope *scope);

/* -- preempt.c -- */
/* Whether the candidate has been there without a break for the hold-down, doubled for each time that it went away of late. */
bool bw_steady(const struct bw_election *e, const struct bw_scope *scope, const struct bw_candidate *candidate,
               int64_t hold_us);

/* -- heal.c: two leaders met -- */
/* Our reign has ended by a larger token. */
void bw_heal_prepare(struct bw_election *e, struct bw_scope *scope, const struct bw_token *winner,
                     const struct bw_token *loser, int64_t loser_since_us);
void bw_heal_begin(struct bw_election *e, struct bw_scope *scope); /* its leader lives */
void bw_heal_step(struct bw_election *e, struct bw_scope *scope);
void bw_healed_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_healed *m);

#endif
