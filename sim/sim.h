/* A whole cluster in one process: N real nodes, one event heap, one seed, virtual time.
 *
 * The world is given by options and a seed; the same two give the same run, bit for bit (bw_sim_hash). Hosts are numbered
 * from 0; host i has one address, one disk, two clocks and at most one process, which runs one node named "n<i>".
 * Whatever happens to hosts and links is done by the functions below; invariants are checked all the time, and the first
 * violation stops the run (bw_sim_violation). */
#ifndef BW_SIM_SIM_H
#define BW_SIM_SIM_H

#include "base/rules.h"
#include "sim/invariants.h"
#include "sim/story.h"
#include <bellwether/config.h>
#include <bellwether/event.h>
#include <bellwether/node.h>
#include <stdio.h>

struct bw_sim;

#define BW_SIM_NONE SIZE_MAX /* no such host */
#define BW_SIM_ALL SIZE_MAX
#define BW_SIM_PPM_MAX 1000000u
#define BW_SIM_LINE_BUFFER 65536u
#define BW_SIM_MEMORY_LEAST (512u * 1024u)
#define BW_SIM_MEMORY_PER_HOST 4096u

/* Which hosts a node is told to join. */
enum bw_sim_seeds {
    BW_SIM_SEEDS_FIRST, /* the first seed_count hosts */
    BW_SIM_SEEDS_NEXT,  /* the host after it: a line */
    BW_SIM_SEEDS_NONE,
};

struct bw_sim_options {
    struct bw_params params; /* from the profile */
    uint32_t latency_us;     /* one way: least, and what chance adds to it at most */
    uint32_t jitter_us;
    uint32_t loss_ppm; /* of every datagram, parts in a million */
    uint32_t duplicate_ppm;
    uint32_t reorder_ppm; /* so many datagrams are held back by up to reorder_us */
    uint32_t reorder_us;
    size_t mtu;                /* larger datagrams vanish; 0: none do */
    size_t socket_buffer_size; /* what a process that does not run can still receive, bytes */
    uint32_t tick_late_us;     /* a host's timers fire late by up to so much */
    uint32_t write_us;         /* how long a durable write takes */
    uint32_t wall_skew_us;     /* wall clocks differ by up to so much, each way */
    uint32_t extra_tick_ppm;   /* needless early ticks after so many calls; must change nothing */
    bool unsealed;             /* a stand-in of the same size for sealing; a changed datagram is not noticed */
    bool pooled;               /* nodes and datagrams get memory from pools, which sanitizers cannot look into */
    bool durable;              /* hosts have state directories */
    bool forbid_overlap;       /* two nodes that may act in one scope at one real instant are a violation */
    enum bw_sim_seeds seeds;
    size_t seed_count;
    const char *scope;      /* NULL: no scope, nobody leads */
    size_t candidate_count; /* the first so many hosts stand; BW_SIM_ALL */
    enum bw_mode mode;
    enum bw_failover failover;
    uint32_t preempt_ms; /* hold-down; BW_PREEMPT_NEVER */
    size_t voter_count;  /* not 0: quorum mode, the first so many vote; those of them that do not stand are witnesses */
    bool many_scopes; /* who acts is looked at in `scope` only, and overlaps are not: of a thousand it takes too long */
    /* Last changes to a node's configuration; may be NULL. */
    void (*configure)(void *context, size_t host, struct bw_config *config);
    void (*on_rule)(void *context, size_t host, enum bw_rule rule);                            /* may be NULL */
    void (*on_event)(void *context, size_t host, const struct bw_event *event, int64_t at_us); /* may be NULL */
    /* Each datagram as it goes out, whatever becomes of it; may be NULL. */
    void (*on_datagram)(void *context, size_t from, size_t to, const uint8_t *data, size_t size);
    void *context;
    struct bw_story *story; /* gets all that happens, members numbered as hosts; NULL: none. The caller's. */
    FILE *log;              /* every line of the trace as it happens; NULL: none */
    bool log_datagrams;     /* datagrams too */
};

