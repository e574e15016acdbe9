/* The durable state of a node: who it is, how often it started, and the largest term of each scope (election rule 3).
 * The addresses of some others are there, too, so that a restarted member finds them again.
 *
 * File: magic (7) version (1) frames checksum (16, BLAKE2b of all before). A file that does not check, or that names
 * another cluster, is refused: never a silent fresh start. */
#include "base/wire.h"
#include "gossip/claim.h"
#include "node/internal.h"

#include <sodium.h>
#include <string.h>

#define MAGIC "BWSTATE"
#define MAGIC_SIZE 7u
#define HEAD_SIZE 8u
/* 1 did not say whose a term was, and was in no release. 3 has votes, which a program that knows only 2 would lose: so what has
 * none is written as 2. */
#define FORMAT 2u
#define FORMAT_VOTES 3u
#define SUM_SIZE 16u
#define INCARNATION_RESERVE (UINT64_C(1) << 20) /* refutations before the file must be written again */

#define VOTERS_SIZE_MAX (BW_VOTERS_MAX * sizeof(struct bw_id))

#define NODE_FIELDS(F, T)             \
    F(T, BYTES, cluster, BW_NAME_MAX) \
    F(T, ID, id, 0)                   \
    F(T, U64, boot, 0)                \
    F(T, U64, incarnation, 0)
#define TERM_FIELDS(F, T)           \
    F(T, BYTES, scope, BW_NAME_MAX) \
    F(T, U64, term, 0)              \
    F(T, U8, own, 1)

#define VOTE_FIELDS(F, T)           \
    F(T, BYTES, scope, BW_NAME_MAX) \
    F(T, U64, term, 0)              \
    F(T, ID, candidate, 0)          \
    F(T, U64, boot, 0)              \
    F(T, U8, released, 1)           \
    F(T, U32, lease_ms, 0)          \
    F(T, U32, lease_max_ms, 0)      \
    F(T, U64, voters_term, 0)       \
    F(T, U64, voters_number, 0)     \
    F(T, BYTES, voters, VOTERS_SIZE_MAX)

#define PEER_FIELDS(F, T) F(T, ADDR, addr, 0)

BW_WIRE_STRUCT(state_peer, PEER_FIELDS)
BW_WIRE_STRUCT(state_node, NODE_FIELDS)
BW_WIRE_STRUCT(state_term, TERM_FIELDS)
BW_WIRE_STRUCT(state_vote, VOTE_FIELDS)
BW_WIRE_SCHEMA(node_schema, 1, "node", state_node, NODE_FIELDS)
BW_WIRE_SCHEMA(term_schema, 2, "term", state_term, TERM_FIELDS)

/* A program that does not know it skips it, and loses nothing but that: no other format. */
BW_WIRE_SCHEMA(peer_schema, 4, "peer", state_peer, PEER_FIELDS)
BW_WIRE_SCHEMA(vote_schema, 3, "vote", state_vote, VOTE_FIELDS)

#define VOTE_FRAME_MAX (3u + 2u + BW_NAME_MAX + 8u + 16u + 8u + 1u + 4u + 4u + 8u + 8u + 2u + VOTERS_SIZE_MAX)
#define TERM_FRAME_MAX (3u + 2u + BW_NAME_MAX + 8u + 1u)
#define PEER_FRAME_MAX (3u + 1u + 2u + 16u)
#define NODE_FRAME_MAX (3u + 2u + BW_NAME_MAX + 16u + 8u + 8u)

static void checksum(const uint8_t *data, size_t size, uint8_t sum[SUM_SIZE]) {
    (void)crypto_generichash(sum, SUM_SIZE, data, size, NULL, 0);
}

