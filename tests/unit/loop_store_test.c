/* The state directory: whole files only, one agent only, and words for what goes wrong. */
#include "node/store.h"
#include "node/writer.h"
#include "tests/unit/loop_test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct bw_store store;
static char why[WHY_SIZE];

static int open_at(const char *name) {
    why[0] = '\0';
    return bw_store_open(&store, scratch_path(name), &file_ops_faulty, why, sizeof(why));
}

static int load(void *data, size_t *size) {
    uint8_t *loaded = NULL;
    int error = bw_store_load(&store, &loaded, size, why, sizeof(why));
    if (*size > 0 && *size <= 64) {
        memcpy(data, loaded, *size);
    }
    free(loaded);
    return error;
}

static int save(const char *text) {
    struct bw_store_failure failure = {0};
    int error = bw_store_save(&store, text, strlen(text), &failure);
    why[0] = '\0';
    if (error != 0) {
        bw_store_explain(&store, &failure, why, sizeof(why));
    }
    return error;
}

static bool state_is(const char *text) {
    char data[64];
    long size = scratch_read("d/state", data, sizeof(data));
    return size == (long)strlen(text) && memcmp(data, text, (size_t)size) == 0;
}

static unsigned mode_of(const char *name) {
    struct stat status;
    return stat(scratch_path(name), &status) == 0 ? status.st_mode & 0777 : 0;
}

static void state_is_empty_then_what_was_saved(void) {
    char data[64];
    size_t size = 7;
    CU_ASSERT_EQUAL_FATAL(open_at("d"), 0);
    CU_ASSERT_EQUAL(load(data, &size), 0);
    CU_ASSERT_EQUAL(size, 0);
    CU_ASSERT_EQUAL(save("first"), 0);
    CU_ASSERT_EQUAL(save("second one"), 0);
    CU_ASSERT_EQUAL(load(data, &size), 0);
    CU_ASSERT_EQUAL(size, 10);
    CU_ASSERT_EQUAL(memcmp(data, "second one", 10), 0);
    CU_ASSERT_EQUAL(access(scratch_path("d/state.new"), F_OK), -1);
    bw_store_close(&store);
}

static void directory_and_files_are_the_owners(void) {
    CU_ASSERT_EQUAL(open_at("a/b/d"), 0); /* what is missing above is made, too */
    CU_ASSERT_EQUAL(save("x"), 0);
    CU_ASSERT_EQUAL(mode_of("a"), 0700);
    CU_ASSERT_EQUAL(mode_of("a/b/d"), 0700);
    CU_ASSERT_EQUAL(mode_of("a/b/d/state"), 0600);
    CU_ASSERT_EQUAL(mode_of("a/b/d/lock"), 0600);
    bw_store_close(&store);
}

static void second_agent_is_refused_until_the_first_has_ended(void) {
    struct bw_store second;
    CU_ASSERT_EQUAL_FATAL(open_at("d"), 0);
    CU_ASSERT_EQUAL(bw_store_open(&second, scratch_path("d"), &file_ops_faulty, why, sizeof(why)), BW_ERR_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "another agent uses"));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, scratch_path("d")));
    bw_store_close(&store);
    CU_ASSERT_EQUAL(bw_store_open(&second, scratch_path("d"), &file_ops_faulty, why, sizeof(why)), 0);
    bw_store_close(&second);
}

static void directory_that_cannot_be_made_is_named(void) {
    scratch_write("plain", "x", 1);
    CU_ASSERT_EQUAL(open_at("plain/d"), BW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, scratch_path("plain/d")));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "Not a directory"));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "choose"));
    CU_ASSERT_EQUAL(open_at("plain"), BW_ERR_SYSTEM);
    CU_ASSERT_EQUAL(bw_store_open(&store, "", &file_ops_faulty, why, sizeof(why)), BW_ERR_SYSTEM);
    mkdir(scratch_path("d"), 0700);
    mkdir(scratch_path("d/lock"), 0700);
    CU_ASSERT_EQUAL(open_at("d"), BW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "cannot write in the state directory"));
}