/* A direction of traffic: from one host to another, out of a host, or into it. */
struct bw_sim_link {
    uint32_t loss_ppm;
    uint32_t latency_us; /* added */
    uint32_t up_ms;      /* on for so long, then off for down_ms, and so on; 0: always on */
    uint32_t down_ms;
    size_t mtu; /* 0: no limit */
    uint32_t duplicate_ppm;
    uint32_t reorder_ppm;
    uint64_t bytes_per_s; /* 0: no limit; what has to wait longer than BW_SIM_LINE_BUFFER bytes take is lost */
    int64_t busy_us;      /* kept by the world: until when earlier datagrams take */
    bool cut;
};

struct bw_sim_counts {
    uint64_t sent;      /* datagrams */
    uint64_t sent_size; /* bytes */
    uint64_t largest;   /* bytes */
    uint64_t received;
    uint64_t lost;    /* on links, to silent hosts, above an MTU, past a full socket buffer */
    uint64_t refused; /* port-unreachable answers that arrived */
    uint64_t dropped; /* datagrams that nodes turned down */
    uint64_t writes;
};

void bw_sim_options_init(struct bw_sim_options *options, enum bw_profile profile);
/* host_count hosts, nothing running. Without memory the simulator ends the program. */
struct bw_sim *bw_sim_create(uint64_t seed, size_t host_count, const struct bw_sim_options *options);
void bw_sim_destroy(struct bw_sim *sim);

/* -- time -- */
int64_t bw_sim_now_us(const struct bw_sim *sim);
int64_t bw_sim_now_ms(const struct bw_sim *sim);
/* False: an invariant was violated (now or before). */
bool bw_sim_run_ms(struct bw_sim *sim, int64_t duration_ms);
bool bw_sim_run_us(struct bw_sim *sim, int64_t duration_us);
/* Until the condition holds. It is asked after every step in which any node said or got something. */
bool bw_sim_run_until(struct bw_sim *sim, bool (*condition)(struct bw_sim *sim, void *context), void *context,
                      int64_t limit_ms);
/* Calls action at a time from the world's start (at once if that has passed). */
void bw_sim_schedule(struct bw_sim *sim, int64_t at_ms, void (*action)(struct bw_sim *sim, void *context),
                     void *context);
void bw_sim_schedule_us(struct bw_sim *sim, int64_t at_us, void (*action)(struct bw_sim *sim, void *context),
                        void *context);

/* -- processes -- */
int bw_sim_start(struct bw_sim *sim, size_t host); /* 0 or what bw_node_create says */
void bw_sim_start_all(struct bw_sim *sim);
/* All at once, as if all had been told of all long ago; nothing runs yet. For thousands. */
void bw_sim_start_converged(struct bw_sim *sim);
void bw_sim_crash(struct bw_sim *sim, size_t host);  /* a write under way is lost; the disk stays; the port refuses */
int bw_sim_restart(struct bw_sim *sim, size_t host); /* with what is on the disk; crashes it first if it runs */
int bw_sim_restart_blank(struct bw_sim *sim, size_t host); /* with an empty disk */
void bw_sim_leave(struct bw_sim *sim, size_t host);
bool bw_sim_left(const struct bw_sim *sim, size_t host);
void bw_sim_pause(struct bw_sim *sim, size_t host); /* SIGSTOP */
void bw_sim_continue(struct bw_sim *sim,
                     size_t host); /* what has arrived is handled first, then the clock is looked at */
