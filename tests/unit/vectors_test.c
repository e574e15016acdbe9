/* Known answers for other implementations: what the code writes now has to be what tests/vectors/ holds, byte for byte.
 * With BW_VECTORS_WRITE in the environment (`make vectors`) the files are written anew, for when the protocol changes on purpose. */
#include "tests/unit/vectors_test.h"

#include "base/base.h"
#include <stdlib.h>
#include <string.h>

static char *read_whole(const char *path) {
    size_t capacity = 1u << 20;
    char *text = calloc(1, capacity);
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    if (file != NULL) {
        CU_ASSERT(fread(text, 1, capacity - 1, file) < capacity - 1);
        fclose(file);
    }
    return text;
}

/* The first line that differs is told. */
static void compare(const char *name, const char *now, const char *kept) {
    size_t line = 1;
    size_t at = 0;
    for (; now[at] != '\0' && now[at] == kept[at]; at++)
        line += now[at] == '\n';
    if (now[at] != kept[at])
        tap_note("tests/vectors/%s differs in line %zu; if the protocol was to change: make vectors", name, line);
    CU_ASSERT_EQUAL(now[at], kept[at]);
}

static void check(const char *name, void (*write)(FILE *to)) {
    const char *source = getenv("BW_SOURCE_DIR");
    char path[4096];
    char *now = NULL;
    size_t size = 0;
    snprintf(path, sizeof(path), "%s/tests/vectors/%s", source ? source : ".", name);
    FILE *to = open_memstream(&now, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    write(to);
    fclose(to);
    if (getenv("BW_VECTORS_WRITE") != NULL) {
        FILE *file = fopen(path, "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        CU_ASSERT(fputs(now, file) >= 0 && fclose(file) == 0);
    }
    char *kept = read_whole(path);
    compare(name, now, kept);
    free(kept);
    free(now);
}

static void packets_are_sealed_opened_and_refused_as_written(void) {
    check("packets.json", vectors_packets);
}

static void frames_of_gossip_are_as_written(void) {
    check("frames.json", vectors_frames);
}

static void messages_of_the_election_are_as_written(void) {
    check("messages.json", vectors_messages);
}

static void digests_of_views_are_as_written(void) {
    check("digests.json", vectors_digests);
}

static void claims_and_rankings_are_as_written(void) {
    check("ranks.json", vectors_ranks);
}

static void beacons_are_sealed_opened_and_refused_as_written(void) {
    check("beacons.json", vectors_beacons);
}

static void what_is_signed_is_as_written(void) {
    check("identity.json", vectors_identity);
}

static const struct tap_test tests[] = {
    TAP_TEST(packets_are_sealed_opened_and_refused_as_written),
    TAP_TEST(frames_of_gossip_are_as_written),
    TAP_TEST(messages_of_the_election_are_as_written),
    TAP_TEST(digests_of_views_are_as_written),
    TAP_TEST(claims_and_rankings_are_as_written),
    TAP_TEST(beacons_are_sealed_opened_and_refused_as_written),
    TAP_TEST(what_is_signed_is_as_written),
};
static const struct tap_suite suites[] = {TAP_SUITE("vectors", tests)};

TAP_MAIN(suites)
