/** @file loop.h
 *  The libev host of a node: sockets, clock, durable state. Run the loop, get called for each event.
 */
#ifndef BELLWETHER_LOOP_H
#define BELLWETHER_LOOP_H

#include <bellwether/config.h>
#include <bellwether/discover.h>
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
    const char *state_dir; /**< made, owner-only, if missing; NULL: nothing is durable, the id is new in every run */
    void (*on_event)(void *context, const struct bw_event *event); /**< called from the loop, in order; may be NULL.
                                   It may read the node, call bw_loop_join, bw_loop_leave, bw_loop_user_event, bw_loop_query
                                   and bw_loop_respond, but not bw_loop_destroy */
    void (*on_left)(void *context); /**< called from the loop, once, when a leave is done; may call bw_loop_destroy;
                                         may be NULL */
    void (*on_problem)(void *context, const char *message); /**< something degraded, or is well again, in words; rate
                                         limited; not to call bw_loop_destroy; may be NULL */
    void *context;                                          /**< given to all of them */
    void (*on_message)(void *context,
                       const struct bw_message *message); /**< called from the loop for each direct message;
                                         its data is valid until this returns, or calls any function that changes the
                                         node. May be NULL; not to call bw_loop_destroy */
    const struct bw_discover_config
        *discover; /**< find and join the others of our cluster on the LAN, and be found; NULL: not.
                                         Copied. Sets bw_config.discover */
};

/** Binds, loads the state, makes the node and starts its watchers on `loop`.
 *  The host fills in the node configuration's state and durable, and what is not set of allocator, entropy and addr: where
 *  its family is 0, what the kernel would use towards the first seed, else the first interface's address; where its port is
 *  0, the bound one. The first state is durable before this returns. Events come from the loop, never from this call.
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

/** Where the node is bound: the port that the kernel chose included. 0.0.0.0 for all addresses. */
struct bw_addr bw_loop_bound(const struct bw_loop *host);

/** Leaves orderly; on_left is called when it is done, at the latest after timeout_ms. The node keeps running until
 *  bw_loop_destroy. Further calls change nothing, until bw_loop_join brings it back. */
void bw_loop_leave(struct bw_loop *host, uint32_t timeout_ms);

/** Adds addresses to join; brings a node back that has left. @return as bw_node_join */
int bw_loop_join(struct bw_loop *host, const struct bw_addr *seeds, size_t count);

/** Gives up the leadership of a scope for for_ms milliseconds. @return as bw_node_stepdown */
int bw_loop_stepdown(struct bw_loop *host, const char *scope, uint32_t for_ms);

/** Adds a voter to a scope in quorum mode, or removes one. @return as bw_node_change_voters */
int bw_loop_change_voters(struct bw_loop *host, const char *scope, const struct bw_id *id, bool add, const char **why);

/** Hands the leadership of a scope over to a member. @return as bw_node_transfer */
int bw_loop_transfer(struct bw_loop *host, const char *scope, const struct bw_id *to, const char **why);

/** Says that a guard refused us and named a larger token. @return as bw_node_claim_above */
int bw_loop_claim_above(struct bw_loop *host, const char *scope, const struct bw_token *token);

/** Freezes a scope for for_ms milliseconds, 0: until it is thawed. @return as bw_node_freeze */
int bw_loop_freeze(struct bw_loop *host, const char *scope, uint32_t for_ms);

/** Ends that. @return as bw_node_thaw */
int bw_loop_thaw(struct bw_loop *host, const char *scope);

/** Says whether we are ready to lead a scope. @return as bw_node_ready */
int bw_loop_ready(struct bw_loop *host, const char *scope, bool ready, uint32_t ttl_ms);

/** Changes our priority for a scope. @return as bw_node_priority */
int bw_loop_priority(struct bw_loop *host, const char *scope, uint16_t priority);

/** Stands for one more scope. @return as bw_node_scope_add */
int bw_loop_scope_add(struct bw_loop *host, const struct bw_scope_config *config);

/** Stands for a scope no more. @return as bw_node_scope_remove */
int bw_loop_scope_remove(struct bw_loop *host, const char *scope);

/** Says that the work under a scope's lead has stopped. @return as bw_node_stopped */
int bw_loop_stopped(struct bw_loop *host, const char *scope);

/** Replaces our tags. @return as bw_node_set_tags */
int bw_loop_set_tags(struct bw_loop *host, const struct bw_tag *tags, size_t count);

/** Replaces the key ring. @return as bw_node_set_keys */
int bw_loop_set_keys(struct bw_loop *host, const char *keys, size_t size);

/** Adds a key to the cluster's ring. @return as bw_node_key_add */
int bw_loop_key_add(struct bw_loop *host, const char *key, size_t size);

/** Seals with this key, everywhere. @return as bw_node_key_use */
int bw_loop_key_use(struct bw_loop *host, uint64_t id, bool force);

/** Takes a key away, everywhere. @return as bw_node_key_remove */
int bw_loop_key_remove(struct bw_loop *host, uint64_t id, bool force);

/** Asks all members which ring they hold; see bw_node_keys_ask. */
void bw_loop_keys_ask(struct bw_loop *host, uint32_t for_ms);

/** Answers BW_EVENT_KEYS_CHANGED, also from within on_event; see bw_node_keys_stored. */
void bw_loop_keys_stored(struct bw_loop *host, bool ok);

/** Identity mode: another certificate. @return as bw_node_set_certificate */
int bw_loop_set_certificate(struct bw_loop *host, const char *certificate, size_t size);

/** Identity mode: a certificate counts no more. @return as bw_node_revoke */
int bw_loop_revoke(struct bw_loop *host, const char *revocation, size_t size);

/** Changes parameters while it runs. @return as bw_node_set_params */
int bw_loop_set_params(struct bw_loop *host, const struct bw_params *params, const char **why);

/** Declares a dead member gone. @return as bw_node_forget */
int bw_loop_forget(struct bw_loop *host, const struct bw_id *id);

/** The round trip between two members. @return as bw_node_rtt */
int bw_loop_rtt(struct bw_loop *host, const struct bw_id *a, const struct bw_id *b, struct bw_rtt *rtt);

/** Asks all members whom they do not hear. @return as bw_node_survey */
int bw_loop_survey(struct bw_loop *host);

/** Sends a direct message. @return as bw_node_send */
int bw_loop_send(struct bw_loop *host, const struct bw_id *to, uint8_t channel, const void *data, size_t size);

/** Tells all members. @return as bw_node_user_event */
int bw_loop_user_event(struct bw_loop *host, const char *name, struct bw_bytes payload, uint64_t *ltime);

/** Asks members; the answers come through on_event, the first ones perhaps before this returns: number is set by then.
 *  @return as bw_node_query */
int bw_loop_query(struct bw_loop *host, const struct bw_query *query, uint64_t *number);

/** Answers a query; on_event may call it at once. @return as bw_node_respond */
int bw_loop_respond(struct bw_loop *host, uint64_t number, struct bw_bytes payload);

#define BW_ADDR_TEXT_SIZE 56u /**< the longest address in text and a zero */

/** An address as people write it: "192.0.2.1:7947", "[2001:db8::1]:7947"; "none" without a family. */
void bw_addr_text(const struct bw_addr *addr, char text[BW_ADDR_TEXT_SIZE]);

/** Reads a numeric address, with its port or without one: "192.0.2.1", "[::1]:7947", "::1".
 *  @param port the port where the text has none
 *  @return 0 or BW_ERR_INVALID, and addr is as it was */
int bw_addr_parse(struct bw_addr *addr, const char *text, uint16_t port);

#ifdef __cplusplus
}
#endif
#endif