void bw_sim_slow(struct bw_sim *sim, size_t host, uint32_t late_ms); /* runs only up to so much late; 0: as usual */
bool bw_sim_running(const struct bw_sim *sim, size_t host);          /* it has a process, and it is not paused */
struct bw_node *bw_sim_node(const struct bw_sim *sim, size_t host);  /* NULL: no process */
int bw_sim_join(struct bw_sim *sim, size_t host, size_t to);
int bw_sim_stepdown(struct bw_sim *sim, size_t host, const char *scope, uint32_t for_ms);
/* The scope is frozen, or thawed, at this host's word. What bw_node_freeze says. */
int bw_sim_freeze(struct bw_sim *sim, size_t host, const char *scope, bool freeze);
/* Told to `from`: hand the scope over to host `to`. What bw_node_transfer says. */
int bw_sim_transfer(struct bw_sim *sim, size_t from, const char *scope, size_t to);
/* Any other call on the node, as its host makes it; what: for the trace. Returns what call returns. */
int bw_sim_call(struct bw_sim *sim, size_t host, const char *what,
                int (*call)(struct bw_node *node, struct bw_time now, void *context), void *context);
int bw_sim_user_event(struct bw_sim *sim, size_t host, const char *name, struct bw_bytes payload);
int bw_sim_query(struct bw_sim *sim, size_t host, const struct bw_query *query, uint64_t *number);
int bw_sim_respond(struct bw_sim *sim, size_t host, uint64_t number, struct bw_bytes payload);

/* Makes a scope of the configuration one in quorum mode if the world's options say so. */
void bw_sim_voters(const struct bw_sim *sim, size_t host, struct bw_scope_config *scope,
                   const char *voters[BW_VOTERS_MAX]);

/* -- before the start -- */
void bw_sim_set_name(struct bw_sim *sim, size_t host, const char *name);
void bw_sim_set_priority(struct bw_sim *sim, size_t host, uint16_t priority);

/* -- keys -- */
#define BW_SIM_KEYS_MAX 8u
/* Its key file holds these from now on, and its process takes them as soon as it is on the processor. The first seals. All
 * hosts begin with number 0 alone. */
void bw_sim_set_keys(struct bw_sim *sim, size_t host, const uint16_t *numbers, size_t count);
/* What an operator does to the ring of all at one host (keys.h). From then on the hosts that have taken it keep it as a file; their
 * numbers count no more. Key number `number`; ids are the node's. */
int bw_sim_key_add(struct bw_sim *sim, size_t host, uint16_t number);
int bw_sim_key_use(struct bw_sim *sim, size_t host, uint64_t id, bool force);
int bw_sim_key_remove(struct bw_sim *sim, size_t host, uint64_t id, bool force);
void bw_sim_keys_ask(struct bw_sim *sim, size_t host, uint32_t for_ms);
/* Its key file cannot be written. */
void bw_sim_ring_fails(struct bw_sim *sim, size_t host, bool fails);

/* -- disks -- */
void bw_sim_disk_fails(struct bw_sim *sim, size_t host, bool fails);
void bw_sim_disk_tear(struct bw_sim *sim, size_t host, size_t size); /* only the first size bytes are left */
void bw_sim_disk_undo(struct bw_sim *sim, size_t host);            /* the last write is lost, though it was answered */
void bw_sim_disk_copy(struct bw_sim *sim, size_t from, size_t to); /* a cloned disk */
size_t bw_sim_disk_size(const struct bw_sim *sim, size_t host);

/* -- clocks -- */
void bw_sim_clock_rate(struct bw_sim *sim, size_t host, int32_t ppm); /* both clocks run fast (or slow) by it */
void bw_sim_wall_step(struct bw_sim *sim, size_t host, int64_t by_ms);
struct bw_time bw_sim_clock(const struct bw_sim *sim, size_t host); /* what its clocks say now */

