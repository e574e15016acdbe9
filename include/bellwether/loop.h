/** @file loop.h
 *  The libev host of a node: sockets, clock, durable state. Run the loop, get called for each event.
 */
#ifndef BELLWETHER_LOOP_H
#define BELLWETHER_LOOP_H

#include <bellwether/config.h>
#include <bellwether/node.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ev_loop;
struct bw_loop;

/** What bw_loop_create needs beside the node's configuration. */
struct bw_loop_config {
    size_t size;           /**< sizeof(struct bw_loop_config) */
    struct bw_addr bind;   /**< family 0: all addresses, v4 and v6; port 0: chosen by the kernel */
    const char *state_dir; /**< NULL: nothing is durable, the id is new in every run */
    void (*on_event)(void *context, const struct bw_event *event); /**< called from the loop, in order; may be NULL.
                                   It may read the node, and call bw_loop_leave, but not bw_loop_destroy */
    void (*on_left)(void *context);                                /**< called once when a leave is done */
    void (*on_problem)(void *context, const char *message);        /**< something degraded, in words, rate limited */
    void *context;
};

/** Binds, loads the state, makes the node and starts its watchers on `loop`.
 *  The node configuration's allocator, entropy, state, durable and (where its family is 0) addr are filled in by the host.
 *  @param why gets a message that says what failed, where and what to do (text of at most why_size bytes, may be NULL)
 *  @return 0 or an error: BW_ERR_SYSTEM (socket, directory), BW_ERR_BUSY (another agent uses the state directory),
 *          BW_ERR_CORRUPT, BW_ERR_VERSION, BW_ERR_KEY, BW_ERR_INVALID, BW_ERR_MEMORY */
int bw_loop_create(struct bw_loop **host, struct ev_loop *loop, const struct bw_loop_config *loop_config,
                   const struct bw_config *node_config, char *why, size_t why_size);

/** Stops the watchers, waits for a write under way, closes everything, destroys the node. */
void bw_loop_destroy(struct bw_loop *host);

/** The node, for its read-only functions. */
struct bw_node *bw_loop_node(struct bw_loop *host);

/** The time now, by the clocks that the host gives to the node. */
struct bw_time bw_loop_now(void);

/** Where the node is bound: the port that the kernel chose included. */
struct bw_addr bw_loop_bound(const struct bw_loop *host);

/** Leaves orderly; on_left is called when it is done, at the latest after timeout_ms. */
void bw_loop_leave(struct bw_loop *host, uint32_t timeout_ms);

/** Adds addresses to join. @return as bw_node_join */
int bw_loop_join(struct bw_loop *host, const struct bw_addr *seeds, size_t count);

#ifdef __cplusplus
}
#endif
#endif
