/* The election's state, shared by its files and seen by nobody else. Divided as election.md is: peers, scopes, and of each
 * scope the record, the campaign, the reign, the watch over the leader.
 *
 * Two clocks. *Authority* (what we promised: leases, rounds) runs on mono_us. *Patience* (waiting for others) runs on
 * patience_us, which is mono_us less all the time that we slept through: fields in it end in _pt. */
#ifndef BW_ELECTION_STATE_H
#define BW_ELECTION_STATE_H

#include "base/base.h"
#include "base/list.h"
#include "base/rng.h"
#include "base/table.h"
#include "base/timer.h"
#include "election/election.h"
#include "election/rank.h"
#include "election/record.h"

#define BW_ROUNDS_KEPT 16u /* a lease is six rounds long */
#define BW_ROUNDS_PER_LEASE 6
#define BW_LATE_PERCENT 20                 /* a heartbeat so much late is missing */
#define BW_UNANSWERED_MAX 3u               /* questions */
#define BW_NAMED_WAIT_US (2 * BW_US_PER_S) /* others leave a named successor so long */
#define BW_CLAIM_FANOUT_MAX 64u            /* members that a claim is sent to directly; gossip does the rest */
#define BW_REMEMBERED_MAX 64u              /* terms of scopes that we do not stand in */
#define BW_SUCCESSORS_MAX 32u              /* of a scope: see the range of successor_count, and BW_MIN_VIEW_MAX */
#define BW_PAST INT64_MIN                  /* "never happened" */

enum bw_timer_kind { BW_TIMER_SCOPE, BW_TIMER_LEASE, BW_TIMER_ROUND, BW_TIMER_GATE, BW_TIMER_THAW };

/* A member other than ourselves. */
struct bw_peer {
    struct bw_id id;
    struct bw_list all;
    struct bw_list probe; /* in the queue of bw_election_probe */
    enum bw_status status;
    bool unstable;
    uint64_t candidacies; /* hash of what it stands for, to see changes */
    bool crowded;         /* some of that found no room among scope_max scopes */
    int64_t heartbeat_pt; /* newest heartbeat that counted */
    int64_t echo_us;      /* newest of our send times that it has shown to have heard */
    uint64_t acked_round; /* newest of our rounds that it acknowledged */
    uint64_t beat_round;  /* newest that we sent it */
    uint64_t set_round;   /* round in which we sent it our set last */
    int64_t refused_pt;   /* its port refused us, and nothing came from it since; BW_PAST: no */
    int64_t question_pt;  /* when we questioned an unevidenced claim of it last */
    size_t load;          /* scopes that it leads, while these are counted: see balance.c */
    size_t unsteady;      /* ... and those for which it went away, or was named in vain, of late */
    int64_t answer_pt;    /* its newest answer to any question */
};

struct bw_candidate {
    struct bw_peer *peer; /* NULL: ourselves */
    uint16_t priority;
    bool ready;
    bool half;
    bool spread; /* ranks by its score in the scope */
    bool safe;   /* its work may outlive it: a refused port says nothing */
    bool aside;  /* it stepped down, and so is not ready */
    uint8_t mode;
    struct {                 /* what we saw of it, see preempt.c; not part of what it says */
        bool able;           /* ready, alive and not shaky, when we looked last */
        bool missed;         /* it acknowledges our rounds no more */
        int64_t able_pt;     /* since when it was there without a break */
        uint64_t able_round; /* of ours, then */
        uint32_t flaps;      /* times that it went away, decaying */
        int64_t flap_pt;     /* the last one */
    } seen;
};

/* One of the leader's successors, and what it says of the leader. */
struct bw_successor {
    struct bw_id id;
    struct bw_peer *peer; /* NULL: ourselves */
    bool witness;
    uint32_t unanswered; /* questions in a row */
    bool answered;       /* in this watch */
    bool refused;        /* it says that the leader's port refused it */
    int64_t heard_pt;    /* when it heard the leader last, as far as we know */
};

#define BW_BULLY_ASKED_MAX 3u