/* -- network -- */
struct bw_sim_link *bw_sim_link(struct bw_sim *sim, size_t from, size_t to); /* to be changed by the caller */
struct bw_sim_link *bw_sim_out(struct bw_sim *sim, size_t host);
struct bw_sim_link *bw_sim_in(struct bw_sim *sim, size_t host);
void bw_sim_loss(struct bw_sim *sim, uint32_t loss_ppm); /* everywhere */
void bw_sim_cut(struct bw_sim *sim, size_t a, size_t b);
void bw_sim_cut_one_way(struct bw_sim *sim, size_t from, size_t to);
void bw_sim_mend(struct bw_sim *sim, size_t a, size_t b);
void bw_sim_host_silent(struct bw_sim *sim, size_t host,
                        bool silent); /* nothing comes out or gets in, no refusals either */
/* What a datagram to its port meets: a port-unreachable answer if no process has it (usual); none even then; one in
 * any case, as from a firewall, and the process gets nothing. */
enum bw_sim_refusals { BW_SIM_REFUSALS_USUAL, BW_SIM_REFUSALS_NEVER, BW_SIM_REFUSALS_ALWAYS };
void bw_sim_refusals(struct bw_sim *sim, size_t host, enum bw_sim_refusals refusals);
void bw_sim_partition(struct bw_sim *sim,
                      const unsigned *groups);             /* hosts reach those of their own group; one number each */
void bw_sim_split(struct bw_sim *sim, size_t first_count); /* the first so many from the rest */
void bw_sim_heal(struct bw_sim *sim); /* no partition, no cut, no trouble on single links; silent hosts stay silent */
/* Puts a datagram on the wire as if host `from` had sent it. */
void bw_sim_inject(struct bw_sim *sim, size_t from, size_t to, const void *data, size_t size);
struct bw_addr bw_sim_addr(size_t host);

/* -- what nodes believe -- */
int bw_sim_status_at(const struct bw_sim *sim, size_t observer, size_t subject); /* enum bw_status; -1: unknown */
/* Every running host but the subject itself holds it for this. */
bool bw_sim_status_everywhere(const struct bw_sim *sim, size_t subject, enum bw_status status);
/* How many running hosts do. */
size_t bw_sim_status_count(const struct bw_sim *sim, size_t subject, enum bw_status status);
/* Every running host holds all running hosts of its group, and nobody else, for alive; per group all digests are equal.
 * Silent hosts count as not running. */
bool bw_sim_converged(const struct bw_sim *sim);
size_t bw_sim_alive_count(const struct bw_sim *sim, size_t observer); /* members alive to it, itself included */
size_t bw_sim_leader_of(const struct bw_sim *sim, size_t observer,
                        const char *scope); /* BW_SIM_NONE: none that it knows */
/* The host that all running hosts of this group hold for the leader, and that may act; BW_SIM_NONE if they differ. */
size_t bw_sim_leader_in_group(const struct bw_sim *sim, unsigned group, const char *scope);
size_t bw_sim_leader_everywhere(const struct bw_sim *sim, const char *scope);
bool bw_sim_may_act(const struct bw_sim *sim, size_t host, const char *scope);
size_t bw_sim_acting_count(const struct bw_sim *sim, const char *scope); /* running hosts that may act now */
int64_t bw_sim_lease_us(const struct bw_sim *sim, size_t host,
                        const char *scope); /* left, by its clock; -1: does not lead */
struct bw_token bw_sim_token(const struct bw_sim *sim, size_t host, const char *scope); /* all zero: knows no leader */

/* -- waiting, at most limit_ms -- */
bool bw_sim_wait_status_everywhere(struct bw_sim *sim, size_t subject, enum bw_status status, int64_t limit_ms);
bool bw_sim_wait_converged(struct bw_sim *sim, int64_t limit_ms);
/* Any leader; or, in bw_sim_wait_other_leader, any but that host. Returns it, or BW_SIM_NONE. */
size_t bw_sim_wait_leader_everywhere(struct bw_sim *sim, const char *scope, int64_t limit_ms);
size_t bw_sim_wait_other_leader(struct bw_sim *sim, const char *scope, size_t than, int64_t limit_ms);
bool bw_sim_wait_left(struct bw_sim *sim, size_t host, int64_t limit_ms);

