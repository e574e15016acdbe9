/* Target: the guard's file, torn or hostile. Either nothing passes, or nothing passes that is smaller than what its slots hold or what
 * passed before – even if the slot that was written last is lost afterwards. */
#include <bellwether/guard.h>

#include "election/guard.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <unistd.h>

#define SLOT_AT 4096

static struct bw_token token_of(struct fuzz_input *in) {
    struct bw_token token = {.term = fuzz_take(in, 1), .id = {{0}}};
    if (token.term == 0xff)
        token.term = fuzz_take(in, 8);
    bw_put_u64(token.id.bytes, fuzz_take(in, 1));
    return token;
}

static int compare(const struct bw_token *a, const struct bw_token *b) {
    uint8_t bytes[2][BW_GUARD_TOKEN_SIZE];
    bw_guard_token(a, bytes[0]);
    bw_guard_token(b, bytes[1]);
    return memcmp(bytes[0], bytes[1], BW_GUARD_TOKEN_SIZE);
}

static bool is_refusal(int error) {
    return error == BW_ERR_CORRUPT || error == BW_ERR_VERSION;
}

/* The slot that the largest token's holder would rather not have lost. */
static void lose_a_slot(int fd, size_t slot) {
    static const char junk[BW_GUARD_RECORD_SIZE] = "torn";
    FUZZ_CHECK(pwrite(fd, junk, sizeof(junk), (off_t)(slot * SLOT_AT)) == (ssize_t)sizeof(junk));
}

static void use(struct bw_guard *guard, struct fuzz_input *in, int fd, const char *path) {
    char why[512];
    struct bw_token newest = {0}, largest = {0};
    bool had = bw_guard_newest(guard, &largest, why, sizeof(why)) == 0;
    bool passed = false;
    for (size_t n = 0; n < 4; n++) {
        struct bw_token token = token_of(in);
        int error = bw_guard_enter(guard, &token, 0, &newest, why, sizeof(why));
        FUZZ_CHECK(error == 0 || error == BW_ERR_STALE || error == BW_ERR_INVALID);
        FUZZ_CHECK(error != 0 || !had || compare(&token, &largest) >= 0);
        FUZZ_CHECK(error != BW_ERR_STALE || compare(&token, &largest) < 0);
        bw_guard_leave(guard);
        if (error != 0)
            continue;
        had = passed = true;
        largest = token;
    }
    if (!passed)
        return;
    lose_a_slot(fd, fuzz_below(in, 2));
    struct bw_guard *again = NULL;
    FUZZ_CHECK(bw_guard_open(&again, path, why, sizeof(why)) == 0);
    FUZZ_CHECK(bw_guard_newest(again, &newest, why, sizeof(why)) == 0 && compare(&newest, &largest) == 0);
    bw_guard_close(again);
}

/* A record, whole, hurt, of a later version, or anything. */
static void fill_slot(struct fuzz_input *in, char text[BW_GUARD_RECORD_SIZE]) {
    size_t kind = fuzz_below(in, 6);
    const struct bw_token token = token_of(in);
    struct bw_guard_record record = {.sequence = fuzz_take(in, 1)};
    record.sequence = record.sequence == 0xff ? UINT64_MAX : record.sequence;
    bw_guard_token(&token, record.token);
    if (kind <= 3)
        bw_guard_put(&record, text);
    if (kind == 2)
        text[fuzz_below(in, BW_GUARD_RECORD_SIZE)] ^= (char)fuzz_take(in, 1);
    struct bw_bytes raw =
        kind == 3 || kind == 4 ? fuzz_bytes(in, fuzz_below(in, BW_GUARD_RECORD_SIZE + 1)) : (struct bw_bytes){NULL, 0};
    if (raw.size > 0) /* over its beginning, or alone */
        memcpy(text, raw.data, raw.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    char file[SLOT_AT + BW_GUARD_RECORD_SIZE + 1] = {0};
    char path[FUZZ_PATH_SIZE];
    char why[512] = "";
    size_t cut = fuzz_below(&in, 4) == 0 ? (size_t)fuzz_take(&in, 2) : sizeof(file);
    fill_slot(&in, file);
    fill_slot(&in, file + SLOT_AT);
    int fd = fuzz_file(file, cut < sizeof(file) ? cut : sizeof(file), path);
    struct bw_guard *guard = NULL;
    int error = bw_guard_open(&guard, path, why, sizeof(why));
    FUZZ_CHECK(error == 0 ? guard != NULL : is_refusal(error) && guard == NULL && why[0] != '\0');
    if (error == 0)
        use(guard, &in, fd, path);
    bw_guard_close(guard);
    close(fd);
    return 0;
}