/* Bully mode: our enquiry among the better candidates. */
struct bw_bully {
    struct bw_id asked[BW_BULLY_ASKED_MAX];
    size_t asked_count;
    uint32_t number;                       /* of the enquiry's transmissions, never the same twice */
    uint32_t sent;                         /* transmissions of this enquiry */
    int64_t until_pt;                      /* answers are waited for until then; BW_PAST: nobody is asked */
    struct bw_id promised_by;              /* who answered first */
    int64_t promised_pt;                   /* its claim is waited for until then; BW_PAST: nobody answered */
    struct bw_id hung[BW_BULLY_ASKED_MAX]; /* answered in this vacancy, and did not claim */
    size_t hung_count;
};

/* Whether a scope is frozen: a lattice ordered by (counter, by, over). */
struct bw_freeze {
    uint64_t counter; /* 0: none was ever heard of */
    struct bw_id by;
    bool over; /* its time was over */
    bool frozen;
    int64_t until_us; /* authority; BW_NEVER: until it is thawed */
};

enum bw_phase {
    BW_PHASE_FOLLOW,  /* a leader, or none yet */
    BW_PHASE_PERSIST, /* our next term is on its way to the disk */
    BW_PHASE_CLAIM,   /* claimed, not yet confirmed */
    BW_PHASE_LEAD,
};

