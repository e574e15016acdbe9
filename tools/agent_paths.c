#include "tools/agent_paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "build-config.h"
#include "tools/json.h"
#include "tools/member.h"

enum {
    ROWS_MAX = 256,
    TRIES = 3,
    TRY_MS = 400,
    SETTLE_MS = 300,     /* what was under way before does not count */
    THIRDS = 2,          /* asked for each member that does not answer */
    STEP_MAX = 32,       /* members tried in a step */
    REACTIONS_MAX = 200, /* at once; and so many a second */
    FULL_SIZE = 1024,    /* a message of this size and one of FILL_SIZE fill a datagram */
    FILL_SIZE = 128,
};
static const double STEP_S = 0.1;
#define WALL_MS_MAX (INT64_C(1) << 52)

struct row {
    struct bw_id id;
    int tries;
    int64_t due_us;
    int64_t sent_us;
    bool reached; /* something of ours arrived there */
    bool heard;   /* something of it arrived here */
    bool full_reached;
    bool full_heard;
    bool lives; /* a third one hears it */
    struct bw_id via;
    bool answered; /* and says of itself: */
    int64_t clock_ms;
    int64_t stalls;
    int64_t health;
    char version[32];
};

struct agent_paths {
    struct bw_loop *host;
    struct ev_loop *loop;
    ev_timer timer;
    bool active;
    json_int_t number; /* of the run */
    int64_t started_us;
    size_t count;
    size_t left_out;
    unsigned thirds_at;
    int64_t allowance; /* reactions, in thousandths */
    int64_t allowed_us;
    struct row rows[ROWS_MAX];
};

/* ------------------------------------------------------------------ saying */

static json_t *id_json(const struct bw_id *id) {
    char text[BW_ID_TEXT_SIZE];
    bw_id_text(id, text);
    return json_string(text);
}

/* Padded with blanks to at least size bytes. Frees what. more: another message follows into the same datagram. */
static void say(struct agent_paths *paths, const struct bw_id *to, json_t *what, size_t size, bool more) {
    char text[BW_MESSAGE_SIZE_MAX];
    size_t used = what == NULL ? 0 : json_dumpb(what, text, sizeof(text), JSON_COMPACT);
    json_decref(what);
    if (used == 0 || used > sizeof(text))
        return;
    if (used < size) {
        memset(text + used, ' ', size - used);
        used = size;
    }
    if (more)
        (void)bw_node_send(bw_loop_node(paths->host), to, BW_PATHS_CHANNEL, text, used, bw_loop_now());
    else
        (void)bw_loop_send(paths->host, to, BW_PATHS_CHANNEL, text, used);
}

/* As large as a datagram gets. */
static void say_full(struct agent_paths *paths, const struct bw_id *to, json_t *what) {
    say(paths, to, what, FULL_SIZE, true);
    say(paths, to, json_pack("{s:s}", "m", "fill"), FILL_SIZE, false);
}

static int64_t stall_count(const struct bw_node *node) {
    const char *name;
    uint64_t count;
    for (size_t i = 0; bw_node_rule(node, i, &name, &count) == 0; i++)
        if (strcmp(name, "sleeper-does-not-accuse") == 0)
            return (int64_t)count;
    return 0;
}

static json_t *here(const struct agent_paths *paths, json_int_t number, bool full, bool called) {
    const struct bw_node *node = bw_loop_node(paths->host);
    struct bw_node_stats stats = {.size = sizeof(stats)};
    bw_node_stats(node, &stats);
    return json_pack("{s:s,s:I,s:b,s:b,s:I,s:s,s:I,s:I}", "m", "here", "n", number, "full", full, "called", called,
                     "wall_ms", (json_int_t)(bw_loop_now().wall_us / 1000), "version", PACKAGE_VERSION, "stalls",
                     (json_int_t)stall_count(node), "health", (json_int_t)stats.health);
}

/* ------------------------------------------------------------------ third members */

/* Up to THIRDS living members that we have heard lately, others at each call. */
static size_t choose_thirds(struct agent_paths *paths, const struct bw_id *not_this, struct bw_id thirds[THIRDS]) {
    const struct bw_node *node = bw_loop_node(paths->host);
    size_t count = bw_node_member_count(node);
    size_t found = 0;
    struct bw_member_info member;
    struct bw_why why;
    for (size_t i = 0; i < count && found < THIRDS; i++) {
        if (bw_node_member(node, (paths->thirds_at + i) % count, &member) == 0 && !member.self &&
            member.status <= BW_STATUS_SUSPECT && !bw_id_equal(&member.id, not_this) &&
            bw_node_why(node, &member.id, &why) == 0 && why.heard_us >= 0)
            thirds[found++] = member.id;
    }
    paths->thirds_at++;
    return found;
}

