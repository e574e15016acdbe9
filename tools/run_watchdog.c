/* The watchdog of `bellwether run`: a process that does nothing but wait for one of two things - run's end, or the deadline - and
 * kills the group then. It has a session of its own, blocks all signals, and keeps the connection to the agent open, which
 * therefore ends only when the work has. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tools/run.h"

enum { AGAIN_MS = 10, PATIENCE_MS = 5000 }; /* between looks at a killed group, and for it to be gone */

enum word { WORD_LOOK, WORD_DONE, WORD_NONE }; /* look again; run ends as it should; it has ended without a word */

/* Waits for run's word or end, at most until then (0: for ever). */
static enum word wait_word(int pipe, int timer, int64_t until_us) {
    const struct itimerspec at = {.it_value = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000}};
    struct pollfd fds[2] = {{.fd = pipe, .events = POLLIN}, {.fd = timer, .events = POLLIN}};
    char bytes[64];
    (void)timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
    if (poll(fds, 2, -1) < 0 || fds[0].revents == 0)
        return WORD_LOOK;
    ssize_t got = read(pipe, bytes, sizeof(bytes));
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
        return WORD_NONE;
    return got > 0 && memchr(bytes, 'q', (size_t)got) != NULL ? WORD_DONE : WORD_LOOK;
}

static void kill_group(const struct run_shared *shared) {
    pid_t group = atomic_load(&shared->group);
    if (group > 0)
        kill(-group, SIGKILL);
}

/* Run was killed: so is all that it has started, before the agent hears of it. */
static void end_all(const struct run_shared *shared, int control, const char *token) {
    char line[128];
    pid_t group = atomic_load(&shared->group);
    kill_group(shared);
    for (int waited_ms = 0; group > 0 && run_group_lives(group) && waited_ms < PATIENCE_MS; waited_ms += AGAIN_MS) {
        poll(NULL, 0, AGAIN_MS);
        kill_group(shared);
    }
    int size = snprintf(line, sizeof(line), "{\"op\":\"stopped\",\"token\":\"%s\"}\n", token);
    if (group == 0 || !run_group_lives(group)) /* else the agent waits for the deadline */
        (void)!send(control, line, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static _Noreturn void watch(const struct run_shared *shared, int pipe, int control, const char *token) {
    int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
    int64_t again_us = 0;
    enum word word;
    while ((word = wait_word(pipe, timer, again_us)) == WORD_LOOK) {
        int64_t now_us = run_now();
        int64_t deadline_us = atomic_load(&shared->deadline_us);
        bool over = atomic_load(&shared->group) != 0 && deadline_us != 0 && now_us >= deadline_us;
        if (over)
            kill_group(shared);
        again_us = over ? now_us + AGAIN_MS * 1000 : atomic_load(&shared->group) != 0 ? deadline_us : 0;
    }
    if (word == WORD_NONE)
        end_all(shared, control, token);
    _exit(0);
}

/* Keeps what it needs: standard error aside, nothing of run's stays open because of it. */
static void close_others(int pipe, int control) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
    }
    unsigned low = (unsigned)(pipe < control ? pipe : control), high = (unsigned)(pipe < control ? control : pipe);
    if (low > 3)
        (void)close_range(3, low - 1, 0);
    if (high > low + 1)
        (void)close_range(low + 1, high - 1, 0);
    (void)close_range(high + 1, ~0U, 0);
}

/* Where it is allowed to: before all that competes for the CPU, and never waiting for its own memory. */
static void be_punctual(void) {
    const struct sched_param priority = {.sched_priority = 1};
    (void)sched_setscheduler(0, SCHED_RR, &priority);
    (void)mlockall(MCL_CURRENT);
}

bool run_watchdog_start(struct run_watchdog *watchdog, int control, const char *token) {
    int ends[2];
    if (watchdog->shared == NULL) {
        void *memory = mmap(NULL, sizeof(struct run_shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return false;
        watchdog->shared = memory;
    }
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    pid_t run = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        (void)setsid();
        (void)prctl(PR_SET_NAME, "bw-watchdog");
        be_punctual();
        close(ends[1]);
        close_others(ends[0], control);
        if (getppid() != run)
            _exit(1);
        watch(watchdog->shared, ends[0], control, token);
    }
    close(ends[0]);
    if (pid < 0) {
        close(ends[1]);
        return false;
    }
    watchdog->pid = pid;
    watchdog->pipe = ends[1];
    return true;
}

void run_watchdog_tell(const struct run_watchdog *watchdog) {
    if (watchdog->pid > 0)
        (void)!write(watchdog->pipe, "!", 1);
}

void run_watchdog_end(struct run_watchdog *watchdog) {
    if (watchdog->pid == 0)
        return;
    (void)!write(watchdog->pipe, "q", 1);
    close(watchdog->pipe);
    watchdog->pid = 0;
}