struct bw_scope {
    char name[BW_NAME_MAX + 1];
    size_t name_size;
    uint64_t name_hash;    /* bw_rank_hash */
    bool spread;           /* a candidate says that it is: then all rank by their scores */
    struct bw_list seats;  /* the other seats of its own scope, see seat.h; of all other scopes: empty */
    struct bw_timer wake;  /* patience */
    struct bw_timer lease; /* authority */
    struct bw_timer gate;  /* authority: when our readiness lapses */
    struct bw_timer thaw;  /* authority: when the freeze expires */
    struct bw_list dirty;  /* in the queue of bw_election_publish */
    struct bw_list freeze_dirty;
    /* frozen */
    struct bw_freeze freeze;
    bool held; /* the last reign that we know of was ours */
    /* our own part */
    bool candidate;
    bool ranged;                 /* its candidacy is told in one frame with others': see range.h */
    bool withdrawn;              /* we stand no more, and are a candidate only until our reign has ended */
    bool redeclared;             /* ... and then stand anew, as `next` says */
    bool told_fast;              /* others may hold us for one that is known to be gone by a refused port */
    struct bw_scope_config own;  /* name is not used */
    struct bw_scope_config next; /* the same */
    int64_t aside_pt;            /* stepped down: we do not stand until then; BW_PAST: we stand */
    bool gate_open;              /* ready, as far as we were told */
    enum bw_phase phase;
    /* the record and what we saw */
    struct bw_claim claim;
    uint64_t seen;            /* largest term accepted, claimed or found on disk: the durable one */
    struct bw_token reigned;  /* largest that somebody may have led with, as far as we know */
    int64_t larger_again_pt;  /* a leader below it is told so again */
    uint64_t floor;           /* seen, or a quarantined one if larger: our next claim is above */
    uint64_t quarantined;     /* the largest term that was: its claimant may lead, alone */
    struct bw_id raised_by;   /* whose word raised it last */
    int64_t raised_pt;        /* ... and when; BW_PAST: never */
    bool handed;              /* whom the record says to resign we knew as the leader until then, in this life */
    bool announced;           /* leader-elected was said, leader-lost not yet */
    bool over;                /* the leader's silence, refusal or "no" ended the reign for us */
    int64_t heard_pt;         /* claim accepted, or told by the leader itself that it leads */
    int64_t over_pt;          /* since when there is no leader */
    struct bw_token promised; /* whose reign we put aside for another record: its lease may still run */
    int64_t promised_pt;      /* until then; BW_PAST: no such promise */
    struct bw_id promised_by; /* who told us of it; none: we heard that leader ourselves */
    int64_t since_wall_us;
    /* candidates and successors */
    struct bw_candidate *candidates;
    size_t candidate_count;
    size_t candidate_capacity;
    struct bw_successor *successors; /* successor_limit of them */
    size_t successor_limit;          /* params.successor_count, or as many as min_view needs */
    size_t successor_count;
    bool successors_stale;
    bool is_successor;
    int64_t successor_pt; /* since when */
    int64_t gone_pt;      /* a successor that is gone may have heard the leader until then */
    int64_t better_pt;    /* last change among better-ranked candidates */
    /* the campaign */
    int64_t campaign_pt; /* since when we want to lead; BW_PAST: we do not */
    int64_t contact_pt;  /* since when enough others show that they hear us; BW_PAST: they do not; BW_NEVER: too late */
    int64_t not_before_pt;
    bool unwritten;  /* our last term could not be made durable */
    int64_t ask_pt;  /* next question to the other successors */
    bool in_vain;    /* what we claimed at once nobody confirmed: we wait to be heard, as any other */
    bool reclaim;    /* we led until a larger token came, without a living leader, or by a guard: claim above it */
    bool refusals;   /* over: by refused ports, whatever a successor heard before */
    uint32_t number; /* of questions and of claims' transmissions */
    enum { BW_PERSIST_NONE, BW_PERSIST_WANTED, BW_PERSIST_UNDER_WAY } persist;
    struct bw_token pending; /* PERSIST, CLAIM */
    int64_t claim_sent_us;
    int64_t claim_again_pt;
    uint32_t claim_count;
    struct bw_id *confirms; /* of this transmission: up to BW_CLAIM_FANOUT_MAX */
    size_t confirm_count;
    bool confirmed; /* somebody confirmed, in any transmission */
    struct bw_bully bully;
    struct bw_id better; /* objected once as the better candidate: not again in this vacancy */
    /* whether we reach half */
    int64_t half_since_pt; /* since when we measure other than we say; BW_PAST: we do not */
    int64_t reach_pt;      /* next questions of who is below half */
    /* we rank before the leader */
    int64_t better_since_pt; /* BW_PAST: we do not */
    int64_t want_pt;         /* it is asked then */
    /* the reign */
    int64_t act_until_us; /* may_act: now < this; BW_PAST when we do not lead */
    int64_t reign_us;     /* since when */
    uint64_t first_round;
    struct bw_id replaced;    /* the old leader, until it is heard under the new term */
    struct bw_token previous; /* whose reign ours followed */
    bool stopping;            /* our work is to stop; we resign when it has, and keep the lease until then */
    int64_t stop_until_us;    /* ... but do not renew it after this */
    enum bw_loss stop_reason;
    struct bw_id stop_heir;
    /* two leaders met */
    struct bw_token healed_winner;
    struct bw_token healed_loser;
    uint64_t healed_age_ms;
    int64_t healed_again_pt;
    uint32_t healed_count;       /* sendings left; 0: nothing under way */
    struct bw_token healed_told; /* loser of the last event that we gave as winner */
    int64_t quorum_pt;           /* a record in quorum mode, which we are not in, counts until then; BW_PAST: none */
    struct bw_token untold;      /* our reign of which nobody was told that it has ended; term 0: none */
    enum bw_loss untold_reason;
    struct bw_quorum *quorum; /* NULL: not in quorum mode, or no part of ours in it */
    struct bw_seals *seals;   /* signatures; NULL: no identity mode */
    struct bw_quorum *spare;  /* room for it, if we are to stand anew in that mode; NULL: none is needed */
};

struct bw_queue {
    uint8_t *data;
    size_t capacity;
    size_t head;
    size_t used;
};

struct bw_round {
    uint64_t number;
    int64_t sent_us;
};

struct bw_range;

