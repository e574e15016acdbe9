/* The claim rules: what a record, a claim, an objection or a heartbeat does to a member. A part of claim.pml. */

/* ------------------------------------------------------------------ records */

inline begin_anew(j) {
    over[j] = 0;
    better[j] = 0;
    tried[j] = 0;
    old[j] = old[j] * (old[j] > KEY(rec[j]));
    doubted[j] = doubted[j] * (doubted[j] > TERM_OF(KEY(rec[j])))
}

inline follow(j) {
    phase[j] = FOLLOW;
    pend[j] = 0;
    before[j] = 0;
    back[j] = 0;
    forget_words()
}

/* lives: to j the leader that the record names is alive. */
inline accept(j, r, lives) {
    assert(!(deaf && cut == ID_OF(KEY(r)) + 1 && ID_OF(KEY(r)) != j && TERM_OF(KEY(r)) > cut_used)); /* no deaf one's claim */
    if
    :: phase[j] == LEAD ->
        assert(KEY(r) > KEY(rec[j])); /* no lower term changes a role */
        reclaim[j] = !(STATE(r) == LEADING && (lives));
        follow(j)
    :: phase[j] == CLAIM && KEY(r) > TOKEN(pend[j], j) -> follow(j)
    :: else
    fi;
    handed[j] = KEY(r) == KEY(rec[j]) && STATE(rec[j]) == LEADING && STATE(r) > VACANT;
    rec[j] = r;
    saw(j, TERM_OF(KEY(r)));
    begin_anew(j);
    if
    :: STATE(r) == LEADING && ID_OF(KEY(r)) != j ->
        reclaim[j] = reclaim[j] && !(lives);
        over[j] = reclaim[j]
    :: else
    fi
}

/* A record that names j as the leader of a reign that it does not hold: it says so. */
inline own_record(j, r) {
    if
    :: phase[j] == CLAIM && TOKEN(pend[j], j) == KEY(r) -> skip
    :: phase[j] == LEAD && KEY(rec[j]) == KEY(r) -> skip
    :: else ->
        if
        :: phase[j] == LEAD -> accept(j, r, false)
        :: else ->
            accept(j, r, false);
            reclaim[j] = 0
        fi;
        if
        :: STATE(r) == LEADING && !IS(NO_VACANT_RECORD) -> rec[j] = RECORD(KEY(r), VACANT)
        :: else
        fi
    fi
}

inline quarantine(j, term) {
    heard[j] = MAX(heard[j], term);
    doubted[j] = MAX(doubted[j], term);
    floor[j] = MAX(floor[j], term * !IS(QUARANTINE_FORGOTTEN))
}

#define STAYS(j, r, lives) (IS(NO_CLAIM_ABOVE) && phase[j] == LEAD && !(STATE(r) == LEADING && ID_OF(KEY(r)) != j && (lives)))

inline take_record(j, r, from, lives) {
    if
    :: STAYS(j, r, lives) -> saw(j, TERM_OF(KEY(r)))
    :: !STAYS(j, r, lives) && ID_OF(KEY(r)) == j -> own_record(j, r)
    :: !STAYS(j, r, lives) && ID_OF(KEY(r)) != j && (KEY(r) == KEY(rec[j]) || ID_OF(KEY(r)) != from || HEARS(from, j) || IS(EVIDENCE_OFF)) -> accept(j, r, lives)
    :: else -> quarantine(j, TERM_OF(KEY(r)))
    fi
}

/* Whether a record that j hears of changes anything. */
#define TELLS(j, r, from) \
    (NEWER(r, rec[j]) && !(IS(NO_CLAIM_ABOVE) && phase[j] == LEAD && heard[j] >= TERM_OF(KEY(r))) && !(ID_OF(KEY(r)) == j && OWN(j) == KEY(r) && phase[j] != FOLLOW) && \
     (ID_OF(KEY(r)) != from || KEY(r) == KEY(rec[j]) || HEARS(from, j) || IS(EVIDENCE_OFF) || heard[j] < TERM_OF(KEY(r))))

/* ------------------------------------------------------------------ the claim */

#define NAMED(i) (STATE(rec[i]) == RESIGNED_TO(i))
#define AT_ONCE(i) ((reclaim[i] || NAMED(i)) && (!tried[i] || IS(AT_ONCE_FOR_EVER)))
#define WAITS_FOR(i, m) (told[i] == (m) + 1 && (phase[m] == LEAD || back[m] != 0))
#define WAITS(i) (WAITS_FOR(i, 0) || WAITS_FOR(i, 1) || WAITS_FOR(i, 2))
#define MAY_STAND(i) \
    (UP(i) && i < CANDIDATES && phase[i] == FOLLOW && !CURRENT(i) && !WAITS(i) && \
     (reclaim[i] || !OWES(i, i) || (forgot[i] && (IS(NO_LISTENING) || (handed[i] && NAMED(i))))) && \
     (AT_ONCE(i) || CONTACT(i) || alone[i] || IS(CLAIMS_UNHEARD)))
