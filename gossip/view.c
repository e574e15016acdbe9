/* The table and what is summed over it: counts and the view digest. Dead and left members are kept for reap_after, so that a
 * partition below it heals by itself; a while before they leave digest and sync, so that nobody learns of them again. */
#include <string.h>

#include "gossip/machine.h"

#define FADE_BEFORE_US (3600 * BW_US_PER_S)

static int64_t reap_us(const struct bw_gossip *g) {
    return g->params.reap_after_s * BW_US_PER_S;
}

int64_t bw_view_fade_us(const struct bw_gossip *g) {
    int64_t before_us = reap_us(g) / 2 < FADE_BEFORE_US ? reap_us(g) / 2 : FADE_BEFORE_US;
    return reap_us(g) - before_us;
}

void bw_view_add_digest(struct bw_gossip *g, size_t bucket, uint64_t value) {
    if (value != 0) {
        g->digest += value;
        g->parts[bucket] += value;
        g->changed_us = g->now.mono_us;
    }
}

static void count(struct bw_gossip *g, const struct bw_member *member, bool in) {
    size_t step = in ? 1 : (size_t)-1;
    g->living += bw_member_living(member) ? step : 0;
    g->dead += member->status == BW_STATUS_DEAD ? step : 0;
}

static uint64_t worth(const struct bw_gossip *g, const struct bw_member *member) {
    return member->faded ? 0 : bw_digest_claim(&g->key, &member->id, bw_member_claim(member));
}

/* When the member fades or, if it has faded, is forgotten. */
static int64_t end_of(const struct bw_gossip *g, const struct bw_member *member) {
    return member->since_us + (member->faded ? reap_us(g) : bw_view_fade_us(g));
}

static void arm_reap(struct bw_gossip *g, const struct bw_member *member) {
    if (!bw_member_living(member) && end_of(g, member) < bw_timer_at(&g->promises, &g->reap)) {
        bw_gossip_arm(g, &g->reap, BW_TIMER_REAP, end_of(g, member));
    }
}

void bw_view_set(struct bw_gossip *g, struct bw_member *member, struct bw_claim claim, int64_t since_us) {
    uint64_t before = worth(g, member);
    count(g, member, false);
    if ((enum bw_status)member->status != claim.status) {
        member->since_us = since_us;
    }
    member->incarnation = claim.incarnation;
    member->status = (uint8_t)claim.status;
    member->faded = false;
    count(g, member, true);
    bw_view_add_digest(g, member->bucket, worth(g, member) - before);
    arm_reap(g, member);
    bw_event_member(g, member);
    if (member == g->self) {
        bw_signed_renew(g);
    }
}

void bw_view_age(struct bw_gossip *g, struct bw_member *member, int64_t since_us) {
    if (since_us < member->since_us) {
        member->since_us = since_us;
        arm_reap(g, member);
    }
}

static uint8_t name_hash(const struct bw_frame_member *frame) {
    uint8_t hash = (uint8_t)frame->name.size;
    for (size_t i = 0; i < frame->name.size; i++) {
        hash = (uint8_t)(hash * 31u + frame->name.data[i]);
    }
    return hash;
}

struct bw_member *bw_view_create(struct bw_gossip *g, const struct bw_frame_member *frame,
                                 const struct bw_proof *proof) {
    struct bw_member *member = bw_alloc(&g->allocator, sizeof(*member));
    struct bw_info *info = member ? bw_info_create(&g->allocator, frame, proof) : NULL;
    if (!info) {
        bw_free(&g->allocator, member, sizeof(*member));
        return NULL;
    }
    *member = (struct bw_member){.id = frame->id,
                                 .incarnation = frame->incarnation,
                                 .session = frame->session,
                                 .info = info,
                                 .bucket = bw_digest_bucket(&g->key, &frame->id),
                                 .name_hash = name_hash(frame),
                                 .status = frame->status,
                                 .told = frame->status,
                                 .since_us = g->now.mono_us - (int64_t)frame->age_ms * BW_US_PER_MS,
                                 .first = true};
    return member;
}

