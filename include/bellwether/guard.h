/** @file guard.h
 *  The guard: what a protected resource runs so that a leader of the past cannot touch it.
 *
 *  It remembers the largest fencing token that it has let through, in a file, and refuses any smaller one for ever
 *  (Kleppmann, "How to do distributed locking", 2016). A lease tells a leader when to stop; only the guard protects against one
 *  that was paused between looking at its lease and acting.
 *
 *      struct bw_guard *guard;
 *      int error = bw_guard_open(&guard, "/var/lib/orders/guard", why, sizeof(why));
 *      ...
 *      error = bw_guard_enter(guard, &token, 5000, &newest, why, sizeof(why));
 *      if (error == 0) {
 *          write_orders();          // nobody else is inside, and nobody newer has been
 *          bw_guard_leave(guard);
 *      }
 *
 *  The file must be on a file system whose flock(2) holds among all that open it: a local one. Tokens count as they are
 *  printed: the term, then the first 8 bytes of the id.
 */
#ifndef BELLWETHER_GUARD_H
#define BELLWETHER_GUARD_H

#include <bellwether/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bw_guard;

/** Opens a guard's file, and makes it, for its owner alone, if it is missing; its directory must be there.
 *  One handle is for one thread at a time; a handle of its own for each thread or process is fine.
 *  @param guard the handle, to be closed with bw_guard_close
 *  @param why gets what failed, where and what to do, at most why_size bytes; may be NULL
 *  @return 0, BW_ERR_SYSTEM, BW_ERR_CORRUPT (not a guard's file), BW_ERR_VERSION or BW_ERR_MEMORY */
int bw_guard_open(struct bw_guard **guard, const char *path, char *why, size_t why_size);

/** Waits until nobody else is inside, then checks the token and, if it is larger than all before, makes it durable. After
 *  success the caller is inside, alone, until bw_guard_leave; it does not enter again before that.
 *  @param wait_ms how long to wait for others to leave; 0: not at all
 *  @param newest the largest token that the guard has let through, where it is known; may be NULL
 *  @param why as for bw_guard_open
 *  @return 0; BW_ERR_STALE: a larger token has been let through, stop acting for this reign; BW_ERR_BUSY: somebody else is still
 *          inside; BW_ERR_SYSTEM: the disk failed; BW_ERR_CORRUPT, BW_ERR_VERSION: the file is damaged, or not ours; BW_ERR_INVALID: a
 *          token of zeros. After any
 *          error nothing may be done to the resource */
int bw_guard_enter(struct bw_guard *guard, const struct bw_token *token, uint32_t wait_ms, struct bw_token *newest,
                   char *why, size_t why_size);

/** Lets others in. Harmless for who is not inside. */
void bw_guard_leave(struct bw_guard *guard);

/** What the guard has let through last, without waiting for anybody.
 *  @return 0, BW_ERR_NOT_FOUND (none yet), BW_ERR_SYSTEM, BW_ERR_CORRUPT or BW_ERR_VERSION */
int bw_guard_newest(struct bw_guard *guard, struct bw_token *newest, char *why, size_t why_size);

/** For who is inside and replaces itself by another program (execve): that program, and what it starts, stays inside until the
 *  last of them has ended.
 *  @return 0 or BW_ERR_SYSTEM */
int bw_guard_hand_on(struct bw_guard *guard);

/** Leaves and closes. NULL is harmless. */
void bw_guard_close(struct bw_guard *guard);

#ifdef __cplusplus
}
#endif
#endif
