/* What reading streams and putting them in order share. */
#ifndef BW_TOOLS_TIMELINE_MERGE_H
#define BW_TOOLS_TIMELINE_MERGE_H

#include <bellwether/types.h>

#include "tools/timeline_page.h"
#include "tools/timeline_stream.h"

struct stream_file {
    char *path;
    char *name; /* of the member; from the file's until an event tells */
    bool named; /* an event told */
    bool up;
    bool cut;        /* its last line is not whole */
    bool late_start; /* it does not begin with the agent's first event */
    uint32_t number;
    size_t line;
    long long seq;
    int64_t now_us; /* of the event that is read */
    int64_t last_us;
    int64_t clock_us; /* the latest time of an event; `ready` is told after what happened before it */
    int64_t shift_us;
    int64_t back_us; /* the farthest that its clock was set back */
    size_t missing_count;
    size_t again_count;
    size_t unknown_count;
};

struct stream_item {
    struct bw_story_item item; /* who: the number of a file */
    size_t order;              /* in which it was read */
};

struct streams {
    struct bw_story *story; /* first the names alone */
    struct stream_file files[STREAM_COUNT_MAX];
    size_t file_count;
    char ids[TIMELINE_MEMBER_MAX][BW_ID_TEXT_SIZE]; /* of each member, as last met in the file that is read */
    struct stream_item *items;
    size_t count;
    size_t capacity;
    char *notes[STREAM_NOTE_MAX];
    size_t note_count;
};

#endif
