/* Seats: a scope that several lead at once, each in a seat of its own, which is a scope of its own for records, tokens and
 * messages. What ties the seats of one scope together is here: who holds one ranks last for the others, claims one at a time,
 * and gives a second one away. */
#ifndef BW_ELECTION_SEAT_H
#define BW_ELECTION_SEAT_H

#include "election/state.h"

/* A scope has been made: it is tied to the other seats of its own, if it is one. */
void bw_seat_join(struct bw_election *e, struct bw_scope *scope);
/* Whether the member leads another seat of the same scope, as far as we know. */
bool bw_seat_holds(const struct bw_scope *scope, const struct bw_id *id);
/* Whether it will: another seat was given up in its favour, and it has not claimed that yet. */
bool bw_seat_promised(const struct bw_scope *scope, const struct bw_id *id);
/* Whether it would hold more seats than we would take ourselves: what others take nobody is told, but mostly all are set alike. */
bool bw_seat_full(const struct bw_scope *scope, const struct bw_id *id);
/* Whether we may not claim this seat now: we claim another one, or hold as many as we take. */
bool bw_seat_waits(const struct bw_election *e, const struct bw_scope *scope);
/* The leader holds another seat and the candidate none: so it hands this one over, whatever the policy of preemption. */
bool bw_seat_owed(const struct bw_scope *scope, const struct bw_rank *leader, const struct bw_rank *candidate);
/* Whether we, who rank before its leader, ask for this seat: it is the one whose leader ranks last, none is vacant, and we claim
 * none. */
bool bw_seat_to_ask(const struct bw_election *e, const struct bw_scope *scope);
/* Whether a ready candidate without any seat could take this one. */
bool bw_seat_wanted(const struct bw_election *e, const struct bw_scope *scope);
/* Who leads this seat has changed: the ranks for the others have. */
void bw_seat_changed(struct bw_election *e, struct bw_scope *scope);

#endif
