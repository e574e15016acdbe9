/* The agent's confinement, from inside: a child confines itself as an agent does, then tries. */
#include "build-config.h"
#include "tests/lib/tap.h"
#include "tools/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    DONE = 0,
    BROKEN = 198,
    NO_FILTER = 199,
    DIED = 1000
}; /* an attempt's end: 0, errno, one of these, DIED + signal */

/* How the attempt ends in a child that has confined itself. */
static int end_of(int (*confine)(void), int (*attempt)(void)) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        if (confine() != 0)
            _exit(NO_FILTER);
        errno = 0;
        _exit(attempt() < 0 ? errno : DONE);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return WIFSIGNALED(status) ? DIED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ------------------------------------------------------------------ system calls */

static int not_at_all(void) {
    return 0;
}

static int try_execve(void) {
    static char program[] = "/bin/true";
    char *const words[] = {program, NULL};
    return execve(words[0], words, words + 1);
}

static int try_execveat(void) {
    static char program[] = "/bin/true";
    char *const words[] = {program, NULL};
    return (int)syscall(SYS_execveat, AT_FDCWD, words[0], words, words + 1, 0);
}

static int try_fork(void) {
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child < 0 ? -1 : 0;
}

static int try_clone3(void) {
    return (int)syscall(SYS_clone3, NULL, 0);
}

