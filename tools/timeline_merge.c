/* Puts what was read from streams in order, and says what cannot be known from it: clocks differ, streams begin late and end. */
#include "tools/timeline_merge.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tools/json.h"
#include "tools/text.h"

#define REIGN_MAX 1024u /* that clocks are compared by */
/* A reign is told when its beginning is done, of which others may hear a little sooner: less says nothing of clocks. */
static const int64_t lag_least_us = 50 * BW_US_PER_MS;

static void note(struct streams *streams, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct streams *streams, const char *format, ...) {
    va_list arguments;
    if (streams->note_count == STREAM_NOTE_MAX)
        return;
    va_start(arguments, format);
    if (vasprintf(&streams->notes[streams->note_count], format, arguments) >= 0)
        streams->note_count++;
    va_end(arguments);
}

const char *const *streams_notes(const struct streams *streams, size_t *count) {
    *count = streams->note_count;
    return (const char *const *)streams->notes;
}

bool streams_shift(struct streams *streams, const char *name, int64_t by_us) {
    for (size_t i = 0; i < streams->file_count; i++) {
        if (strcmp(streams->files[i].name, name) == 0) {
            streams->files[i].shift_us = by_us;
            return true;
        }
    }
    return false;
}

static int order(const void *a, const void *b) {
    const struct stream_item *left = a;
    const struct stream_item *right = b;
    if (left->item.at_us != right->item.at_us)
        return left->item.at_us < right->item.at_us ? -1 : 1;
    return left->order < right->order ? -1 : left->order > right->order;
}

static void sort(struct streams *streams) {
    qsort(streams->items, streams->count, sizeof(*streams->items), order);
}

static bool names_differ(const struct streams *streams) {
    for (size_t i = 0; i < streams->file_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(streams->files[i].name, streams->files[k].name) == 0) {
                complain("%s and %s are both the stream of %s: one file for each member", streams->files[k].path,
                         streams->files[i].path, streams->files[i].name);
                return false;
            }
        }
    }
    return true;
}

/* Files become members, and each clock moves as it was told to. */
static bool resolve(struct streams *streams) {
    uint32_t members[STREAM_COUNT_MAX];
    for (size_t i = 0; i < streams->file_count; i++) {
        members[i] = bw_story_member(streams->story, streams->files[i].name);
        if (members[i] >= TIMELINE_MEMBER_MAX) {
            complain("there are more members than the %u that a page takes", TIMELINE_MEMBER_MAX);
            return false;
        }
    }
    for (size_t i = 0; i < streams->count; i++) {
        struct bw_story_item *item = &streams->items[i].item;
        item->at_us += streams->files[item->who].shift_us;
        item->until_us = item->at_us;
        item->who = members[item->who];
    }
    for (size_t i = 0; i < streams->file_count; i++) {
        streams->files[i].number = members[i];
        if (streams->files[i].up)
            streams->files[i].last_us += streams->files[i].shift_us;
    }
    return true;
}

/* When the others began to doubt who said nothing after that and whom they hold for dead or gone in the end; INT64_MAX: they
 * do not. Who was only cut off would have said that it lost the others. */
static int64_t ended_us(const struct streams *streams, const struct stream_file *file) {
    int64_t doubted_us = INT64_MAX;
    bool gone = false;
    for (size_t i = 0; i < streams->count; i++) {
        const struct bw_story_item *item = &streams->items[i].item;
        if (item->kind != BW_STORY_STATUS || item->whom != file->number || item->at_us < file->last_us)
            continue;
        gone = item->status == BW_STATUS_DEAD || item->status == BW_STATUS_LEFT;
        if (item->status == BW_STATUS_ALIVE)
            doubted_us = INT64_MAX;
        else if (doubted_us == INT64_MAX)
            doubted_us = item->at_us;
    }
    return gone ? doubted_us : INT64_MAX;
}

/* So its last view is no longer anybody's. */
static void find_ends(struct streams *streams) {
    size_t count = streams->count;
    for (size_t i = 0; i < streams->file_count; i++) {
        const struct stream_file *file = &streams->files[i];
        int64_t at_us = file->up ? ended_us(streams, file) : INT64_MAX;
        if (at_us == INT64_MAX)
            continue;
        char last[TIME_TEXT_SIZE], end[TIME_TEXT_SIZE];
        time_text(file->last_us, last);
        time_text(at_us, end);
        note(streams,
             "%s has no event after %s, and the others gave it up from %s on: it is shown as ended then. When it did "
             "end "
             "is not known.",
             file->name, last, end);
        streams->items[count].item = bw_story_item(at_us, BW_STORY_DOWN, file->number);
        streams->items[count].order = count;
        count++;
    }
    streams->count = count;
}

/* Nobody hears of a reign before it begins. Where the times say so, the hearer's clock is behind the leader's by as much at
 * least: lags[hearer * members + leader]. */
