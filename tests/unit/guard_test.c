/* The guard: its rule, its record, its file – torn, damaged, raced for, on a disk that fails. */
#include "election/guard.h"
#include "tests/lib/tap.h"

#include <bellwether/guard.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOT_SIZE 4096

static char directory[64];
static char path[128];
static char why[512];

static void set_up(void) {
    snprintf(directory, sizeof(directory), "/tmp/bw-guard-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/guard", directory);
    why[0] = '\0';
}

static void tear_down(void) {
    unlink(path);
    CU_ASSERT_EQUAL(rmdir(directory), 0); /* nothing else was left behind */
}

static struct bw_token token_of(uint64_t term, uint8_t id) {
    struct bw_token token = {.term = term};
    token.id.bytes[7] = id;
    return token;
}

/* ------------------------------------------------------------------ a disk that fails (ld's --wrap) */

static struct {
    int pwrite_at, fsync_at, link_at; /* the call that fails, from 1; 0: none */
    int pwrites, fsyncs;
    size_t torn; /* so many bytes are written by the write that fails */
} disk;

ssize_t __real_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);

ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset) {
    if (++disk.pwrites != disk.pwrite_at) {
        return __real_pwrite(fd, data, size, offset);
    }
    if (disk.torn > 0) {
        (void)__real_pwrite(fd, data, disk.torn, offset);
    }
    errno = EIO;
    return -1;
}

int __wrap_fsync(int fd) {
    if (++disk.fsyncs != disk.fsync_at) {
        return __real_fsync(fd);
    }
    errno = EIO;
    return -1;
}

int __wrap_link(const char *from, const char *to) {
    if (disk.link_at == 0) {
        return __real_link(from, to);
    }
    errno = EPERM;
    return -1;
}

static void disk_is_well(void) {
    memset(&disk, 0, sizeof(disk));
}

/* ------------------------------------------------------------------ help */

