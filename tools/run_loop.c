/* What `bellwether run` does, and when: waits for the lead, has the fencing program succeed, runs the command, and has it ended before
 * the lease does. The lease's end is known from answers of the agent, each counted from before its question was sent; so it
 * holds whatever becomes of the agent. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/json.h"
#include "tools/run_state.h"

#define SWEEP_US 10000             /* between looks at what has ended or was killed */
#define STARTED_LATE_US (US_PER_S) /* progress is shown from then on */

int64_t run_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

/* ------------------------------------------------------------------ words */

void run_clear_progress(struct run *run) {
    if (run->progress)
        fputs("\r\033[K", stderr);
    run->progress = false;
}

void run_tell(struct run *run, bool important, const char *type, const char *format, ...) {
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    run_clear_progress(run);
    if (run->options->client.json) {
        char time[TIME_TEXT_SIZE];
        time_text(bw_loop_now().wall_us, time);
        json_t *line = json_pack("{s:s,s:s,s:o,s:s*,s:o}", "time", time, "type", type, "scope",
                                 json_text(run->reign.scope), "token", run->reign.token, "msg", json_text(text));
        json_dumpf(line, stderr, JSON_TEXT_FLAGS);
        fputc('\n', stderr);
        json_decref(line);
    } else if (important || run->options->verbose) {
        complain("%s", text);
    }
}