static void measure_lags(const struct streams *streams, int64_t *lags) {
    const struct bw_story_item *reigns[REIGN_MAX];
    size_t reign_count = 0;
    for (size_t i = 0; i < streams->count && reign_count < REIGN_MAX; i++)
        if (streams->items[i].item.kind == BW_STORY_REIGN)
            reigns[reign_count++] = &streams->items[i].item;
    for (size_t i = 0; i < streams->count; i++) {
        const struct bw_story_item *item = &streams->items[i].item;
        if (item->kind != BW_STORY_LEADER || item->whom == BW_STORY_NOBODY || item->whom == item->who)
            continue;
        int64_t *lag = &lags[item->who * streams->story->member_count + item->whom];
        for (size_t r = 0; r < reign_count; r++) {
            bool same =
                reigns[r]->who == item->whom && reigns[r]->scope == item->scope && reigns[r]->term == item->term;
            if (same && reigns[r]->at_us - item->at_us > *lag)
                *lag = reigns[r]->at_us - item->at_us;
        }
    }
}

/* The worst of each member, unless the two are each behind the other: then it is not their clocks. */
static void compare_clocks(struct streams *streams) {
    size_t members = streams->story->member_count;
    int64_t *lags = calloc(members * members + 1, sizeof(*lags));
    if (lags == NULL) {
        note(streams, "The clocks were not compared: out of memory.");
        return;
    }
    measure_lags(streams, lags);
    for (size_t i = 0; i < streams->file_count; i++) {
        const struct stream_file *file = &streams->files[i];
        int64_t worst_us = 0;
        size_t than = 0;
        for (size_t k = 0; k < members; k++) {
            int64_t lag_us = lags[file->number * members + k];
            if (lag_us >= lag_least_us && lag_us > worst_us && lags[k * members + file->number] == 0) {
                worst_us = lag_us;
                than = k;
            }
        }
        if (worst_us > 0)
            note(streams,
                 "The clock of %s is at least %lld ms behind that of %s: it heard of a reign before it began. "
                 "--shift %s=%.3f moves its events.",
                 file->name, (long long)(worst_us / BW_US_PER_MS), streams->story->members[than], file->name,
                 (double)(worst_us + file->shift_us) / (double)BW_US_PER_S);
    }
    free(lags);
}

static void tell_file(struct streams *streams, const struct stream_file *file) {
    if (!file->up)
        note(streams, "%s: there is no event in it.", file->path);
    if (file->late_start)
        note(streams, "%s begins in the middle: what it knew before is not shown ('monitor --since 0' has more).",
             file->name);
    if (file->missing_count > 0)
        note(streams, "%s: %zu events are missing in its stream.", file->name, file->missing_count);
    if (file->again_count > 0)
        note(streams, "%s: %zu events are there twice; shown once.", file->name, file->again_count);
    if (file->unknown_count > 0)
        note(streams, "%s: %zu events are of a type that this version does not know; left out.", file->name,
             file->unknown_count);
    if (file->cut)
        note(streams, "%s: the last line (%zu) is cut; left out.", file->path, file->line);
    if (file->back_us > 0)
        note(streams, "The clock of %s was set back by %.3f s: what it said then is shown at the time before.",
             file->name, (double)file->back_us / (double)BW_US_PER_S);
    if (file->shift_us != 0)
        note(streams, "The events of %s are shown %+.3f s from what its clock said.", file->name,
             (double)file->shift_us / (double)BW_US_PER_S);
}

static void tell(struct streams *streams) {
    for (size_t i = 0; i < streams->file_count; i++)
        tell_file(streams, &streams->files[i]);
    if (streams->file_count > 1)
        note(streams, "Times are what each member's own clock said. Clocks that differ move lanes against each other: "
                      "before two events of different members are called one before the other, ask how well their "
                      "clocks agree.");
}

struct bw_story *streams_story(struct streams *streams) {
    struct bw_story *story = streams->story;
    if (streams->count == 0) {
        complain("there is no event in %s", streams->file_count == 1 ? streams->files[0].path : "these files");
        return NULL;
    }
    if (!names_differ(streams) || !resolve(streams))
        return NULL;
    sort(streams);
    compare_clocks(streams);
    find_ends(streams);
    sort(streams);
    tell(streams);
    story->epoch_us = streams->items[0].item.at_us;
    for (size_t i = 0; i < streams->count; i++) {
        struct bw_story_item item = streams->items[i].item;
        item.at_us -= story->epoch_us;
        item.until_us -= story->epoch_us;
        bw_story_add(story, &item);
    }
    streams->story = NULL;
    if (story->dropped_count == 0)
        return story;
    complain("out of memory");
    bw_story_destroy(story);
    return NULL;
}