/* What every call looks at stands together, first. */
struct bw_election {
    struct bw_time now;
    int64_t lag_us; /* mono_us - patience_us */
    int64_t patience_us;
    int64_t counted_us; /* lateness before this was counted */
    int64_t started_pt;
    int64_t twice_pt; /* another has our id: we neither stand nor vote until then; BW_PAST: nobody has */
    struct bw_timers patience;
    struct bw_timers authority;
    struct bw_election_view view;
    bool agreed_once;
    bool leaving;
    bool candidacies_changed;
    bool persisting;
    bool persist_due; /* a claim wants it: looked for only then */
    bool any_quorum;  /* ... or where votes may */
    bool forgetful;
    bool has_seeds;
    /* scopes, sorted by name */
    size_t scope_count;
    struct bw_scope **scopes;
    size_t led_count;
    /* out */
    struct bw_list dirty;
    struct bw_list freeze_dirty;
    struct bw_list probes;
    struct bw_queue messages; /* (id, size, bytes)… */
    struct bw_queue events;   /* struct bw_event… */
    uint64_t overflowed;      /* messages and events that found no room */
    uint64_t refused_terms;   /* since the last one was told */
    bool untold;              /* a scope may have such a reign */
    /* members */
    struct bw_list peers;
    struct bw_table peer_table;
    size_t living;
    /* the rest */
    struct bw_refused {
        struct bw_id from;
        int64_t again_us; /* not before is its next one told */
    } refused_from[4];
    struct bw_allocator allocator;
    struct bw_trace *trace;
    struct bw_params params;
    struct bw_rng rng;
    struct bw_id self;
    uint64_t boot;
    int64_t (*timeout_us)(void *context, const struct bw_id *id); /* may be NULL */
    void *timeout_context;
    bool (*may_lead)(void *context, const struct bw_id *id, struct bw_bytes scope); /* may be NULL */
    void *may_lead_context;
    void (*sign)(void *context, struct bw_bytes said, uint8_t signature[BW_CLAIM_SIGNATURE_SIZE]);
    bool (*signed_by)(void *context, const struct bw_id *from, const struct bw_id *leader, struct bw_bytes said,
                      const uint8_t signature[BW_CLAIM_SIGNATURE_SIZE]);
    void *sign_context;
    bool refused; /* in this call: a claim without a sound signature */
    size_t scope_capacity;
    struct bw_range *ranges; /* of our own */
    size_t range_count;
    int64_t balance_pt; /* when it is looked next whether they are even */
    /* rounds */
    struct bw_timer round_timer;
    uint64_t round;
    struct bw_round rounds[BW_ROUNDS_KEPT];
    uint8_t claim_body[BW_CLAIM_BODY_MAX];
    struct bw_durable_term *remembered; /* of scopes that we do not stand in; NULL: none yet */
    size_t remembered_count;
    struct bw_rank best[BW_SUCCESSORS_MAX]; /* room to sort */
};

/* -- queue.c: what goes out -- */
void bw_send(struct bw_election *e, const struct bw_id *to, enum bw_election_frame type, const void *message);
void bw_emit(struct bw_election *e, struct bw_scope *scope, enum bw_event_type type, const struct bw_token *token,
             enum bw_loss reason);
void bw_emit_healed(struct bw_election *e, struct bw_scope *scope, const struct bw_token *winner,
                    const struct bw_token *loser, int64_t overlap_ms);
/* left_ms: -1: not known to end. */
void bw_emit_freeze(struct bw_election *e, struct bw_scope *scope, int64_t left_ms);
void bw_publish_freeze(struct bw_election *e, struct bw_scope *scope);
void bw_publish_record(struct bw_election *e, struct bw_scope *scope);
void bw_want_probe(struct bw_election *e, struct bw_peer *peer);
/* Room for the events of one more scope. 0 or BW_ERR_MEMORY. */
int bw_queue_reserve(struct bw_election *e);
void bw_queue_free(struct bw_election *e);

/* -- peer.c -- */
struct bw_peer *bw_peer_find(const struct bw_election *e, const struct bw_id *id);
bool bw_peer_lives(const struct bw_peer *peer); /* NULL does not */
/* Living members besides ourselves and a leader that is being replaced. */
size_t bw_others(const struct bw_election *e, const struct bw_id *replaced);
void bw_peer_free_all(struct bw_election *e);

