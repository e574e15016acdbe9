/* The state machine from inside: what the files of this directory share. Each block of fields belongs to the file that its
 * comment names; functions stand under the file that defines them. */
#ifndef BW_GOSSIP_MACHINE_H
#define BW_GOSSIP_MACHINE_H

#include "base/base.h"
#include "base/list.h"
#include "base/table.h"
#include "base/timer.h"
#include "gossip/accuse.h"
#include "gossip/buffer.h"
#include "gossip/digest.h"
#include "gossip/gossip.h"
#include "gossip/member.h"
#include "gossip/rumour.h"
#include "gossip/signed.h"

#define BW_PING_MAX 48u      /* outstanding at a time */
#define BW_LEAVE_ACKS 3u     /* members that acknowledge a leave */
#define BW_GHOST_MAX 16u     /* of them for members never seen */
#define BW_HELPER_MAX 16u    /* largest indirect_count */
#define BW_UPDATE_MAX 4096u  /* queued updates */
#define BW_UPDATE_LEVELS 81u /* 1 + largest transmit limit: retransmit_mult 16 times 5 digits */
#define BW_RECENT_MAX 3u     /* peers whose digest makes us converged */
#define BW_RATE_MAX 64u      /* unproven addresses remembered */
#define BW_SYNC_PAGE_MAX 256u
#define BW_REASON_MAX 256u /* members whose last suspicion is remembered */

/* Every timer of the machine; the switch is in timers.c. Patience waits for others and is pushed back when a tick comes late;
 * a promise is not. */
enum bw_timer_kind {
    BW_TIMER_PERIOD,    /* patience: the probe interval ends, the next begins */
    BW_TIMER_PING,      /* patience: no ack yet */
    BW_TIMER_SUSPICION, /* patience: nobody refuted */
    BW_TIMER_ALONE,     /* patience: heard nobody */
    BW_TIMER_GOSSIP,    /* patience: there is news */
    BW_TIMER_SEED,      /* patience: a silent seed is tried again */
    BW_TIMER_RESYNC,    /* patience: a joiner compares views again */
    BW_TIMER_SYNC,      /* patience: pages are missing */
    BW_TIMER_SURVEY,    /* patience: members have not answered a survey */
    BW_TIMER_LEAVE,     /* patience: too few have acknowledged our leaving */
    BW_TIMER_RUMOUR,    /* patience: there are events or queries to relay */
    BW_TIMER_REAP,      /* promise: the dead are forgotten in time */
    BW_TIMER_DECAY,     /* promise: refutations are forgiven in time */
    BW_TIMER_QUERY,     /* promise: a query of ours ends in time */
};

struct bw_dest {
    struct bw_id id;
    uint64_t session; /* 0: unbound */
    struct bw_addr addr;
};

enum bw_purpose {
    BW_PURPOSE_NONE,    /* the slot is free */
    BW_PURPOSE_DETECT,  /* the detector's probe */
    BW_PURPOSE_REOPEN,  /* unbound: a suspect or dead member may have a new session */
    BW_PURPOSE_RELAY,   /* on behalf of another */
    BW_PURPOSE_ASK,     /* bw_gossip_probe */
    BW_PURPOSE_CONFIRM, /* another's suspicion is looked into */
    BW_PURPOSE_GHOST,   /* a member never seen, said to be alive on stale evidence */
    BW_PURPOSE_SEED,
    BW_PURPOSE_LEAVE,
    BW_PURPOSE_LOCATE, /* its coordinate is asked for */
};

struct bw_ping {
    struct bw_timer timer;
    enum bw_purpose purpose;
    uint32_t seq;
    struct bw_dest to;
    int64_t sent_us;
    bool acked;
    bool indirect;                /* the direct wait is over */
    bool asked_too;               /* confirm: bw_gossip_probe wants the answer as well */
    bool refused, helper_refused; /* the port refused us; and a helper */
    uint8_t hints;                /* answers that were followed up: opening.h */
    uint8_t helper_count;
    uint8_t repeated; /* times that it was sent again */
    uint32_t nacked;  /* bit per helper */
    struct bw_id refuser;
    struct bw_id helpers[BW_HELPER_MAX];
    struct bw_dest origin; /* relay */
    uint32_t origin_seq;
    struct bw_member *ghost;
};

/* Who accuses a member; its timer runs while it is suspect. */
struct bw_suspicion {
    struct bw_timer timer;
    struct bw_member *member;
    int64_t started_us; /* relative to the patience's shift */
    size_t n;           /* members when it started */
    bool refused;
    uint8_t accuser_count;
    struct bw_id accusers[BW_ACCUSERS_MAX];
    uint8_t charges[][BW_CHARGE_SIZE]; /* identity mode: of each accuser, see accuse.h */
};

