/* What the tests of the libev host share: a scratch directory, faults of the file system, a plain socket, bounded waiting. */
#ifndef BW_TESTS_LOOP_TEST_H
#define BW_TESTS_LOOP_TEST_H

#include "node/host.h"
#include "tests/lib/tap.h"

#include <ev.h>

extern const struct tap_suite loop_addr_suite;
extern const struct tap_suite loop_store_suite;
extern const struct tap_suite loop_udp_suite;
extern const struct tap_suite loop_node_suite;
extern const struct tap_suite loop_lan_suite;

#define WHY_SIZE 512
#define PATIENCE_MS 3000 /* generous: what should take milliseconds may take this long on a busy machine */

/* An empty directory of this test's own, and a path in it (a static buffer for each of the last 4 calls). */
void scratch_make(void);
void scratch_remove(void);
const char *scratch_path(const char *name);
void scratch_write(const char *name, const void *data, size_t size);
/* Reads a file there; returns its size, -1 if there is none. */
long scratch_read(const char *name, void *data, size_t size);

/* A file system that fails. Calls are counted from 1 over all four operations; call number fail_at fails with
 * fail_errno, those after it too if fail_on. */
struct file_faults {
    unsigned calls;
    unsigned fail_at;
    bool fail_on;
    int fail_errno;
    bool short_writes; /* write() takes a byte at a time */
    void (*before_write)(void);
};
extern struct file_faults file_faults;
extern const struct bw_file_ops file_ops_faulty;

struct bw_addr loopback_v4(uint16_t port);
struct bw_addr loopback_v6(uint16_t port);
bool have_v6(void); /* whether ::1 can be bound */

/* A blocking UDP socket on 127.0.0.1. */
int plain_socket(struct bw_addr *bound);
void plain_send(int fd, const struct bw_addr *to, const void *data, size_t size);
/* Receives within PATIENCE_MS; -1 if nothing came. */
long plain_receive(int fd, void *data, size_t size);

/* Runs the loop until done(context) or PATIENCE_MS have passed; returns done(context). */
bool run_until(struct ev_loop *loop, bool (*done)(void *context), void *context);
/* Runs the loop for so long. */
void run_for(struct ev_loop *loop, unsigned ms);

#endif
