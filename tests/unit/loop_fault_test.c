/* Each call of the host into the system fails in turn, once and for ever: a host beside a healthy peer that only observes,
 * so that it is the host that must lead, which needs its disk and the network. It says why it cannot begin, or it runs, and
 * does all its work once the fault is over; and nothing is left behind. */
#include "tests/unit/loop_fault_calls.h"
#include "tests/unit/loop_test.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n"
#define CALLS_MAX 100 /* each of the first ones fails; only datagrams have more */
#define SERIES_S 60   /* longest time that a series may take */

struct member {
    struct bw_loop *host;
    unsigned problems;
    char problem[WHY_SIZE];
};

/* FIRST: without a state, on one address; AGAIN: with the state of a former start; EVERYWHERE: on all addresses;
 * DISCOVERING: as FIRST, and it announces itself on loopback. */
enum start { FIRST, AGAIN, EVERYWHERE, DISCOVERING };

struct fault {
    enum start start;
    enum fault_call call;
    unsigned most; /* calls that are made to fail, each in a start of its own; 0: all that there are */
    int error;
    const char *said; /* a fault that goes on while the host runs is said so; NULL: it takes nothing away */
};

static struct ev_loop *loop;
static struct member host;
static struct member peer;
static char why[WHY_SIZE];
static bool ever_said; /* what the fault is to be said as */

static void on_problem(void *context, const char *message) {
    struct member *member = context;
    member->problems++;
    snprintf(member->problem, sizeof(member->problem), "%s", message);
}

/* Quick: there are many starts. */
static void quick(struct bw_params *params) {
    params->probe_interval_ms = 40;
    params->late_ms = 20;
    params->probe_timeout_min_ms = 10;
    params->probe_timeout_max_ms = 20;
    params->gossip_interval_ms = 10;
    params->sync_delay_max_ms = 100;
    params->seed_retry_max_ms = 100;
    params->settle_ms = 10;
    params->alone_ms = 100;
    params->stagger_ms = 5;
    params->lease_ms = 100;
    params->lease_margin_ms = 10;
}

static const struct bw_discover_config *loopback_group(void) {
    static const char *const interfaces[] = {"lo"};
    static struct bw_discover_config discover = {
        .size = sizeof(discover), .interfaces = interfaces, .interface_count = 1};
    discover.group = (struct bw_addr){.family = 4, .ip = {239, 255, 9, 8}};
    discover.group.port = (uint16_t)(20000 + getpid() % 20000);
    return &discover;
}

static int create(struct member *member, struct bw_addr bind, const char *state_dir,
                  const struct bw_discover_config *discover) {
    struct bw_loop_config loop_config = {.size = sizeof(loop_config),
                                         .bind = bind,
                                         .state_dir = state_dir,
                                         .on_problem = on_problem,
                                         .context = member,
                                         .discover = discover};
    struct bw_scope_config scope;
    struct bw_config config;
    struct bw_addr seed = {0};
    bw_scope_config_init(&scope, "default");
    bw_config_init(&config, BW_PROFILE_LOCAL);
    quick(&config.params);
    config.name = member == &host ? "host" : "peer";
    config.keys = KEY;
    config.keys_size = strlen(KEY);
    if (member == &host) {
        seed = bw_loop_bound(peer.host);
        config.seeds = &seed;
        config.seed_count = 1;
        config.scopes = &scope;
        config.scope_count = 1;
    } else {
        config.allocator.resize = fault_peer_resize;
    }
    why[0] = '\0';
    return bw_loop_create(&member->host, loop, &loop_config, &config, why, sizeof(why));
}

/* The host leads, and the peer knows it. */
static bool well(void *context) {
    (void)context;
    struct bw_scope_info scope;
    struct bw_time now = bw_loop_now();
    return bw_node_member_count(bw_loop_node(host.host)) == 2 &&
           bw_node_may_act(bw_loop_node(host.host), "default", now) &&
           bw_node_scope(bw_loop_node(peer.host), 0, &scope, now) == 0 && scope.has_leader &&
           strcmp(scope.leader, "host") == 0;
}

static unsigned entries(const char *path) {
    DIR *directory = opendir(path);
    unsigned count = 0;
    while (directory != NULL && readdir(directory) != NULL) {
        count++;
    }
    if (directory != NULL) {
        closedir(directory);
    }
    return count;
}

struct left {
    unsigned descriptors;
    unsigned threads;
    long blocks;
};

static struct left look(void) {
    return (struct left){entries("/proc/self/fd"), entries("/proc/self/task"), fault_blocks()};
}

static bool begin(enum start start) {
    scratch_make();
    loop = ev_loop_new(0);
    memset(&host, 0, sizeof(host));
    memset(&peer, 0, sizeof(peer));
    int error = create(&peer, loopback_v4(0), NULL, NULL);
    fault_spare_last_bound();
    if (error == 0 && start == AGAIN) {
        error = create(&host, loopback_v4(0), scratch_path("a/d"), NULL);
        bw_loop_destroy(host.host);
        host.host = NULL;
    }
    fault_watch();
    CU_ASSERT_EQUAL(error, 0);
    return error == 0;
}