static bool same_text(struct bw_bytes bytes, const char *text) {
    return bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

static int load_term(struct bw_node_state *state, const struct bw_allocator *allocator, struct bw_bytes body) {
    struct state_term term;
    if (bw_wire_get(&term_schema, body, &term) != 0 || !bw_text_valid(term.scope.data, term.scope.size, BW_NAME_MAX)) {
        return BW_ERR_CORRUPT;
    }
    size_t old_size = state->term_count * sizeof(*state->terms);
    struct bw_durable_term *terms = bw_resize(allocator, state->terms, old_size, old_size + sizeof(*terms));
    if (terms == NULL) {
        return BW_ERR_MEMORY;
    }
    state->terms = terms;
    struct bw_durable_term *loaded = &terms[state->term_count++];
    memset(loaded, 0, sizeof(*loaded));
    memcpy(loaded->scope, term.scope.data, term.scope.size);
    loaded->term = term.term;
    loaded->own = term.own != 0;
    return 0;
}

static int load_vote(struct bw_node_state *state, const struct bw_allocator *allocator, struct bw_bytes body) {
    struct state_vote vote;
    if (bw_wire_get(&vote_schema, body, &vote) != 0 || !bw_text_valid(vote.scope.data, vote.scope.size, BW_NAME_MAX) ||
        vote.lease_ms == 0 || vote.voters.size % sizeof(struct bw_id) != 0) {
        return BW_ERR_CORRUPT;
    }
    size_t old_size = state->vote_count * sizeof(*state->votes);
    struct bw_durable_vote *votes = bw_resize(allocator, state->votes, old_size, old_size + sizeof(*votes));
    if (votes == NULL) {
        return BW_ERR_MEMORY;
    }
    state->votes = votes;
    struct bw_durable_vote *loaded = &votes[state->vote_count++];
    *loaded = (struct bw_durable_vote){.term = vote.term,
                                       .candidate = vote.candidate,
                                       .boot = vote.boot,
                                       .released = vote.released != 0,
                                       .lease_ms = vote.lease_ms,
                                       .lease_max_ms = vote.lease_max_ms};
    memcpy(loaded->scope, vote.scope.data, vote.scope.size);
    loaded->voters.term = vote.voters_term;
    loaded->voters.number = vote.voters_number;
    loaded->voters.count = vote.voters.size / sizeof(struct bw_id);
    if (vote.voters.size > 0) {
        memcpy(loaded->voters.ids, vote.voters.data, vote.voters.size);
    }
    return 0;
}

static int load_peer(struct bw_node_state *state, struct bw_bytes body) {
    struct state_peer peer;
    if (bw_wire_get(&peer_schema, body, &peer) != 0 || peer.addr.family == 0 || peer.addr.port == 0) {
        return BW_ERR_CORRUPT;
    }
    if (state->peer_count < BW_REMEMBERED_MAX) {
        state->peers[state->peer_count++] = peer.addr;
    }
    return 0;
}

static int load_node(struct bw_node_state *state, struct bw_bytes body, const char *cluster) {
    struct state_node node;
    if (bw_wire_get(&node_schema, body, &node) != 0 || !same_text(node.cluster, cluster) || bw_id_none(&node.id)) {
        return BW_ERR_CORRUPT;
    }
    state->id = node.id;
    state->boot = node.boot;
    state->incarnation_ceiling = node.incarnation;
    return 0;
}

static int load_frames(struct bw_node_state *state, const struct bw_allocator *allocator, struct bw_reader *reader,
                       const char *cluster) {
    uint8_t type;
    struct bw_bytes body;
    int got;
    while ((got = bw_wire_next(reader, &type, &body)) == 1) {
        int error = 0;
        if (type == node_schema.type) {
            error = load_node(state, body, cluster);
        } else if (type == term_schema.type) {
            error = load_term(state, allocator, body);
        } else if (type == vote_schema.type) {
            error = load_vote(state, allocator, body);
        } else if (type == peer_schema.type) {
            error = load_peer(state, body);
        }
        if (error != 0) {
            return error;
        }
    }
    return got == 0 && !bw_id_none(&state->id) ? 0 : BW_ERR_CORRUPT;
}

int bw_node_state_load(struct bw_node_state *state, const struct bw_allocator *allocator, struct bw_bytes blob,
                       const char *cluster) {
    memset(state, 0, sizeof(*state));
    if (blob.size < HEAD_SIZE + SUM_SIZE || memcmp(blob.data, MAGIC, MAGIC_SIZE) != 0) {
        return BW_ERR_CORRUPT;
    }
    uint8_t sum[SUM_SIZE];
    size_t summed_size = blob.size - SUM_SIZE;
    checksum(blob.data, summed_size, sum);
    if (memcmp(sum, blob.data + summed_size, SUM_SIZE) != 0) {
        return BW_ERR_CORRUPT;
    }
    if (blob.data[MAGIC_SIZE] != FORMAT && blob.data[MAGIC_SIZE] != FORMAT_VOTES) {
        return BW_ERR_VERSION;
    }
    struct bw_reader reader = {blob.data + HEAD_SIZE, summed_size - HEAD_SIZE, 0};
    int error = load_frames(state, allocator, &reader, cluster);
    if (error != 0) {
        bw_node_state_free(state, allocator);
    }
    return error;
}

void bw_node_state_free(struct bw_node_state *state, const struct bw_allocator *allocator) {
    bw_free(allocator, state->terms, state->term_count * sizeof(*state->terms));
    bw_free(allocator, state->votes, state->vote_count * sizeof(*state->votes));
    state->terms = NULL;
    state->votes = NULL;
    state->term_count = state->vote_count = 0;
}

static size_t count_terms(const struct bw_node *node) {
    struct bw_durable_term term;
    size_t cursor = 0;
    size_t count = 0;
    while (bw_election_term(node->election, &cursor, &term) == 0) {
        count++;
    }
    return count;
}

static size_t count_votes(const struct bw_node *node) {
    struct bw_durable_vote vote;
    size_t count = 0;
    while (bw_election_vote(node->election, count, &vote) == 0) {
        count++;
    }
    return count;
}

static int store_vote(struct bw_writer *writer, const struct bw_durable_vote *vote) {
    const struct state_vote line = {{(const uint8_t *)vote->scope, strlen(vote->scope)},
                                    vote->term,
                                    vote->candidate,
                                    vote->boot,
                                    vote->released,
                                    vote->lease_ms,
                                    vote->lease_max_ms,
                                    vote->voters.term,
                                    vote->voters.number,
                                    {vote->voters.ids[0].bytes, vote->voters.count * sizeof(struct bw_id)}};
    return bw_wire_put(writer, &vote_schema, &line);
}

static int reserve_blob(struct bw_node *node) {
    struct bw_persistence *p = &node->persistence;
    size_t size = HEAD_SIZE + NODE_FRAME_MAX + node->peers.count * PEER_FRAME_MAX + count_terms(node) * TERM_FRAME_MAX +
                  count_votes(node) * VOTE_FRAME_MAX + SUM_SIZE;
    if (size <= p->blob_capacity) {
        return 0;
    }
    uint8_t *blob = bw_resize(&node->allocator, p->blob, p->blob_capacity, size);
    if (blob == NULL) {
        return BW_ERR_MEMORY;
    }
    p->blob = blob;
    p->blob_capacity = size;
    return 0;
}

int bw_node_state_store(struct bw_node *node, struct bw_bytes *blob) {
    int error = reserve_blob(node);
    if (error != 0) {
        return error;
    }
    uint64_t incarnation = bw_gossip_incarnation(node->gossip);
    if (incarnation >= node->incarnation_ceiling) {
        bool room = incarnation < BW_INCARNATION_MAX - INCARNATION_RESERVE; /* none: somebody lied about us */
        node->incarnation_ceiling = room ? incarnation + INCARNATION_RESERVE : BW_INCARNATION_MAX;
    }
    uint8_t *data = node->persistence.blob;
    memcpy(data, MAGIC, MAGIC_SIZE);
    data[MAGIC_SIZE] = count_votes(node) > 0 ? FORMAT_VOTES : FORMAT;
    struct bw_writer writer = {data, node->persistence.blob_capacity - SUM_SIZE, HEAD_SIZE};
    struct state_node head = {
        {(const uint8_t *)node->cluster, strlen(node->cluster)}, node->id, node->boot, node->incarnation_ceiling};
    error = bw_wire_put(&writer, &node_schema, &head);
    struct bw_durable_term term;
    size_t cursor = 0;
    while (error == 0 && bw_election_term(node->election, &cursor, &term) == 0) {
        struct state_term line = {{(const uint8_t *)term.scope, strlen(term.scope)}, term.term, term.own};
        error = bw_wire_put(&writer, &term_schema, &line);
    }
    struct bw_durable_vote vote;
    for (size_t i = 0; error == 0 && bw_election_vote(node->election, i, &vote) == 0; i++) {
        error = store_vote(&writer, &vote);
    }
    for (size_t i = 0; error == 0 && i < node->peers.count; i++) {
        struct state_peer line = {node->peers.addrs[i]};
        error = bw_wire_put(&writer, &peer_schema, &line);
    }
    BW_ASSERT(error == 0); /* reserve_blob made room for the longest */
    checksum(data, writer.used, data + writer.used);
    *blob = (struct bw_bytes){data, writer.used + SUM_SIZE};
    return 0;
}
