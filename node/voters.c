/* The voters of scopes in quorum mode: names as they were configured become ids once, when all are there; what an embedder asks
 * and changes. */
#include "node/internal.h"

#include <string.h>

/* As configured. */
struct bw_node_voters {
    char scope[BW_NAME_MAX + 1];
    size_t count;
    char names[BW_VOTERS_MAX][BW_NAME_MAX + 1];
};

static bool valid_text(const char *text) {
    return text != NULL && bw_text_valid((const uint8_t *)text, strlen(text), BW_NAME_MAX);
}

bool bw_voters_valid(const struct bw_scope_config *scope, bool durable) {
    bool sound = scope->mode == BW_MODE_QUORUM
                     ? durable && scope->voter_count > 0 && scope->voter_count <= BW_VOTERS_MAX
                     : scope->voter_count == 0 && !scope->witness;
    for (size_t i = 0; sound && i < scope->voter_count; i++) {
        sound = valid_text(scope->voters[i]);
        for (size_t k = 0; sound && k < i; k++) {
            sound = strcmp(scope->voters[i], scope->voters[k]) != 0;
        }
    }
    return sound;
}

static struct bw_node_voters *find(const struct bw_node *node, const char *scope) {
    for (size_t i = 0; i < node->voters_count; i++) {
        if (strcmp(node->voters[i].scope, scope) == 0) {
            return &node->voters[i];
        }
    }
    return NULL;
}

static int declare(struct bw_node *node, const char *name, const struct bw_scope_config *scope) {
    struct bw_node_voters *to = find(node, name);
    if (to == NULL) {
        size_t old_size = node->voters_count * sizeof(*to);
        struct bw_node_voters *grown = bw_resize(&node->allocator, node->voters, old_size, old_size + sizeof(*to));
        if (grown == NULL) {
            return BW_ERR_MEMORY;
        }
        node->voters = grown;
        to = &grown[node->voters_count++];
    }
    memset(to, 0, sizeof(*to));
    memcpy(to->scope, name, strlen(name));
    to->count = scope->voter_count;
    for (size_t k = 0; k < scope->voter_count; k++) {
        memcpy(to->names[k], scope->voters[k], strlen(scope->voters[k]));
    }
    node->voters_due = true;
    return 0;
}

int bw_voters_declare(struct bw_node *node, const struct bw_scope_config *scope) {
    char name[BW_NAME_MAX + 1];
    if (scope->mode != BW_MODE_QUORUM) {
        return 0;
    }
    int error = scope->seats > 1 ? 0 : declare(node, scope->name, scope);
    for (unsigned seat = 0; scope->seats > 1 && seat < scope->seats && error == 0; seat++) {
        bw_scope_seat_name(scope->name, seat, name);
        error = declare(node, name, scope);
    }
    return error;
}

void bw_voters_free(struct bw_node *node) {
    bw_free(&node->allocator, node->voters, node->voters_count * sizeof(*node->voters));
}

/* The living member of this name, if there is exactly one. */
static bool find_living(const struct bw_node *node, const char *name, struct bw_id *id) {
    struct bw_member_info info;
    size_t found = 0;
    for (size_t i = 0; bw_node_member(node, i, &info) == 0; i++) {
        if (info.status <= BW_STATUS_SUSPECT && strcmp(info.name, name) == 0) {
            *id = info.id;
            found++;
        }
    }
    return found == 1;
}

static void resolve(struct bw_node *node, const struct bw_node_voters *voters) {
    struct bw_id ids[BW_VOTERS_MAX];
    struct bw_voters known;
    if (bw_election_voter_list(node->election, voters->scope, &known) == 0) {
        return; /* from then on only ids count */
    }
    for (size_t i = 0; i < voters->count; i++) {
        struct bw_id id;
        if (!find_living(node, voters->names[i], &id)) {
            return;
        }
        size_t at = i;
        for (; at > 0 && bw_id_compare(&ids[at - 1], &id) > 0; at--) {
            ids[at] = ids[at - 1];
        }
        ids[at] = id;
    }
    bw_election_voters(node->election, voters->scope, ids, voters->count, node->now);
}

/* Looks when somebody has come or gone. */
bool bw_voters_resolve(struct bw_node *node) {
    if (!node->voters_due) {
        return false;
    }
    node->voters_due = false;
    for (size_t i = 0; i < node->voters_count; i++) {
        resolve(node, &node->voters[i]);
    }
    return true;
}

int bw_node_voter(const struct bw_node *node, const char *scope, size_t index, struct bw_voter_info *info) {
    struct bw_voters voters;
    struct bw_member_info member;
    int error = bw_election_voter_list(node->election, scope, &voters);
    if (error != 0 || index >= voters.count) {
        return BW_ERR_NOT_FOUND;
    }
    *info = (struct bw_voter_info){.id = voters.ids[index], .name = "", .status = BW_STATUS_DEAD};
    if (bw_gossip_find(node->gossip, &info->id, &member) == 0) {
        info->name = member.name;
        info->status = member.status;
        info->known = true;
    }
    return 0;
}

int bw_node_change_voters(struct bw_node *node, const char *scope, const struct bw_id *id, bool add, const char **why,
                          struct bw_time now) {
    const char *reason = NULL;
    struct bw_member_info member;
    now = bw_node_clamp(node, now);
    int error = 0;
    if (add && (bw_gossip_find(node->gossip, id, &member) != 0 || member.status > BW_STATUS_SUSPECT)) {
        reason = "a new voter is a member that is alive";
        error = BW_ERR_INVALID;
    } else {
        error = bw_election_change_voters(node->election, scope, id, add, &reason, now);
        bw_node_pump(node);
    }
    if (why != NULL) {
        *why = reason;
    }
    return error;
}
