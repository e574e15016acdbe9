/* Tells a run as a story (story.h). Host i is member i. */
#include "sim/internal.h"

#include <string.h>

static uint32_t member(size_t host) {
    return host == BW_SIM_NONE ? BW_STORY_NOBODY : (uint32_t)host;
}

/* The first host of this name. */
static size_t named(const struct bw_sim *sim, const char *name) {
    for (size_t i = 0; i < sim->host_count; i++)
        if (strcmp(sim->hosts[i].name, name) == 0)
            return i;
    return BW_SIM_NONE;
}

/* At the first item: names may be set until the start. */
static void introduce(struct bw_sim *sim) {
    for (size_t i = sim->options.story->member_count; i < sim->host_count; i++) {
        char name[BW_NAME_MAX + 32];
        snprintf(name, sizeof name, "%s", sim->hosts[i].name);
        if (named(sim, name) != i) /* two hosts, one name: members differ */
            snprintf(name, sizeof name, "%s (n%zu)", sim->hosts[i].name, i);
        bw_story_member(sim->options.story, name);
    }
}

static void add(struct bw_sim *sim, const struct bw_story_item *item) {
    introduce(sim);
    bw_story_add(sim->options.story, item);
}

static struct bw_story_item item_of(const struct bw_sim *sim, enum bw_story_kind kind, size_t host) {
    return bw_story_item(sim->now_us, kind, member(host));
}

void bw_sim_tell(struct bw_sim *sim, enum bw_story_kind kind, size_t host) {
    if (sim->options.story == NULL)
        return;
    struct bw_story_item item = item_of(sim, kind, host);
    if (kind == BW_STORY_GROUP)
        item.group = sim->hosts[host].group;
    if (kind == BW_STORY_VIOLATION)
        item.text = bw_story_text(sim->options.story, sim->violation);
    add(sim, &item);
}

void bw_sim_tell_fault(struct bw_sim *sim, const char *text, size_t host, size_t other, int64_t until_us) {
    if (sim->options.story == NULL)
        return;
    struct bw_story_item item = item_of(sim, BW_STORY_FAULT, host);
    item.whom = member(other);
    item.until_us = until_us;
    item.text = bw_story_text(sim->options.story, text);
    add(sim, &item);
}

static void tell_status(struct bw_sim *sim, size_t host, const struct bw_event *event, enum bw_status status) {
    struct bw_story_item item = item_of(sim, BW_STORY_STATUS, host);
    size_t whom = bw_sim_host_at(sim, &event->addr);
    if (whom != BW_SIM_NONE && !bw_id_equal(&sim->hosts[whom].id, &event->id))
        return; /* an earlier life of it, with another disk: its end says nothing about the member */
    item.whom = member(whom);
    item.status = (uint8_t)status;
    item.term = event->incarnation;
    item.own = event->own;
    if (event->by[0] != '\0')
        item.by = member(named(sim, event->by));
    add(sim, &item);
}

static void tell_leader(struct bw_sim *sim, size_t host, const struct bw_event *event, enum bw_story_kind kind) {
    struct bw_story_item item = item_of(sim, kind, host);
    for (size_t i = 0; i < sim->host_count; i++)
        if (bw_id_equal(&sim->hosts[i].id, &event->token.id))
            item.whom = member(i);
    item.term = event->token.term;
    item.scope = bw_story_text(sim->options.story, event->scope);
    if (event->reason != BW_LOSS_NONE)
        item.text = bw_story_text(sim->options.story, bw_loss_name(event->reason));
    add(sim, &item);
}

void bw_sim_tell_event(struct bw_sim *sim, size_t host, const struct bw_event *event) {
    if (sim->options.story == NULL)
        return;
    switch (event->type) {
    case BW_EVENT_MEMBER_ALIVE:
    case BW_EVENT_MEMBER_UPDATE:
        tell_status(sim, host, event, BW_STATUS_ALIVE);
        break;
    case BW_EVENT_MEMBER_SUSPECT:
        tell_status(sim, host, event, BW_STATUS_SUSPECT);
        break;
    case BW_EVENT_MEMBER_DEAD:
        tell_status(sim, host, event, BW_STATUS_DEAD);
        break;
    case BW_EVENT_MEMBER_LEFT:
        tell_status(sim, host, event, BW_STATUS_LEFT);
        break;
    case BW_EVENT_LEADER_ELECTED:
        tell_leader(sim, host, event, BW_STORY_LEADER);
        break;
    case BW_EVENT_LEADER_LOST:
        tell_leader(sim, host, event, BW_STORY_LEADERLESS);
        break;
    case BW_EVENT_SELF_ELECTED:
        tell_leader(sim, host, event, BW_STORY_REIGN);
        break;
    case BW_EVENT_SELF_DEPOSED:
        tell_leader(sim, host, event, BW_STORY_REIGN_END);
        break;
    case BW_EVENT_SPLIT_BRAIN_HEALED:
        tell_leader(sim, host, event, BW_STORY_HEALED);
        break;
    case BW_EVENT_CONVERGED:
        bw_sim_tell(sim, BW_STORY_CONVERGED, host);
        break;
    case BW_EVENT_DIVERGED:
        bw_sim_tell(sim, BW_STORY_DIVERGED, host);
        break;
    default:
        break;
    }
}