/* -- scope.c -- */
struct bw_scope *bw_scope_find(const struct bw_election *e, struct bw_bytes name);
/* Where the name is among the scopes, or would be. */
size_t bw_scope_index(const struct bw_election *e, struct bw_bytes name, bool *found);
/* Finds or creates; NULL when full or out of memory. */
struct bw_scope *bw_scope_get(struct bw_election *e, struct bw_bytes name);
void bw_scope_free_all(struct bw_election *e);
struct bw_bytes bw_scope_name(const struct bw_scope *scope);
int64_t bw_scope_lease_us(const struct bw_election *e,
                          const struct bw_scope *scope); /* the one that we would promise */
struct bw_rank bw_scope_rank(const struct bw_scope *scope, const struct bw_election *e,
                             const struct bw_candidate *candidate);
/* Room for `more` candidates. 0 or BW_ERR_MEMORY. */
int bw_candidates_reserve(struct bw_election *e, struct bw_scope *scope, size_t more);
int bw_candidate_put(struct bw_election *e, struct bw_scope *scope, const struct bw_candidate *candidate);
void bw_candidate_remove(struct bw_election *e, struct bw_scope *scope, const struct bw_peer *peer);
void bw_candidate_changed(struct bw_election *e, struct bw_scope *scope, struct bw_candidate *candidate);
struct bw_candidate *bw_candidate_find(const struct bw_scope *scope, const struct bw_peer *peer);
/* Whether a refused port of the member says nothing about its reign over the scope: it said so, or we do not know. */
bool bw_candidate_safe(const struct bw_scope *scope, const struct bw_peer *peer);
const struct bw_candidate *bw_candidate_self(const struct bw_scope *scope);
/* Room for so many successors. 0 or BW_ERR_MEMORY. */
int bw_successors_reserve(struct bw_election *e, struct bw_scope *scope, size_t limit);
/* Brings scope->successors up to date: those of `leader`. */
void bw_successors_refresh(struct bw_election *e, struct bw_scope *scope);
struct bw_successor *bw_successor_find(struct bw_scope *scope, const struct bw_id *id);
/* The old leader that is being replaced; none if there is none, or if it lives on as any other. */
struct bw_id bw_scope_replaced(const struct bw_election *e, const struct bw_scope *scope);
/* Better-ranked living ready candidates than ourselves, the one being replaced aside. */
size_t bw_scope_position(const struct bw_election *e, const struct bw_scope *scope);
/* The best living ready candidate to hand over to; none if there is none. */
struct bw_id bw_scope_heir(const struct bw_election *e, const struct bw_scope *scope);

/* -- bully.c -- */
void bw_bully_reset(struct bw_scope *scope); /* a vacancy begins */
void bw_bully_begin(struct bw_scope *scope); /* a campaign begins: who answered in vain in this vacancy stays marked */
/* When to claim: now or earlier, at once; later, not before that. at: when all else allows it. We are not the best. */
int64_t bw_bully_gate(struct bw_election *e, struct bw_scope *scope, int64_t at);
void bw_elect_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_elect *m);
void bw_ok_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_ok *m);

/* -- view.c -- */
size_t bw_candidacies_size(const struct bw_election *e);
struct bw_message_candidacy bw_own_candidacy(const struct bw_election *e, const struct bw_scope *scope);

/* -- step.c: all that time drives -- */
/* Begins every call: takes the time, notices lateness and jumps, ends expired leases. */
void bw_enter(struct bw_election *e, struct bw_time now);
void bw_scope_step(struct bw_election *e, struct bw_scope *scope);
void bw_scope_step_all(struct bw_election *e);

/* Wakes the scope at that time, or earlier if it was to be woken earlier. */
void bw_wake(struct bw_election *e, struct bw_scope *scope, int64_t at_pt);

/* -- reign.c: accepting, announcing, losing -- */
/* The reign with this token may run until then, whatever record hides it: nobody else is confirmed before, but for `by`, who
 * told us of it and has given it up when it claims. */