static void end(const struct left *before) {
    fault_disarm();
    bw_loop_destroy(host.host);
    bw_loop_destroy(peer.host);
    ev_loop_destroy(loop);
    scratch_remove();
    struct left after = look();
    for (int tries = 0; after.threads > before->threads && tries < PATIENCE_MS; tries++) {
        usleep(1000); /* one that was joined may be seen a moment longer */
        after = look();
    }
    CU_ASSERT_EQUAL(after.descriptors, before->descriptors);
    CU_ASSERT_EQUAL(after.threads, before->threads);
    CU_ASSERT_EQUAL(after.blocks, before->blocks);
}

static int start_host(enum start start) {
    return create(&host, start == EVERYWHERE ? (struct bw_addr){0} : loopback_v4(0), scratch_path("a/d"),
                  start == DISCOVERING ? loopback_group() : NULL);
}

/* The fault has struck and, if it is to be said, was said; or the host does all its work without the call that fails. */
static bool struck(void *context) {
    const struct fault *fault = context;
    if (fault->said != NULL && strstr(host.problem, fault->said) != NULL) {
        ever_said = true;
        return true;
    }
    return (fault->said == NULL && fault_hits() > 0) || well(NULL);
}

static void heal(const struct fault *fault, bool on) {
    if (on) {
        struct fault copy = *fault;
        CU_ASSERT_TRUE(run_until(loop, struck, &copy));
        fault_disarm();
    }
    CU_ASSERT_TRUE(run_until(loop, well, NULL));
}

/* Call number at fails. Returns whether there was such a call. */
static bool survive(const struct fault *fault, unsigned at, bool on) {
    struct left before = look();
    if (!begin(fault->start)) {
        return false;
    }
    fault_arm(fault->call, at, on, fault->error);
    if (start_host(fault->start) == 0) {
        heal(fault, on);
    } else {
        CU_ASSERT_TRUE(fault_hits() > 0);
        CU_ASSERT_PTR_NOT_NULL(strchr(why, ' ')); /* a sentence */
        CU_ASSERT_PTR_NULL(host.host);
        host.host = NULL;
    }
    bool hit = fault_hits() > 0;
    end(&before);
    return hit;
}

/* Each call of that kind fails, alone or with all after it. Returns the number of failures. */
static unsigned survive_each(const struct fault *fault, bool on) {
    unsigned most = fault->most != 0 ? fault->most : CALLS_MAX;
    unsigned before = CU_get_number_of_failures();
    unsigned failures = 0;
    unsigned calls = 0;
    while (calls < most && failures == 0 && survive(fault, calls + 1, on)) {
        calls++;
        failures = CU_get_number_of_failures() - before;
    }
    CU_ASSERT_TRUE(calls > 0 && calls < CALLS_MAX);
    CU_ASSERT_TRUE(ever_said || fault->said == NULL || !on);
    failures = CU_get_number_of_failures() - before;
    tap_note("%s, %s%s: %u calls", fault_names[fault->call], strerror(fault->error), on ? " for ever" : "", calls);
    if (failures > 0) {
        const struct CU_FailureRecord *failure = CU_get_failure_list();
        tap_note("line %u; it said \"%s\", and at the start \"%s\"", failure->uiLineNumber, host.problem, why);
    }
    return failures;
}

/* Nearly all of the time is waiting: each series has a process of its own. */
static void survive_all(const struct fault *faults, size_t count) {
    fflush(stdout);
    for (size_t i = 0; i < 2 * count; i++) {
        if (fork() == 0) {
            alarm(SERIES_S);
            unsigned failures = survive_each(&faults[i / 2], i % 2 == 1);
            fflush(stdout);
            _exit(failures > 0);
        }
    }
    for (size_t i = 0; i < 2 * count; i++) {
        int status = -1;
        CU_ASSERT_TRUE(wait(&status) > 0);
        CU_ASSERT_EQUAL(status, 0);
    }
}
#define SURVIVE_ALL(faults) survive_all(faults, sizeof(faults) / sizeof((faults)[0]))

static void without_faults_nothing_is_said_and_nothing_is_left(void) {
    struct left before = look();
    CU_ASSERT_TRUE_FATAL(begin(FIRST));
    CU_ASSERT_EQUAL_FATAL(start_host(FIRST), 0);
    CU_ASSERT_TRUE(run_until(loop, well, NULL));
    CU_ASSERT_EQUAL(host.problems, 0);
    end(&before);
}

static void memory_that_is_out(void) {
    static const struct fault faults[] = {
        {DISCOVERING, FAULT_memory, 0, ENOMEM, NULL},
        {AGAIN, FAULT_memory, 0, ENOMEM, NULL},
    };
    SURVIVE_ALL(faults);
}

