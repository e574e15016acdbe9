/* Faults in words: what goes wrong, where, from when until when.
 *
 *     KIND[:WHERE][:VALUE]@TIME[-TIME]        crash:n7@30s    partition:50/50@60s-120s    loss:n1>n2:80%@10s-1m
 *
 * A plan is a list of them; bw_fault_run lays it over a world. Several faults may hold at one time: what links do is what
 * all together make of them. docs/SIMULATOR.md has the words. */
#ifndef BW_SIM_FAULT_H
#define BW_SIM_FAULT_H

#include "sim/sim.h"

#define BW_FAULT_MAX 1024u     /* in one plan */
#define BW_FAULT_RANGE_MAX 16u /* in one list of hosts */
#define BW_FAULT_PART_MAX 8u   /* of a partition */
#define BW_FAULT_TEXT_MAX 127u /* bytes */
#define BW_FAULT_FOR_EVER INT64_MAX
#define BW_FAULT_ROTATE_US 3000000

/* X(NAME, "word", "form", "meaning"). */
#define BW_FAULTS(X)                                                                                                  \
    X(CRASH, "crash", "crash:HOSTS@TIME[-TIME]", "the process ends; its host lives; it starts again at the end")      \
    X(RESTART, "restart", "restart:HOSTS[:blank|torn|old]@TIME",                                                      \
      "ends and starts at once; blank: its state is lost; torn: half-written; old: its last write is lost")           \
    X(STOP, "stop", "stop:HOSTS@TIME[-TIME]", "the process is stopped (SIGSTOP) and goes on at the end")              \
    X(SLEEP, "sleep", "sleep:HOSTS@TIME[-TIME]", "the whole machine stops; nothing reaches it meanwhile")             \
    X(LEAVE, "leave", "leave:HOSTS@TIME[-TIME]", "leaves in order and ends; comes back at the end")                   \
    X(STEPDOWN, "stepdown", "stepdown:HOSTS@TIME[-TIME]", "gives up the lead until the end, or for a minute")         \
    X(TRANSFER, "transfer", "transfer:HOST@TIME", "whoever leads hands over to this host")                            \
    X(PRIORITY, "priority", "priority:HOSTS:NUMBER@TIME", "gets this priority, as long as its process runs")          \
    X(UNREADY, "unready", "unready:HOSTS@TIME[-TIME]", "is not ready to lead")                                        \
    X(FREEZE, "freeze", "freeze:HOSTS@TIME[-TIME]", "freezes the scope at this host's word, and thaws it at the end") \
    X(THAW, "thaw", "thaw:HOSTS@TIME", "thaws the scope at this host's word")                                         \
    X(SILENT, "silent", "silent:HOSTS@TIME[-TIME]", "the host is off the network")                                    \
    X(PARTITION, "partition", "partition:PART/PART[/PART...]@TIME[-TIME]",                                            \
      "parts (50/50, or lists of hosts) do not reach each other; PART>PART: the first is not heard by the second")    \
    X(CUT, "cut", "cut:LINK@TIME[-TIME]", "nothing passes this link")                                                 \
    X(LOSS, "loss", "loss:WHERE:PERCENT@TIME[-TIME]", "so much is lost")                                              \
    X(LATENCY, "latency", "latency:WHERE:TIME@TIME[-TIME]", "takes so much longer")                                   \
    X(DUPLICATE, "duplicate", "duplicate:WHERE:PERCENT@TIME[-TIME]", "so much arrives twice")                         \
    X(REORDER, "reorder", "reorder:WHERE:PERCENT@TIME[-TIME]", "so much is held back a little")                       \
    X(FLAP, "flap", "flap:WHERE:TIME/TIME@TIME[-TIME]", "on for so long, off for so long, and so on")                 \
    X(MTU, "mtu", "mtu:WHERE:BYTES@TIME[-TIME]", "larger datagrams vanish (a black hole)")                            \
    X(BANDWIDTH, "bandwidth", "bandwidth:WHERE:RATE@TIME[-TIME]", "passes only so much; the rest waits or is lost")   \
    X(REFUSE, "refuse", "refuse:HOSTS:yes|no@TIME[-TIME]",                                                            \
      "the port is refused though the process lives (yes), or nothing tells that a process is gone (no)")             \
    X(SLOW, "slow", "slow:HOSTS:TIME@TIME[-TIME]", "the process runs up to so much late")                             \
    X(CLOCK, "clock", "clock:HOSTS:+TIME|-TIME@TIME", "the wall clock is set by so much")                             \
    X(RATE, "rate", "rate:HOSTS:+PPM|-PPM@TIME[-TIME]", "both clocks run so many parts in a million fast or slow")    \
    X(DISK, "disk", "disk:HOSTS@TIME[-TIME]", "the state cannot be written")                                          \
    X(ROTATE, "rotate", "rotate:HOSTS@TIME[-TIME]",                                                                   \
      "a new key is added on all of them, then used, then the old one taken away; in 3s, or until the end")           \
    X(HOSTILE, "hostile", "hostile:HOSTS:NUMBER@TIME[-TIME]",                                                         \
      "each gets so many hostile packets a second: replayed, changed, cut short, another's, junk")