static void odd_state_files_are_refused_with_a_reason(void) {
    char data[64];
    size_t size = 0;
    CU_ASSERT_EQUAL_FATAL(open_at("d"), 0);
    scratch_write("d/state", "", 0);
    CU_ASSERT_EQUAL(load(data, &size), BW_ERR_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "is empty"));
    CU_ASSERT_EQUAL(truncate(scratch_path("d/state"), BW_STATE_MAX), 0);
    CU_ASSERT_EQUAL(load(data, &size), 0);
    CU_ASSERT_EQUAL(size, BW_STATE_MAX);
    CU_ASSERT_EQUAL(truncate(scratch_path("d/state"), (off_t)BW_STATE_MAX + 1), 0);
    CU_ASSERT_EQUAL(load(data, &size), BW_ERR_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "larger"));
    CU_ASSERT_EQUAL(size, 0);
    unlink(scratch_path("d/state"));
    CU_ASSERT_EQUAL(symlink("elsewhere", scratch_path("d/state")), 0);
    CU_ASSERT_EQUAL(load(data, &size), BW_ERR_SYSTEM);
    unlink(scratch_path("d/state"));
    mkdir(scratch_path("d/state"), 0700);
    CU_ASSERT_EQUAL(load(data, &size), BW_ERR_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "plain file"));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, scratch_path("d/state")));
    bw_store_close(&store);
}

/* open, write, sync, rename, sync of the directory: each fails in turn, at once and for ever. */
static void each_failing_step_leaves_a_whole_state(void) {
    static const char *const steps[] = {"create a file", "write the state", "sync the state", "rename", "sync the dir"};
    static const int errors[] = {ENOSPC, EIO, EROFS};
    for (unsigned e = 0; e < 3; e++) {
        for (unsigned step = 0; step < 5; step++) {
            file_faults = (struct file_faults){0};
            CU_ASSERT_EQUAL_FATAL(open_at("d"), 0);
            CU_ASSERT_EQUAL(save("old"), 0);
            file_faults = (struct file_faults){.fail_at = step + 1, .fail_errno = errors[e], .fail_on = e == 0};
            CU_ASSERT_EQUAL(save("new"), BW_ERR_SYSTEM);
            CU_ASSERT_PTR_NOT_NULL(strstr(why, steps[step]));
            CU_ASSERT_PTR_NOT_NULL(strstr(why, strerror(errors[e])));
            CU_ASSERT_PTR_NOT_NULL(strstr(why, scratch_path("d")));
            CU_ASSERT_TRUE(state_is(step < 4 ? "old" : "new")); /* renamed, but nobody may rely on it */
            CU_ASSERT_EQUAL(access(scratch_path("d/state.new"), F_OK), -1);
            file_faults = (struct file_faults){0};
            CU_ASSERT_EQUAL(save("newer"), 0);
            CU_ASSERT_TRUE(state_is("newer"));
            CU_ASSERT_EQUAL(file_faults.calls, 5);
            bw_store_close(&store);
        }
    }
}

static void disk_that_fills_up_in_the_middle_leaves_the_old_state(void) {
    CU_ASSERT_EQUAL_FATAL(open_at("d"), 0);
    CU_ASSERT_EQUAL(save("old"), 0);
    file_faults = (struct file_faults){.short_writes = true};
    CU_ASSERT_EQUAL(save("byte by byte"), 0);
    CU_ASSERT_TRUE(state_is("byte by byte"));
    file_faults = (struct file_faults){.short_writes = true, .fail_at = 4, .fail_errno = ENOSPC};
    CU_ASSERT_EQUAL(save("torn"), BW_ERR_SYSTEM);
    CU_ASSERT_TRUE(state_is("byte by byte"));
    file_faults = (struct file_faults){.fail_at = 2, .fail_errno = EINTR}; /* no failure */
    CU_ASSERT_EQUAL(save("interrupted"), 0);
    CU_ASSERT_TRUE(state_is("interrupted"));
    bw_store_close(&store);
}

