#include "tests/unit/election_world.h"

#include "base/rng.h"
#include "election/message.h"
#include "election/record.h"
#include "tests/lib/marks.h"
#include "tests/lib/tap.h"

#include <stdlib.h>
#include <string.h>

struct world world;
bool world_signs;

enum deed_kind { DEED_MESSAGE, DEED_RECORD, DEED_PERSISTED, DEED_PROBE };

/* Something on its way. */
struct deed {
    enum deed_kind kind;
    int64_t at_us;
    uint64_t order;
    size_t from;
    size_t to;
    int64_t sent_us;
    int64_t echo_us;
    uint64_t boot; /* of the addressee: deeds do not outlive it */
    size_t size;
    size_t scope_size;
    bool freeze;
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t scope[BW_NAME_MAX];
    uint8_t data[BW_ELECTION_MESSAGE_MAX];
};

static struct deed **deeds;
static size_t deed_count;
static size_t deed_capacity;
static uint64_t deed_order;
static struct bw_rng rng;
static int64_t detector_us;

void *world_resize(void *context, void *memory, size_t old_size, size_t new_size) {
    (void)context;
    (void)old_size;
    if (new_size == 0) {
        free(memory);
        return NULL;
    }
    return realloc(memory, new_size);
}

void world_on_rule(void *context, enum bw_rule rule, const struct bw_id *subject, uint64_t detail) {
    (void)context;
    (void)subject;
    (void)detail;
    marks_hit(rule);
}

static void deed_add(const struct deed *deed) {
    if (deed_count == deed_capacity) {
        deed_capacity = deed_capacity == 0 ? 256 : deed_capacity * 2;
        deeds = realloc(deeds, deed_capacity * sizeof *deeds);
        BW_ASSERT(deeds != NULL);
    }
    struct deed *copy = malloc(sizeof *copy);
    BW_ASSERT(copy != NULL);
    *copy = *deed;
    copy->order = deed_order++;
    deeds[deed_count++] = copy;
}

void world_begin(void) {
    struct bw_params params = {0};
#define LAN(name, least, largest, local, lan, wan, text) params.name = (lan);
    BW_PARAMS(LAN)
#undef LAN
    memset(&world, 0, sizeof world);
    world.params = params;
    world.allocator.resize = world_resize;
    world.trace.hook = world_on_rule;
    world.now_us = MS(1000000);
    world.delay_us = 200;
    world.detect_us = MS(5000);
    world.signing = world_signs;
    bw_rng_seed(&rng, 7);
    detector_us = 0;
}

void world_end(void) {
    for (size_t i = 0; i < world.count; i++)
        bw_election_destroy(world.nodes[i].election);
    for (size_t i = 0; i < deed_count; i++)
        free(deeds[i]);
    free(deeds);
    deeds = NULL;
    deed_count = deed_capacity = 0;
    memset(&world, 0, sizeof world);
}

struct bw_time world_time(size_t node) {
    return (struct bw_time){
        .mono_us = world.now_us,
        .wall_us = INT64_C(1700000000000000) + world.now_us + world.nodes[node].wall_skew_us,
    };
}

size_t world_of(const struct bw_id *id) {
    for (size_t i = 0; i < world.count; i++)
        if (bw_id_equal(&world.nodes[i].id, id))
            return i;
    return WORLD_NODES;
}

size_t world_add(int priority) {
    size_t node = world.count++;
    struct world_node *n = &world.nodes[node];
    memset(n->id.bytes, 0x10, sizeof n->id.bytes);
    n->id.bytes[15] = (uint8_t)(0xf0 - node); /* the first added ranks first */
    n->observer = priority < 0;
    n->priority = priority < 0 ? 0 : (uint16_t)priority;
    n->min_ack = n->min_confirm = 1;
    n->preempt_ms = BW_PREEMPT_NEVER;
    n->persist_us = MS(2);
    n->scopes[0] = SCOPE;
    n->has_seeds = true;
    return node;
}

