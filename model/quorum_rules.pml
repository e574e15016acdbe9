/* Quorum mode's rules: what a voter, a candidate and a leader do. A part of quorum.pml. */

/* ------------------------------------------------------------------ voters */

/* What a reign that is over could still get is forgotten, but by those who would go on with it. */
#define KEEPS (IS(REVOTE_AFTER_RELEASE) || IS(BOOT_IGNORED))

#define FREE_FOR(v, r) (promise[v] == 0 || C_OF(vote[v]) == C_OF(r) || IS(PROMISE_IGNORED))
#define NEW_VOTE(v, r) (T_OF(r) > T_OF(vote[v]) && FREE_FOR(v, r))
#define SECOND_VOTE(v, r) (IS(VOTE_TWICE) && T_OF(r) == T_OF(vote[v]) && FREE_FOR(v, r))
#define SAME_VOTE(v, r) (vote[v] == (r) && !HAS(votes[r], v) && reign[C_OF(r)] == (r))
#define OPEN(v, r) (abstain[v] == 0 && !HAS(released[v], r))
#define OLDER(r) (BIT(R(T_OF(r), 0)) - 1) /* the reigns of smaller terms */

inline cast_vote(v, r) {
    if
    :: vote[v] != r ->
        assert(T_OF(r) > T_OF(cast[v])); /* no vote is changed, and no term falls */
        vote[v] = r;
        cast[v] = r;
        released[v] = released[v] & ~OLDER(r);
        promise[v] = PROMISE
    :: else /* a repeated VOTE does not extend the promise */
    fi;
    if
    :: reign[C_OF(r)] == r || KEEPS -> votes[r] = votes[r] | BIT(v)
    :: else
    fi
}

inline restart(v) {
    crashes++;
    promise[v] = 0;
    released[v] = 0;
    abstain[v] = ABSTENTION;
    if
    :: IS(VOTE_NOT_DURABLE) -> vote[v] = 0
    :: else
    fi
}

/* ------------------------------------------------------------------ candidates */

inline end_round(c) {
    if
    :: HAS(renews, reign[c]) ->
        stale = stale | LATE << reign[c];
        renews = renews & ~BIT(reign[c]);
        if
        :: IS(OLD_ROUNDS_COUNT) -> old_acks[reign[c]] = old_acks[reign[c]] | acks[reign[c]]
        :: else
        fi;
        acks[reign[c]] = 0
    :: else
    fi;
    round[c] = 0
}

inline end_reign(c) {
    end_round(c);
    if
    :: !KEEPS ->
        votes[reign[c]] = 0;
        asked = asked & ~(!LATE << reign[c])
    :: else
    fi;
    old_acks[reign[c]] = 0;
    phase[c] = IDLE;
    reign[c] = 0;
    lease[c] = 0;
#if CHANGES
    using[c] = 0;
#endif
    renewed[c] = 0
}

inline begin_asking(c, r) {
    phase[c] = ASK;
    reign[c] = r;
    asked = asked | BIT(r);
    cast_vote(c, r)
}

#if CHANGES
/* A new leader puts its term on the configuration: nobody who acknowledges a renewal takes over an older change any more. */
inline stamp(c) {
    if
    :: !IS(CONFIGURATION_NOT_STAMPED) ->
        list[2 * T_OF(reign[c])] = list[conf[c]];
        count[2 * T_OF(reign[c])] = count[conf[c]];
        conf[c] = 2 * T_OF(reign[c])
    :: else
    fi;
    using[c] = conf[c]
}

inline change(c, voters) {
    end_round(c);
    changes++;
    list[2 * T_OF(reign[c]) + 1] = list[conf[c]] ^ (voters);
    count[2 * T_OF(reign[c]) + 1] = count[conf[c]] + 1;
    conf[c] = 2 * T_OF(reign[c]) + 1
}

inline take_over(v, k) {
    if
    :: HAS(list[k], v) && !HAS(list[conf[v]], v) -> abstain[v] = ABSTENTION
    :: else
    fi;
    conf[v] = k
}
#endif

inline win(c) {
    assert(won[T_OF(reign[c])] == 0 || won[T_OF(reign[c])] == c + 1); /* one leader in a term */
    won[T_OF(reign[c])] = c + 1;
#if CHANGES
    stamp(c);
#endif
    phase[c] = LEAD
}

inline lead(c, ticks) {
    assert(lease[1 - (c)] == 0);     /* one valid lease at any instant */
    assert(T_OF(reign[c]) >= top);   /* no guard refuses a leader with a valid lease */
    top = T_OF(reign[c]);
    lease[c] = ticks;
    renewed[c] = 1
}

inline begin_round(c) {
    end_round(c);
    round[c] = LEASE;
    renews = renews | BIT(reign[c])
}

/* ------------------------------------------------------------------ time */

inline tick_down(x) {
    if
    :: x > 0 -> x--
    :: else
    fi
}

inline tick_member(v) {
    if
    :: promise[v] > 0 && !IS(PROMISE_FOR_EVER) -> promise[v]--
    :: else
    fi;
    tick_down(abstain[v])
}

inline tick_candidate(c) {
    if
    :: round[c] == 1 -> end_round(c)
    :: round[c] > 1 -> round[c]--
    :: else
    fi;
    if
    :: lease[c] == 1 -> end_reign(c) /* a leader without a valid lease stops, and never asks for that term again */
    :: lease[c] > 1 -> lease[c]--
    :: else
    fi
}

inline tick() {
    tick_member(0);
    tick_member(1);
    tick_member(2);
#if CHANGES
    tick_member(3);
#endif
    tick_candidate(0);
    tick_candidate(1)
}

/* Who did not get its majority, and will not in a calm, releases. */
inline give_up(c) {
    if
    :: phase[c] != IDLE && lease[c] == 0 ->
        freed = freed | BIT(reign[c]);
        end_reign(c)
    :: else
    fi
}
