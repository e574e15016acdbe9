/* The timeline: a story as one self-contained HTML page. The page is tools/timeline/, which the build puts into the program. */
#ifndef BW_TOOLS_TIMELINE_PAGE_H
#define BW_TOOLS_TIMELINE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/story.h"

#define TIMELINE_MEMBER_MAX 1024u /* lanes that a page takes */

/* What the page says of itself beside the story. NULL: nothing. */
struct timeline_about {
    const char *source;  /* "simulation" or "streams" */
    const char *command; /* that makes it again */
    const char *seed;
    const char *hash; /* of the trace */
    const char *const *notes;
    size_t note_count;
};

/* False: too many members, too little memory, or the file cannot be written; why says which. */
bool timeline_page_write(FILE *to, const struct bw_story *story, const struct timeline_about *about, char *why,
                         size_t why_size);

/* The same into a file, which is not left half written. Complains itself. */
bool timeline_page_save(const char *path, const struct bw_story *story, const struct timeline_about *about);

#endif
