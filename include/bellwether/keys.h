/** @file keys.h
 *  The key ring of the whole cluster, changed while it runs.
 *
 *  A ring has 1 to 8 keys; the first seals, all open. It has a version, which rises with each change; the ring of the larger
 *  version (of two alike the larger digest) wins everywhere, so who was away is brought to it as soon as it is back, if it
 *  has any key of it. A new key is first added, then used, then the old one is removed; the last two are refused until all living
 *  members have said that they hold the ring as it is, in their files as well. Keys travel sealed between two members' own X25519 keys of
 *  this boot, within sealed datagrams: who recorded them does not learn a new key from an old one.
 *
 *  Each member says BW_EVENT_KEYS_CHANGED when it has taken a ring; the host then writes bw_node_keys_text to its key file and
 *  answers with bw_node_keys_stored. While it has not, or could not, the member does not confirm; the event is repeated.
 *
 *  A cluster whose ring was never changed in this way has version 0: its key files are the operator's alone.
 */
#ifndef BELLWETHER_KEYS_H
#define BELLWETHER_KEYS_H

#include <bellwether/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bw_node;

#define BW_KEYS_TEXT_SIZE 441u /**< room for the longest ring as text, with its zero */

/** One key of the ring. */
struct bw_key_info {
    uint64_t id; /**< derived from the key one way: it tells nothing of it, and is the same everywhere */
    bool used;   /**< it seals */
};

/** What a member has said of its ring. */
struct bw_key_holder {
    struct bw_id id;
    const char *name; /**< valid until the next call that takes `now` */
    bool self;
    bool asked;       /**< it has answered since it became a member, or is this node */
    uint64_t version; /**< of its ring, then */
    bool holds;       /**< that is ours */
    bool stored;      /**< and is in its key file */
};

/** Key number index of our ring. @return 0 or BW_ERR_NOT_FOUND */
int bw_node_key(const struct bw_node *node, size_t index, struct bw_key_info *info);

/** The version of our ring; 0: it was never changed through the cluster. */
uint64_t bw_node_keys_version(const struct bw_node *node);

/** Adds a key behind the others, for all members.
 *  @param key base64 of 32 random bytes, without a zero; copied. The caller zeroes its own
 *  @return 0; BW_ERR_KEY: it is none, or there already; BW_ERR_FULL: there are 8; BW_ERR_BUSY: we have left; BW_ERR_MEMORY */
int bw_node_key_add(struct bw_node *node, const char *key, size_t size, struct bw_time now);

/** Seals with this key from now on, everywhere.
 *  @param force also if not all living members have confirmed our ring (see bw_node_keys_ask)
 *  @return 0, also if it does so already; BW_ERR_NOT_FOUND; BW_ERR_STALE: somebody has not confirmed, and would hear nobody;
 *          BW_ERR_BUSY: we have left; BW_ERR_MEMORY */
int bw_node_key_use(struct bw_node *node, uint64_t id, bool force, struct bw_time now);

/** Takes a key away, everywhere: from then on it opens nothing.
 *  @return as bw_node_key_use; BW_ERR_INVALID: it is the one in use. Not even force removes that */
int bw_node_key_remove(struct bw_node *node, uint64_t id, bool force, struct bw_time now);

/** Asks all living members which ring they hold, again and again until all have confirmed ours, or for so long. */
void bw_node_keys_ask(struct bw_node *node, uint32_t for_ms, struct bw_time now);

/** What the living member number index (in no order) has said. @return 0 or BW_ERR_NOT_FOUND */
int bw_node_key_holder(const struct bw_node *node, size_t index, struct bw_key_holder *holder);

/** Our ring as a key file's text, with its version in a comment. Secret: write it where its owner alone can read it, and zero it.
 *  @return the size without the zero */
size_t bw_node_keys_text(const struct bw_node *node, char text[BW_KEYS_TEXT_SIZE]);

/** Answers BW_EVENT_KEYS_CHANGED. @param ok the ring, as it is now, is durable; false: it could not be made so */
void bw_node_keys_stored(struct bw_node *node, bool ok, struct bw_time now);

#ifdef __cplusplus
}
#endif
#endif
