/* Every call of the host into the system, wrapped by the linker (ld's --wrap): counted, and failing on demand. What libev,
 * libsodium and libc call themselves is theirs. */
#ifndef BW_TESTS_LOOP_FAULT_CALLS_H
#define BW_TESTS_LOOP_FAULT_CALLS_H

#include <stdbool.h>
#include <stddef.h>

/* X(name): the kinds of calls. memory is malloc, calloc, realloc and strdup together. */
#define FAULT_CALLS(X) \
    X(memory)          \
    X(socket)          \
    X(bind)            \
    X(connect)         \
    X(setsockopt)      \
    X(getsockopt)      \
    X(getsockname)     \
    X(getifaddrs)      \
    X(sendmmsg)        \
    X(recvmmsg)        \
    X(recvmsg)         \
    X(poll)            \
    X(open)            \
    X(openat)          \
    X(mkdir)           \
    X(flock)           \
    X(fstat)           \
    X(read)            \
    X(write)           \
    X(fsync)           \
    X(renameat)        \
    X(unlinkat)        \
    X(close)           \
    X(pthread_create)

#define FAULT_VALUE(name) FAULT_##name,
enum fault_call { FAULT_CALLS(FAULT_VALUE) FAULT_CALL_COUNT };
#undef FAULT_VALUE

extern const char *const fault_names[FAULT_CALL_COUNT];

/* The socket that was bound last is the peer's: calls about it neither count nor fail. */
void fault_spare_last_bound(void);
/* Counts from here on. */
void fault_watch(void);
/* Call number at (from 1) of that kind fails with error, those after it too if on. */
void fault_arm(enum fault_call call, unsigned at, bool on, int error);
void fault_disarm(void);
/* Calls of that kind since fault_watch, and how many of them failed. */
unsigned fault_calls(enum fault_call call);
unsigned fault_hits(void);
/* Blocks of memory that are out. */
long fault_blocks(void);
/* The peer's memory: neither counted nor failing. */
void *fault_peer_resize(void *context, void *memory, size_t old_size, size_t new_size);

#endif