#define SEEN(i) (IS(TERM_NOT_ABOVE_SEEN) * disk[i] + !IS(TERM_NOT_ABOVE_SEEN) * floor[i])
#define NEXT(i) (MAX(SEEN(i), wall * !IS(WALL_CLOCK_IGNORED)) + 1)

inline claim(i) {
    calm_claims = calm_claims + calm;
    assert(calm_claims <= CALM_TERMS); /* a calm takes a bounded number of claims */
    if
    :: cut == i + 1 && alone[i] ->
        assert(!cut_alone); /* who hears nobody claims once alone */
        cut_alone = 1
    :: cut == i + 1 && !alone[i] ->
        assert(!cut_hurried); /* ... and once for what it was about to do */
        cut_hurried = 1
    :: else
    fi;
    tried[i] = reclaim[i] || NAMED(i);
    phase[i] = CLAIM;
    told[i] = 0;
    pend[i] = NEXT(i);
    assert(pend[i] > used[i]);   /* no token twice */
    assert(pend[i] > heard[i]);  /* above all that it was told of */
    used[i] = pend[i];
    saw(i, pend[i]);
    disk[i] = IS(TERM_NOT_DURABLE) * disk[i] + !IS(TERM_NOT_DURABLE) * pend[i]
}

inline lead(i) {
    parted = parted || alone[i];
    assert(parted || (phase[(i + 1) % 3] != LEAD && phase[(i + 2) % 3] != LEAD)); /* no two act at one instant */
    assert(parted || TOKEN(pend[i], i) > top);                                   /* no guard refuses the new one */
    assert(phase[i] == CLAIM);
    assert(disk[i] >= pend[i]);
    handed[i] = 0;
    rec[i] = RECORD(TOKEN(pend[i], i), LEADING);
    top = MAX(top, KEY(rec[i]));
    phase[i] = LEAD;
    pend[i] = 0;
    before[i] = 0;
    reclaim[i] = 0;
    begin_anew(i)
}

inline vacate(i, state) {
    handed[i] = 0;
    rec[i] = RECORD(KEY(rec[i]), state);
    begin_anew(i);
    follow(i)
}

/* Whoever confirmed may believe that i leads, and is told that it does not. */
inline withdraw(i, state) {
    if
    :: BELIEVED(TOKEN(pend[i], i)) && TOKEN(pend[i], i) > KEY(rec[i]) ->
        handed[i] = 0;
        rec[i] = RECORD(TOKEN(pend[i], i), state);
        begin_anew(i);
        tried[i] = 1
    :: else
    fi;
    follow(i)
}

#define LOWER(j, k) (KEY(rec[j]) > (k) || (phase[j] == CLAIM && TOKEN(pend[j], j) > (k)))
#define BUSY(j, i) (!LOWER(j, TOKEN(pend[i], i)) && KEY(rec[j]) < TOKEN(pend[i], i) && !IS(LIVE_LEADER_IGNORED) && \
    (phase[j] == LEAD || (OWES(j, i) && !forgot[j] && !NAMES(j, i))))
#define NAMES(j, i) (STATE(rec[j]) == RESIGNED_TO(i))
#define LISTENS(j, i) (((forgot[j] && OWES(j, i) && !(handed[j] && NAMES(j, i))) || HAS(before[i], j)) && !IS(NO_LISTENING))
#define OBJECTS(j, i) (MAY_STAND(j) && told[j] != PAUSED && (j < i || IS(ANYBODY_OBJECTS)) && !NAMES(j, i))
/* Who did not believe a larger term does not confirm a smaller one: its claimant may lead, alone. */
#define BELOW(j, i) (pend[i] < doubted[j] && !IS(CONFIRMS_BELOW_QUARANTINE))
#define REST(j, i) (!LOWER(j, TOKEN(pend[i], i)) && !BUSY(j, i) && !LISTENS(j, i) && !BELOW(j, i))

