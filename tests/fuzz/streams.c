/* Target: event streams for the timeline, one file or two. What is accepted makes a page, into which no text of theirs breaks out:
 * it has as many tags as an empty one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tools/timeline_page.h"
#include "tools/timeline_stream.h"

static size_t tags_of(const char *page, size_t size) {
    size_t count = 0;
    FUZZ_CHECK(strlen(page) == size);
    for (const char *at = page; (at = strchr(at, '<')) != NULL; at++)
        count += at[1] == '/' || at[1] == '!' || (at[1] >= 'a' && at[1] <= 'z') || (at[1] >= 'A' && at[1] <= 'Z');
    return count;
}

static size_t page_of(const struct bw_story *story, const struct timeline_about *about) {
    char *page = NULL;
    size_t size = 0;
    char why[128] = "";
    FILE *to = open_memstream(&page, &size);
    FUZZ_CHECK(to != NULL);
    bool ok = timeline_page_write(to, story, about, why, sizeof(why));
    FUZZ_CHECK(fclose(to) == 0);
    FUZZ_CHECK(ok || why[0] != '\0');
    size_t tags = ok ? tags_of(page, size) : 0;
    free(page);
    return tags;
}

static size_t empty_page(void) {
    static size_t tags;
    if (tags > 0)
        return tags;
    struct bw_story *story = bw_story_create(0);
    const struct timeline_about about = {.source = "streams"};
    FUZZ_CHECK(story != NULL);
    bw_story_member(story, "n0");
    tags = page_of(story, &about);
    FUZZ_CHECK(tags > 10);
    bw_story_destroy(story);
    return tags;
}

static bool read_part(struct streams *streams, struct bw_bytes part) {
    char path[FUZZ_PATH_SIZE];
    int fd = fuzz_file(part.data, part.size, path);
    bool ok = streams_read(streams, path);
    close(fd);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    fuzz_quiet();
    size_t first = (size_t)fuzz_take(&in, 2);
    struct streams *streams = streams_create();
    FUZZ_CHECK(streams != NULL);
    bool ok = read_part(streams, fuzz_bytes(&in, first));
    ok = ok && (in.size == 0 || read_part(streams, fuzz_bytes(&in, in.size)));
    struct bw_story *story = ok ? streams_story(streams) : NULL;
    if (story != NULL) {
        struct timeline_about about = {.source = "streams"};
        about.notes = streams_notes(streams, &about.note_count);
        size_t tags = page_of(story, &about);
        FUZZ_CHECK(tags == 0 || tags == empty_page());
        bw_story_destroy(story);
    }
    streams_destroy(streams);
    return 0;
}
