/* Who hears whom: every living member is asked whom it has not heard within two rounds of probes. Asked for by people only; paced,
 * each question repeated a few times, and what is kept is bounded by the members there are. */
#include <string.h>

#include "gossip/machine.h"

#define STEP_US 100000
#define STEP_MAX 64u /* questions in a step */
#define TRIES_MAX 3u

/* ------------------------------------------------------------------ whom we hear */

static bool unheard(const struct bw_gossip *g, const struct bw_member *member) {
    int64_t heard_us = member->peer ? member->peer->heard_us : BW_NOT_HEARD;
    return member != g->self && member->status != BW_STATUS_LEFT && !member->faded &&
           (heard_us == BW_NOT_HEARD || g->now.mono_us - heard_us > bw_two_rounds_us(&g->params, g->living));
}

/* The living first: those are what others wonder at. Returns the number of all, of which the first BW_UNHEARD_MAX are in ids. */
static size_t list_unheard(const struct bw_gossip *g, uint8_t *ids) {
    size_t found = 0;
    for (int living = 1; living >= 0; living--) {
        for (size_t i = 0; i < g->members.count; i++) {
            const struct bw_member *member = g->members.ring[i];
            if (bw_member_living(member) != (living == 1) || !unheard(g, member)) {
                continue;
            }
            if (found < BW_UNHEARD_MAX) {
                memcpy(ids + found * sizeof(member->id), &member->id, sizeof(member->id));
            }
            found++;
        }
    }
    return found;
}

void bw_survey_asked(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_survey *frame) {
    uint8_t ids[BW_UNHEARD_MAX * sizeof(struct bw_id)];
    size_t count = list_unheard(g, ids);
    size_t told = count < BW_UNHEARD_MAX ? count : BW_UNHEARD_MAX;
    struct bw_dest to = bw_view_answer(g, in);
    struct bw_frame_heard answer = {.survey = frame->survey,
                                    .living = (uint32_t)g->living,
                                    .unheard = (uint32_t)count,
                                    .ids = {ids, told * sizeof(struct bw_id)}};
    bw_outbox_put(g, &to, &bw_schema_heard, &answer);
}

/* ------------------------------------------------------------------ asking */

static void take(struct bw_gossip *g, struct bw_surveyed *entry, uint32_t living, uint32_t count, struct bw_bytes ids) {
    entry->answered = true;
    entry->living = living;
    entry->unheard_count = count;
    entry->id_count = 0;
    if (ids.size > 0) {
        entry->ids = bw_alloc(&g->allocator, ids.size);
    }
    if (entry->ids) {
        memcpy(entry->ids, ids.data, ids.size);
        entry->id_count = (uint8_t)(ids.size / sizeof(struct bw_id));
    }
}

void bw_survey_free(struct bw_gossip *g) {
    for (size_t i = 0; i < g->survey.count; i++) {
        struct bw_surveyed *entry = &g->survey.entries[i];
        bw_free(&g->allocator, entry->ids, entry->id_count * sizeof(struct bw_id));
    }
    bw_free(&g->allocator, g->survey.entries, g->survey.count * sizeof(*g->survey.entries));
    g->survey.entries = NULL;
    g->survey.count = 0;
}

static void ask(struct bw_gossip *g, struct bw_surveyed *entry) {
    const struct bw_member *member = bw_members_find(&g->members, &entry->id);
    struct bw_frame_survey frame = {.survey = g->survey.number};
    entry->tries++;
    entry->due_us = g->now.mono_us + bw_health_stretch(g, g->params.probe_timeout_max_ms);
    if (member) {
        struct bw_dest to = bw_view_dest(member);
        bw_outbox_put(g, &to, &bw_schema_survey, &frame);
    }
}

void bw_survey_step(struct bw_gossip *g) {
    size_t asked = 0;
    bool waits = false;
    for (size_t i = 0; i < g->survey.count; i++) {
        struct bw_surveyed *entry = &g->survey.entries[i];
        bool due = !entry->answered && g->now.mono_us >= entry->due_us;
        if (due && entry->tries < TRIES_MAX && asked < STEP_MAX) {
            ask(g, entry);
            asked++;
        }
        waits = waits || (!entry->answered && (entry->tries < TRIES_MAX || g->now.mono_us < entry->due_us));
    }
    g->survey.active = waits;
    if (waits) {
        bw_gossip_arm(g, &g->survey.timer, BW_TIMER_SURVEY, g->now.mono_us + STEP_US);
    } else {
        bw_trace_rule(g->trace, BW_RULE_SURVEY_ASKS_EACH, NULL, g->survey.count);
    }
}

int bw_gossip_survey(struct bw_gossip *g, struct bw_time now) {
    bw_gossip_enter(g, now);
    if (g->survey.active) {
        return 0;
    }
    bw_survey_free(g);
    size_t count = g->living;
    g->survey.entries = bw_alloc(&g->allocator, count * sizeof(*g->survey.entries));
    if (!g->survey.entries) {
        return BW_ERR_MEMORY;
    }
    for (size_t i = 0; i < g->members.count; i++) {
        const struct bw_member *member = g->members.ring[i];
        if (bw_member_living(member)) {
            g->survey.entries[g->survey.count++] = (struct bw_surveyed){.id = member->id, .due_us = now.mono_us};
        }
    }
    BW_ASSERT(g->survey.count == count);
    g->survey.number = (uint32_t)bw_rng_next(&g->rng);
    uint8_t ids[BW_UNHEARD_MAX * sizeof(struct bw_id)];
    size_t own = list_unheard(g, ids);
    size_t told = own < BW_UNHEARD_MAX ? own : BW_UNHEARD_MAX;
    for (size_t i = 0; i < count; i++) {
        if (bw_id_equal(&g->survey.entries[i].id, &g->self->id)) {
            take(g, &g->survey.entries[i], (uint32_t)g->living, (uint32_t)own,
                 (struct bw_bytes){ids, told * sizeof(struct bw_id)});
        }
    }
    bw_survey_step(g);
    bw_gossip_exit(g);
    return 0;
}

void bw_survey_answered(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_heard *frame) {
    if (!g->survey.active || frame->survey != g->survey.number) {
        return;
    }
    for (size_t i = 0; i < g->survey.count; i++) {
        struct bw_surveyed *entry = &g->survey.entries[i];
        if (bw_id_equal(&entry->id, &in->from) && !entry->answered) {
            take(g, entry, frame->living, frame->unheard, frame->ids);
        }
    }
}

bool bw_gossip_surveying(const struct bw_gossip *g) {
    return g->survey.active;
}

int bw_gossip_reach(const struct bw_gossip *g, size_t index, struct bw_reach *reach) {
    if (index >= g->survey.count) {
        return BW_ERR_NOT_FOUND;
    }
    const struct bw_surveyed *entry = &g->survey.entries[index];
    *reach = (struct bw_reach){.id = entry->id,
                               .answered = entry->answered,
                               .living_count = entry->living,
                               .unheard_count = entry->unheard_count,
                               .unheard = entry->ids,
                               .id_count = entry->id_count};
    return 0;
}