/* Tells `to` through third members that we are here. */
static void pass(struct agent_paths *paths, const struct bw_id *to, json_int_t number, bool full, bool called) {
    struct bw_id thirds[THIRDS];
    size_t count = choose_thirds(paths, to, thirds);
    for (size_t i = 0; i < count; i++)
        say(paths, &thirds[i],
            json_pack("{s:s,s:I,s:o,s:b,s:b}", "m", "pass", "n", number, "id", id_json(to), "full", full, "called",
                      called),
            0, false);
}

/* ------------------------------------------------------------------ hearing */

static struct row *find_row(struct agent_paths *paths, const struct bw_id *id) {
    for (size_t i = 0; i < paths->count; i++)
        if (bw_id_equal(&paths->rows[i].id, id))
            return &paths->rows[i];
    return NULL;
}

static bool id_of(const json_t *message, struct bw_id *id) {
    const char *text = json_string_value(json_object_get(message, "id"));
    return text != NULL && strlen(text) == BW_ID_TEXT_SIZE - 1 && bw_hex_get(text, id->bytes, sizeof(id->bytes));
}

static bool flag(const json_t *message, const char *name) {
    return json_is_true(json_object_get(message, name));
}

static void hear_here(struct agent_paths *paths, const struct bw_id *from, const json_t *message) {
    struct row *row = find_row(paths, from);
    const char *version = json_string_value(json_object_get(message, "version"));
    if (row == NULL || json_integer_value(json_object_get(message, "n")) != paths->number)
        return;
    row->heard = true;
    if (flag(message, "back")) {
        row->full_heard = true;
        return;
    }
    bool called = flag(message, "called");
    row->reached = row->reached || !called;
    row->full_reached = row->full_reached || (flag(message, "full") && !called);
    row->stalls = json_integer_value(json_object_get(message, "stalls"));
    row->health = json_integer_value(json_object_get(message, "health"));
    if (version != NULL)
        snprintf(row->version, sizeof(row->version), "%.31s", version);
    if (!row->answered && !called) {
        struct bw_time now = bw_loop_now();
        int64_t half_us = (now.mono_us - row->sent_us) / 2;
        int64_t wall_ms = json_integer_value(json_object_get(message, "wall_ms"));
        if (wall_ms >= 0 && wall_ms < WALL_MS_MAX)
            row->clock_ms = wall_ms - (now.wall_us - half_us) / BW_US_PER_MS;
    }
    row->answered = true;
}

static void hear_passed(struct agent_paths *paths, const struct bw_id *from, const json_t *message) {
    struct bw_id of;
    struct row *row = id_of(message, &of) ? find_row(paths, &of) : NULL;
    if (row == NULL || json_integer_value(json_object_get(message, "n")) != paths->number)
        return;
    row->lives = true;
    row->via = *from;
    row->reached = row->reached || !flag(message, "called");
    row->full_reached = row->full_reached || (flag(message, "full") && !flag(message, "called"));
}

static void hear_hail(struct agent_paths *paths, const struct bw_id *from, const json_t *message) {
    json_int_t number = json_integer_value(json_object_get(message, "n"));
    bool full = flag(message, "full");
    say(paths, from, here(paths, number, full, false), 0, false);
    if (full)
        say_full(paths, from, json_pack("{s:s,s:I,s:b}", "m", "here", "n", number, "back", 1));
    if (flag(message, "relay"))
        pass(paths, from, number, full, false);
}

/* Somebody else is asked to speak to a member, or a member's word is passed on. */
static void hand_on(struct agent_paths *paths, const struct bw_id *from, const json_t *message, const char *as) {
    struct bw_id to;
    json_int_t number = json_integer_value(json_object_get(message, "n"));
    if (id_of(message, &to))
        say(paths, &to,
            json_pack("{s:s,s:I,s:o,s:b,s:b}", "m", as, "n", number, "id", id_json(from), "full", flag(message, "full"),
                      "called", flag(message, "called")),
            0, false);
}

