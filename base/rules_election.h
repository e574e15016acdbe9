/* The rules of claims, leases and votes, applied in election/. See rules.h for how to read and add one. */
#ifndef BW_BASE_RULES_ELECTION_H
#define BW_BASE_RULES_ELECTION_H

#define BW_RULES_ELECTION(X)                                                                                      \
    X(QUARANTINE_UNEVIDENCED_CLAIM, "election rule 2",                                                            \
      "a higher claim deposes nobody until a third member relays it or its sender shows that it hears us")        \
    X(PERSIST_BEFORE_SPEAKING, "election rule 3", "a term is durable before a message that depends on it leaves") \
    X(NO_CLAIM_WITHOUT_STORAGE, "election rule 3", "a term that cannot be made durable is not claimed")           \
    X(VACATE_REIGN_NOT_HELD, "election rule 3",                                                                   \
      "whoever finds a record naming itself as leader of a reign that it does not hold publishes it as vacant")   \
    X(REFUSE_FAR_TERM, "election, Words: term", "a term further than 2^32 above the largest one held is refused") \
    X(LISTEN_BEFORE_STANDING, "election rule 4", "no claim before one lease and margin were listened since boot") \
    X(LISTEN_BEFORE_CONFIRMING, "election rule 4",                                                                \
      "who may have acknowledged a leader in an earlier life confirms nobody before one lease and margin")        \
    X(WAIT_FOR_SETTLED_RANKING, "election rule 4", "no claim while better-ranked candidates change, for a while") \
    X(CLAIM_ONLY_WHEN_HEARD, "election, Availability modes",                                                      \
      "who is not alone claims only when those who must confirm show that they hear it")                          \
    X(STAGGER_BY_RANK, "election, priority", "the candidate at position k waits k staggers")                      \
    X(OBJECT_TO_CLAIM, "election, priority",                                                                      \
      "a live leader, a higher term and a better candidate are objected to the claimant")                         \
    X(CONFIRMED_CLAIM_REIGNS, "election, priority", "only enough confirmations make a claim a reign")             \
    X(LEASE_RUNS_FROM_SENDING, "election, Lease without a quorum",                                                \
      "the lease runs from the sending of the newest round that enough successors acknowledged")                  \
    X(LEASE_ENDS_UNACKNOWLEDGED, "election, Lease without a quorum",                                              \
      "a leader that nobody acknowledged for a lease leads no more")                                              \
    X(VIEW_TOO_SMALL, "election, Lease without a quorum",                                                         \
      "with min_view a leader that fewer members acknowledge stops when its lease ends")                          \
    X(ALONE_NEEDS_NOBODY, "election, Lease without a quorum",                                                     \
      "where nobody else lives no acknowledgement is needed and one claim is held")                               \
    X(STALE_HEARTBEAT_IS_SILENCE, "election, Lease without a quorum",                                             \
      "a heartbeat counts only if its sender heard us within the lease")                                          \
    X(WAIT_FOR_OTHER_SUCCESSORS, "election, Lease without a quorum",                                              \
      "a successor claims only when no other successor may have heard the leader within the wait")                \
    X(SILENCE_IS_NOT_CONSENT, "election, Lease without a quorum",                                                 \
      "a successor that left three questions unanswered counts as having heard the leader at the last")           \
    X(PROMISE_OUTLIVES_THE_RECORD, "election, Lease without a quorum",                                            \
      "who put a living leader aside for another record claims only after that leader's lease")                   \
    X(ANOTHER_HEARD_IT_SINCE, "election, Lease without a quorum",                                                 \
      "a leader that another successor heard after we gave it up is no claimant's to depose")                     \
    X(BULLY_ASK_THE_BETTER, "election, bully", "who finds no leader asks the best few that rank before it")       \
    X(BULLY_OK_EXPIRES, "election, bully", "who answers OK and does not claim in time is done without")           \
    X(NO_IS_A_RESIGNATION, "election, Lease without a quorum",                                                    \
      "an authentic no, or an answer from a later boot, is as good as a resignation")                             \
    X(REFUSAL_ENDS_THE_WAIT, "election, Fast failover",                                                           \
      "when two successors see the leader's port refuse, or the only one, the wait is over")                      \
    X(SAFE_LEADER_HAS_ITS_LEASE, "election, Fast failover",                                                       \
      "a leader whose work may outlive its process is waited for, though its port refuses")                       \
    X(BELOW_HALF_RANKS_LAST, "election rule 5",                                                                   \
      "who reaches less than half of those whom anybody hears ranks behind all others")                           \
    X(HAND_OVER_BELOW_HALF, "election rule 5",                                                                    \
      "a leader below half for two leases hands over to the best successor that is not")                          \
    X(RESIGN_TO_A_SUCCESSOR, "election rule 6", "who resigns names a successor, who claims without waiting")      \
    X(TRANSFER, "election rule 6", "a leader that is told so names the successor, whatever its rank")             \
    X(CLAIM_ABOVE_A_GUARD, "election rule 2",                                                                     \
      "a leader whom a guard refused ends its reign and claims above the token that the guard names")             \
    X(STOP_BEFORE_RESIGNING, "election rule 6",                                                                   \
      "who gives a lead up lets its work stop first, and keeps the lease until then")                             \
    X(WITHDRAW, "election rule 6", "who withdraws from a scope resigns first, and stands no more")                \
    X(STEP_ASIDE, "election rule 6", "who steps down does not stand again until its time is over")                \
    X(ONLY_THE_READY_STAND, "election rule 6",                                                                    \
      "who is not ready, or does not say so again in time, resigns and does not stand")                           \
    X(PRIORITY_CHANGES, "election rule 7", "a changed priority counts at once, and moves the lead by request")    \
    X(EVEN_OUT_SPREAD_SCOPES, "election, more than one leader",                                                   \
      "who leads too many spread scopes hands one a second over to members below the mean")                       \
    X(PREEMPT_BY_REQUEST, "election rule 7",                                                                      \
      "a leader hands over to a better candidate that asks, when the hold-down is over")                          \
    X(FLAPS_DOUBLE_THE_HOLD_DOWN, "election rule 7",                                                              \
      "each time that a candidate goes away doubles its hold-down, within bounds")                                \
    X(HOLDERS_RANK_LAST, "election, More than one leader", "who holds a seat ranks last for the others")          \
    X(ONE_SEAT_AT_A_TIME, "election, More than one leader",                                                       \
      "seats of one scope are claimed one after the other, and no more than a member takes")                      \
    X(SECOND_SEAT_IS_OWED, "election, More than one leader",                                                      \
      "who holds a second seat hands it over to a candidate without any that asks")                               \
    X(LARGEST_TOKEN_WINS, "election rule 8", "of two leaders the one with the larger token stays")                \
    X(CLAIM_ABOVE_LARGEST_SEEN, "election rule 8",                                                                \
      "a leader claims again above a larger term that anybody ever saw reign")                                    \
    X(LEAD_WHAT_IS_GRANTED, "security Identity mode",                                                             \
      "whose certificate does not grant a scope neither claims it nor gets votes")                                \
    X(SIGNED_BY_ITS_LEADER, "security Identity mode",                                                             \
      "a claim, or the end of a reign, that its leader has not signed is not taken")                              \
    X(FROZEN_KEEPS_ITS_HOLDER, "election rule 9", "while a scope is frozen nobody claims it but its last holder") \
    X(SLEEP_ENDS_THE_LEASE, "election rule 10", "a late tick or a clock jump over half a lease ends the lease")   \
    X(REFUSE_ANOTHER_MODE, "election, Quorum mode",                                                               \
      "a claim of another mode than the scope was declared with here is refused")                                 \
    X(ASK_BEFORE_STANDING, "election, Quorum mode",                                                               \
      "who would stand asks first who would vote for it, which changes nothing")                                  \
    X(VOTE_ONCE_IN_A_TERM, "election, Quorum mode", "a voter votes once in a term, for one boot of a candidate")  \
    X(VOTE_IS_DURABLE_FIRST, "election, Quorum mode",                                                             \
      "a vote, and the list of voters, are durable before an answer that rests on them leaves")                   \
    X(PROMISE_BINDS_THE_VOTER, "election, Quorum mode", "a voter bound by a promise refuses everybody else")      \
    X(VOTER_ABSTAINS, "election, Quorum mode",                                                                    \
      "a restarted or new voter abstains until all that it may have promised is over")                            \
    X(VOTER_KEEPS_ITS_LEASE, "election, Quorum mode", "a voter refuses who asks for another lease than its own")  \
    X(RELEASED_IS_OVER, "election, Quorum mode", "who gave its term back gets nothing in it any more")            \
    X(STOP_BEFORE_RELEASE, "election, Quorum mode", "a leader gives its promises back once it leads no more")     \
    X(LOSER_RELEASES, "election, Quorum mode",                                                                    \
      "who gets no majority gives back what it got, and tries again after a random time")                         \
    X(MAJORITY_RENEWS_THE_LEASE, "election, Quorum mode",                                                         \
      "a round that a majority acknowledged makes a lease that runs from its sending")                            \
    X(STAMP_THE_VOTERS, "election, Quorum mode", "a new leader puts its term on the list of voters first")        \
    X(NEWER_VOTERS_FIRST, "election, Quorum mode",                                                                \
      "a newer list of voters is taken over first, and who has an older one is refused")                          \
    X(ONE_VOTER_AT_A_TIME, "election, Quorum mode",                                                               \
      "only a leader changes the voters, by one, and not before the last change is done")                         \
    X(BOTH_LISTS_AGREE, "election, Quorum mode",                                                                  \
      "a new list of voters counts once majorities of the old and of the new hold it")                            \
    X(SLEEP_PUSHES_PATIENCE, "gossip, Detector", "waits for others are pushed back by the time that we slept")

#endif