void bw_promise(struct bw_scope *scope, const struct bw_token *token, int64_t until_pt, const struct bw_id *by);
bool bw_reign_current(const struct bw_scope *scope); /* there is a leader, as far as we know */
void bw_accept(struct bw_election *e, struct bw_scope *scope, const struct bw_claim *claim);
void bw_announce(struct bw_election *e, struct bw_scope *scope);
void bw_lose(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason);
/* The reign of the record is over for us, though its leader did not say so. */
void bw_reign_over(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason);
/* The leader of the larger token that ended our reign lives after all: we do not claim above it. */
void bw_reign_stays(struct bw_election *e, struct bw_scope *scope);
/* Another member heard the leader in time, so the reign is not over: its watch begins anew. */
void bw_reign_lives(struct bw_election *e, struct bw_scope *scope, const struct bw_token *token);
/* The leader itself shows that it leads. */
void bw_reign_heard(struct bw_election *e, struct bw_scope *scope);
void bw_reign_begin(struct bw_election *e, struct bw_scope *scope);
/* We led and do not any more: state of the record to publish. */
void bw_stand_down(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason);
void bw_vacate(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason, const struct bw_id *successor);
void bw_larger_step(struct bw_election *e, struct bw_scope *scope);

/* -- evidence.c -- */
/* Takes a claim that somebody spoke of: accepts it if it is newer and evidenced, else quarantines it. True if the scope's
 * record is now this claim (or was before). */
bool bw_may_lead(const struct bw_election *e, const struct bw_scope *scope, const struct bw_id *id);
bool bw_evidence_take(struct bw_election *e, struct bw_scope *scope, const struct bw_id *from, int64_t heard_us,
                      const struct bw_claim *claim);
bool bw_evidence_echo(const struct bw_election *e, const struct bw_scope *scope, int64_t heard_us);
void bw_claim_record_receive(struct bw_election *e, const struct bw_id *from, int64_t heard_us,
                             const struct bw_message_record *m);
/* Until when a leader that only an earlier life of ours knew may act; lease_ms: what is promised now. BW_PAST: no such life. */
int64_t bw_forgotten_pt(const struct bw_election *e, const struct bw_scope *scope, uint32_t lease_ms);
void bw_send_record(struct bw_election *e, struct bw_scope *scope, const struct bw_id *to);

/* -- claim.c: the campaign -- */
/* Until when it waits, each for one thing; BW_PAST or a time gone by: not for that; BW_NEVER: not by waiting alone. */
int64_t bw_gate_knows(const struct bw_election *e);
int64_t bw_gate_settled(const struct bw_election *e, const struct bw_scope *scope);
int64_t bw_gate_named(const struct bw_election *e, const struct bw_scope *scope);
int64_t bw_gate_promised(const struct bw_election *e, const struct bw_scope *scope);
void bw_campaign_step(struct bw_election *e, struct bw_scope *scope);
void bw_campaign_abort(struct bw_election *e, struct bw_scope *scope);
void bw_claim_step(struct bw_election *e, struct bw_scope *scope); /* repeats or gives up */
void bw_claim_persisted(struct bw_election *e, struct bw_scope *scope, bool ok);
void bw_claim_receive(struct bw_election *e, const struct bw_id *from, int64_t heard_us,
                      const struct bw_message_claim *m, const uint8_t *signature);
void bw_confirm_receive(struct bw_election *e, const struct bw_id *from, const struct bw_message_confirm *m);
void bw_object_receive(struct bw_election *e, const struct bw_id *from, const struct bw_message_object *m);
/* To all successors, and to so many other members as the bound allows. */
void bw_send_widely(struct bw_election *e, struct bw_scope *scope, enum bw_election_frame type, const void *message,
                    const uint8_t *signature);
/* Gives our claim up, and claims no more for pause_us. lives: a leader for whose sake we do, or none: to whoever confirmed us it is
 * named as the successor. */
void bw_claim_withdraw(struct bw_election *e, struct bw_scope *scope, int64_t pause_us, const struct bw_id *lives);