static void hear_called(struct agent_paths *paths, const json_t *message) {
    struct bw_id asker;
    json_int_t number = json_integer_value(json_object_get(message, "n"));
    if (!id_of(message, &asker))
        return;
    say(paths, &asker, here(paths, number, false, true), 0, false);
    pass(paths, &asker, number, false, true);
}

/* Nobody makes us talk without end. */
static bool may_react(struct agent_paths *paths) {
    int64_t now_us = bw_loop_now().mono_us;
    int64_t more = (now_us - paths->allowed_us) * REACTIONS_MAX / 1000;
    if (more > 0)
        paths->allowed_us = now_us;
    paths->allowance += more < REACTIONS_MAX * 1000 ? more : REACTIONS_MAX * 1000;
    if (paths->allowance > REACTIONS_MAX * 1000)
        paths->allowance = REACTIONS_MAX * 1000;
    if (paths->allowance < 1000)
        return false;
    paths->allowance -= 1000;
    return true;
}

void agent_paths_message(struct agent_paths *paths, const struct bw_message *got) {
    if (got->channel != BW_PATHS_CHANNEL)
        return;
    const struct bw_id from = got->from; /* what was got does not outlive an answer */
    json_t *message = json_loadb((const char *)got->data, got->size, 0, NULL);
    const char *word = json_string_value(json_object_get(message, "m"));
    if (word == NULL)
        word = "";
    if (strcmp(word, "here") == 0)
        hear_here(paths, &from, message);
    else if (strcmp(word, "passed") == 0)
        hear_passed(paths, &from, message);
    else if (strcmp(word, "fill") != 0 && may_react(paths)) {
        if (strcmp(word, "hail") == 0)
            hear_hail(paths, &from, message);
        else if (strcmp(word, "pass") == 0)
            hand_on(paths, &from, message, "passed");
        else if (strcmp(word, "call") == 0)
            hand_on(paths, &from, message, "called");
        else if (strcmp(word, "called") == 0)
            hear_called(paths, message);
    }
    json_decref(message);
}

/* ------------------------------------------------------------------ a run */

static bool is_known(const struct row *row) {
    return row->reached && row->heard && row->full_reached && row->full_heard;
}

static void try_row(struct agent_paths *paths, struct row *row) {
    bool relay = row->tries > 0;
    row->tries++;
    row->sent_us = bw_loop_now().mono_us;
    row->due_us = row->sent_us + TRY_MS * BW_US_PER_MS;
    say(paths, &row->id, json_pack("{s:s,s:I,s:b}", "m", "hail", "n", paths->number, "relay", relay), 0, false);
    say_full(paths, &row->id,
             json_pack("{s:s,s:I,s:b,s:b}", "m", "hail", "n", paths->number, "full", 1, "relay", relay));
    if (!relay || (row->heard && row->reached))
        return;
    struct bw_id thirds[THIRDS];
    size_t count = choose_thirds(paths, &row->id, thirds);
    for (size_t i = 0; i < count; i++)
        say(paths, &thirds[i], json_pack("{s:s,s:I,s:o}", "m", "call", "n", paths->number, "id", id_json(&row->id)), 0,
            false);
}

/* What the detector hears counts, too. */
static void look_at_heard(struct agent_paths *paths, struct row *row) {
    struct bw_why why;
    if (bw_node_why(bw_loop_node(paths->host), &row->id, &why) == 0 && why.heard_us >= 0 &&
        why.heard_us < bw_loop_now().mono_us - paths->started_us - SETTLE_MS * BW_US_PER_MS)
        row->heard = true;
}

static void on_step(struct ev_loop *loop, ev_timer *timer, int events) {
    struct agent_paths *paths = timer->data;
    int64_t now_us = bw_loop_now().mono_us;
    int tried = 0;
    bool waits = false;
    (void)events;
    for (size_t i = 0; i < paths->count; i++) {
        struct row *row = &paths->rows[i];
        look_at_heard(paths, row);
        if (is_known(row))
            continue;
        if (now_us >= row->due_us && row->tries < TRIES && tried < STEP_MAX) {
            try_row(paths, row);
            tried++;
        }
        waits = waits || row->tries < TRIES || now_us < row->due_us;
    }
    paths->active = waits || bw_node_surveying(bw_loop_node(paths->host));
    if (!paths->active)
        ev_timer_stop(loop, timer);
}