/* A keyed record. */
struct bw_entry {
    struct bw_id hash; /* of kind and key */
    struct bw_update *update;
    uint8_t kind;
    bool urgent;
    uint16_t bucket; /* see bw_digest_bucket */
    uint8_t key_size;
    uint16_t body_size;
    uint8_t rank[BW_RECORD_RANK_SIZE];
    uint8_t bytes[]; /* key, body */
};

/* Something to disseminate: one of the two is set. */
struct bw_update {
    struct bw_list link;
    struct bw_member *member;
    struct bw_entry *entry;
    uint8_t sent;
    uint8_t class; /* 0: ahead of the others */
};

/* Why a member's status is what it is: its last suspicion, as seen from here. */
struct bw_reason {
    struct bw_id id;
    int64_t began_us;
    int64_t ended_us; /* BW_NEVER: it runs */
    int64_t wait_us;  /* granted last, from its beginning on */
    uint8_t evidence; /* enum bw_evidence */
    uint8_t outcome;  /* enum bw_status, once it has ended; alive: refuted */
    uint8_t helpers;
    uint8_t nacks;
    uint8_t accuser_count;
    bool damped;
    uint16_t refuted; /* suspicions of it that were refuted, since it has an entry */
    struct bw_id forgotten_by;
    struct bw_id accusers[BW_ACCUSERS_MAX];
};

/* A member's answer to a survey. */
struct bw_surveyed {
    struct bw_id id;
    int64_t due_us; /* when it is asked next */
    struct bw_id *ids;
    uint32_t living;
    uint32_t unheard_count;
    uint8_t id_count;
    uint8_t tries;
    bool answered;
};

struct bw_seed {
    struct bw_addr addr;
    struct bw_id id; /* who answered there last */
    int64_t due_us;
    uint32_t backoff_ms;
    bool remembered; /* from an earlier life, and not given by anybody in this one */
    uint8_t tries;   /* of it */
};

struct bw_rate {
    struct bw_addr addr;
    int64_t full_us; /* when its allowance is whole again */
};

struct bw_gossip {
    struct bw_allocator allocator;
    struct bw_trace *trace;
    struct bw_params params;
    struct bw_rng rng;
    struct bw_time now;
    struct bw_member *self;
    struct bw_timers patience;
    struct bw_timers promises;
    uint64_t bounds[BW_BOUND_COUNT]; /* how often each was passed */
    uint64_t bounds_passed;          /* their sum */

    /* view.c: the table and what is summed over it */
    struct bw_members members;
    struct bw_digest_key key;
    uint64_t digest;
    size_t living; /* claimed alive or suspect, ourselves included */
    size_t dead;   /* claimed dead, not left */
    int64_t changed_us;
    struct bw_timer reap;

    int64_t twice_us;        /* twice.c: when two with one id were told of each other last */
    int64_t twice_ended_us;  /* when we were told that the other one is taken for the member; BW_NEVER: it is not */
    struct bw_table records; /* record.c */

    /* disseminate.c */
    size_t update_count;
    size_t urgent_count; /* of them of class 0 */
    struct bw_timer gossip;
    int64_t gossiped_us;

    /* outbox.c, event.c */
    struct bw_buffer outbox;
    struct bw_buffer events;
    struct bw_member *changed_head;
    struct bw_member *changed_tail;

    /* probe.c, ping.c, health.c */
    struct bw_timer period;
    struct bw_ping *probe; /* this interval's */
    size_t ghost_count;
    uint32_t health; /* Lifeguard's score, 0: healthy */
    uint8_t deaf;    /* probes in a row in which nobody was heard */

    /* refute.c */
    uint8_t refutations; /* exact; the record's is what others see */
    uint64_t refuted;    /* the accused incarnation that we refuted last */
    bool counted;        /* it is among the refutations */
    struct bw_timer decay;

    /* alone.c */
    struct {
        struct bw_id id;
        int64_t at_us;
    } heard[2]; /* the last two peers heard, newest first */
    struct bw_timer alone_timer;
    bool alone;

    /* converge.c */
    struct {
        struct bw_id id;
        int64_t at_us;
        uint64_t digest;
    } recent[BW_RECENT_MAX]; /* newest first */
    size_t recent_count;
    bool converged;
    bool synchronised;
    int64_t differ_us; /* since when views differ; BW_NEVER: they do not */

