/* What the host may ask a node. Nothing here changes anything. */
#include "node/host.h"
#include "node/internal.h"

#include <string.h>

size_t bw_node_member_count(const struct bw_node *node) {
    return bw_gossip_member_count(node->gossip);
}

int bw_node_member(const struct bw_node *node, size_t index, struct bw_member_info *info) {
    return bw_gossip_member(node->gossip, index, info);
}

int bw_host_member(const struct bw_node *node, const struct bw_id *id, struct bw_member_info *info) {
    return bw_gossip_find(node->gossip, id, info);
}

int bw_node_why(const struct bw_node *node, const struct bw_id *id, struct bw_why *why) {
    return bw_gossip_why(node->gossip, id, why);
}

#define EVIDENCE_NAME_(name, word, text) word,
#define EVIDENCE_TEXT_(name, word, text) text,
const char *bw_evidence_name(enum bw_evidence evidence, const char **text) {
    static const char *const names[] = {BW_EVIDENCES(EVIDENCE_NAME_)};
    static const char *const texts[] = {BW_EVIDENCES(EVIDENCE_TEXT_)};
    bool known = (size_t)evidence < BW_COUNT(names);
    if (text != NULL) {
        *text = known ? texts[evidence] : "unknown";
    }
    return known ? names[evidence] : "unknown";
}

struct bw_id bw_node_id(const struct bw_node *node) {
    return node->id;
}

bool bw_node_converged(const struct bw_node *node) {
    return bw_gossip_converged(node->gossip);
}

uint64_t bw_node_digest(const struct bw_node *node) {
    return bw_gossip_digest(node->gossip);
}

size_t bw_node_scope_count(const struct bw_node *node) {
    return bw_election_scope_count(node->election);
}

static const char *name_of(const struct bw_node *node, const struct bw_id *id) {
    struct bw_member_info member;
    return !bw_id_none(id) && bw_gossip_find(node->gossip, id, &member) == 0 ? member.name : "";
}

int bw_node_scope(const struct bw_node *node, size_t index, struct bw_scope_info *info, struct bw_time now) {
    int error = bw_election_scope(node->election, index, info, now);
    if (error != 0) {
        return error;
    }
    struct bw_member_info leader;
    bool known = info->has_leader && bw_gossip_find(node->gossip, &info->token.id, &leader) == 0;
    info->leader = known ? leader.name : "";
    known = info->previous.term != 0 && bw_gossip_find(node->gossip, &info->previous.id, &leader) == 0;
    info->previous_leader = known ? leader.name : "";
    info->frozen_by = info->frozen ? name_of(node, &info->frozen_id) : "";
    return 0;
}

int bw_node_scope_find(const struct bw_node *node, const char *scope, struct bw_scope_info *info, struct bw_time now) {
    size_t index;
    int error = bw_election_scope_index(node->election, scope, &index);
    return error != 0 ? error : bw_node_scope(node, index, info, now);
}

int bw_node_owner(const struct bw_node *node, const char *scopes, const void *key, size_t key_size,
                  struct bw_owner_info *info, struct bw_time now) {
    char name[BW_NAME_MAX + 1];
    info->shards = bw_election_shards(node->election, scopes);
    if (info->shards == 0) {
        return BW_ERR_NOT_FOUND;
    }
    info->shard = bw_shard_of(key, key_size, info->shards);
    bw_election_shard_name(scopes, info->shard, name);
    return bw_node_scope_find(node, name, &info->scope, now); /* the last one is there; one before it may not be */
}

static void name_candidate(const struct bw_node *node, struct bw_candidate_info *info) {
    struct bw_member_info member;
    bool known = bw_gossip_find(node->gossip, &info->id, &member) == 0;
    info->name = known ? member.name : "";
    info->status = known ? member.status : BW_STATUS_DEAD;
    info->behind_name = name_of(node, &info->behind);
}

int bw_node_candidates(const struct bw_node *node, const char *scope, struct bw_candidate_info *infos, size_t capacity,
                       size_t *count) {
    int error = bw_election_candidates(node->election, scope, infos, capacity, count);
    for (size_t i = 0; error == 0 && i < capacity && i < *count; i++) {
        name_candidate(node, &infos[i]);
    }
    return error;
}

int bw_node_candidate(const struct bw_node *node, const char *scope, size_t index, struct bw_candidate_info *info) {
    int error = bw_election_candidate(node->election, scope, index, info);
    if (error == 0) {
        name_candidate(node, info);
    }
    return error;
}

int bw_node_vacancy(const struct bw_node *node, const char *scope, struct bw_vacancy_info *info, struct bw_time now) {
    int error = bw_election_vacancy(node->election, scope, info, now);
    if (error == 0) {
        info->of = name_of(node, &info->of_id);
    }
    return error;
}

int bw_node_differences(const struct bw_node *node, const char *scope, struct bw_difference_info *infos,
                        size_t capacity, size_t *count) {
    int error = bw_election_differences(node->election, scope, infos, capacity, count);
    for (size_t i = 0; error == 0 && i < capacity && i < *count; i++) {
        infos[i].name = name_of(node, &infos[i].id);
    }
    return error;
}

#define SETTING_NAME_(name, word) word,
const char *bw_shared_setting_name(enum bw_shared_setting setting) {
    static const char *const words[] = {BW_SHARED_SETTINGS(SETTING_NAME_)};
    return (size_t)setting < BW_COUNT(words) ? words[setting] : "unknown";
}

#define WORD_(name, word, text) word,
#define SENTENCE_(name, word, text) text,
const char *bw_why_not_name(enum bw_why_not why, const char **text) {
    static const char *const words[] = {BW_WHY_NOTS(WORD_)};
    static const char *const sentences[] = {BW_WHY_NOTS(SENTENCE_)};
    bool known = (size_t)why < BW_COUNT(words);
    if (text != NULL) {
        *text = known ? sentences[why] : "unknown";
    }
    return known ? words[why] : "unknown";
}

const char *bw_vacancy_name(enum bw_vacancy reason, const char **text) {
    static const char *const words[] = {BW_VACANCIES(WORD_)};
    static const char *const sentences[] = {BW_VACANCIES(SENTENCE_)};
    bool known = (size_t)reason < BW_COUNT(words);
    if (text != NULL) {
        *text = known ? sentences[reason] : "unknown";
    }
    return known ? words[reason] : "unknown";
}

bool bw_node_may_act(const struct bw_node *node, const char *scope, struct bw_time now) {
    return bw_election_may_act(node->election, scope, now);
}

uint64_t bw_node_dropped(const struct bw_node *node, int error) {
    return bw_channel_dropped(node->channel, error);
}

void bw_node_stats(const struct bw_node *node, struct bw_node_stats *stats) {
    struct bw_node_stats all = node->traffic;
    size_t size = stats->size < sizeof(all) ? stats->size : sizeof(all);
    all.size = size;
    all.events_lost = node->events.lost;
    all.health = bw_gossip_health(node->gossip);
    memcpy(stats, &all, size);
}

int bw_node_rule(const struct bw_node *node, size_t index, const char **name, uint64_t *count) {
    if (index >= BW_RULE_COUNT) {
        return BW_ERR_NOT_FOUND;
    }
    if (name != NULL) {
        *name = bw_rule_name((enum bw_rule)index);
    }
    *count = node->trace.counts[index];
    return 0;
}