static struct bw_guard *open_guard(void) {
    struct bw_guard *guard = NULL;
    CU_ASSERT_EQUAL(bw_guard_open(&guard, path, why, sizeof(why)), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(guard);
    return guard;
}

static int pass(struct bw_guard *guard, uint64_t term, uint8_t id) {
    struct bw_token token = token_of(term, id);
    int error = bw_guard_enter(guard, &token, 0, NULL, why, sizeof(why));
    bw_guard_leave(guard);
    return error;
}

static uint64_t newest_term(void) {
    struct bw_guard *guard = open_guard();
    struct bw_token newest = {0};
    int error = bw_guard_newest(guard, &newest, why, sizeof(why));
    bw_guard_close(guard);
    return error == 0 ? newest.term : 0;
}

static void scribble(off_t at, const char *bytes, size_t size) {
    int fd = open(path, O_WRONLY);
    CU_ASSERT_EQUAL(__real_pwrite(fd, bytes, size, at), (ssize_t)size);
    close(fd);
}

/* ------------------------------------------------------------------ the rule and the record */

static void tokens_pass_unless_a_larger_one_has(void) {
    struct bw_guard_record newest = {0};
    uint8_t bytes[BW_GUARD_TOKEN_SIZE];
    struct bw_token token = token_of(7, 5);
    bw_guard_token(&token, newest.token);
    static const struct {
        uint64_t term;
        uint8_t id;
        bool passes;
    } rows[] = {{6, 9, false}, {7, 4, false},         {7, 5, true}, {7, 6, true},
                {8, 0, true},  {UINT64_MAX, 0, true}, {1, 5, false}};
    for (size_t i = 0; i < BW_COUNT(rows); i++) {
        token = token_of(rows[i].term, rows[i].id);
        bw_guard_token(&token, bytes);
        CU_ASSERT_EQUAL(bw_guard_passes(&newest, bytes), rows[i].passes);
    }
    token.id.bytes[8] = 1; /* what is not printed does not count */
    bw_guard_token(&token, bytes);
    CU_ASSERT_FALSE(bw_guard_passes(&newest, bytes));
}

static void record_of(uint64_t sequence, uint64_t term, struct bw_guard_record *record) {
    struct bw_token token = token_of(term, 1);
    *record = (struct bw_guard_record){.sequence = sequence};
    bw_guard_token(&token, record->token);
}

static void record_is_text_and_comes_back(void) {
    struct bw_guard_record record, got;
    char text[BW_GUARD_RECORD_SIZE];
    record_of(10, 255, &record);
    bw_guard_put(&record, text);
    CU_ASSERT_EQUAL(
        memcmp(text, "bellwether guard 1\nsequence 000000000000000a\ntoken 00000000000000ff0000000000000001\ncheck ",
               90),
        0);
    CU_ASSERT_EQUAL(text[sizeof(text) - 1], '\n');
    CU_ASSERT_EQUAL_FATAL(bw_guard_get(text, &got), 0);
    CU_ASSERT_EQUAL(got.sequence, 10);
    CU_ASSERT_EQUAL(memcmp(got.token, record.token, sizeof(got.token)), 0);
}

static void any_change_of_a_record_is_noticed(void) {
    struct bw_guard_record record, got;
    char text[BW_GUARD_RECORD_SIZE];
    record_of(3, 1700000000, &record);
    bw_guard_put(&record, text);
    for (size_t bit = 0; bit < 8 * sizeof(text); bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        CU_ASSERT_NOT_EQUAL(bw_guard_get(text, &got), 0);
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
    }
    text[17] = '2'; /* a later format is not damage */
    CU_ASSERT_EQUAL(bw_guard_get(text, &got), BW_ERR_VERSION);
}

static void larger_token_of_two_slots_holds(void) {
    struct bw_guard_record records[2];
    record_of(5, 9, &records[0]);
    record_of(4, 8, &records[1]);
    CU_ASSERT_EQUAL(bw_guard_newer((const int[2]){0, 0}, records), 0);
    CU_ASSERT_EQUAL(bw_guard_newer((const int[2]){BW_ERR_CORRUPT, 0}, records), 1);
    CU_ASSERT_EQUAL(bw_guard_newer((const int[2]){0, BW_ERR_CORRUPT}, records), 0);
    CU_ASSERT_EQUAL(bw_guard_newer((const int[2]){BW_ERR_CORRUPT, BW_ERR_CORRUPT}, records), BW_ERR_CORRUPT);
    CU_ASSERT_EQUAL(bw_guard_newer((const int[2]){0, BW_ERR_VERSION}, records), BW_ERR_VERSION);
    record_of(6, 10, &records[1]);
    CU_ASSERT_EQUAL(bw_guard_newer((const int[2]){0, 0}, records), 1);
    record_of(6, 9, &records[1]);
    CU_ASSERT_EQUAL(bw_guard_newer((const int[2]){0, 0}, records), 1);
}

/* ------------------------------------------------------------------ the file */

static void file_is_made_and_remembers(void) {
    struct stat status;
    struct bw_token newest = {0}, old = token_of(4, 0);
    struct bw_guard *guard = open_guard();
    CU_ASSERT_EQUAL(bw_guard_newest(guard, &newest, why, sizeof(why)), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    CU_ASSERT_EQUAL(pass(guard, 5, 1), 0);
    CU_ASSERT_EQUAL(pass(guard, 5, 1), 0);
    CU_ASSERT_EQUAL(pass(guard, 0, 0), BW_ERR_INVALID);
    bw_guard_close(guard);
    guard = open_guard();
    CU_ASSERT_EQUAL(bw_guard_enter(guard, &old, 0, &newest, why, sizeof(why)), BW_ERR_STALE);
    CU_ASSERT_EQUAL(newest.term, 5);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "0000000000000004"));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "0000000000000005"));
    for (uint64_t term = 6; term < 20; term++) {
        CU_ASSERT_EQUAL(pass(guard, term, 0), 0);
        CU_ASSERT_EQUAL(pass(guard, term - 1, 0), BW_ERR_STALE);
    }
    bw_guard_close(guard);
    CU_ASSERT_EQUAL(newest_term(), 19);
}

static void one_is_inside_at_a_time(void) {
    struct bw_guard *first = open_guard(), *second = open_guard();
    struct bw_token token = token_of(5, 1), newer = token_of(6, 1);
    CU_ASSERT_EQUAL(bw_guard_enter(first, &token, 0, NULL, why, sizeof(why)), 0);
    CU_ASSERT_EQUAL(bw_guard_enter(second, &newer, 0, NULL, why, sizeof(why)), BW_ERR_BUSY);
    CU_ASSERT_EQUAL(bw_guard_enter(second, &newer, 5, NULL, NULL, 0), BW_ERR_BUSY);
    CU_ASSERT_EQUAL(bw_guard_newest(second, &newer, why, sizeof(why)), 0); /* without waiting */
    CU_ASSERT_EQUAL(newer.term, 5);
    newer.term = 6;
    bw_guard_leave(first);
    CU_ASSERT_EQUAL(bw_guard_enter(second, &newer, 0, NULL, why, sizeof(why)), 0);
    bw_guard_close(second); /* closing leaves */
    CU_ASSERT_EQUAL(bw_guard_enter(first, &token, 0, NULL, why, sizeof(why)), BW_ERR_STALE);
    bw_guard_close(first);
    bw_guard_close(NULL);
}