static void show_progress(struct run *run, int64_t now_us) {
    int64_t waited_us = now_us - run->began_us;
    if (run->options->client.json || waited_us < STARTED_LATE_US || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[Kwaiting for %s %s, %lld s", run->state == RUN_APART ? "the agent, to lead" : "the lead of",
            run->reign.scope, (long long)(waited_us / US_PER_S));
    run->progress = true;
}

/* ------------------------------------------------------------------ time */

static int64_t grace_us(const struct run *run) {
    return (int64_t)(run->options->grace_s * US_PER_S);
}

/* Between the last kill and the lease's end: for the kernel, and for clocks. */
static int64_t margin_us(const struct run *run) {
    int64_t margin = run->lease_us / 20;
    return margin < 10000 ? 10000 : margin > 100000 ? 100000 : margin;
}

/* When what runs must be told to end, if nothing is heard of the lease until then. */
int64_t run_doubt_us(const struct run *run) {
    int64_t grace = grace_us(run) < run->lease_us / 3 ? grace_us(run) : run->lease_us / 3;
    return run->end_us - margin_us(run) - grace;
}

static int64_t kill_us(const struct run *run) {
    int64_t by_grace = run->stop_us + grace_us(run);
    int64_t by_lease = run->end_us - margin_us(run);
    return by_lease < by_grace ? by_lease : by_grace;
}

void run_know_end(struct run *run, int64_t end_us) {
    if (end_us <= run->end_us)
        return;
    bool first = run->end_us == 0;
    run->end_us = end_us;
    atomic_store(&run->watchdog.shared->deadline_us, end_us - margin_us(run) / 2);
    if (first)
        run_watchdog_tell(&run->watchdog);
}

static void earlier(int64_t *at_us, int64_t candidate_us) {
    if (candidate_us != 0 && (*at_us == 0 || candidate_us < *at_us))
        *at_us = candidate_us;
}

/* 0: only others wake us. */
static int64_t next_us(const struct run *run, int64_t now_us) {
    int64_t at = run->wake_us;
    bool waits = run->state == RUN_APART || run->state == RUN_WAITING;
    if (waits && isatty(STDERR_FILENO))
        earlier(&at, now_us + US_PER_S);
    if (waits && run->options->client.timeout_s > 0)
        earlier(&at, run->began_us + (int64_t)(run->options->client.timeout_s * US_PER_S));
    if (!waits && run->connected && run->asked_us == 0)
        earlier(&at, run->ask_at_us);
    if (run->state == RUN_PAUSING || run->state == RUN_FENCING || run->state == RUN_WORKING)
        earlier(&at, run_doubt_us(run));
    if (run->state == RUN_STOPPING)
        earlier(&at, kill_us(run) > now_us ? kill_us(run) : now_us + SWEEP_US);
    if (run->group != 0 && !run->running)
        earlier(&at, now_us + SWEEP_US);
    return at;
}

static void arm(const struct run *run) {
    int64_t at = next_us(run, run_now());
    const struct itimerspec when = {.it_value = {.tv_sec = at / US_PER_S, .tv_nsec = at % US_PER_S * 1000}};
    (void)timerfd_settime(run->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* ------------------------------------------------------------------ work */

static bool start(struct run *run, char *const *words) {
    pid_t pid = run_spawn(words, &run->reign, &run->watchdog);
    if (pid < 0) {
        run_tell(run, true, "error", "cannot start %s: %s", words[0], strerror(errno));
        return false;
    }
    run->group = pid;
    run->running = true;
    return true;
}

static void begin_stop(struct run *run, const char *why) {
    if (run->state == RUN_STOPPING)
        return;
    if (why != NULL)
        run_tell(run, true, "stopping", "%s: %s", run->reign.scope, why);
    run->state = RUN_STOPPING;
    run->stop_us = run_now();
    if (run->group != 0) {
        kill(-run->group, grace_us(run) > 0 ? SIGTERM : SIGKILL);
        kill(-run->group, SIGCONT); /* what is stopped could not hear */
    }
}

void run_lose(struct run *run, const char *why) {
    if (run->state < RUN_LEADING)
        return;
    run->lost = true;
    begin_stop(run, why);
}

static void begin_fence(struct run *run) {
    char *words[] = {(char *)run->options->fence, NULL};
    run->state = RUN_FENCING;
    run_tell(run, false, "fencing", "%s: fencing whoever led before, with %s", run->reign.scope, words[0]);
    if (!start(run, words)) {
        run->state = RUN_PAUSING;
        run->wake_us = run_now() + run->backoff_us;
    }
}

static void begin_work(struct run *run) {
    run->state = RUN_WORKING;
    run_tell(run, false, "running", "%s: leading with token %s, running %s", run->reign.scope, run->reign.token,
             run->options->command[0]);
    if (!start(run, run->options->command)) {
        run->code = EXIT_CANNOT_RUN;
        begin_stop(run, NULL);
    }
}

void run_begin_reign(struct run *run) {
    if (run->options->fence != NULL)
        begin_fence(run);
    else
        begin_work(run);
}

static int status_code(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void fence_ended(struct run *run) {
    if (run->status == 0) {
        begin_work(run);
        return;
    }
    run_tell(run, true, "fence-failed",
             "%s: the fencing program failed (exit code %d): again in %.1f s, and nothing runs until then",
             run->reign.scope, status_code(run->status), (double)run->backoff_us / US_PER_S);
    run->state = RUN_PAUSING;
    run->wake_us = run_now() + run->backoff_us;
    run->backoff_us = run->backoff_us * 2 < BACKOFF_LAST_US ? run->backoff_us * 2 : BACKOFF_LAST_US;
}

/* Nothing runs any more under this lead: the next one may lead. */
static void reign_end(struct run *run) {
    json_t *next = run->next_lead;
    run_watchdog_end(&run->watchdog);
    if (run->watchdog.shared != NULL)
        atomic_store(&run->watchdog.shared->deadline_us, 0);
    if (run->connected)
        run_send_token(run, "stopped");
    if (run->code < 0 && run->ending != 0)
        run->code = 128 + run->ending;
    else if (run->code < 0 && !run->lost)
        run->code = status_code(run->status);
    else if (run->code < 0 && (!run->options->restart || run->told))
        run->code = EXIT_LEAD_LOST;
    run_tell(run, false, "ended", "%s: nothing runs any more", run->reign.scope);
    json_decref(run->reign.news);
    run->reign.news = run->next_lead = NULL;
    run->reign.token = NULL;
    run->group = 0;
    run->status = 0;
    run->began_us = run_now();
    run->state = run->connected ? RUN_WAITING : RUN_APART;
    run->wake_us = run->connected ? 0 : run->began_us;
    if (next != NULL && run->code < 0)
        run_take_lead(run, next);
    else
        json_decref(next);
}

void run_take_lead(struct run *run, json_t *news) {
    run->reign.news = news;
    run->reign.token = json_text_of(news, "token");
    run->lease_us = json_integer_value(json_object_get(news, "lease_ms")) * 1000;
    run->end_us = run->stop_us = run->wake_us = 0;
    run->lost = false;
    run->backoff_us = BACKOFF_FIRST_US;
    run->state = RUN_LEADING;
    if (!run_watchdog_start(&run->watchdog, run->client.fd, run->reign.token)) {
        run_tell(run, true, "error", "no watchdog can be started: %s", strerror(errno));
        run->code = EXIT_NO;
        begin_stop(run, NULL);
        reign_end(run);
        return;
    }
    run_ask_lease(run, run_now());
}

/* Nothing is left of what ran. */
static void group_ended(struct run *run) {
    run->group = 0;
    atomic_store(&run->watchdog.shared->group, 0);
    if (WIFSIGNALED(run->status) && run_now() >= run->end_us - margin_us(run) / 2)
        run->lost = true; /* by the watchdog, while we slept */
    if (run->state == RUN_FENCING && !run->lost)
        fence_ended(run);
    else
        reign_end(run);
}

/* What the command leaves behind is part of it. */
static void sweep(struct run *run) {
    if (run->group == 0 || run->running)
        return;
    if (!run_group_lives(run->group)) {
        group_ended(run);
    } else if (run->state == RUN_WORKING) {
        run->code = status_code(run->status);
        run_tell(run, false, "sweeping", "%s: the command has ended, and left processes behind: they are told to end",
                 run->reign.scope);
        begin_stop(run, NULL);
    } else if (run->state == RUN_FENCING) {
        kill(-run->group, SIGKILL);
    }
}

static void reap(struct run *run) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == run->group && run->running) {
            run->running = false;
            run->status = status;
        }
        if (pid == run->watchdog.pid) {
            run_tell(run, true, "error", "%s: the watchdog was killed: another one is started", run->reign.scope);
            run_watchdog_end(&run->watchdog);
            if (!run_watchdog_start(&run->watchdog, run->client.fd, run->reign.token))
                run_lose(run, "there is no watchdog");
            run_watchdog_tell(&run->watchdog);
        }
    }
}

/* ------------------------------------------------------------------ what wakes us */

static void hear_signal(struct run *run) {
    struct signalfd_siginfo info;
    if (read(run->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    int number = (int)info.ssi_signo;
    bool ends = number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT;
    if (number == SIGCHLD) {
        reap(run);
    } else if (run->state == RUN_WORKING || (run->state == RUN_STOPPING && run->group != 0)) {
        run->ending = ends && run->state == RUN_STOPPING ? number : run->ending;
        run->told =
            run->told || (ends && number != SIGHUP); /* which many a daemon takes for "read your configuration" */
        kill(-run->group, number);
    } else if (run->state == RUN_APART || run->state == RUN_WAITING) {
        run->code = number == SIGWINCH || number == SIGCONT ? run->code : 128 + number;
    } else if (ends) {
        run->ending = number;
        begin_stop(run, NULL);
    }
}

static void pass_time(struct run *run) {
    int64_t now_us = run_now();
    bool waits = run->state == RUN_APART || run->state == RUN_WAITING;
    uint64_t expired;
    (void)!read(run->timer, &expired, sizeof(expired));
    if (waits && run->options->client.timeout_s > 0 &&
        now_us >= run->began_us + (int64_t)(run->options->client.timeout_s * US_PER_S)) {
        run_tell(run, !run->options->quiet, "timed-out", "%s: no lead within %g s", run->reign.scope,
                 run->options->client.timeout_s);
        run->code = EXIT_TIMED_OUT;
        return;
    }
    if (waits)
        show_progress(run, now_us);
    if (run->state == RUN_APART)
        run_look_for_agent(run, now_us);
    if (!waits && run->connected && run->asked_us == 0 && now_us >= run->ask_at_us)
        run_ask_lease(run, now_us);
    if (run->state >= RUN_PAUSING && run->state <= RUN_WORKING && now_us >= run_doubt_us(run))
        run_lose(run, "nothing is heard of the lease, which ends soon: stopping");
    if (run->state == RUN_PAUSING && now_us >= run->wake_us) {
        run->wake_us = 0;
        begin_fence(run);
    }
    if (run->state == RUN_STOPPING && run->group != 0 && now_us >= kill_us(run))
        kill(-run->group, SIGKILL);
}

static void step(struct run *run) {
    struct pollfd fds[3] = {{.fd = run->signals, .events = POLLIN},
                            {.fd = run->timer, .events = POLLIN},
                            {.fd = run->connected ? run->client.fd : -1, .events = POLLIN}};
    arm(run);
    if (poll(fds, 3, -1) < 0)
        return;
    if (fds[0].revents != 0)
        hear_signal(run);
    if (fds[2].revents != 0 && run->connected && run->code < 0)
        run_hear_agent(run);
    if (fds[1].revents != 0)
        pass_time(run);
    sweep(run);
    if (run->state == RUN_STOPPING && run->group == 0)
        reign_end(run);
}

/* Whether all that was begun has ended. */
static bool over(const struct run *run) {
    return run->code >= 0 && run->group == 0 && run->state < RUN_LEADING;
}

static bool prepare(struct run *run) {
    static const int numbers[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,  SIGUSR1,
                                  SIGUSR2, SIGALRM, SIGCONT, SIGWINCH, SIGCHLD};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaddset(&set, numbers[i]);
    sigprocmask(SIG_BLOCK, &set, &run->reign.signals);
    (void)signal(SIGCHLD, SIG_DFL);         /* it may be ignored: then nobody could be waited for */
    (void)signal(SIGTSTP, SIG_IGN);         /* the command would be killed for it, at the lease's end */
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans of the command are waited for */
    run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    run->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (run->signals >= 0 && run->timer >= 0)
        return true;
    complain("cannot begin: %s", strerror(errno));
    return false;
}

int run_loop(const struct run_options *options) {
    struct run run = {.options = options,
                      .reign = {.scope = options->scope.name, .control = options->client.control},
                      .began_us = run_now(),
                      .code = -1};
    if (!prepare(&run))
        return EXIT_NO;
    int code = run_connect(&run, false);
    if (code != EXIT_DONE)
        return code;
    while (!over(&run))
        step(&run);
    run_clear_progress(&run);
    run_disconnect(&run);
    return run.code;
}
