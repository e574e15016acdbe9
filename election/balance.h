/* Spread scopes stay even over the members. */
#ifndef BW_ELECTION_BALANCE_H
#define BW_ELECTION_BALANCE_H

#include "election/state.h"

/* The leader's look, after each round: does something once a second at most. */
void bw_balance_round(struct bw_election *e);

#endif