/* ------------------------------------------------------------------ what a node says */

static bool reaches(size_t from, size_t to) {
    return from != to && world.nodes[to].up && world.nodes[from].up && !world.cut[from][to];
}

static bool lost(void) {
    return bw_rng_below(&rng, 100) < world.loss_percent;
}

static void send_deed(struct deed *deed, size_t from, size_t to) {
    struct world_node *sender = &world.nodes[from];
    deed->from = from;
    deed->to = to;
    deed->sent_us = world.now_us;
    deed->at_us = world.now_us + world.delay_us;
    deed->echo_us = sender->heard_us[to];
    deed->boot = world.nodes[to].boot;
    if (reaches(from, to) && !lost())
        deed_add(deed);
}

static void post(struct deed *deed, size_t from, size_t to) {
    int64_t usual_us = world.delay_us;
    unsigned copies = world.post == NULL ? 1 : world.post(from, to, deed->data[0], &world.delay_us);
    while (copies-- > 0)
        send_deed(deed, from, to);
    world.delay_us = usual_us;
}

static void note_event(size_t node, const struct bw_event *event) {
    struct world_node *n = &world.nodes[node];
    size_t scope = 0;
    while (scope < BW_COUNT(n->reigns) - 1 && n->reigns[scope].name[0] != 0 &&
           strcmp(n->reigns[scope].name, event->scope) != 0)
        scope++;
    memcpy(n->reigns[scope].name, event->scope, sizeof event->scope);
    if (event->type == BW_EVENT_SELF_ELECTED) {
        CU_ASSERT_FALSE(n->reigns[scope].leading);
        CU_ASSERT(event->token.term > n->reigns[scope].last_term);
        n->reigns[scope].leading = true;
        n->reigns[scope].last_term = event->token.term;
        n->elections++;
    } else if (event->type == BW_EVENT_SELF_DEPOSED) {
        CU_ASSERT_TRUE(n->reigns[scope].leading);
        n->reigns[scope].leading = false;
        world.last_act_us = world.now_us;
    }
    BW_ASSERT(world.event_count < WORLD_EVENTS);
    world.events[world.event_count++] = (struct world_event){.node = node, .at_us = world.now_us, .event = *event};
}

static void pump_messages(size_t node) {
    struct world_node *n = &world.nodes[node];
    struct bw_election_message message;
    while (bw_election_transmit(n->election, &message, world_time(node))) {
        size_t to = world_of(&message.to);
        struct deed deed = {.kind = DEED_MESSAGE, .size = message.data.size};
        CU_ASSERT_FATAL(message.data.size <= BW_ELECTION_MESSAGE_MAX);
        memcpy(deed.data, message.data.data, message.data.size);
        world.messages++;
        memcpy(world.last[deed.data[0]].data, deed.data, deed.size);
        world.last[deed.data[0]].size = deed.size;
        world.sent[deed.data[0]]++;
        if (to < world.count && (world.filter == NULL || world.filter(node, to, message.data.data[0])))
            post(&deed, node, to);
    }
}

static void send_record(const struct world_record *record, size_t from, size_t to) {
    struct deed deed = {.kind = DEED_RECORD, .size = record->body_size, .scope_size = record->scope_size};
    deed.freeze = record->freeze;
    memcpy(deed.data, record->body, record->body_size);
    memcpy(deed.scope, record->scope, record->scope_size);
    memcpy(deed.rank, record->rank, sizeof deed.rank);
    if (!world.no_records)
        send_deed(&deed, from, to);
}

