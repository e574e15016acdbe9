#include "tests/unit/loop_fault_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FAULT_NAME(name) #name,
const char *const fault_names[FAULT_CALL_COUNT] = {FAULT_CALLS(FAULT_NAME)};
#undef FAULT_NAME

/* The host's second thread calls, too. */
static atomic_uint counts[FAULT_CALL_COUNT];
static atomic_uint hits;
static atomic_long blocks;
static atomic_int armed_call = -1;
static atomic_uint armed_at;
static atomic_bool armed_on;
static atomic_int armed_error;
static atomic_int bound_fd = -1;
static atomic_int spared_fd = -1;

void fault_spare_last_bound(void) {
    spared_fd = bound_fd;
}

void fault_watch(void) {
    fault_disarm();
    hits = 0;
    for (int i = 0; i < FAULT_CALL_COUNT; i++) {
        counts[i] = 0;
    }
}

void fault_arm(enum fault_call call, unsigned at, bool on, int error) {
    armed_at = at;
    armed_on = on;
    armed_error = error;
    armed_call = (int)call;
}

void fault_disarm(void) {
    armed_call = -1;
}

unsigned fault_calls(enum fault_call call) {
    return counts[call];
}

unsigned fault_hits(void) {
    return hits;
}

long fault_blocks(void) {
    return blocks;
}

static bool strikes(enum fault_call call, int fd) {
    if (fd >= 0 && fd == spared_fd) {
        return false;
    }
    unsigned number = ++counts[call];
    if (armed_call != (int)call || number < armed_at || (number > armed_at && !armed_on)) {
        return false;
    }
    hits++;
    errno = armed_error;
    return true;
}

#define WRAP(type, name, fd, parameters, arguments)                            \
    type __real_##name parameters;                                             \
    type __wrap_##name parameters;                                             \
    type __wrap_##name parameters {                                            \
        return strikes(FAULT_##name, fd) ? (type)-1 : __real_##name arguments; \
    }

WRAP(int, socket, -1, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(int, connect, fd, (int fd, const struct sockaddr *addr, socklen_t size), (fd, addr, size))
WRAP(int, setsockopt, fd, (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size))
WRAP(int, getsockopt, fd, (int fd, int level, int name, void *value, socklen_t *size), (fd, level, name, value, size))
WRAP(int, getsockname, fd, (int fd, struct sockaddr *addr, socklen_t *size), (fd, addr, size))
WRAP(int, getifaddrs, -1, (struct ifaddrs * *interfaces), (interfaces))
WRAP(int, sendmmsg, fd, (int fd, struct mmsghdr *headers, unsigned count, int flags), (fd, headers, count, flags))
WRAP(int, recvmmsg, fd, (int fd, struct mmsghdr *headers, unsigned count, int flags, struct timespec *limit),
     (fd, headers, count, flags, limit))
WRAP(ssize_t, recvmsg, fd, (int fd, struct msghdr *message, int flags), (fd, message, flags))
WRAP(int, poll, polled->fd, (struct pollfd * polled, nfds_t count, int limit_ms), (polled, count, limit_ms))
WRAP(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
WRAP(int, flock, fd, (int fd, int operation), (fd, operation))
WRAP(int, fstat, fd, (int fd, struct stat *status), (fd, status))
WRAP(ssize_t, read, fd, (int fd, void *data, size_t size), (fd, data, size))
WRAP(ssize_t, write, fd, (int fd, const void *data, size_t size), (fd, data, size))
WRAP(int, fsync, fd, (int fd), (fd))
WRAP(int, renameat, from_fd, (int from_fd, const char *from, int to_fd, const char *to), (from_fd, from, to_fd, to))
WRAP(int, unlinkat, fd, (int fd, const char *name, int flags), (fd, name, flags))

int __real_bind(int fd, const struct sockaddr *addr, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t size) {
    bound_fd = fd;
    return strikes(FAULT_bind, fd) ? -1 : __real_bind(fd, addr, size);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
    return strikes(FAULT_open, -1) ? -1 : __real_open(path, flags); /* the host creates nothing with it */
}

int __real_openat(int directory, const char *name, int flags, ...);
int __wrap_openat(int directory, const char *name, int flags, ...);
int __wrap_openat(int directory, const char *name, int flags, ...) {
    va_list more;
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
    }
    return strikes(FAULT_openat, -1) ? -1 : __real_openat(directory, name, flags, mode);
}

/* As on Linux: whatever close answers, the descriptor is gone. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd) {
    int closed = __real_close(fd);
    return strikes(FAULT_close, fd) ? -1 : closed;
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
    return strikes(FAULT_pthread_create, -1) ? errno : __real_pthread_create(thread, attributes, run, argument);
}

static void *block(void *memory) {
    blocks += memory != NULL;
    return memory;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    return strikes(FAULT_memory, -1) ? NULL : block(__real_malloc(size));
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
    return strikes(FAULT_memory, -1) ? NULL : block(__real_calloc(count, size));
}

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size) {
    if (strikes(FAULT_memory, -1)) {
        return NULL;
    }
    return memory != NULL ? __real_realloc(memory, size) : block(__real_realloc(NULL, size));
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text) {
    return strikes(FAULT_memory, -1) ? NULL : block(__real_strdup(text));
}

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory) {
    blocks -= memory != NULL;
    __real_free(memory);
}

void *fault_peer_resize(void *context, void *memory, size_t old_size, size_t new_size) {
    (void)context;
    (void)old_size;
    if (new_size == 0) {
        __real_free(memory);
        return NULL;
    }
    return __real_realloc(memory, new_size);
}
