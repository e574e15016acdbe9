/* Membership and failure detection, the way in: SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey 2018) as
 * a pure state machine. One file per concern:
 *
 *   claim, formula, digest      pure functions: precedence, times, hashes
 *   frames, member, buffer      the wire, the table, the byte queue
 *   view, claims, suspect,      the members: the table's sums, merging of claims, suspicion, our own claim,
 *   refute, record              keyed records
 *   probe, ping, health         the detector
 *   disseminate, outbox         what others are told
 *   join, rush, sync, page, converge  finding the others and agreeing with them
 *   alone, leave, forget        being the last, going, and being declared gone
 *   signed, revoked, checks     identity mode: who may say what, who may no more, what finding out may cost
 *   why                         what is remembered of suspicions, for people
 *   vivaldi, rtt, survey        where members are, and who hears whom
 *   rumour, user_event, query   what users of the layer tell and ask all others
 *   receive, timers, event      what comes in, falls due, and is told to the owner */
#include <string.h>

#include "gossip/machine.h"

#include "base/mutant.h"

#define OUTBOX_MAX (512u * 1024u)
#define EVENTS_MAX (256u * 1024u)

/* A tick later than late_ms means that we slept: whoever is waited for had no chance to be heard. Deadlines of patience are
 * pushed back; those of promises are not. */
static void notice_sleep(struct bw_gossip *g) {
    int64_t late_us = 0;
    int64_t due_us = bw_gossip_deadline(g);
    bool watched = g->params.late_ms > 0 && !BW_MUTANT(LATE_TICK_RULE_OFF);
    if (watched && due_us < g->now.mono_us && !__builtin_sub_overflow(g->now.mono_us, due_us, &late_us) &&
        late_us > g->params.late_ms * BW_US_PER_MS) {
        bw_trace_rule(g->trace, BW_RULE_SLEEPER_DOES_NOT_ACCUSE, NULL, (uint64_t)late_us);
        bw_timers_shift(&g->patience, late_us);
        bw_alone_shift(g, late_us);
    }
}

void bw_gossip_enter(struct bw_gossip *g, struct bw_time now) {
    g->now.wall_us = now.wall_us;
    if (now.mono_us > g->now.mono_us) {
        g->now.mono_us = now.mono_us;
        notice_sleep(g);
    }
}

void bw_gossip_exit(struct bw_gossip *g) {
    bw_converge_settle(g);
}

void bw_gossip_tick(struct bw_gossip *g, struct bw_time now) {
    bw_gossip_enter(g, now);
    struct bw_timer *timer = NULL;
    bool any = false;
    while ((timer = bw_timers_pop(&g->promises, g->now.mono_us)) ||
           (timer = bw_timers_pop(&g->patience, g->now.mono_us))) {
        bw_gossip_fire(g, timer);
        any = true;
    }
    if (any) { /* a needless tick changes nothing, not even when we notice that peers have fallen silent */
        bw_gossip_exit(g);
    }
}

int64_t bw_gossip_deadline(const struct bw_gossip *g) {
    int64_t patience_us = bw_timers_next(&g->patience);
    int64_t promises_us = bw_timers_next(&g->promises);
    return patience_us < promises_us ? patience_us : promises_us;
}

/* ------------------------------------------------------------------ life */

static bool own_record_valid(const struct bw_frame_member *own) {
    size_t size = own->name.size + own->tags.size + own->candidacies.size;
    return bw_text_valid(own->name.data, own->name.size, BW_NAME_MAX) && bw_tags_valid(own->tags) &&
           own->tags.size <= BW_TAG_SIZE_MAX && own->candidacies.size <= BW_CANDIDACY_SIZE_MAX &&
           size <= BW_RECORD_SIZE_MAX && own->session != 0 && own->addr.family != 0 && own->addr.port != 0 &&
           own->incarnation <= BW_INCARNATION_MAX && !bw_id_none(&own->id);
}