    /* join.c */
    size_t seed_count;
    struct bw_timer seed;
    struct bw_timer resync;
    uint32_t resync_ms;            /* 0: not joining */
    int64_t incompatible_again_us; /* not before is somebody kept out told of again */
    int64_t rate_full_us;

    /* rush.c: those who came one upon the other */
    struct {
        int64_t began_us;
        int64_t last_us;
        size_t count;
    } rush;

    /* sync.c */
    struct {
        struct bw_timer timer;
        bool active;
        bool mutual;
        bool paged;      /* a page came in this datagram */
        bool answered;   /* a page has come since it began */
        uint64_t before; /* our digest when it began */
        int64_t began_us;
        int64_t asked_us;
        int64_t requested_us; /* the same; BW_NEVER: a page has come */
        struct bw_dest peer;
        uint32_t id;
        uint16_t buckets;
        uint16_t first;
        uint16_t next;
        uint16_t page_count; /* 0: the last page has not come */
        uint8_t tries;
        uint8_t silent;
        uint64_t digest;
        uint64_t pages[BW_SYNC_PAGE_MAX / 64];
    } sync;

    /* rtt.c */
    struct bw_vivaldi vivaldi;
    struct bw_rng vivaldi_rng; /* of its own: where we are decides nothing else */
    int64_t measured_us;       /* the round trip of the ack in this datagram; -1: none */

    /* survey.c */
    struct {
        struct bw_timer timer;
        bool active;
        uint32_t number;
        struct bw_surveyed *entries;
        size_t count;
    } survey;

    /* why.c */
    struct bw_reason *reasons;
    size_t reason_count;
    size_t reason_capacity;

    /* rumour.c, user_event.c, query.c */
    struct bw_rumours events_of_users;
    struct bw_rumours queries;
    struct bw_timer rumour;
    int64_t rumoured_us;
    bool queries_next;   /* the next place in a datagram is a query's */
    int64_t life_us;     /* since when we are a member: what began before is not delivered */
    int64_t compared_us; /* when recent events were compared last */
    struct bw_asked *asked[BW_ASKED_MAX];

    struct bw_signed attest; /* signed.c */

    /* leave.c */
    struct {
        struct bw_timer timer;
        bool leaving;
        bool left;
        size_t others; /* that can be expected to acknowledge */
        size_t acks;
        struct bw_id acked[BW_LEAVE_ACKS];
        int64_t until_us;
    } leave;

    /* the large ones, last: what every call looks at stays together */
    struct bw_ping pings[BW_PING_MAX];          /* ping.c */
    struct bw_list levels[2][BW_UPDATE_LEVELS]; /* disseminate.c */
    uint8_t frames[BW_FRAMES_MAX];              /* outbox.c */
    uint64_t parts[BW_BUCKETS_MAX]; /* view.c: of the digest, by bucket: comparing views costs what differs */
    struct bw_seed seeds[BW_SEED_MAX + BW_REMEMBERED_MAX]; /* join.c */
    struct bw_rate rates[BW_RATE_MAX];                     /* join.c */
};

/* gossip.c: every call that takes `now` begins and ends with these. */
void bw_gossip_enter(struct bw_gossip *g, struct bw_time now);
void bw_gossip_exit(struct bw_gossip *g);

/* Our own record becomes this, which is sound. */
int bw_own_change(struct bw_gossip *g, const struct bw_frame_member *own, const struct bw_proof *proof);

/* bounds.c */
void bw_bound_passed(struct bw_gossip *g, enum bw_bound bound, const struct bw_id *subject, uint64_t detail);

/* timers.c */
void bw_gossip_fire(struct bw_gossip *g, struct bw_timer *timer);
void bw_gossip_arm(struct bw_gossip *g, struct bw_timer *timer, enum bw_timer_kind kind, int64_t at_us);
void bw_gossip_cancel(struct bw_gossip *g, struct bw_timer *timer);

/* view.c */
struct bw_member *bw_view_create(struct bw_gossip *g, const struct bw_frame_member *frame,
                                 const struct bw_proof *proof);
void bw_view_free(struct bw_gossip *g, struct bw_member *member);
int bw_view_add(struct bw_gossip *g, struct bw_member *member);
/* Every change of a member's claim goes through here. */
void bw_view_set(struct bw_gossip *g, struct bw_member *member, struct bw_claim claim, int64_t since_us);
/* Replaces the record; false without memory, and nothing has changed. */
bool bw_view_set_info(struct bw_gossip *g, struct bw_member *member, const struct bw_frame_member *frame,
                      const struct bw_proof *proof);