/* As gossip keeps them: the largest of each scope. */
static struct world_record *keep_record(struct world_node *n, const struct bw_election_claim *claim) {
    size_t at = 0;
    while (at < n->record_count &&
           (n->records[at].freeze != claim->freeze || n->records[at].scope_size != claim->scope.size ||
            memcmp(n->records[at].scope, claim->scope.data, claim->scope.size) != 0))
        at++;
    if (at == BW_COUNT(n->records))
        return NULL;
    struct world_record *record = &n->records[at];
    CU_ASSERT(at == n->record_count || memcmp(record->rank, claim->rank, sizeof record->rank) < 0);
    n->record_count = at == n->record_count ? at + 1 : n->record_count;
    record->freeze = claim->freeze;
    record->scope_size = claim->scope.size;
    record->body_size = claim->body.size;
    memcpy(record->scope, claim->scope.data, claim->scope.size);
    memcpy(record->body, claim->body.data, claim->body.size);
    memcpy(record->rank, claim->rank, sizeof record->rank);
    return record;
}

static void pump_records(size_t node) {
    struct bw_election_claim claim;
    while (bw_election_publish(world.nodes[node].election, &claim)) {
        const struct world_record *record = keep_record(&world.nodes[node], &claim);
        for (size_t to = 0; record != NULL && to < world.count; to++)
            if (to != node)
                send_record(record, node, to);
    }
}

static void pump_probes(size_t node) {
    struct bw_id id;
    while (bw_election_probe(world.nodes[node].election, &id)) {
        size_t to = world_of(&id);
        struct deed deed = {.kind = DEED_PROBE, .from = to, .to = node, .boot = world.nodes[node].boot};
        if (to == WORLD_NODES)
            continue;
        bool direct = reaches(node, to) && reaches(to, node) && !world.nodes[to].paused;
        bool refused = !world.nodes[to].up && world.nodes[to].refusing && !world.cut[node][to] && !world.cut[to][node];
        deed.at_us = world.now_us + (direct || refused ? 2 * world.delay_us : MS(500));
        deed_add(&deed);
    }
}

void world_pump(size_t node) {
    struct world_node *n = &world.nodes[node];
    struct bw_event event;
    pump_messages(node);
    pump_records(node);
    pump_probes(node);
    while (bw_election_event(n->election, &event))
        note_event(node, &event);
    if (bw_election_candidacies_changed(n->election))
        for (size_t i = 0; i < world.count; i++)
            world.nodes[i].outdated[node] = true;
    if (bw_election_persist(n->election)) {
        deed_add(
            &(struct deed){.kind = DEED_PERSISTED, .to = node, .boot = n->boot, .at_us = world.now_us + n->persist_us});
        world.claims++;
        CU_ASSERT_FALSE(bw_election_persist(n->election));
    }
}

/* ------------------------------------------------------------------ what reaches a node */

static void do_persisted(struct world_node *n, size_t node) {
    size_t cursor = 0;
    if (!n->disk_fails)
        for (n->disk_count = 0; n->disk_count < BW_COUNT(n->disk); n->disk_count++)
            if (bw_election_term(n->election, &cursor, &n->disk[n->disk_count]) != 0)
                break;
    bw_election_persisted(n->election, !n->disk_fails, world_time(node));
}

static bool helped(size_t node, size_t target) {
    if (!world.nodes[target].up || world.nodes[target].paused)
        return false;
    if (reaches(node, target) && reaches(target, node))
        return true;
    for (size_t k = 0; k < world.count; k++)
        if (reaches(node, k) && reaches(k, node) && reaches(k, target) && reaches(target, k))
            return true;
    return false;
}

static void do_probe(size_t node, size_t target) {
    struct world_node *n = &world.nodes[node];
    struct world_node *t = &world.nodes[target];
    bool linked = !world.cut[node][target] && !world.cut[target][node];
    if (!t->up && t->refusing && linked)
        bw_election_refused(n->election, &t->id, world_time(node));
    else
        bw_election_answered(n->election, &t->id, helped(node, target), world_time(node));
}

static int64_t echo(size_t from, size_t to, const struct deed *deed) {
    struct world_node *n = &world.nodes[to];
    if (deed->sent_us > n->heard_us[from])
        n->heard_us[from] = deed->sent_us;
    return deed->echo_us == 0 ? BW_NOT_HEARD : deed->echo_us;
}