static void what_a_crash_left_is_no_obstacle(void) {
    CU_ASSERT_EQUAL_FATAL(open_at("d"), 0);
    scratch_write("d/state.new", "half a state", 12);
    CU_ASSERT_EQUAL(chmod(scratch_path("d/state.new"), 0666), 0);
    CU_ASSERT_EQUAL(save("whole"), 0);
    CU_ASSERT_TRUE(state_is("whole"));
    CU_ASSERT_EQUAL(mode_of("d/state"), 0600);
    scratch_write("elsewhere", "theirs", 6);
    CU_ASSERT_EQUAL(symlink(scratch_path("elsewhere"), scratch_path("d/state.new")), 0);
    CU_ASSERT_EQUAL(save("again"), 0); /* beside the link, not through it */
    CU_ASSERT_TRUE(state_is("again"));
    char data[64];
    CU_ASSERT_EQUAL(scratch_read("elsewhere", data, sizeof(data)), 6);
    bw_store_close(&store);
}

/* ---- The helper thread ---- */

static unsigned answers;
static struct bw_store_failure answer;

static void on_written(void *context, const struct bw_store_failure *failure) {
    (void)context;
    answers++;
    answer = failure != NULL ? *failure : (struct bw_store_failure){0};
}

static bool answered(void *context) {
    return answers == *(unsigned *)context;
}

static void writer_answers_in_the_loop(void) {
    struct ev_loop *loop = ev_loop_new(0);
    struct bw_writer writer;
    unsigned expected = 1;
    char text[] = "first";
    answers = 0;
    CU_ASSERT_EQUAL_FATAL(open_at("d"), 0);
    CU_ASSERT_EQUAL(bw_writer_start(&writer, loop, &store, on_written, NULL), 0);
    CU_ASSERT_EQUAL(bw_writer_submit(&writer, text, 5), 0);
    memset(text, 'x', 5); /* a copy was taken */
    CU_ASSERT_TRUE(bw_writer_busy(&writer));
    CU_ASSERT_TRUE(run_until(loop, answered, &expected));
    CU_ASSERT_FALSE(bw_writer_busy(&writer));
    CU_ASSERT_PTR_NULL(answer.step);
    CU_ASSERT_TRUE(state_is("first"));
    file_faults = (struct file_faults){.fail_at = 3, .fail_errno = EDQUOT};
    CU_ASSERT_EQUAL(bw_writer_submit(&writer, "a longer second", 15), 0);
    expected = 2;
    CU_ASSERT_TRUE(run_until(loop, answered, &expected));
    CU_ASSERT_EQUAL(answer.system_error, EDQUOT);
    CU_ASSERT_TRUE(state_is("first"));
    CU_ASSERT_EQUAL(bw_writer_submit(&writer, "third", 5), 0);
    bw_writer_stop(&writer); /* finishes what was submitted */
    CU_ASSERT_TRUE(state_is("third"));
    CU_ASSERT_EQUAL(answers, 2);
    bw_store_close(&store);
    ev_loop_destroy(loop);
}

static const struct tap_test tests[] = {
    TAP_TEST(state_is_empty_then_what_was_saved),
    TAP_TEST(directory_and_files_are_the_owners),
    TAP_TEST(second_agent_is_refused_until_the_first_has_ended),
    TAP_TEST(directory_that_cannot_be_made_is_named),
    TAP_TEST(odd_state_files_are_refused_with_a_reason),
    TAP_TEST(each_failing_step_leaves_a_whole_state),
    TAP_TEST(disk_that_fills_up_in_the_middle_leaves_the_old_state),
    TAP_TEST(what_a_crash_left_is_no_obstacle),
    TAP_TEST(writer_answers_in_the_loop),
};
const struct tap_suite loop_store_suite = TAP_SUITE_WITH("host state directory", tests, scratch_make, scratch_remove);