void bw_view_add_digest(struct bw_gossip *g, size_t bucket, uint64_t value);
void bw_view_age(struct bw_gossip *g, struct bw_member *member, int64_t since_us);
int64_t bw_view_fade_us(const struct bw_gossip *g);
void bw_view_reap(struct bw_gossip *g);
void bw_view_frame(const struct bw_gossip *g, const struct bw_member *member, struct bw_frame_member *frame);
struct bw_dest bw_view_dest(const struct bw_member *member);
struct bw_dest bw_view_answer(const struct bw_gossip *g, const struct bw_inbound *in);
struct bw_peer *bw_view_peer(struct bw_gossip *g, struct bw_member *member);
/* Up to count living members (never ourselves, never `but`), from a random place in the ring on. */
size_t bw_view_pick(struct bw_gossip *g, const struct bw_member *but, struct bw_member **picked, size_t count);
bool bw_view_others(const struct bw_gossip *g, const struct bw_member *member);

/* suspect.c */
/* Adds accusers to the member's suspicion, which begins if there is none. False without memory: nothing changed. */
bool bw_suspect(struct bw_gossip *g, struct bw_member *member, uint64_t incarnation, struct bw_bytes accusers);
void bw_suspect_accuse(struct bw_gossip *g, struct bw_member *member, const struct bw_ping *ping);
/* Another says that it is dead, and we heard it lately: true if it is a suspect that still has time to refute. */
bool bw_suspect_sentenced(struct bw_gossip *g, struct bw_member *member, uint64_t incarnation, const struct bw_id *by);
void bw_suspect_timeout(struct bw_gossip *g, struct bw_suspicion *suspicion);
void bw_suspect_end(struct bw_gossip *g, struct bw_member *member); /* frees the suspicion */
void bw_suspect_die(struct bw_gossip *g, struct bw_member *member, struct bw_claim claim, const struct bw_id *by,
                    int64_t since_us);

/* refute.c */
/* Somebody claims something newer about ourselves than we do; shared: more than one accuses us. */
void bw_refute(struct bw_gossip *g, const struct bw_id *from, struct bw_claim claim, bool shared);
void bw_refute_decay(struct bw_gossip *g);
bool bw_refute_unstable(const struct bw_member *member);
/* A new incarnation of our own record, on everybody's way. */
void bw_refute_renew(struct bw_gossip *g, uint64_t incarnation);

/* record.c */
void bw_record_receive(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_record *frame);
void bw_record_frame(const struct bw_entry *entry, struct bw_frame_record *frame);
uint64_t bw_record_digest(const struct bw_gossip *g, const struct bw_entry *entry);
void bw_record_free_all(struct bw_gossip *g);

/* disseminate.c */
void bw_update_member(struct bw_gossip *g, struct bw_member *member);
void bw_update_entry(struct bw_gossip *g, struct bw_entry *entry);
void bw_update_drop(struct bw_gossip *g, struct bw_update *update);
void bw_update_piggyback(struct bw_gossip *g, struct bw_writer *writer, const struct bw_member *to);
int bw_update_claim(const struct bw_gossip *g, const struct bw_member *member, struct bw_writer *writer);
void bw_update_tick(struct bw_gossip *g);
void bw_update_wake(struct bw_gossip *g);

/* outbox.c */
/* Queues one frame; a bare one travels alone, without updates. */
int bw_outbox_put(struct bw_gossip *g, const struct bw_dest *to, const struct bw_schema *schema, const void *message);
/* A member's whole record. */
int bw_outbox_put_member(struct bw_gossip *g, const struct bw_dest *to, const struct bw_member *member);
int bw_outbox_put_bare(struct bw_gossip *g, const struct bw_dest *to, const struct bw_schema *schema,
                       const void *message);
/* Whole frames; none: whatever updates there are. */
int bw_outbox_put_frames(struct bw_gossip *g, const struct bw_dest *to, const void *frames, size_t size, bool bare);
/* User events and queries: nothing more of that kind joins them. */
int bw_outbox_put_rumours(struct bw_gossip *g, const struct bw_dest *to, const void *frames, size_t size);

/* event.c */
void bw_event_member(struct bw_gossip *g, struct bw_member *member);
void bw_event_forget(struct bw_gossip *g, const struct bw_member *member);
void bw_event_push(struct bw_gossip *g, const struct bw_gossip_event *event);

/* ping.c */
struct bw_ping *bw_ping_send(struct bw_gossip *g, enum bw_purpose purpose, const struct bw_dest *to, int64_t wait_us);
void bw_ping_close(struct bw_gossip *g, struct bw_ping *ping);
void bw_ping_close_all(struct bw_gossip *g);
void bw_ping_timeout(struct bw_gossip *g, struct bw_ping *ping);
void bw_ping_answer(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_ping *frame);
void bw_ping_acked(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_ack *frame);
void bw_ping_relayed(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_relayed *frame);
void bw_ping_nacked(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_nack *frame);
void bw_ping_requested(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_ping_req *frame);

