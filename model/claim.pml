/* The claim rules of the availability modes (docs/MODEL.md says in words what this is, what it leaves out, and how to run it).
 *
 * One process that does one thing at a time: an action is one d_step of `world`. Three members; 0 .. CANDIDATES-1 may lead,
 * the lower the better; the rest are witnesses, who confirm, relay and remember.
 *
 * There is no clock: waits end at any moment, except for what they are long enough for. A leader's lease rests on those who
 * confirmed or acknowledged it (`back`); each of these supports ends at any moment, first at the leader, then at who
 * gave it. A claim reaches whoever can be reached never, once or often; records, objections and confirmations get lost, and
 * one record at a time is as late as it likes (LATE). */

#ifndef CANDIDATES
#define CANDIDATES 2
#endif
#ifndef TERMS
#define TERMS 2 /* claimed before the calm */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef CUTS
#define CUTS 1 /* one member is cut off from all, or deaf */
#endif
#ifndef LATE
#define LATE 0
#endif
#ifndef CYCLES
#define CYCLES 0 /* looks for a calm that goes on for ever, instead of for broken assertions */
#endif
#ifndef CALM_TERMS
#define CALM_TERMS 4 /* claims that a calm may take */
#endif

/* Each mutant takes one rule away. MUTANT is a number, or else read at the start: then one verifier serves for all. */
#define EVIDENCE_OFF 1
#define QUARANTINE_FORGOTTEN 2
#define NO_CLAIM_ABOVE 3
#define NO_LISTENING 4
#define NO_VACANT_RECORD 5
#define TERM_NOT_DURABLE 6
#define LOWER_TERM_DEPOSES 7
#define ALONE_CLAIMS_AGAIN 8
#define RESIGNS_BEFORE_STOPPING 9
#define ANYBODY_OBJECTS 10
#define LIVE_LEADER_IGNORED 11
#define CLAIMS_UNHEARD 12
#define LARGER_NOT_TOLD 13
#define WALL_CLOCK_IGNORED 14
#define TERM_NOT_ABOVE_SEEN 15
#define AT_ONCE_FOR_EVER 16
#define CONFIRMS_BELOW_QUARANTINE 17
#define TIES_TAKEN 18
#define HANDED_BY_ANYBODY 19
#ifdef MUTANT
#define mutant MUTANT
#else
byte mutant;
#endif
#define IS(m) (mutant == m)

#define BIT(i) (1 << (i))
#define HAS(set, i) (((set) >> (i)) & 1)
#define MAX(a, b) ((a) * ((a) > (b)) + (b) * ((a) <= (b)))

/* Tokens by number, in their order: term, then id. */
#define TOKEN(term, i) (((term) - 1) * 3 + (i) + 1)
#define TERM_OF(k) (((k) + 2) / 3)
#define ID_OF(k) (((k) + 2) % 3)

/* A record: a token, and what its leader says of it. Of one token the leader's last word is the larger. */
#define LEADING 0
#define VACANT 1
#define RESIGNED_TO(i) (2 + (i))
#define RECORD(k, state) ((k) * 8 + (state))
#define KEY(r) ((r) / 8)
#define STATE(r) ((r) % 8)
#define NEWER(a, b) \
    (KEY(a) > KEY(b) || \
     (KEY(a) == KEY(b) && STATE(a) != STATE(b) && (STATE(b) == LEADING || (STATE(a) != LEADING && IS(TIES_TAKEN)))))

/* ------------------------------------------------------------------ state */

#define FOLLOW 0
#define CLAIM 1
#define LEAD 2
byte phase[3];
byte rec[3];     /* the accepted record; 0: none */
bit over[3];     /* its reign is over, to this member */
byte pend[3];    /* the term that is claimed */
byte before[3];  /* who has restarted since the claim began, and listens longer than a claim lasts: a set */
byte back[3];    /* on whose word the claim or the lease rests: a set */
byte disk[3];    /* the durable term: the largest claimed */
byte floor[3];   /* the next claim is above it */
byte heard[3];   /* what it was told of: the same, if all is well */
byte doubted[3]; /* the largest term that was not believed */
byte used[3];    /* the largest that it ever claimed: the durable one, if all is well */
bit reclaim[3];  /* it led until it met a larger token without a living leader */
bit tried[3];    /* ... or was named, and has claimed in vain for that */
byte better[3];  /* who objected as the better candidate in this vacancy: id + 1 */
byte old[3];     /* the token that its disk remembers, if it is above the record */
bit forgot[3];   /* an earlier life's word may still count for somebody */
bit handed[3];   /* who is named to succeed follows a leader that this life has known */
byte told[3];    /* in a calm: objected to; of whose reign or claim it was told, and waits for: id + 1, or PAUSED */
#define PAUSED 4
bit alone[3];
byte up;