#define BW_FAULT_KIND_(name, word, form, text) BW_FAULT_##name,
enum bw_fault_kind { BW_FAULTS(BW_FAULT_KIND_) BW_FAULT_KIND_COUNT };
#undef BW_FAULT_KIND_

enum bw_who_kind { BW_WHO_LISTED, BW_WHO_ANY, BW_WHO_LEADER, BW_WHO_ALL };

/* Hosts: "n3", "n1,n4..n6", "any3" (drawn by the seed), "leader" (whoever acts when the fault begins), "all". */
struct bw_who {
    enum bw_who_kind kind;
    size_t count; /* of ranges; of hosts, if any */
    struct {
        size_t first, last;
    } ranges[BW_FAULT_RANGE_MAX];
};

/* What a process finds on its disk when it starts again. */
enum bw_restart {
    BW_RESTART_KEPT,
    BW_RESTART_BLANK,
    BW_RESTART_TORN, /* a part of the last write: it is refused, and removed */
    BW_RESTART_OLD   /* what was there before the last write */
};

enum bw_fault_shape { BW_SHAPE_HOSTS, BW_SHAPE_LINK, BW_SHAPE_ONE_WAY, BW_SHAPE_PARTS };

struct bw_fault {
    enum bw_fault_kind kind;
    enum bw_fault_shape shape;
    struct bw_who who;   /* hosts, or one end of a link */
    struct bw_who other; /* the other end */
    struct bw_who parts[BW_FAULT_PART_MAX];
    size_t weights[BW_FAULT_PART_MAX]; /* of parts, if they are not lists */
    size_t part_count;
    int64_t from_us;
    int64_t until_us; /* from_us: takes no time; BW_FAULT_FOR_EVER */
    int64_t value;    /* ppm, us, bytes, bytes or packets a second, enum bw_restart, or a choice: 1 is yes */
    int64_t other_value;
    char text[BW_FAULT_TEXT_MAX + 1];
};

/* A length of time: "30s", "1.5m", "1m30s", "250ms", "100us", "2h", "1d"; "0" needs no unit. False: it is none. */
bool bw_time_parse(const char *text, int64_t *us);
/* The same, as short as it can be said. */
void bw_time_text(int64_t us, char *text, size_t size);
/* "20%", "0.5%", "20". */
bool bw_percent_parse(const char *text, uint32_t *ppm);

/* False: why says which piece is wrong, and what it should look like. */
bool bw_fault_parse(const char *text, size_t host_count, struct bw_fault *fault, char *why, size_t why_size);
const char *bw_fault_word(enum bw_fault_kind kind);
const char *bw_fault_form(enum bw_fault_kind kind);
const char *bw_fault_meaning(enum bw_fault_kind kind);
/* Whether hosts that it names are out of order while it lasts: what others say against them is no mistake. */
bool bw_fault_disturbs(const struct bw_fault *fault);
/* Whether it ends, or takes away for a while, what it names. */
bool bw_fault_removes(const struct bw_fault *fault);

/* A plan over a world. */
struct bw_fault_run;

struct bw_fault_hooks {
    /* Called just before a fault begins, with the hosts that it names (by host; of parts and links: none), and after it
     * has ended. May be NULL. */
    void (*begins)(void *context, size_t fault, const bool *hosts);
    void (*ended)(void *context, size_t fault, const bool *hosts);
    void *context;
};

/* Plans all; the faults must stay until the end. Drawn hosts depend on the world's seed alone. */
struct bw_fault_run *bw_fault_run_create(struct bw_sim *sim, const struct bw_fault *faults, size_t count,
                                         const struct bw_fault_hooks *hooks);
void bw_fault_run_destroy(struct bw_fault_run *run);

#endif