/* -- handover.c: leadership that is given away -- */
void bw_resign_receive(struct bw_election *e, const struct bw_id *from, const struct bw_message_resign *m,
                       const uint8_t *signature);
/* Gives up the leadership, naming the best successor, or the claim to it. */
void bw_resign(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason);
/* Gives up the leadership in favour of that member, whatever its rank. */
void bw_resign_to(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason, const struct bw_id *heir);
/* The same at once, whatever work there is. */
void bw_resign_now(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason, const struct bw_id *heir);

/* -- preempt.c: the better candidate asks -- */
/* How often it went away of late. */
uint32_t bw_flaps(const struct bw_election *e, const struct bw_candidate *candidate);
/* The candidate went away, or was missed. */
void bw_flap(struct bw_election *e, struct bw_candidate *candidate);
void bw_flap_of(struct bw_election *e, struct bw_scope *scope, const struct bw_id *id);
/* After each change of it: the same if it was able to lead before and is not now. */
void bw_flap_unless_able(struct bw_election *e, struct bw_candidate *candidate);
void bw_preempt_step(struct bw_election *e, struct bw_scope *scope);
/* The leader's look at better candidates, once a round. */
void bw_preempt_round(struct bw_election *e, struct bw_scope *scope);
void bw_want_receive(struct bw_election *e, struct bw_peer *peer, int64_t heard_us, const struct bw_message_want *m);

/* -- reach.c: who reaches less than half -- */
/* The leader's look, once a round; it may lead no more afterwards. */
void bw_reach_round(struct bw_election *e, struct bw_scope *scope);
/* A follower that was found below half. */
void bw_reach_step(struct bw_election *e, struct bw_scope *scope);
void bw_reach_answer(struct bw_election *e, struct bw_peer *peer);

/* -- standing.c -- */
/* The scope of that name if we ever stand for it, else NULL. */
struct bw_scope *bw_scope_own(const struct bw_election *e, const char *name);
bool bw_stands(const struct bw_election *e, const struct bw_scope *scope);
/* Who stepped down stands again when its time is over. */
void bw_aside_step(struct bw_election *e, struct bw_scope *scope);
/* Not ready any more: told so, or not told otherwise in time. */
void bw_gate_close(struct bw_election *e, struct bw_scope *scope);

/* -- declare.c: scopes that we stand for, from the start or for a while -- */
/* 0, BW_ERR_INVALID, BW_ERR_BUSY: we stand for it already, BW_ERR_FULL, BW_ERR_SPACE or BW_ERR_MEMORY. */
int bw_declare(struct bw_election *e, const struct bw_scope_config *config);
/* The same of one scope; ranged: as part of a range. */
int bw_declare_one(struct bw_election *e, const struct bw_scope_config *config, bool ranged);
/* Our reign over a withdrawn scope has ended, or there was none. */
void bw_withdraw_end(struct bw_election *e, struct bw_scope *scope);
/* Takes a term from disk. 0 or BW_ERR_MEMORY. */
int bw_remember(struct bw_election *e, const struct bw_durable_term *term);

/* -- freeze.c: the leader stays, nobody else claims -- */
/* Whether we may not claim: the scope is frozen, and we did not hold it last. */
bool bw_freeze_forbids(const struct bw_scope *scope);
/* The same, noted where it stops somebody. */
bool bw_freeze_stops(struct bw_election *e, struct bw_scope *scope);
/* A claim is taken: whose the last reign was. */
void bw_freeze_held(struct bw_election *e, struct bw_scope *scope, const struct bw_claim *claim);
void bw_freeze_expire(struct bw_election *e, struct bw_scope *scope);
void bw_freeze_encode(const struct bw_election *e, const struct bw_freeze *freeze, uint8_t rank[BW_CLAIM_RANK_SIZE],
                      uint8_t body[BW_CLAIM_BODY_MAX], size_t *body_size);

#include "election/lease.h" /* the rest of what is shared */
#include "election/signed.h"

#endif