byte cut;        /* who is cut off: id + 1 */
bit deaf;        /* ... but heard */
byte cut_used;   /* its largest term when that began */
bit cut_hurried, cut_alone; /* it has claimed since, for what it was about to do, and alone */
byte cuts, crashes;
byte wall;       /* what the wall clock has made sure since the last restart */
bit parted;      /* somebody led alone */
byte top;        /* the largest token that ever led: what a guard has seen */
bit calm;
byte calm_claims;
#if LATE
byte late_record, late_from; /* on its way: from id + 1 */
#endif

/* ------------------------------------------------------------------ who hears whom */

#define UP(i) HAS(up, i)
#define HEARS(j, i) (UP(i) && UP(j) && cut != (j) + 1 && (cut != (i) + 1 || deaf))
#define CONTACT(i) ((HEARS(i, ((i) + 1) % 3) && HEARS(((i) + 1) % 3, i)) || (HEARS(i, ((i) + 2) % 3) && HEARS(((i) + 2) % 3, i)))

#define OWN(i) ((phase[i] == CLAIM) * TOKEN(pend[i], i) + (phase[i] != CLAIM) * KEY(rec[i]))
#define CURRENT(i) (rec[i] != 0 && STATE(rec[i]) == LEADING && !over[i])
/* It gave its word to another than `to`, who may still act on it. Who has said to be no leader frees all who heard it. */
#define OWES_TO(j, m) (HAS(back[m], j) && !(KEY(rec[j]) == OWN(m) && STATE(rec[j]) != LEADING))
#define OWES(j, to) \
    ((OWES_TO(j, 0) && (to) != 0 && (j) != 0) || (OWES_TO(j, 1) && (to) != 1 && (j) != 1) || (OWES_TO(j, 2) && (to) != 2 && (j) != 2))
#define WORD_OUT(j) (HAS(back[0], j) || HAS(back[1], j) || HAS(back[2], j))
#define ANYBODY_LEADS (phase[0] == LEAD || phase[1] == LEAD || phase[2] == LEAD)
#define BELIEVED(k) (rec[0] == RECORD(k, LEADING) || rec[1] == RECORD(k, LEADING) || rec[2] == RECORD(k, LEADING))

inline saw(j, term) {
    heard[j] = MAX(heard[j], term);
    floor[j] = MAX(floor[j], term)
}

inline forget_words() {
    if
    :: forgot[0] && !WORD_OUT(0) -> forgot[0] = 0
    :: else
    fi;
    if
    :: forgot[1] && !WORD_OUT(1) -> forgot[1] = 0
    :: else
    fi;
    if
    :: forgot[2] && !WORD_OUT(2) -> forgot[2] = 0
    :: else
    fi
}

#include "claim_rules.pml"

/* ------------------------------------------------------------------ what happens by itself */

#define MAY_CLAIM(i) (MAY_STAND(i) && NEXT(i) <= TERMS)

inline restart(i) {
    up = up | BIT(i);
    back[0] = back[0] & ~((phase[0] == CLAIM) << i); /* a confirmation arrives before its sender has started anew, or never */
    back[1] = back[1] & ~((phase[1] == CLAIM) << i);
    back[2] = back[2] & ~((phase[2] == CLAIM) << i);
    floor[i] = disk[i];
    heard[i] = used[i];
    old[i] = (disk[i] > 0) * TOKEN(disk[i], i);
    forgot[i] = WORD_OUT(i);
    wall = MAX(MAX(used[0], used[1]), used[2]);
    before[0] = before[0] | ((phase[0] == CLAIM) << i);
    before[1] = before[1] | ((phase[1] == CLAIM) << i);
    before[2] = before[2] | ((phase[2] == CLAIM) << i)
}

inline crash(i) {
    crashes++;
    up = up & ~BIT(i);
    phase[i] = FOLLOW;
    pend[i] = 0;
    before[i] = 0;
    rec[i] = 0;
    over[i] = 0;
    reclaim[i] = 0;
    tried[i] = 0;
    handed[i] = 0;
    better[i] = 0;
    old[i] = 0;
    alone[i] = 0;
    floor[i] = 0;
    heard[i] = 0;
    doubted[i] = 0;
    back[i] = 0;
    told[i] = 0;
    cut_hurried = cut_hurried && cut != i + 1;
    cut_alone = cut_alone && cut != i + 1;
    forget_words()
}

