/* Event streams of agents (`monitor --json`, or logs as JSON), one file a member, merged by wall-clock time into a story. */
#ifndef BW_TOOLS_TIMELINE_STREAM_H
#define BW_TOOLS_TIMELINE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/story.h"

#define STREAM_COUNT_MAX 1024u    /* files */
#define STREAM_LINE_MAX 65536u    /* bytes, with its end */
#define STREAM_EVENT_MAX 1000000u /* in all files together */
#define STREAM_NOTE_MAX 64u       /* further ones are counted */

struct streams;

/* NULL: no memory. */
struct streams *streams_create(void);
void streams_destroy(struct streams *streams);

/* False: it cannot be used, and why has been said, with file and line. */
bool streams_read(struct streams *streams, const char *path);

/* The member's clock is taken to be so much behind: its events move by it. False: no file is this member's. */
bool streams_shift(struct streams *streams, const char *name, int64_t by_us);

/* Puts all in order; once, after the last file. NULL: there is nothing, or no memory, and that has been said. The story is the
 * caller's; its epoch is the first event. */
struct bw_story *streams_story(struct streams *streams);

/* What is to be known when reading the story: what was missing, cut, out of order. */
const char *const *streams_notes(const struct streams *streams, size_t *count);

#endif