static int try_ptrace(void) {
    return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int try_another_memory(void) {
    char byte;
    struct iovec here = {&byte, 1};
    return (int)process_vm_readv(getppid(), &here, 1, &here, 1, 0);
}

static int try_packet_socket(void) {
    return socket(AF_PACKET, SOCK_RAW, 0);
}

static int try_audit_socket(void) {
    return socket(AF_NETLINK, SOCK_RAW, 9);
}

static int try_route_socket(void) {
    return socket(AF_NETLINK, SOCK_RAW, 0);
}

static int try_udp_socket(void) {
    return socket(AF_INET6, SOCK_DGRAM, 0);
}

static int try_written_code(void) {
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1
                                                                                                                  : 0;
}

static int try_code_later(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int try_typing(void) {
    return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

static int try_killing(void) {
    return kill(getppid(), 0);
}

static int try_mount(void) {
    return (int)syscall(SYS_mount, "a", "/", "tmpfs", 0, NULL);
}

static void *thread(void *context) {
    *(bool *)context = true;
    return NULL;
}

static int try_thread(void) {
    bool ran = false;
    pthread_t id;
    errno = pthread_create(&id, NULL, thread, &ran);
    return errno == 0 && pthread_join(id, NULL) == 0 && ran ? 0 : -1;
}

static int try_abort(void) {
    abort();
}

static const struct {
    const char *name;
    int (*attempt)(void);
    int end;
} attempts[] = {
    {"nothing", not_at_all, DONE},
    {"execve", try_execve, DIED + SIGSYS},
    {"execveat", try_execveat, DIED + SIGSYS},
    {"fork", try_fork, DIED + SIGSYS},
    {"clone3", try_clone3, ENOSYS},
    {"ptrace", try_ptrace, DIED + SIGSYS},
    {"process_vm_readv", try_another_memory, DIED + SIGSYS},
    {"a packet socket", try_packet_socket, ENOSYS},
    {"a netlink socket that is not for routes", try_audit_socket, ENOSYS},
    {"a netlink socket for routes", try_route_socket, DONE},
    {"a UDP socket", try_udp_socket, DONE},
    {"memory that is written and executed", try_written_code, ENOSYS},
    {"memory that was written and is executed", try_code_later, ENOSYS},
    {"typing into a terminal", try_typing, ENOSYS},
    {"a signal to another", try_killing, ENOSYS},
    {"mount", try_mount, ENOSYS},
    {"a thread", try_thread, DONE},
    {"abort", try_abort, DIED + SIGABRT},
};

static void calls_that_an_agent_does_not_need_are_stopped(void) {
#ifndef HAVE_SECCOMP
    CU_ASSERT_EQUAL(confine_calls(), -1);
    CU_ASSERT_EQUAL(errno, ENOSYS);
    tap_skip("built without libseccomp");
#else
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        int end = end_of(confine_calls, attempts[i].attempt);
        if (end != attempts[i].end)
            tap_note("%s: ends with %d, not %d", attempts[i].name, end, attempts[i].end);
        CU_ASSERT_EQUAL(end, attempts[i].end);
    }
#endif
}

/* The attempts are ones that are possible otherwise: or the test above would show nothing. */
static int not_confined(void) {
    return 0;
}

static void without_the_filter_they_are_not(void) {
    CU_ASSERT_EQUAL(end_of(not_confined, try_execve), DONE);
    CU_ASSERT_EQUAL(end_of(not_confined, try_execveat), DONE);
    CU_ASSERT_EQUAL(end_of(not_confined, try_fork), DONE);
    CU_ASSERT_EQUAL(end_of(not_confined, try_killing), DONE);
    CU_ASSERT_EQUAL(end_of(not_confined, try_code_later), DONE);
}

/* ------------------------------------------------------------------ files */

static char place[64];                    /* of this test */
static char state[96], keys[96], run[96]; /* in it: the three directories of an agent */
static char state_file[128], key_file[128], control[128], other_file[128], stale[128];

static int confine(void) {
    const struct confine_paths paths = {.state_dir = state, .key_file = key_file, .control = control};
    int version = confine_files(&paths);
    if (version < 0 && errno != EPERM) /* which a container may say */
        _exit(BROKEN);
    return version > 0 ? 0 : -1;
}

static int make(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? -1 : 0;
}

static int make_state(void) {
    char other[160];
    snprintf(other, sizeof(other), "%s.new", state_file);
    return make(other) == 0 && rename(other, state_file) == 0 ? make(state_file) : -1;
}

static int make_key(void) {
    char other[160];
    snprintf(other, sizeof(other), "%s.new", key_file);
    return make(other) == 0 ? rename(other, key_file) : -1;
}

static int make_other(void) {
    return make(other_file);
}

static int make_beside_control(void) {
    return make(control);
}

static int remove_control(void) {
    return unlink(stale);
}

static int remove_other(void) {
    return unlink(other_file);
}

static int make_directory(void) {
    char path[160];
    snprintf(path, sizeof(path), "%s/d", state);
    return mkdir(path, 0700);
}

static int write_null(void) {
    return make("/dev/null");
}

static void prepare(void) {
    snprintf(place, sizeof(place), "/tmp/bw-confine.XXXXXX");
    if (mkdtemp(place) == NULL)
        CU_FAIL_FATAL("no temporary directory");
    snprintf(state, sizeof(state), "%s/var/state", place); /* made by confine_files */
    snprintf(keys, sizeof(keys), "%s/etc", place);
    snprintf(run, sizeof(run), "%s/run", place);
    mkdir(keys, 0700);
    mkdir(run, 0700);
    snprintf(state_file, sizeof(state_file), "%s/state", state);
    snprintf(key_file, sizeof(key_file), "%s/key", keys);
    snprintf(control, sizeof(control), "%s/agent.sock", run);
    snprintf(other_file, sizeof(other_file), "%s/other", place);
    snprintf(stale, sizeof(stale), "%s/stale", run);
}

static void clear(void) {
    const char *const files[] = {state_file, key_file, control, other_file, stale};
    char var[96];
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(files[i]);
    snprintf(var, sizeof(var), "%s/var", place);
    rmdir(state);
    rmdir(var);
    rmdir(keys);
    rmdir(run);
    CU_ASSERT_EQUAL(rmdir(place), 0);
}

static void files_are_made_in_the_agents_places_alone(void) {
    prepare();
    if (end_of(confine, not_at_all) == NO_FILTER) {
        tap_skip("this kernel has no Landlock");
    } else {
        CU_ASSERT_EQUAL(end_of(confine, make_state), DONE);
        CU_ASSERT_EQUAL(end_of(confine, make_key), DONE);
        CU_ASSERT_EQUAL(end_of(confine, make_other), EACCES);
        CU_ASSERT_EQUAL(end_of(confine, make_beside_control), EACCES);
        CU_ASSERT_EQUAL(end_of(confine, make_directory), EACCES);
        CU_ASSERT_EQUAL(end_of(confine, try_execve), EACCES);
        CU_ASSERT_EQUAL(end_of(confine, write_null), DONE);
        CU_ASSERT_EQUAL(make(stale), 0);
        CU_ASSERT_EQUAL(end_of(confine, remove_control), DONE);
        CU_ASSERT_EQUAL(make(other_file), 0);
        CU_ASSERT_EQUAL(end_of(confine, remove_other), EACCES);
        CU_ASSERT_EQUAL(end_of(not_confined, remove_other), DONE);
    }
    clear();
}

static const struct tap_test tests[] = {
    TAP_TEST(calls_that_an_agent_does_not_need_are_stopped),
    TAP_TEST(without_the_filter_they_are_not),
    TAP_TEST(files_are_made_in_the_agents_places_alone),
};
static const struct tap_suite suites[] = {TAP_SUITE("confine", tests)};
TAP_MAIN(suites)