#define MEMBER(i) \
    :: d_step { !calm && MAY_CLAIM(i) -> claim(i) } \
    :: d_step { phase[i] == CLAIM && alone[i] && !calm -> lead(i) } \
    :: d_step { !calm && phase[i] == CLAIM && !alone[i] -> withdraw(i, VACANT) } \
    :: d_step { !calm && phase[i] == LEAD && back[i] == 0 && !alone[i] -> vacate(i, VACANT) } \
    :: d_step { !calm && phase[i] == LEAD && alone[i] && IS(ALONE_CLAIMS_AGAIN) -> vacate(i, VACANT) } \
    :: d_step { \
        !calm && phase[i] == FOLLOW && CURRENT(i) && ID_OF(KEY(rec[i])) != i && !HAS(back[ID_OF(KEY(rec[i]))], i) -> over[i] = 1 \
       } \
    :: d_step { !calm && UP(i) && !alone[i] && phase[i] != LEAD && !HEARS(i, (i + 1) % 3) && !HEARS(i, (i + 2) % 3) -> alone[i] = 1 } \
    :: d_step { !calm && alone[i] && (HEARS(i, (i + 1) % 3) || HEARS(i, (i + 2) % 3)) -> alone[i] = 0 } \
    :: d_step { !calm && crashes < CRASHES && UP(i) -> crash(i) } \
    :: d_step { !calm && !UP(i) -> restart(i) } \
    :: d_step { !calm && cut == 0 && cuts < CUTS -> cut = i + 1; cut_used = used[i]; cuts++ } \
    :: d_step { !calm && cut == 0 && cuts < CUTS -> cut = i + 1; cut_used = used[i]; cuts++; deaf = 1 } \
    LATER(i)

/* Stops, and then says so; to whom it likes. */
#define RESIGNS(i, to) \
    :: d_step { !calm && phase[i] == LEAD && !alone[i] && to < CANDIDATES && !IS(RESIGNS_BEFORE_STOPPING) -> vacate(i, RESIGNED_TO(to)) } \
    :: d_step { \
        !calm && phase[i] == LEAD && IS(RESIGNS_BEFORE_STOPPING) && HEARS(to, i) && rec[to] == rec[i] -> \
        accept(to, RECORD(KEY(rec[i]), RESIGNED_TO(to)), true) \
       }

inline heal() {
    cut = 0;
    deaf = 0;
    cut_used = 0;
    cut_hurried = 0;
    cut_alone = 0
}

/* All are well again: whoever is down comes back, nobody is alone. */
inline begin_calm() {
    heal();
    calm = 1;
    alone[0] = 0;
    alone[1] = 0;
    alone[2] = 0;
    tried[0] = 0;
    tried[1] = 0;
    tried[2] = 0;
    if
    :: !UP(0) -> restart(0)
    :: else
    fi;
    if
    :: !UP(1) -> restart(1)
    :: else
    fi;
    if
    :: !UP(2) -> restart(2)
    :: else
    fi;
#if LATE
    late_from = 0;
    late_record = 0;
#endif
    cuts = 0;
    crashes = 0;
    parted = 1
}

#define STANDS_IN_CALM(i) \
    :: d_step { \
        MAY_STAND(i) && !ANYBODY_LEADS && phase[0] != CLAIM && phase[1] != CLAIM && phase[2] != CLAIM -> \
        claim(i) \
       } \
    :: d_step { phase[i] == CLAIM -> withdraw(i, VACANT) }

#define LEADS_ALL(i) (phase[i] == LEAD && rec[(i + 1) % 3] == rec[i] && rec[(i + 2) % 3] == rec[i] && \
    phase[(i + 1) % 3] == FOLLOW && phase[(i + 2) % 3] == FOLLOW && !over[(i + 1) % 3] && !over[(i + 2) % 3] && KEY(rec[i]) == top)

#if CYCLES
/* A calm that never settles. */
bit settled;
never {
    do
    :: calm && !settled -> break
    :: else
    od;
accept_calm:
    do
    :: !settled
    od
}
#endif

active proctype world() {
#ifndef MUTANT
    c_code { const char *word = getenv("MUTANT"); now.mutant = word ? atoi(word) : 0; };
#endif
    up = 7;
    do
    MEMBER(0)
    MEMBER(1)
    MEMBER(2)
    CLAIM_REACHES(1, 0)
    CLAIM_REACHES(2, 0)
    CLAIM_REACHES(0, 1)
    CLAIM_REACHES(2, 1)
    RESIGNS(0, 1)
    RESIGNS(1, 0)
#if CANDIDATES > 2
    CLAIM_REACHES(0, 2)
    CLAIM_REACHES(1, 2)
    RESIGNS(0, 2)
    RESIGNS(1, 2)
    RESIGNS(2, 0)
    RESIGNS(2, 1)
#else
    RECORD_REACHES(0, 2)
    RECORD_REACHES(1, 2)
#endif
    :: d_step { !calm && cut != 0 -> heal() }
    :: d_step { !calm -> begin_calm() }
    :: else ->
        if
        STANDS_IN_CALM(0)
        STANDS_IN_CALM(1)
#if CANDIDATES > 2
        STANDS_IN_CALM(2)
#endif
#if CYCLES
        :: else -> settled = 1; break
#else
        :: else -> break
#endif
        fi
    od;
    assert(LEADS_ALL(0) || LEADS_ALL(1) || LEADS_ALL(2)) /* one leader, agreed by all, that no guard refuses */
}