/* Power is lost at each byte of the write that would have let a new token through. */
static void torn_write_leaves_the_old_token(void) {
    for (size_t torn = 0; torn < BW_GUARD_RECORD_SIZE; torn++) {
        struct bw_guard *guard = open_guard();
        disk_is_well();
        CU_ASSERT_EQUAL(pass(guard, 100 + 2 * torn, 0), 0);
        disk_is_well();
        disk.pwrite_at = 1;
        disk.torn = torn;
        CU_ASSERT_EQUAL(pass(guard, 101 + 2 * torn, 0), BW_ERR_SYSTEM);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, "cannot write"));
        bw_guard_close(guard);
        disk_is_well();
        uint64_t term = newest_term();
        CU_ASSERT(term == 100 + 2 * torn ||
                  (torn > 120 && term == 101 + 2 * torn)); /* or all but line ends was there */
        guard = open_guard();
        CU_ASSERT_EQUAL(pass(guard, 99 + 2 * torn, 0), BW_ERR_STALE);
        CU_ASSERT_EQUAL(pass(guard, 101 + 2 * torn, 0), 0);
        bw_guard_close(guard);
    }
}

/* The sync failed: the token is in the file, and perhaps not on the disk. Whoever shows it next syncs it again. */
static void what_was_not_synced_is_written_again(void) {
    struct bw_guard *guard = open_guard();
    CU_ASSERT_EQUAL(pass(guard, 5, 0), 0);
    disk_is_well();
    disk.fsync_at = 1;
    CU_ASSERT_EQUAL(pass(guard, 6, 0), BW_ERR_SYSTEM);
    disk_is_well();
    CU_ASSERT_EQUAL(pass(guard, 6, 0), 0);
    CU_ASSERT_EQUAL(disk.pwrites, 2);
    CU_ASSERT_EQUAL(disk.fsyncs, 3);       /* the directory, the slot, and the other one */
    CU_ASSERT_EQUAL(pass(guard, 6, 0), 0); /* now it is known to be there */
    CU_ASSERT_EQUAL(disk.fsyncs, 3);
    bw_guard_close(guard);
    guard = open_guard(); /* which does not know */
    CU_ASSERT_EQUAL(pass(guard, 7, 0), 0);
    CU_ASSERT_EQUAL(disk.fsyncs, 7); /* the directory, the slot that holds 6, and 7 in both */
    bw_guard_close(guard);
}

/* Who wrote it ended before the second slot; who comes with the same token writes that. */
static void a_token_that_comes_again_is_in_both_slots(void) {
    for (int lost = 0; lost < 2; lost++) {
        uint64_t term = 6 + 2 * (uint64_t)lost;
        struct bw_guard *guard = open_guard();
        disk_is_well();
        CU_ASSERT_EQUAL(pass(guard, term - 1, 0), 0);
        disk.fsync_at = disk.fsyncs + 2; /* of the second slot's */
        CU_ASSERT_EQUAL(pass(guard, term, 0), BW_ERR_SYSTEM);
        bw_guard_close(guard);
        disk_is_well();
        guard = open_guard();
        CU_ASSERT_EQUAL(pass(guard, term, 0), 0);
        bw_guard_close(guard);
        scribble((off_t)lost * SLOT_SIZE, "torn", 4);
        CU_ASSERT_EQUAL(newest_term(), term);
    }
}

static void damaged_file_lets_nothing_through(void) {
    struct bw_guard *guard = open_guard();
    CU_ASSERT_EQUAL(pass(guard, 5, 0), 0);
    CU_ASSERT_EQUAL(pass(guard, 6, 0), 0);
    scribble(60, "x", 1);
    CU_ASSERT_EQUAL(newest_term(), 6); /* each of the two knows it */
    scribble(SLOT_SIZE + 60, "x", 1);
    CU_ASSERT_EQUAL(pass(guard, 7, 0), BW_ERR_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "damaged"));
    bw_guard_close(guard);
    CU_ASSERT_EQUAL(bw_guard_open(&guard, path, why, sizeof(why)), BW_ERR_CORRUPT);
    CU_ASSERT_PTR_NULL(guard);
    CU_ASSERT_EQUAL(truncate(path, 0), 0);
    CU_ASSERT_EQUAL(bw_guard_open(&guard, path, why, sizeof(why)), BW_ERR_CORRUPT);
    scribble(0, "bellwether guard 2\n", 19);
    CU_ASSERT_EQUAL(bw_guard_open(&guard, path, why, sizeof(why)), BW_ERR_VERSION);
}

static void file_that_is_no_file_is_refused(void) {
    struct bw_guard *guard;
    CU_ASSERT_EQUAL(bw_guard_open(&guard, directory, why, sizeof(why)), BW_ERR_SYSTEM);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    CU_ASSERT_EQUAL(bw_guard_open(&guard, path, why, sizeof(why)), BW_ERR_CORRUPT);
    CU_ASSERT_EQUAL(bw_guard_open(&guard, "/nowhere/at/all", NULL, 0), BW_ERR_SYSTEM);
}