static void do_deed(const struct deed *deed) {
    struct world_node *n = &world.nodes[deed->to];
    if (!n->up || n->boot != deed->boot)
        return;
    struct bw_time now = world_time(deed->to);
    struct bw_bytes data = {.data = deed->data, .size = deed->size};
    if (deed->kind == DEED_MESSAGE) {
        int error =
            bw_election_receive(n->election, &world.nodes[deed->from].id, echo(deed->from, deed->to, deed), data, now);
        CU_ASSERT_EQUAL(error, 0);
    } else if (deed->kind == DEED_RECORD) {
        const struct bw_bytes scope = {.data = deed->scope, .size = deed->scope_size};
        int64_t heard_us = echo(deed->from, deed->to, deed);
        int error = deed->freeze ? bw_election_freeze_record(n->election, scope, deed->rank, data, now)
                                 : bw_election_record(n->election, &world.nodes[deed->from].id, heard_us, scope,
                                                      deed->rank, data, now);
        CU_ASSERT_EQUAL(error, 0);
    } else if (deed->kind == DEED_PERSISTED) {
        do_persisted(n, deed->to);
    } else {
        do_probe(deed->to, deed->from);
    }
    world_pump(deed->to);
}

/* ------------------------------------------------------------------ membership */

static void tell(size_t node, size_t about, enum bw_status status) {
    struct world_node *n = &world.nodes[node];
    struct world_node *other = &world.nodes[about];
    uint8_t data[BW_CANDIDACIES_MAX];
    if (n->told[about] && n->status[about] == status && !n->outdated[about])
        return;
    n->told[about] = true;
    n->outdated[about] = false;
    n->status[about] = status;
    struct bw_election_member member = {.id = other->id, .status = status, .candidacies.data = data};
    member.candidacies.size = bw_election_candidacies(other->election, data);
    bw_election_member(n->election, &member, world_time(node));
    world_pump(node);
}

static void refresh_view(size_t node) {
    struct world_node *n = &world.nodes[node];
    struct bw_election_view view = {.alone = true, .synchronised = n->view.synchronised};
    bool reached = false;
    for (size_t i = 0; i < world.count; i++) {
        view.alone = view.alone && !(n->told[i] && n->status[i] <= BW_STATUS_SUSPECT);
        reached = reached || (n->told[i] && n->unreached_us[i] == 0);
    }
    if (reached && world.now_us >= n->started_us + MS(50))
        view.synchronised = view.agreed = true;
    if (memcmp(&view, &n->view, sizeof view) == 0)
        return;
    n->view = view;
    bw_election_view(n->election, &view, world_time(node));
    world_pump(node);
}

/* Follows the links: who cannot be reached, nor through a third, for detect_us is dead. */
static void detect(size_t node) {
    struct world_node *n = &world.nodes[node];
    for (size_t i = 0; i < world.count; i++) {
        if (i == node || world.nodes[i].election == NULL)
            continue;
        if (helped(node, i)) {
            n->unreached_us[i] = 0;
            if (!world.nodes[i].left)
                tell(node, i, BW_STATUS_ALIVE);
        } else if (n->told[i] && n->unreached_us[i] == 0) {
            n->unreached_us[i] = world.now_us;
        }
        bool missed = n->told[i] && n->status[i] <= BW_STATUS_SUSPECT && n->unreached_us[i] != 0;
        if (missed && n->status[i] == BW_STATUS_ALIVE && world.now_us >= n->unreached_us[i] + world.detect_us / 4)
            tell(node, i, BW_STATUS_SUSPECT);
        if (missed && world.now_us >= n->unreached_us[i] + world.detect_us)
            tell(node, i, BW_STATUS_DEAD);
    }
    refresh_view(node);
}