void bw_view_free(struct bw_gossip *g, struct bw_member *member) {
    if (!member) {
        return;
    }
    bw_event_forget(g, member);
    bw_update_drop(g, member->update);
    bw_suspect_end(g, member);
    bw_free(&g->allocator, member->peer, member->peer ? sizeof(*member->peer) : 0);
    bw_info_free(&g->allocator, member->info);
    bw_free(&g->allocator, member, sizeof(*member));
}

/* What was kept to talk with it may go, unless it is known after all. */
void bw_view_free_ghost(struct bw_gossip *g, struct bw_member *member) {
    if (member->info->certificate_size > 0 && !bw_members_find(&g->members, &member->id)) {
        bw_event_push(g, &(struct bw_gossip_event){.type = BW_GOSSIP_REAPED, .id = member->id});
    }
    bw_view_free(g, member);
}

static void forget(struct bw_gossip *g, struct bw_member *member) {
    bw_trace_rule(g->trace, BW_RULE_FORGET_THE_DEAD, &member->id, member->incarnation);
    bw_event_push(g, &(struct bw_gossip_event){.type = BW_GOSSIP_REAPED, .id = member->id});
    if (!member->faded) {
        bw_view_add_digest(g, member->bucket, 0 - worth(g, member));
    }
    count(g, member, false);
    bw_why_reaped(g, &member->id);
    bw_members_remove(&g->members, member);
    bw_view_free(g, member);
}

/* A full table makes room for the living: who is gone for the longest time is the least useful. */
static void make_room(struct bw_gossip *g) {
    struct bw_member *oldest = NULL;
    for (size_t i = 0; i < g->members.count; i++) {
        struct bw_member *member = g->members.ring[i];
        if (member != g->self && !bw_member_living(member) && (!oldest || member->since_us < oldest->since_us)) {
            oldest = member;
        }
    }
    bw_bound_passed(g, BW_BOUND_MEMBERS, oldest ? &oldest->id : NULL, g->members.count);
    if (oldest) {
        forget(g, oldest);
    }
}

int bw_view_add(struct bw_gossip *g, struct bw_member *member) {
    if (g->members.count >= g->members.limit && bw_member_living(member)) {
        make_room(g);
    } else if (g->members.count >= g->members.limit) {
        bw_bound_passed(g, BW_BOUND_MEMBERS, &member->id, g->members.count); /* nobody makes room for the dead */
    }
    int error = bw_members_add(&g->members, member, &g->rng);
    if (error) {
        return error;
    }
    count(g, member, true);
    bw_view_add_digest(g, member->bucket, worth(g, member));
    arm_reap(g, member);
    bw_event_member(g, member);
    return 0;
}

bool bw_view_set_info(struct bw_gossip *g, struct bw_member *member, const struct bw_frame_member *frame,
                      const struct bw_proof *proof) {
    struct bw_info *info = bw_info_create(&g->allocator, frame, proof);
    if (info) {
        member->name_hash = name_hash(frame); /* the frame may point into the old record */
        bw_info_free(&g->allocator, member->info);
        member->info = info;
        member->session = frame->session;
        member->renewed = false;
        member->updated = true;
    }
    return info != NULL;
}

void bw_view_reap(struct bw_gossip *g) {
    int64_t next_us = BW_NEVER;
    for (size_t i = g->members.count; i-- > 0;) {
        struct bw_member *member = g->members.ring[i];
        if (bw_member_living(member) || member == g->self) { /* who left and stays may come back */
            continue;
        }
        if (!member->faded && end_of(g, member) <= g->now.mono_us) {
            bw_view_add_digest(g, member->bucket, 0 - worth(g, member));
            member->faded = true;
        }
        int64_t end_us = end_of(g, member);
        if (end_us <= g->now.mono_us) {
            forget(g, member); /* into its place move members that the loop has seen */
        } else if (end_us < next_us) {
            next_us = end_us;
        }
    }
    bw_gossip_arm(g, &g->reap, BW_TIMER_REAP, next_us);
}