/* -- what happened -- */
uint64_t bw_sim_hash(const struct bw_sim *sim); /* of every datagram, event and fault so far */
void bw_sim_counts(const struct bw_sim *sim, size_t host, struct bw_sim_counts *counts);     /* BW_SIM_ALL: the sum */
uint64_t bw_sim_event_count(const struct bw_sim *sim, size_t host, enum bw_event_type type); /* BW_SIM_ALL: the sum */
uint64_t bw_sim_accused_count(const struct bw_sim *sim, size_t subject);   /* by how many own suspicions of others */
uint64_t bw_sim_suspected_count(const struct bw_sim *sim, size_t subject); /* how many views came to hold it suspect */
uint64_t bw_sim_dead_count(const struct bw_sim *sim, size_t subject);      /* how many views came to hold it dead */
uint64_t bw_sim_rule_count(const struct bw_sim *sim, size_t host, enum bw_rule rule); /* BW_SIM_ALL: the sum */
int64_t bw_sim_overlap_us(const struct bw_sim *sim, const char *scope); /* real time in which two could act */
/* A resource that checks tokens is used by every node that may act, at each of its steps: what it refused. One that does
 * not check would have taken all of these. */
uint64_t bw_sim_guard_refused(const struct bw_sim *sim, const char *scope);
struct bw_token bw_sim_guard_token(const struct bw_sim *sim, const char *scope); /* the last that it took */
/* Its guard knows no token any more, as when somebody removes its file: older ones pass, which is a violation. */
void bw_sim_guard_lose(struct bw_sim *sim, const char *scope);
/* Allocator calls of all nodes so far that got memory. */
uint64_t bw_sim_allocation_count(const struct bw_sim *sim);
size_t bw_sim_allocated_size(const struct bw_sim *sim); /* that all nodes hold now, bytes */
/* The host's next allocations fail: the nth from now on (0: none any more), once or for ever. */
void bw_sim_fail_allocation(struct bw_sim *sim, size_t host, uint64_t nth, bool for_ever);

/* -- invariants -- */
/* From now on nobody that is protected itself may hold this host for dead. */
void bw_sim_protect(struct bw_sim *sim, size_t host, bool protect);
/* After this time every other member of its group that runs, and that nothing has happened to since, must know that this
 * host is gone; but if something happens to the host meanwhile. */
void bw_sim_demand_known(struct bw_sim *sim, size_t subject, int64_t within_us);
/* Within this time all views must be right and equal once (bw_sim_converged), and with a scope each group be led. */
void bw_sim_demand_converged(struct bw_sim *sim, int64_t within_us);
/* No node may ever take more memory than this. At first it is BW_SIM_MEMORY_LEAST and BW_SIM_MEMORY_PER_HOST for each. */
void bw_sim_demand_memory(struct bw_sim *sim, size_t size_max);
/* The first violation in words; NULL: none. */
const char *bw_sim_violation(const struct bw_sim *sim);
enum bw_invariant bw_sim_broken(const struct bw_sim *sim); /* which that was */
/* From now on two nodes that may act in one scope at one real instant are a violation, or not; reigns that began within
 * collision_us of each other aside: two claims on their way at once may both be confirmed. */
void bw_sim_forbid_overlap(struct bw_sim *sim, bool forbid, int64_t collision_us);
/* Says that an invariant of the caller's own is violated; the first violation stays. */
void bw_sim_fail(struct bw_sim *sim, const char *text);
/* Tells the story of a fault that begins now: its words, whom it hits (a link: from host to other; BW_SIM_NONE), and until
 * when it lasts (see story.h). */
void bw_sim_tell_fault(struct bw_sim *sim, const char *text, size_t host, size_t other, int64_t until_us);
/* Prints seed, hash, violation and the last lines of the trace, each line behind prefix. */
void bw_sim_report(const struct bw_sim *sim, FILE *to, const char *prefix, size_t line_count);

#endif