/* probe.c */
void bw_probe_period(struct bw_gossip *g);
int64_t bw_probe_timeout_us(const struct bw_gossip *g, const struct bw_member *member);
int64_t bw_probe_measure(struct bw_peer *peer, int64_t rtt_us);
void bw_probe_indirectly(struct bw_gossip *g, struct bw_ping *ping);
/* Both we and a helper have seen the port refuse. */
void bw_probe_refused_twice(struct bw_gossip *g, struct bw_ping *ping);
void bw_probe_confirm(struct bw_gossip *g, struct bw_member *member);

/* health.c */
void bw_health_change(struct bw_gossip *g, int32_t by);
int64_t bw_health_stretch(const struct bw_gossip *g, uint32_t ms); /* to microseconds */

/* alone.c */
void bw_alone_heard(struct bw_gossip *g, const struct bw_id *from);
void bw_alone_timeout(struct bw_gossip *g);
/* When anybody but this one was heard last; BW_NOT_HEARD. */
int64_t bw_alone_heard_but(const struct bw_gossip *g, const struct bw_id *id);
void bw_alone_shift(struct bw_gossip *g, int64_t late_us);

/* converge.c */
void bw_converge_heard(struct bw_gossip *g, const struct bw_inbound *in, uint64_t digest, bool still);
bool bw_converge_still(const struct bw_gossip *g);
void bw_converge_settle(struct bw_gossip *g);

/* join.c */
void bw_join_seeds(struct bw_gossip *g);
void bw_join_remembered(struct bw_gossip *g, const struct bw_addr *addrs, size_t count);
void bw_join_answered(struct bw_gossip *g, const struct bw_ping *ping, const struct bw_inbound *in);
void bw_join_resync(struct bw_gossip *g);
void bw_join_synced(struct bw_gossip *g, bool answered, bool agreed);
bool bw_join_rationed(struct bw_gossip *g, const struct bw_addr *addr);

/* sync.c */
bool bw_sync_start(struct bw_gossip *g, const struct bw_dest *peer, bool mutual);
void bw_sync_timeout(struct bw_gossip *g);
void bw_sync_page(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_page *frame);
void bw_sync_advance(struct bw_gossip *g);
void bw_sync_later(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_later *frame);

/* rush.c */
/* A member that we did not know says itself who it is. */
void bw_rush_arrived(struct bw_gossip *g);
/* Whether who asks is told to ask later. */
bool bw_rush_puts_off(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_sync *frame);

/* page.c */
void bw_page_serve(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_sync *frame);
uint16_t bw_page_buckets(const struct bw_gossip *g);
void bw_page_digests(const struct bw_gossip *g, uint16_t buckets, uint16_t first, uint64_t *sums, size_t count);

/* rtt.c */
void bw_rtt_tell(struct bw_gossip *g, const struct bw_dest *to);
void bw_rtt_told(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_coordinate *frame);

/* survey.c */
void bw_survey_asked(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_survey *frame);
void bw_survey_answered(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_heard *frame);
void bw_survey_step(struct bw_gossip *g);
void bw_survey_free(struct bw_gossip *g);

/* why.c */
void bw_why_begin(struct bw_gossip *g, const struct bw_member *member);
void bw_why_wait(struct bw_gossip *g, const struct bw_suspicion *suspicion, int64_t wait_us, bool damped);
void bw_why_evidence(struct bw_gossip *g, const struct bw_member *member, enum bw_evidence evidence);
void bw_why_probe(struct bw_gossip *g, const struct bw_member *member, const struct bw_ping *ping);
/* It is alive again, dead or left; by: who says so, NULL or none if not known. */
void bw_why_end(struct bw_gossip *g, const struct bw_member *member, enum bw_status outcome, const struct bw_id *by);
void bw_why_reaped(struct bw_gossip *g, const struct bw_id *id);
void bw_why_free(struct bw_gossip *g);

/* leave.c */
void bw_leave_timeout(struct bw_gossip *g);
/* If the member left, tells so to one who does not know. True if it did. */
bool bw_leave_tell_of(struct bw_gossip *g, const struct bw_dest *to, const struct bw_member *member);
void bw_leave_acked(struct bw_gossip *g, const struct bw_id *from);
void bw_leave_refused(struct bw_gossip *g, struct bw_ping *ping);

#endif