/* What gossip's synchronisation does: everybody shows its records to everybody it reaches, now and then. */
static void repeat_records(size_t node) {
    struct world_node *n = &world.nodes[node];
    for (size_t i = 0; i < n->record_count; i++)
        for (size_t to = 0; to < world.count; to++)
            if (to != node)
                send_record(&n->records[i], node, to);
}

/* ------------------------------------------------------------------ time */

static void check(void) {
    size_t acting = 0;
    for (size_t i = 0; i < world.count; i++)
        acting += world_acts(i);
    world.overlap = world.overlap || acting > 1;
}

static int64_t next_us(void) {
    int64_t next = detector_us;
    for (size_t i = 0; i < deed_count; i++)
        if (!world.nodes[deeds[i]->to].paused && deeds[i]->at_us < next)
            next = deeds[i]->at_us;
    for (size_t i = 0; i < world.count; i++) {
        int64_t deadline =
            world.nodes[i].up && !world.nodes[i].paused ? bw_election_deadline(world.nodes[i].election) : BW_NEVER;
        next = deadline < next ? deadline : next;
    }
    return next > world.now_us ? next : world.now_us;
}

static void do_and_free(size_t index) {
    struct deed *deed = deeds[index];
    deeds[index] = deeds[--deed_count];
    do_deed(deed);
    free(deed);
    check();
}

/* Any message that is on its way may be the next to arrive, whenever it was sent. */
static bool do_chosen_deed(void) {
    size_t on_way[32];
    size_t count = 0;
    for (size_t i = 0; world.choose != NULL && i < deed_count && count < BW_COUNT(on_way); i++)
        if (deeds[i]->kind == DEED_MESSAGE)
            on_way[count++] = i;
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && deeds[on_way[k]]->order < deeds[on_way[k - 1]]->order; k--) {
            size_t other = on_way[k];
            on_way[k] = on_way[k - 1];
            on_way[k - 1] = other;
        }
    size_t chosen = count > 0 ? world.choose(count) : 0;
    if (chosen >= count)
        return false;
    do_and_free(on_way[chosen]);
    return true;
}

static bool do_next_deed(void) {
    size_t first = deed_count;
    for (size_t i = 0; i < deed_count; i++)
        if (deeds[i]->at_us <= world.now_us && !world.nodes[deeds[i]->to].paused &&
            (first == deed_count || deeds[i]->at_us < deeds[first]->at_us ||
             (deeds[i]->at_us == deeds[first]->at_us && deeds[i]->order < deeds[first]->order)))
            first = i;
    if (first == deed_count)
        return false;
    do_and_free(first);
    return true;
}

static void run_detector(void) {
    if (world.now_us < detector_us)
        return;
    for (size_t i = 0; i < world.count; i++)
        if (world.nodes[i].up && !world.nodes[i].paused) {
            detect(i);
            if ((world.now_us / MS(100)) % 10 == 0)
                repeat_records(i);
        }
    detector_us = world.now_us + MS(100);
}

/* One moment: what arrived is drained before any tick. */
static void step(int64_t until_us) {
    if (do_chosen_deed())
        return;
    int64_t next = next_us();
    world.now_us = next < until_us ? next : until_us;
    while (do_next_deed())
        continue;
    run_detector();
    for (size_t i = 0; i < world.count; i++) {
        struct world_node *n = &world.nodes[i];
        if (!n->up || n->paused || bw_election_deadline(n->election) > world.now_us)
            continue;
        bw_election_tick(n->election, world_time(i));
        CU_ASSERT(bw_election_deadline(n->election) > world.now_us);
        world_pump(i);
        check();
    }
}

void world_run(int64_t for_us) {
    int64_t until_us = world.now_us + for_us;
    while (world.now_us < until_us)
        step(until_us);
}

size_t world_until_led(int64_t limit_us) {
    int64_t until_us = world.now_us + limit_us;
    while (world_leader() == WORLD_NODES && world.now_us < until_us)
        step(until_us);
    return world_leader();
}
