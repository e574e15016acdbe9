/* The rules of membership, detection and dissemination, applied in gossip/. See rules.h for how to read and add one. */
#ifndef BW_BASE_RULES_GOSSIP_H
#define BW_BASE_RULES_GOSSIP_H

#define BW_RULES_GOSSIP(X)                                                                                             \
    X(REFUTE_OWN_SUSPICION, "SWIM 4.2", "only the accused raises its own incarnation")                                 \
    X(PROBE_INDIRECTLY, "SWIM 3.1", "a member that did not answer is probed through others before it is suspected")    \
    X(ASK_AGAIN, "gossip.md, Detector", "who did not answer is asked again until the interval ends: loss is no death") \
    X(PROBE_EACH_ONCE_A_ROUND, "SWIM 4.3", "each member is probed exactly once per round, in a shuffled order")        \
    X(SUSPECT_BEFORE_DEATH, "SWIM 4.2", "a member that no probe reaches is suspected, and can refute")                 \
    X(DEAD_WHEN_UNREFUTED, "SWIM 4.2", "a suspect that has not refuted when its time is over is dead")                 \
    X(IGNORE_FOREIGN_ACK, "SWIM 3.1",                                                                                  \
      "an ack counts only from whom was asked, with the number of a question still open")                              \
    X(STOP_OLD_NEWS, "SWIM 4.1", "an update is sent a number of times that grows with the logarithm of the members")   \
    X(CONFIRMATIONS_SHORTEN, "Lifeguard IV-B",                                                                         \
      "independent accusers shorten a suspicion, the logarithm of their number")                                       \
    X(STRETCH_WHEN_UNHEALTHY, "Lifeguard IV-A", "who fails to hear what it should hear waits longer")                  \
    X(NACK_BEFORE_TIMEOUT, "Lifeguard IV-A", "a helper that got no ack says so, which shows that itself is heard")     \
    X(TELL_THE_ACCUSED, "Lifeguard IV-C", "the accused is told with the first datagram that goes to it")               \
    X(LOOK_INTO_SUSPICIONS, "gossip Detector", "some of those who hear of a suspicion probe the suspect at once")      \
    X(REFUSED_ENDS_THE_WAIT, "gossip Detector", "a refused port ends the wait for the direct ack")                     \
    X(REFUSED_TWICE_IS_CONFIRMED, "gossip Detector",                                                                   \
      "a refusal seen by the prober and a helper is a confirmed suspicion")                                            \
    X(DEAF_DO_NOT_ACCUSE, "gossip Detector", "who hears nobody else raises no suspicion")                              \
    X(DEAF_LISTEN_WIDER, "gossip Detector", "who hears nobody pings more and more members until it hears somebody")    \
    X(SLEEPER_DOES_NOT_ACCUSE, "gossip Detector", "a call that comes late pushes every deadline of patience back")     \
    X(ALONE_IN_ONE_STEP, "gossip Alone",                                                                               \
      "to who has heard nobody for long enough all others are dead, and it tells nobody")                              \
    X(NO_GHOSTS, "gossip Detector", "a member never seen is believed alive on fresh evidence alone")                   \
    X(ANSWER_STALE_ACCUSATION, "gossip Lattice", "who accuses us of what we have refuted is told again")               \
    X(OUTBID_EARLIER_LIFE, "gossip Lattice", "a claim of an earlier life of ours is outbid")                           \
    X(FORGIVE_REFUTATIONS, "gossip Detector", "refutations are forgiven with time")                                    \
    X(HEARD_MAY_REFUTE, "gossip Detector",                                                                             \
      "whom we heard lately and another declares dead is a confirmed suspect first, so that it can refute")            \
    X(DAMP_THE_UNSTABLE, "gossip Detector",                                                                            \
      "who was accused and refuted again and again is suspected for longer before it is dead")                         \
    X(SUSPECT_SYNCED_DEAD, "gossip Sync",                                                                              \
      "whom we hear ourselves is suspected, not dead, when another's table says dead")                                 \
    X(ADDRESS_IS_BOUND_ONCE, "gossip Lattice", "the same name at the same address turns the older member into left")   \
    X(REPORT_NAME_CONFLICT, "gossip Lattice", "the same name at another living address is reported, never resolved")   \
    X(TELL_BOTH_OF_ONE_ID, "scenario 44",                                                                              \
      "two processes that live with one id are told of each other by whoever hears both")                              \
    X(STAND_BACK_WHEN_TWICE, "scenario 44", "who hears that another process has its id stands and votes no more")      \
    X(ANSWER_THE_SET_BACK, "scenario 44",                                                                              \
      "a ping of a member that is not alive, with a counter that was used, is answered now and then")                  \
    X(PROTOCOL_IN_COMMON, "gossip Users",                                                                              \
      "who speaks no protocol version that we speak is kept out of the view, and named")                               \
    X(REOPEN_UNBOUND, "security Packets", "an unbound ping opens the session of a member that restarted")              \
    X(TRY_THE_DEAD, "gossip Sync", "one dead member is tried at a rate that is constant for the whole cluster")        \
    X(FADE_BEFORE_FORGETTING, "gossip Sync", "the long dead leave digest and sync before they are forgotten")          \
    X(FORGET_THE_DEAD, "gossip Sync", "dead and left members are forgotten after reap_after")                          \
    X(OWNER_DECIDES_RECORDS, "architecture One idea",                                                                  \
      "a record is stored, digested and relayed once its owner accepts it")                                            \
    X(SYNC_WHEN_STILL, "gossip Sync", "views are compared when both were still, or differ for too long")               \
    X(SYNC_BY_DIGESTS, "gossip Sync", "views are compared by digests of buckets")                                      \
    X(PAGE_ONLY_WHAT_DIFFERS, "gossip Sync", "only buckets that differ are sent")                                      \
    X(ASK_FOR_MISSING_PAGES, "gossip Sync", "a page that does not come is asked for again")                            \
    X(PUT_OFF_A_RUSH, "gossip Sync",                                                                                   \
      "while many arrive at once, who compares views is asked to come again a little later")                           \
    X(COUNT_WHO_HEARS_US, "gossip Sync", "a digest counts only from who has shown that it hears us")                   \
    X(RETRY_SEEDS_FOR_EVER, "gossip Sync", "seeds that are not in the view are tried for ever, with back-off")         \
    X(TRY_THE_REMEMBERED, "gossip Sync", "addresses of an earlier life are tried beside the seeds")                    \
    X(GIVE_UP_THE_REMEMBERED, "gossip Sync",                                                                           \
      "an address of an earlier life that stays silent while others answer is given up")                               \
    X(CLAIM_ONLY_WHEN_PROVEN, "security Packets", "a joiner says who it is once the other has shown that it hears it") \
    X(JOINER_ASKS_MORE, "gossip Sync", "a joiner compares views with random members until nothing new comes")          \
    X(ANSWER_UNPROVEN_PINGS_ONLY, "security Packets",                                                                  \
      "of a sender that has not shown that it hears us only pings are answered")                                       \
    X(ANSWER_TO_OWN_ADDRESS, "security Packets",                                                                       \
      "a member is answered at the address in its record, wherever its packet seems to be from")                       \
    X(RATION_UNPROVEN, "security Packets", "answers to unproven addresses are rationed")                               \
    X(LEAVE_ACKNOWLEDGED, "gossip Also", "who leaves says so and goes when several have acknowledged it")              \
    X(TELL_WHO_LEFT, "gossip Also",                                                                                    \
      "who accuses a member that left, or asks for help to reach it, is told that it left")                            \
    X(NEW_RECORD_NEW_INCARNATION, "gossip Lattice", "who changes its record raises its incarnation")                   \
    X(OPERATOR_FORGETS_THE_DEAD, "gossip Also",                                                                        \
      "a dead member that an operator forgets has left, everywhere, unless it refutes that")                           \
    X(COORDINATES_RIDE_ON_ACKS, "Vivaldi 2.5",                                                                         \
      "an ack carries the coordinate of who sends it, and its round trip moves that of who gets it")                   \
    X(SURVEY_ASKS_EACH, "gossip Also", "each living member is asked a few times whom it has not heard lately")         \
    X(SIGNED_BY_ITS_SUBJECT, "security Identity mode", "a record that its subject has not signed is not taken")        \
    X(WITHIN_ITS_CERTIFICATE, "security Identity mode",                                                                \
      "a record beyond its subject's certificate, or without one that holds now, is not taken")                        \
    X(ITS_OWN_WORD_ALONE, "security Identity mode",                                                                    \
      "what others say neither raises a member's incarnation nor makes a living one leave")                            \
    X(ACCUSERS_SIGN, "security Identity mode",                                                                         \
      "an accusation counts with its accuser's signature, once for each accuser")                                      \
    X(DEATH_NEEDS_ITS_ACCUSERS, "security Identity mode",                                                              \
      "a death is believed of as many accusers as end a suspicion soonest; fewer are heard as accusers")               \
    X(HEARSAY_COUNTS_FOR_NOTHING, "security Identity mode",                                                            \
      "a death that nobody signs changes nothing of a member known to live")                                           \
    X(EXPIRED_IS_DEAD, "security Identity mode", "a member whose certificate has expired is dead to who probes it")    \
    X(REVOKED_IS_DEAD, "security Identity mode", "a member whose certificate the authority revokes is dead at once")   \
    X(REVOKED_BY_THE_AUTHORITY, "security Identity mode", "nobody but the authority revokes")                          \
    X(TELL_THE_REVOKED, "security Identity mode", "whose certificate is revoked is told so, and nothing else")         \
    X(MEET_BY_SIGNATURE, "security Identity mode",                                                                     \
      "who says under the cluster's key who it is is known by its signature, and is no member by that")                \
    X(FOLLOW_A_HINT, "security Identity mode",                                                                         \
      "an answer under the cluster's key proves nothing: who gave it is asked again, and told who asks")               \
    X(RETURN_AS_NEW, "gossip Also", "who comes back after leaving does so with a new incarnation, and joins anew")     \
    X(TELL_USERS_ONCE, "gossip Also",                                                                                  \
      "a user event or a query is delivered and relayed once, however often it is heard")                              \
    X(GO_PAST_LTIME, "Lamport 1978", "who hears of an event is past its time with whatever it begins next")            \
    X(TOO_OLD_TO_TELL_APART, "gossip Also",                                                                            \
      "what is older than everything kept may have been delivered before, and is not taken")                           \
    X(NOT_OF_AN_EARLIER_LIFE, "gossip Also",                                                                           \
      "a user event that began before we were a member is kept and not delivered")                                     \
    X(COMPARE_RECENT_EVENTS, "gossip Also",                                                                            \
      "members whose recent events differ when both had time to hear of them send each other the missing ones")        \
    X(USERS_HAVE_DATAGRAMS_OF_THEIR_OWN, "scenario 24",                                                                \
      "events and queries fill what membership leaves, and datagrams of their own: neither starves the other")         \
    X(QUERY_ONLY_WHOM_IT_IS_FOR, "gossip Also", "a query is relayed by all, and delivered to whom its filters name")   \
    X(QUERY_ANSWERED_ONCE, "gossip Also",                                                                              \
      "of each member one ack and one response count, and none after the deadline")                                    \
    X(DROP_MALFORMED_WHOLE, "architecture Rules", "a datagram that is not well formed changes nothing")                \
    X(ONE_LARGE_ANSWER, "gossip Bounds",                                                                               \
      "of several questions of a kind in one datagram whose answers are larger the first is answered")                 \
    X(BOUND_EVERYTHING, "gossip Bounds", "past a bound the least useful thing is dropped")                             \
    X(JOIN_WHO_IS_ANNOUNCED, "security.md, Discovery",                                                                 \
      "a member that announces itself and is not known is joined, by one probe to where it says that it is")           \
    X(THREE_ANSWER_A_BEACON, "security.md, Discovery",                                                                 \
      "of the members that hear a beacon the first three by a hash join who sent it, and the others leave it be")      \
    X(HEARD_BEACONS_ARE_OLD, "security.md, Discovery", "a beacon that is no newer than one heard before is dropped")   \
    X(RATION_KNOCKS, "security.md, Discovery", "however many beacons come, few of them are followed in a second")      \
    X(STRETCH_BEACONS, "security.md, Discovery",                                                                       \
      "in a larger cluster each announces itself less often, so that a network carries about one beacon a second")     \
    X(HUSH_BEFORE_THE_FIRST, "security.md, Discovery",                                                                 \
      "who hears another announce itself before its own first beacon joins that, and leaves its first out")

#endif