static int init(struct bw_gossip *g, const struct bw_gossip_config *config, struct bw_time now) {
    *g = (struct bw_gossip){.allocator = config->allocator,
                            .trace = config->trace,
                            .params = config->params,
                            .now = now,
                            .key = bw_digest_key(config->label),
                            .differ_us = BW_NEVER,
                            .twice_ended_us = BW_NEVER,
                            .gossiped_us = now.mono_us - BW_US_PER_S * 3600,
                            .rumoured_us = now.mono_us - BW_US_PER_S * 3600,
                            .compared_us = now.mono_us,
                            .life_us = now.mono_us,
                            .changed_us = now.mono_us};
    g->heard[0].at_us = g->heard[1].at_us = BW_NOT_HEARD;
    bw_rng_seed(&g->rng, config->seed);
    bw_rng_seed(&g->vivaldi_rng, config->seed ^ UINT64_C(0x7669766c646921));
    bw_vivaldi_init(&g->vivaldi);
    bw_members_init(&g->members, config->allocator, config->params.member_max);
    bw_table_init(&g->records, config->allocator, bw_records_max(g) + BW_REVOKED_MAX);
    bw_buffer_init(&g->outbox, config->allocator, OUTBOX_MAX);
    bw_buffer_init(&g->events, config->allocator, EVENTS_MAX);
    bw_rumours_init(&g->events_of_users, config->allocator);
    bw_rumours_init(&g->queries, config->allocator);
    for (size_t i = 0; i < BW_UPDATE_LEVELS; i++) {
        bw_list_init(&g->levels[0][i]);
        bw_list_init(&g->levels[1][i]);
    }
    struct bw_frame_member own = {.id = config->self,
                                  .incarnation = config->incarnation,
                                  .session = config->session,
                                  .addr = config->addr,
                                  .protocol_min = config->protocol_max > 0 ? config->protocol_min : BW_PROTOCOL,
                                  .protocol_max = config->protocol_max > 0 ? config->protocol_max : BW_PROTOCOL,
                                  .name = {(const uint8_t *)config->name, strlen(config->name)},
                                  .tags = config->tags,
                                  .candidacies = config->candidacies};
    int error = own_record_valid(&own) ? bw_signed_init(g, config) : BW_ERR_INVALID;
    if (error) {
        return error;
    }
    static const uint8_t unsigned_yet[BW_SIGNATURE_SIZE];
    const struct bw_proof proof = {BW_STATUS_ALIVE, config->attest.certificate, config->attest.exchange, unsigned_yet};
    struct bw_member *self = bw_view_create(g, &own, config->attest.identity ? &proof : NULL);
    if (!self) {
        return BW_ERR_MEMORY;
    }
    g->self = self;
    error = bw_view_add(g, self);
    if (error) {
        g->self = NULL;
        bw_view_free(g, self);
        return error;
    }
    bw_signed_renew(g);
    return bw_signed_allows(g, &own);
}

int bw_gossip_create(struct bw_gossip **gossip, const struct bw_gossip_config *config, struct bw_time now) {
    int error = bw_params_check(&config->params, NULL);
    if (error) {
        return error;
    }
    struct bw_gossip *g = bw_alloc(&config->allocator, sizeof(*g));
    if (!g) {
        return BW_ERR_MEMORY;
    }
    error = init(g, config, now);
    if (error) {
        bw_gossip_destroy(g);
        return error;
    }
    /* Members that start together do not probe together. */
    int64_t interval_us = g->params.probe_interval_ms * BW_US_PER_MS;
    int64_t phase_us = (int64_t)bw_rng_below(&g->rng, (uint64_t)interval_us);
    bw_gossip_arm(g, &g->period, BW_TIMER_PERIOD, now.mono_us + phase_us);
    bw_update_member(g, g->self);
    error = bw_gossip_join(g, config->seeds, config->seed_count, now);
    if (error) {
        bw_gossip_destroy(g);
        return error;
    }
    bw_join_remembered(g, config->remembered, config->remembered_count);
    g->converged = true; /* with ourselves */
    *gossip = g;
    return 0;
}

void bw_gossip_destroy(struct bw_gossip *g) {
    if (!g) {
        return;
    }
    bw_ping_close_all(g);
    g->changed_head = g->changed_tail = NULL;
    for (size_t i = 0; i < g->members.count; i++) {
        g->members.ring[i]->pending = false;
        bw_view_free(g, g->members.ring[i]);
    }
    bw_members_free(&g->members);
    bw_record_free_all(g);
    bw_checks_free(g);
    bw_why_free(g);
    bw_survey_free(g);
    bw_query_free_all(g);
    bw_rumours_free(&g->events_of_users);
    bw_rumours_free(&g->queries);
    bw_buffer_free(&g->outbox);
    bw_buffer_free(&g->events);
    struct bw_allocator allocator = g->allocator;
    bw_free(&allocator, g, sizeof(*g));
}