static void removed_file_is_noticed(void) {
    struct bw_guard *guard = open_guard();
    CU_ASSERT_EQUAL(pass(guard, 5, 0), 0);
    unlink(path);
    CU_ASSERT_EQUAL(pass(guard, 6, 0), BW_ERR_SYSTEM);
    bw_guard_close(open_guard()); /* another one stands there now */
    CU_ASSERT_EQUAL(pass(guard, 6, 0), BW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "replaced"));
    bw_guard_close(guard);
}

static void file_is_made_whole_or_not_at_all(void) {
    struct bw_guard *guard;
    for (int step = 0; step < 4; step++) {
        disk_is_well();
        disk.pwrite_at = step < 2 ? step + 1 : 0;
        disk.torn = 40;
        disk.fsync_at = step == 2;
        disk.link_at = step == 3;
        CU_ASSERT_EQUAL(bw_guard_open(&guard, path, why, sizeof(why)), BW_ERR_SYSTEM);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, "cannot make"));
        CU_ASSERT_EQUAL(access(path, F_OK), -1);
    }
    disk_is_well();
    bw_guard_close(open_guard());
}

/* ------------------------------------------------------------------ many at once */

#define RACERS 8
#define LAPS 40

/* Each shows tokens of its own, ever larger; whoever gets in writes its token down. */
static void race(unsigned racer, int log) {
    struct bw_guard *guard = NULL;
    int error = bw_guard_open(&guard, path, why, sizeof(why));
    for (unsigned lap = 0; error == 0 && lap < LAPS; lap++) {
        struct bw_token token = token_of(1 + lap * 3 + racer % 5, (uint8_t)racer);
        error = bw_guard_enter(guard, &token, 60000, NULL, why, sizeof(why));
        if (error == 0) {
            char line[BW_TOKEN_TEXT_SIZE];
            bw_token_text(&token, line);
            line[sizeof(line) - 1] = '\n';
            error = write(log, line, sizeof(line)) == (ssize_t)sizeof(line) ? 0 : BW_ERR_SYSTEM;
            bw_guard_leave(guard);
        }
        error = error == BW_ERR_STALE ? 0 : error;
    }
    bw_guard_close(guard);
    _exit(error == 0 ? 0 : 1);
}

static void racing_processes_keep_the_order(void) {
    char log_path[160], before[BW_TOKEN_TEXT_SIZE] = "", line[BW_TOKEN_TEXT_SIZE];
    pid_t racers[RACERS];
    snprintf(log_path, sizeof(log_path), "%s/log", directory);
    int log = open(log_path, O_RDWR | O_CREAT | O_APPEND, 0600);
    for (unsigned racer = 0; racer < RACERS; racer++) {
        racers[racer] = fork();
        if (racers[racer] == 0) {
            race(racer, log); /* the file is made by all of them at once, too */
        }
    }
    for (unsigned racer = 0; racer < RACERS; racer++) {
        int status = -1;
        CU_ASSERT_EQUAL(waitpid(racers[racer], &status, 0), racers[racer]);
        CU_ASSERT_EQUAL(status, 0);
    }
    size_t lines = 0;
    lseek(log, 0, SEEK_SET);
    for (; read(log, line, sizeof(line)) == (ssize_t)sizeof(line); lines++) {
        CU_ASSERT(strncmp(before, line, sizeof(line)) <= 0);
        memcpy(before, line, sizeof(line));
    }
    tap_note("%zu of %d passed", lines, RACERS * LAPS);
    CU_ASSERT(lines >= LAPS);
    close(log);
    unlink(log_path);
}

static const struct tap_test tests[] = {
    TAP_TEST(tokens_pass_unless_a_larger_one_has),
    TAP_TEST(record_is_text_and_comes_back),
    TAP_TEST(any_change_of_a_record_is_noticed),
    TAP_TEST(larger_token_of_two_slots_holds),
    TAP_TEST(file_is_made_and_remembers),
    TAP_TEST(one_is_inside_at_a_time),
    TAP_TEST(torn_write_leaves_the_old_token),
    TAP_TEST(what_was_not_synced_is_written_again),
    TAP_TEST(a_token_that_comes_again_is_in_both_slots),
    TAP_TEST(damaged_file_lets_nothing_through),
    TAP_TEST(file_that_is_no_file_is_refused),
    TAP_TEST(removed_file_is_noticed),
    TAP_TEST(file_is_made_whole_or_not_at_all),
    TAP_TEST(racing_processes_keep_the_order),
};
static const struct tap_suite suites[] = {TAP_SUITE_WITH("guard", tests, set_up, tear_down)};
TAP_MAIN(suites)