static void sockets_that_cannot_be_had(void) {
    static const struct fault faults[] = {
        {FIRST, FAULT_socket, 0, EMFILE, NULL},
        {FIRST, FAULT_bind, 0, EADDRINUSE, NULL},
        {FIRST, FAULT_setsockopt, 0, ENOPROTOOPT, NULL},
        {FIRST, FAULT_getsockname, 0, ENOBUFS, NULL},
        {FIRST, FAULT_getsockopt, 0, EINVAL, NULL},
        {EVERYWHERE, FAULT_socket, 0, EMFILE, NULL},
        {EVERYWHERE, FAULT_bind, 0, EADDRINUSE, NULL},
        {EVERYWHERE, FAULT_setsockopt, 0, ENOPROTOOPT, NULL},
        {EVERYWHERE, FAULT_getsockname, 0, ENOBUFS, NULL},
        {EVERYWHERE, FAULT_connect, 0, ENETUNREACH, NULL},
    };
    SURVIVE_ALL(faults);
}

/* It is no less a member for that. */
static void networks_that_cannot_be_had(void) {
    static const struct fault faults[] = {
        {DISCOVERING, FAULT_socket, 0, EMFILE, NULL},     {DISCOVERING, FAULT_bind, 0, EADDRINUSE, NULL},
        {DISCOVERING, FAULT_setsockopt, 0, ENODEV, NULL}, {DISCOVERING, FAULT_getifaddrs, 0, ENOMEM, NULL},
        {DISCOVERING, FAULT_recvmsg, 2, ENOMEM, NULL},
    };
    SURVIVE_ALL(faults);
}

static void datagrams_that_do_not_move(void) {
    static const struct fault faults[] = {
        {FIRST, FAULT_sendmmsg, 6, EPERM, "cannot send to"},
        {FIRST, FAULT_sendmmsg, 6, ENOBUFS, "send buffer is full"},
        {FIRST, FAULT_sendmmsg, 6, ECONNREFUSED, "cannot send to"},
        {FIRST, FAULT_recvmmsg, 6, ENOMEM, "cannot receive"},
        {FIRST, FAULT_recvmmsg, 6, ECONNREFUSED, NULL},
        {FIRST, FAULT_poll, 6, ENOMEM, NULL},
    };
    SURVIVE_ALL(faults);
}

/* It stays readable: to ask again at once would take a whole core. */
static void a_socket_that_cannot_be_read_does_not_keep_the_host_busy(void) {
    struct left before = look();
    CU_ASSERT_TRUE_FATAL(begin(FIRST));
    CU_ASSERT_EQUAL_FATAL(start_host(FIRST), 0);
    CU_ASSERT_TRUE(run_until(loop, well, NULL));
    fault_watch();
    fault_arm(FAULT_recvmmsg, 1, true, ENOMEM);
    run_for(loop, 500);
    tap_note("%u calls in 500 ms", fault_calls(FAULT_recvmmsg));
    CU_ASSERT_TRUE(fault_calls(FAULT_recvmmsg) > 2 && fault_calls(FAULT_recvmmsg) < 200);
    CU_ASSERT_EQUAL(host.problems, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.problem, "cannot receive"));
    fault_disarm();
    CU_ASSERT_TRUE(run_until(loop, well, NULL));
    end(&before);
}

static void disk_that_fails(void) {
    static const struct fault faults[] = {
        {FIRST, FAULT_open, 0, EACCES, NULL},
        {FIRST, FAULT_mkdir, 0, EROFS, NULL},
        {FIRST, FAULT_flock, 0, ENOLCK, NULL},
        {FIRST, FAULT_openat, 0, ENFILE, "cannot create a file"},
        {FIRST, FAULT_write, 0, ENOSPC, "cannot write the state file"},
        {FIRST, FAULT_fsync, 0, EIO, "cannot sync the"},
        {FIRST, FAULT_renameat, 0, EROFS, "cannot rename the new state file"},
        {FIRST, FAULT_unlinkat, 0, EACCES, NULL},
        {FIRST, FAULT_close, 0, EIO, NULL},
        {AGAIN, FAULT_openat, 0, EACCES, "cannot create a file"},
        {AGAIN, FAULT_fstat, 0, EIO, NULL},
        {AGAIN, FAULT_read, 0, EIO, NULL},
        {AGAIN, FAULT_write, 0, ENOSPC, "cannot write the state file"},
        {AGAIN, FAULT_fsync, 0, EIO, "cannot sync the"},
        {AGAIN, FAULT_renameat, 0, EROFS, "cannot rename the new state file"},
    };
    SURVIVE_ALL(faults);
}

static void thread_that_cannot_be_had(void) {
    static const struct fault faults[] = {{FIRST, FAULT_pthread_create, 0, EAGAIN, NULL}};
    SURVIVE_ALL(faults);
}

static const struct tap_test tests[] = {
    TAP_TEST(without_faults_nothing_is_said_and_nothing_is_left),
    TAP_TEST(memory_that_is_out),
    TAP_TEST(sockets_that_cannot_be_had),
    TAP_TEST(networks_that_cannot_be_had),
    TAP_TEST(datagrams_that_do_not_move),
    TAP_TEST(a_socket_that_cannot_be_read_does_not_keep_the_host_busy),
    TAP_TEST(disk_that_fails),
    TAP_TEST(thread_that_cannot_be_had),
};
static const struct tap_suite suites[] = {TAP_SUITE("host under faults", tests)};
TAP_MAIN(suites)
