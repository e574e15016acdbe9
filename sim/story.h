/* A story: what happened to a cluster and who believed what, as items in order of time. The simulator fills one as it runs
 * (bw_sim_options.story), and so may whoever reads the event streams of real agents; renderers read it and need to know
 * nothing else. It only grows, up to a bound; what did not fit is counted. The structs may be read, not changed.
 *
 * Members are numbered in the order in which they became known (in a simulated story: by host); texts (scopes, words for
 * faults) are kept once and referred to by number, 0 being "". */
#ifndef BW_SIM_STORY_H
#define BW_SIM_STORY_H

#include <bellwether/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_STORY_NOBODY UINT32_MAX
#define BW_STORY_FOR_EVER INT64_MAX

/* X(NAME, "text"). Which fields of struct bw_story_item each uses, beside at_us and kind:
 *
 *   UP          who: its process starts; it knows itself alone, and no leader
 *   DOWN        who: its process ends
 *   PAUSED      who: its process stops (SIGSTOP)
 *   CONTINUED   who: ... and goes on
 *   GONE        who has left, and knows it
 *   STATUS      who holds whom for status, at incarnation term; own: by its own ears; by: the accuser of a suspect or dead
 *               member, or nobody
 *   LEADER      who holds whom for the leader of scope, by term
 *   LEADERLESS  who knows no leader of scope any more; whom: the one that is lost, by term; text: the reason
 *   REIGN       who leads scope itself and may act, by term
 *   REIGN_END   who does no longer; text: the reason. A process's end ends its reigns, too
 *   HEALED      who has seen that of two leaders of scope whom stays, by term
 *   CONVERGED   who finds that its peers have its view
 *   DIVERGED    who finds that they do not
 *   GROUP       who is in partition `group` from now on; all are in 0 at the start
 *   FAULT       text: what is done, to who (to the link from who to whom; to nobody in particular), until until_us: at_us
 *               if it takes no time, BW_STORY_FOR_EVER if it does not end; other items say what comes of it
 *   VIOLATION   text: the invariant that broke; nothing follows */
#define BW_STORY_KINDS(X)       \
    X(UP, "up")                 \
    X(DOWN, "down")             \
    X(PAUSED, "paused")         \
    X(CONTINUED, "continued")   \
    X(GONE, "gone")             \
    X(STATUS, "status")         \
    X(LEADER, "leader")         \
    X(LEADERLESS, "leaderless") \
    X(REIGN, "reign")           \
    X(REIGN_END, "reign-end")   \
    X(HEALED, "healed")         \
    X(CONVERGED, "converged")   \
    X(DIVERGED, "diverged")     \
    X(GROUP, "group")           \
    X(FAULT, "fault")           \
    X(VIOLATION, "violation")

#define BW_STORY_KIND_(name, text) BW_STORY_##name,
enum bw_story_kind { BW_STORY_KINDS(BW_STORY_KIND_) BW_STORY_KIND_COUNT };
#undef BW_STORY_KIND_

struct bw_story_item {
    int64_t at_us; /* since the story's start; never before the item in front of it */
    int64_t until_us;
    uint64_t term; /* the incarnation, for STATUS */
    uint32_t who;  /* member numbers or BW_STORY_NOBODY */
    uint32_t whom;
    uint32_t by;
    uint32_t scope; /* text numbers */
    uint32_t text;
    uint32_t group;
    uint8_t kind;   /* enum bw_story_kind */
    uint8_t status; /* enum bw_status */
    bool own;
};

struct bw_story {
    struct bw_story_item *items;
    size_t item_count;
    size_t item_max;
    size_t dropped_count; /* items that did not fit */
    char **members;       /* names */
    size_t member_count;
    char **texts; /* texts[0] is "" */
    size_t text_count;
    char *title;      /* for people; "" if there is none */
    int64_t end_us;   /* until when it was watched; not before the last item */
    int64_t epoch_us; /* wall clock of the start; 0: virtual time */
    size_t item_capacity;
    size_t member_capacity;
    size_t text_capacity;
};

#define BW_STORY_ITEM_MAX 2000000u     /* what a story of everything may have: about 100 MB */
#define BW_STORY_NAME_COUNT_MAX 65536u /* of members, and of texts */

/* NULL: no memory. item_max 0: BW_STORY_ITEM_MAX. */
struct bw_story *bw_story_create(size_t item_max);
void bw_story_destroy(struct bw_story *story);

void bw_story_title(struct bw_story *story, const char *title); /* without memory it stays as it is */

/* The number of the member of this name, made if it is new; BW_STORY_NOBODY: there is no room for it. */
uint32_t bw_story_member(struct bw_story *story, const char *name);
/* The same for a text. 0: there is no room for it. */
uint32_t bw_story_text(struct bw_story *story, const char *text);

/* An item of this kind by whom it is about; whom and by are nobody. */
struct bw_story_item bw_story_item(int64_t at_us, enum bw_story_kind kind, uint32_t who);
/* Appends; an item from before the last one is taken as simultaneous with it. False: it did not fit, and was counted. */
bool bw_story_add(struct bw_story *story, const struct bw_story_item *item);
void bw_story_end(struct bw_story *story, int64_t at_us);

const char *bw_story_kind_name(enum bw_story_kind kind);

#endif