static uint16_t heard_ago_s(const struct bw_gossip *g, const struct bw_member *member) {
    int64_t evidence_s = (int64_t)member->evidence_s - 1;
    if (member->peer && member->peer->heard_us != BW_NOT_HEARD) {
        int64_t heard_s = member->peer->heard_us / BW_US_PER_S;
        evidence_s = heard_s > evidence_s ? heard_s : evidence_s;
    }
    if (member == g->self) {
        return 0;
    }
    if (evidence_s < 0) {
        return BW_HEARD_UNKNOWN;
    }
    int64_t ago_s = g->now.mono_us / BW_US_PER_S - evidence_s;
    return (uint16_t)(ago_s < 0 ? 0 : ago_s >= BW_HEARD_UNKNOWN ? BW_HEARD_UNKNOWN - 1 : ago_s);
}

uint64_t bw_view_age_ms(const struct bw_gossip *g, const struct bw_member *member) {
    int64_t age_us = bw_member_living(member) ? 0 : g->now.mono_us - member->since_us;
    uint64_t age_ms = age_us > 0 ? (uint64_t)(age_us / BW_US_PER_MS) : 0;
    return age_ms < BW_AGE_MS_MAX ? age_ms : BW_AGE_MS_MAX;
}

/* A suspect goes as alive: the suspicion has a frame of its own. */
void bw_view_frame(const struct bw_gossip *g, const struct bw_member *member, struct bw_frame_member *frame) {
    const struct bw_info *info = member->info;
    *frame = (struct bw_frame_member){.id = member->id,
                                      .incarnation = member->incarnation,
                                      .status = bw_member_living(member) ? BW_STATUS_ALIVE : member->status,
                                      .age_ms = bw_view_age_ms(g, member),
                                      .heard_s = heard_ago_s(g, member),
                                      .session = info->certificate_size > 0 ? bw_info_session(info) : member->session,
                                      .addr = info->addr,
                                      .protocol_min = info->protocol_min,
                                      .protocol_max = info->protocol_max,
                                      .refutations = info->refutations,
                                      .name = {(const uint8_t *)info->bytes, info->name_size},
                                      .tags = bw_info_tags(info),
                                      .candidacies = bw_info_candidacies(info)};
}

struct bw_dest bw_view_dest(const struct bw_member *member) {
    return (struct bw_dest){member->id, member->session, member->info->addr};
}

/* Where an answer goes: where a datagram came from is not sealed, and whoever passes it on may have made that up. */
struct bw_dest bw_view_answer(const struct bw_gossip *g, const struct bw_inbound *in) {
    const struct bw_member *member = bw_members_find(&g->members, &in->from);
    bool settled = in->proven && member && !member->renewed;
    if (settled && !bw_addr_equal(&member->info->addr, &in->addr)) {
        bw_trace_rule(g->trace, BW_RULE_ANSWER_TO_OWN_ADDRESS, &in->from, in->session);
    }
    return (struct bw_dest){in->from, in->session, settled ? member->info->addr : in->addr};
}

struct bw_peer *bw_view_peer(struct bw_gossip *g, struct bw_member *member) {
    if (!member->peer) {
        member->peer = bw_alloc(&g->allocator, sizeof(*member->peer));
        if (member->peer) {
            *member->peer = (struct bw_peer){.heard_us = BW_NOT_HEARD, .echo_us = BW_NOT_HEARD};
        }
    }
    return member->peer;
}

bool bw_view_others(const struct bw_gossip *g, const struct bw_member *member) {
    return member != g->self && bw_member_living(member);
}

size_t bw_view_pick(struct bw_gossip *g, const struct bw_member *but, struct bw_member **picked, size_t wanted) {
    size_t found = 0;
    size_t all = g->members.count;
    size_t at = (size_t)bw_rng_below(&g->rng, all);
    for (size_t i = 0; i < all && found < wanted; i++, at = at + 1 < all ? at + 1 : 0) {
        struct bw_member *member = g->members.ring[at];
        if (member != but && bw_view_others(g, member)) {
            picked[found++] = member;
        }
    }
    return found;
}