/* i's claim reaches j. Who objects may not be heard. */
#define CLAIM_REACHES(j, i) \
    :: d_step { \
        phase[i] == CLAIM && HEARS(j, i) && LOWER(j, TOKEN(pend[i], i)) && HEARS(i, j) -> \
        saw(i, TERM_OF(MAX(KEY(rec[j]), OWN(j)))); \
        withdraw(i, VACANT); \
        told[i] = calm * PAUSED \
       } \
    :: d_step { \
        phase[i] == CLAIM && HEARS(j, i) && !LOWER(j, TOKEN(pend[i], i)) && !BUSY(j, i) && !LISTENS(j, i) && BELOW(j, i) && \
            HEARS(i, j) -> \
        saw(i, doubted[j]); \
        withdraw(i, VACANT); \
        told[i] = calm * PAUSED \
       } \
    :: d_step { \
        phase[i] == CLAIM && HEARS(j, i) && LOWER(j, TOKEN(pend[i], i)) && phase[j] == LEAD && IS(LOWER_TERM_DEPOSES) -> \
        accept(j, RECORD(TOKEN(pend[i], i), LEADING), true) \
       } \
    :: d_step { \
        phase[i] == CLAIM && HEARS(j, i) && BUSY(j, i) && (HEARS(i, j) || heard[j] < pend[i]) -> \
        saw(j, pend[i]); \
        if \
        :: HEARS(i, j) -> \
            withdraw(i, RESIGNED_TO(ID_OF(KEY(rec[j])))); \
            told[i] = calm * (ID_OF(KEY(rec[j])) + 1) \
        :: else \
        fi \
       } \
    :: d_step { \
        phase[i] == CLAIM && HEARS(j, i) && !LOWER(j, TOKEN(pend[i], i)) && LISTENS(j, i) && heard[j] < pend[i] -> \
        saw(j, pend[i]) \
       } \
    :: d_step { \
        phase[i] == CLAIM && HEARS(j, i) && REST(j, i) && KEY(rec[j]) < TOKEN(pend[i], i) && OBJECTS(j, i) && \
            (calm || MAX(NEXT(j), pend[i] + 1) <= TERMS) -> \
        saw(j, pend[i]); \
        if \
        :: HEARS(i, j) && better[i] != j + 1 -> \
            withdraw(i, VACANT); \
            told[i] = calm * PAUSED; \
            better[i] = j + 1 \
        :: else \
        fi; \
        claim(j) \
       } \
    :: d_step { \
        phase[i] == CLAIM && HEARS(j, i) && REST(j, i) && KEY(rec[j]) < TOKEN(pend[i], i) && !(calm && OBJECTS(j, i)) -> \
        if \
        :: HEARS(i, j) || IS(EVIDENCE_OFF) -> \
            assert(pend[i] >= doubted[j]); /* no guard that both may have met refuses the claimant */ \
            accept(j, RECORD(TOKEN(pend[i], i), LEADING), true); \
            back[i] = back[i] | BIT(j) \
        :: else -> quarantine(j, pend[i]) \
        fi \
       } \
    :: d_step { \
        phase[i] == CLAIM && HEARS(j, i) && REST(j, i) && rec[j] == RECORD(TOKEN(pend[i], i), LEADING) && !over[j] && \
            !HAS(back[i], j) -> \
        back[i] = back[i] | BIT(j) \
       } \
    :: d_step { phase[i] == CLAIM && HAS(back[i], j) && HEARS(i, j) -> lead(i) } \
    :: d_step { phase[i] == CLAIM && HAS(back[i], j) && !calm -> back[i] = back[i] & ~BIT(j); forget_words() } \
    :: d_step { \
        phase[i] == LEAD && phase[j] == FOLLOW && rec[j] == rec[i] && HEARS(i, j) && HEARS(j, i) && \
            (over[j] || reclaim[j] || !HAS(back[i], j)) -> \
        over[j] = 0; \
        reclaim[j] = 0; \
        begin_anew(j); \
        back[i] = back[i] | BIT(j) \
       } \
    :: d_step { \
        !calm && phase[i] == LEAD && HAS(back[i], j) -> \
        back[i] = back[i] & ~BIT(j); \
        forget_words(); \
        if \
        :: back[i] == 0 && !alone[i] -> vacate(i, VACANT) \
        :: else \
        fi \
       } \
    :: d_step { \
        CURRENT(j) && ID_OF(KEY(rec[j])) == i && phase[i] == LEAD && rec[i] == rec[j] && old[j] > KEY(rec[i]) && HEARS(i, j) && \
            !IS(LARGER_NOT_TOLD) -> \
        saw(i, TERM_OF(old[j])); \
        vacate(i, RESIGNED_TO(i)); \
        reclaim[i] = 1 \
       } \
    RECORD_REACHES(j, i)

/* i tells j of the record that it accepted. That its leader is dead j may believe wrongly, in a calm not for long. Only the
 * leader's own word hands the lead over to who listens: what others tell may be older than what an earlier life of j knew. */
#define RECORD_REACHES(j, i) \
    :: d_step { \
        HEARS(j, i) && TELLS(j, rec[i], i) -> \
        take_record(j, rec[i], i, (!calm || UP(ID_OF(KEY(rec[i]))))); \
        handed[j] = handed[j] && (ID_OF(KEY(rec[j])) == i || IS(HANDED_BY_ANYBODY)) \
       } \
    :: d_step { \
        !calm && HEARS(j, i) && TELLS(j, rec[i], i) && (phase[j] == LEAD || reclaim[j]) -> take_record(j, rec[i], i, false) \
       } \
    LATE_RECORD(j, i)

#if LATE
#define LATE_RECORD(j, i) \
    :: d_step { \
        !calm && HEARS(j, i) && late_from == i + 1 && TELLS(j, late_record, i) -> \
        take_record(j, late_record, i, true); \
        handed[j] = handed[j] && IS(HANDED_BY_ANYBODY) /* a session ends with the life that it was opened in */ \
       }
#define LATER(i) \
    :: d_step { !calm && late_from == 0 && UP(i) && rec[i] != 0 -> late_from = i + 1; late_record = rec[i] }
#else
#define LATE_RECORD(j, i)
#define LATER(i)
#endif