static bool same_bytes(struct bw_bytes a, struct bw_bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* A new incarnation tells the new record from the one before: whoever has seen it takes that one no more. */
int bw_own_change(struct bw_gossip *g, const struct bw_frame_member *own, const struct bw_proof *proof) {
    if (!bw_view_set_info(g, g->self, own, proof)) {
        return BW_ERR_MEMORY;
    }
    bw_trace_rule(g->trace, BW_RULE_NEW_RECORD_NEW_INCARNATION, &g->self->id, g->self->incarnation);
    if (!g->leave.leaving) {
        bw_refute_renew(g, bw_incarnation_above(g->self->incarnation)); /* signs it, too */
    } else {
        bw_signed_renew(g);
    }
    bw_gossip_exit(g);
    return 0;
}

static int change_own(struct bw_gossip *g, const struct bw_frame_member *own) {
    struct bw_proof proof;
    int error = own_record_valid(own) ? bw_signed_allows(g, own) : BW_ERR_SPACE;
    return error ? error : bw_own_change(g, own, bw_signed_own(g, &proof));
}

int bw_gossip_set_candidacies(struct bw_gossip *g, struct bw_bytes candidacies, struct bw_time now) {
    bw_gossip_enter(g, now);
    struct bw_frame_member own;
    bw_view_frame(g, g->self, &own);
    if (same_bytes(own.candidacies, candidacies)) {
        return 0;
    }
    own.candidacies = candidacies;
    return change_own(g, &own);
}

int bw_gossip_set_tags(struct bw_gossip *g, struct bw_bytes tags, struct bw_time now) {
    bw_gossip_enter(g, now);
    struct bw_frame_member own;
    bw_view_frame(g, g->self, &own);
    if (same_bytes(own.tags, tags)) {
        return 0;
    }
    own.tags = tags;
    return change_own(g, &own);
}

/* ------------------------------------------------------------------ views */

size_t bw_gossip_member_count(const struct bw_gossip *g) {
    return g->members.count;
}

static void describe(const struct bw_gossip *g, const struct bw_member *member, struct bw_member_info *info) {
    int64_t rtt_us = member->peer && member->peer->srtt_us > 0 ? (int64_t)member->peer->srtt_us : -1;
    *info = (struct bw_member_info){.id = member->id,
                                    .name = member->info->bytes,
                                    .addr = member->info->addr,
                                    .status = bw_member_status(member),
                                    .incarnation = member->incarnation,
                                    .tags = bw_info_tags(member->info),
                                    .rtt_us = rtt_us,
                                    .since_wall_us = g->now.wall_us - (g->now.mono_us - member->since_us),
                                    .protocol =
                                        bw_protocol_common(g, member->info->protocol_min, member->info->protocol_max),
                                    .self = member == g->self};
}

int bw_gossip_member(const struct bw_gossip *g, size_t index, struct bw_member_info *info) {
    if (index >= g->members.count) {
        return BW_ERR_NOT_FOUND;
    }
    describe(g, g->members.ring[index], info);
    return 0;
}

int bw_gossip_find(const struct bw_gossip *g, const struct bw_id *id, struct bw_member_info *info) {
    const struct bw_member *member = bw_members_find(&g->members, id);
    if (member && info) {
        describe(g, member, info);
    }
    return member ? 0 : BW_ERR_NOT_FOUND;
}

struct bw_bytes bw_gossip_candidacies(const struct bw_gossip *g, const struct bw_id *id) {
    const struct bw_member *member = bw_members_find(&g->members, id);
    return member ? bw_info_candidacies(member->info) : (struct bw_bytes){NULL, 0};
}

int64_t bw_gossip_timeout_us(const struct bw_gossip *g, const struct bw_id *id) {
    const struct bw_member *member = bw_members_find(&g->members, id);
    return member ? bw_probe_timeout_us(g, member) : g->params.probe_timeout_max_ms * BW_US_PER_MS;
}

bool bw_gossip_unstable(const struct bw_gossip *g, const struct bw_id *id) {
    const struct bw_member *member = bw_members_find(&g->members, id);
    return member && bw_refute_unstable(member);
}

uint64_t bw_gossip_incarnation(const struct bw_gossip *g) {
    return g->self->incarnation;
}