void agent_paths_start(struct agent_paths *paths) {
    const struct bw_node *node = bw_loop_node(paths->host);
    struct bw_member_info member;
    if (paths->active)
        return;
    paths->number++;
    paths->started_us = bw_loop_now().mono_us;
    paths->count = 0;
    paths->left_out = 0;
    for (size_t i = 0; bw_node_member(node, i, &member) == 0; i++) {
        if (member.self || member.status == BW_STATUS_LEFT)
            continue;
        if (paths->count < ROWS_MAX)
            paths->rows[paths->count++] = (struct row){.id = member.id};
        else
            paths->left_out++;
    }
    paths->active = true;
    (void)bw_loop_survey(paths->host);
    ev_timer_stop(paths->loop, &paths->timer);
    ev_timer_set(&paths->timer, 0.0, STEP_S);
    ev_timer_start(paths->loop, &paths->timer);
}

bool agent_paths_pending(const struct agent_paths *paths) {
    return paths->active;
}

/* ------------------------------------------------------------------ what came of it */

static bool surveyed(const struct bw_node *node, const struct bw_id *id) {
    struct bw_reach reach;
    for (size_t i = 0; bw_node_reach(node, i, &reach) == 0; i++)
        if (bw_id_equal(&reach.id, id))
            return reach.answered;
    return false;
}

/* What has not been shown may still be, as long as members are tried. */
static json_t *shown(const struct agent_paths *paths, bool value) {
    return value || !paths->active ? json_boolean(value) : json_null();
}

static json_t *row_json(const struct agent_paths *paths, const struct row *row) {
    const struct bw_node *node = bw_loop_node(paths->host);
    struct bw_member_info member;
    struct bw_member_info via;
    if (!member_by_id(node, &row->id, &member))
        return NULL;
    char addr[BW_ADDR_TEXT_SIZE];
    bool answers = !(row->reached && row->heard) && surveyed(node, &row->id); /* even a program without an agent does */
    bw_addr_text(&member.addr, addr);
    json_t *object =
        json_pack("{s:o,s:o,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o}", "name", json_text(member.name), "id", id_json(&row->id),
                  "addr", addr, "status", bw_status_name(member.status), "answered", shown(paths, row->answered),
                  "reached", shown(paths, row->reached || answers), "heard", shown(paths, row->heard || answers),
                  "full_reached", shown(paths, row->full_reached), "full_heard", shown(paths, row->full_heard), "lives",
                  shown(paths, row->lives || row->heard || answers));
    json_object_set_new(object, "certificate_fault", json_certificate_fault(node, &row->id, bw_loop_now()));
    json_object_set_new(object, "via",
                        row->lives && member_by_id(node, &row->via, &via) ? json_text(via.name) : json_null());
    json_object_set_new(object, "clock_ms", row->answered ? json_integer(row->clock_ms) : json_null());
    json_object_set_new(object, "version", row->version[0] != '\0' ? json_text(row->version) : json_null());
    json_object_set_new(object, "stalls", row->answered ? json_integer(row->stalls) : json_null());
    json_object_set_new(object, "health", row->answered ? json_integer(row->health) : json_null());
    return object;
}

json_t *agent_paths_json(const struct agent_paths *paths) {
    const struct bw_node *node = bw_loop_node(paths->host);
    json_t *rows = json_array();
    for (size_t i = 0; i < paths->count; i++) {
        json_t *row = row_json(paths, &paths->rows[i]);
        if (row != NULL)
            json_array_append_new(rows, row);
    }
    return json_pack("{s:b,s:I,s:I,s:o}", "pending", paths->active, "stalls", (json_int_t)stall_count(node), "left_out",
                     (json_int_t)paths->left_out, "members", rows);
}

struct agent_paths *agent_paths_create(struct ev_loop *loop, struct bw_loop *host) {
    struct agent_paths *paths = calloc(1, sizeof(*paths));
    if (paths == NULL)
        return NULL;
    struct bw_time now = bw_loop_now();
    paths->host = host;
    paths->loop = loop;
    paths->number = now.wall_us & INT64_C(0xffffffffffff); /* other than in an earlier life */
    paths->allowed_us = now.mono_us;
    paths->allowance = REACTIONS_MAX * 1000;
    ev_timer_init(&paths->timer, on_step, 0.0, STEP_S);
    paths->timer.data = paths;
    return paths;
}

void agent_paths_destroy(struct agent_paths *paths) {
    if (paths != NULL)
        ev_timer_stop(paths->loop, &paths->timer);
    free(paths);
}
