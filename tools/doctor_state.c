/* What the agent's counters, events and elections tell. */
#include <stdio.h>
#include <string.h>

#include <bellwether/node.h>

#include "tools/differs.h"
#include "tools/doctor.h"
#include "tools/json.h"
#include "tools/vacancy.h"

enum { RECENT_S = 600, KNOCKING_S = 120, TWICE_OVER_S = 120, DIFFERENCES_MAX = 16 };

static json_int_t number_of(const json_t *object, const char *name) {
    return json_integer_value(json_object_get(object, name));
}

/* The moment so many seconds before this look, as events have it. */
static void time_before(const struct doctor *doctor, int64_t seconds, char text[TIME_TEXT_SIZE]) {
    time_text((doctor->now_s - seconds) * 1000000, text);
}

/* How long ago that was. */
static int64_t age_s(const struct doctor *doctor, const json_t *event) {
    int64_t wall_us;
    return time_parse(json_text_of(event, "time"), &wall_us) && doctor->now_s > wall_us / 1000000
               ? doctor->now_s - wall_us / 1000000
               : 0;
}

static bool is_living(const json_t *member) {
    const char *status = json_text_of(member, "status");
    return strcmp(status, "alive") == 0 || strcmp(status, "suspect") == 0;
}

/* ------------------------------------------------------------------ events */

/* Whether a living member has been at that address since the moment: it was mended. */
static bool is_member_since(const struct doctor *doctor, const char *addr, const char *moment) {
    size_t index;
    json_t *member;
    json_array_foreach(json_object_get(doctor->members, "members"), index, member) {
        if (is_living(member) && strcmp(json_text_of(member, "addr"), addr) == 0 &&
            strcmp(json_text_of(member, "since"), moment) > 0)
            return true;
    }
    return false;
}

/* Of all strangers of a kind one is told of in a minute: whether another's telling since then counted more than its own datagram. */
static bool is_hidden(const struct doctor *doctor, const json_t *event) {
    size_t index;
    json_t *other;
    json_array_foreach(doctor->events, index, other) {
        if (strcmp(json_text_of(other, "type"), "stranger") == 0 &&
            strcmp(json_text_of(other, "reason"), json_text_of(event, "reason")) == 0 &&
            strcmp(json_text_of(other, "time"), json_text_of(event, "time")) > 0 && number_of(other, "dropped") > 1)
            return true;
    }
    return false;
}

static bool is_knocking(const struct doctor *doctor, const json_t *event) {
    char since[TIME_TEXT_SIZE];
    time_before(doctor, KNOCKING_S, since);
    if (is_member_since(doctor, json_text_of(event, "addr"), json_text_of(event, "time")))
        return false;
    return strcmp(json_text_of(event, "time"), since) >= 0 || is_hidden(doctor, event);
}

static void say_stranger(struct doctor *doctor, const json_t *event) {
    bool key = strcmp(json_text_of(event, "reason"), "drop-key") == 0;
    const char *addr = json_text_of(event, "addr");
    const char *hidden = is_hidden(doctor, event) ? "; since then others were, of whom one is told of in a minute" : "";
    if (!is_knocking(doctor, event))
        doctor_say(doctor, &(struct doctor_finding){DOCTOR_NOTE, key ? "key" : "label", addr, NULL},
                   "who sent from %s %lld s ago had %s; %s", addr, (long long)age_s(doctor, event),
                   key ? "another key" : "most likely another cluster label",
                   is_member_since(doctor, addr, json_text_of(event, "time")) ? "a member lives there now"
                                                                              : "it has not been told of since");
    else if (key)
        doctor_say(doctor,
                   &(struct doctor_finding){
                       DOCTOR_PROBLEM, "key", addr,
                       "put this member's key file in the place of the one there, then 'bellwether "
                       "reload' there, or systemctl restart bellwether ('bellwether keys' shows the ring)"},
                   "who sends from %s has another key: its datagrams do not open (told of last at %s%s)", addr,
                   json_text_of(event, "time"), hidden);
    else
        doctor_say(
            doctor,
            &(struct doctor_finding){DOCTOR_PROBLEM, "label", addr,
                                     "give both the same 'cluster', or take this cluster's address from the other's "
                                     "'join'; if the labels agree, something on the way changes datagrams"},
            "who sends from %s has our key, but most likely another cluster label than '%s': its datagrams do not "
            "open (told of last at %s%s)",
            addr, json_text_of(doctor->info, "cluster"), json_text_of(event, "time"), hidden);
}

/* Whether two living members have that name now: look_at_names tells of them. */
static bool is_taken_twice(const struct doctor *doctor, const char *name) {
    size_t count = 0;
    size_t index;
    json_t *member;
    json_array_foreach(json_object_get(doctor->members, "members"), index, member) {
        count += is_living(member) && strcmp(json_text_of(member, "name"), name) == 0;
    }
    return count > 1;
}

static void say_conflict(struct doctor *doctor, const json_t *event) {
    const char *name = json_text_of(event, "name");
    const char *at = json_text_of(event, "member_addr"); /* older agents do not say it */
    if (!is_taken_twice(doctor, name))
        doctor_say(doctor, &(struct doctor_finding){DOCTOR_NOTE, "name", name, NULL},
                   "two members were called %s %lld s ago, one at %s%s%s; now no two that live are", name,
                   (long long)age_s(doctor, event), at, at[0] == '\0' ? "" : ", one at ", json_text_of(event, "addr"));
}

static void say_incompatible(struct doctor *doctor, const json_t *event) {
    char place[200];
    snprintf(place, sizeof(place), "%s (%s)", json_text_of(event, "name"), json_text_of(event, "addr"));
    doctor_say(doctor,
               &(struct doctor_finding){DOCTOR_PROBLEM, "version", place,
                                        "upgrade the older one; one step at a time is always possible"},
               "it speaks protocol versions %lld to %lld, none of which this agent (%s) does: it is kept out",
               (long long)number_of(event, "protocol_min"), (long long)number_of(event, "protocol_max"),
               json_text_of(doctor->info, "version"));
}

/* What it sends it goes on sending, and is told of every 10 s. */
static void say_term(struct doctor *doctor, const json_t *event) {
    char since[TIME_TEXT_SIZE];
    time_before(doctor, KNOCKING_S, since);
    bool still = strcmp(json_text_of(event, "time"), since) >= 0;
    const char *name = json_text_of(event, "name"); /* "": it is no member any more */
    doctor_say(doctor,
               &(struct doctor_finding){still ? DOCTOR_PROBLEM : DOCTOR_NOTE, "term",
                                        name[0] != '\0' ? name : json_text_of(event, "id"),
                                        still ? "stop its agent, move its state directory away and start it again, as "
                                                "a new member; if it has such terms even so, it is hostile"
                                              : NULL},
               "it sent term %lld of scope '%s' %lld s ago, which is out of bounds: it was refused",
               (long long)number_of(event, "term"), json_text_of(event, "scope"), (long long)age_s(doctor, event));
}

/* That it is over shows only by its not being told again, once in half a minute. */
static void say_twice(struct doctor *doctor, const json_t *event) {
    bool own = json_is_true(json_object_get(event, "own"));
    bool over = age_s(doctor, event) > TWICE_OVER_S;
    const char *mend =
        over ? NULL : "stop one of the two, and start it with an empty --state-dir and a --name of its own";
    if (own && over)
        mend = "if this agent is not to lead, nothing; else start it again";
    doctor_say(
        doctor,
        &(struct doctor_finding){over && !own ? DOCTOR_NOTE : DOCTOR_PROBLEM, "id", json_text_of(event, "name"), mend},
        "%s %s twice with one id, the other one at %s: its state directory was copied, and neither stands for anything",
        own ? "this agent" : "it", over ? "ran" : "runs", json_text_of(event, "addr"));
}

static void say_event(struct doctor *doctor, const json_t *event) {
    const char *type = json_text_of(event, "type");
    if (strcmp(type, "stranger") == 0)
        say_stranger(doctor, event);
    else if (strcmp(type, "member-incompatible") == 0)
        say_incompatible(doctor, event);
    else if (strcmp(type, "member-conflict") == 0)
        say_conflict(doctor, event);
    else if (strcmp(type, "term-refused") == 0)
        say_term(doctor, event);
    else if (strcmp(type, "member-twice") == 0)
        say_twice(doctor, event);
}

/* Of several about one address, or of one member without it, the last is said. */
static void look_at_events(struct doctor *doctor) {
    char since[TIME_TEXT_SIZE];
    json_t *said = json_object();
    time_before(doctor, RECENT_S, since);
    for (size_t i = json_array_size(doctor->events); i > 0; i--) {
        const json_t *event = json_array_get(doctor->events, i - 1);
        char about[128];
        const char *addr = json_text_of(event, "addr");
        snprintf(about, sizeof(about), "%s %s", json_text_of(event, "type"),
                 addr[0] != '\0' ? addr : json_text_of(event, "id"));
        if (strcmp(json_text_of(event, "time"), since) < 0 || json_object_get(said, about) != NULL)
            continue;
        json_object_set_new(said, about, json_true());
        say_event(doctor, event);
    }
    json_decref(said);
}

/* Two that live under one name, however long ago it was told. */
static void look_at_names(struct doctor *doctor) {
    const json_t *members = json_object_get(doctor->members, "members");
    const json_t *last = NULL; /* they are ordered by name */
    size_t index;
    json_t *member;
    json_array_foreach(members, index, member) {
        if (!is_living(member))
            continue;
        if (last != NULL && strcmp(json_text_of(last, "name"), json_text_of(member, "name")) == 0)
            doctor_say(doctor,
                       &(struct doctor_finding){DOCTOR_PROBLEM, "name", json_text_of(member, "name"),
                                                "give each host a --name of its own; if a host lost its state "
                                                "directory, 'bellwether forget' the id that is gone"},
                       "two living members are called %s: at %s and at %s", json_text_of(member, "name"),
                       json_text_of(last, "addr"), json_text_of(member, "addr"));
        last = member;
    }
}

/* ------------------------------------------------------------------ elections */

/* What passes by itself within moments. */
static bool is_passing(const char *reason) {
    static const char *const words[] = {"claiming", "retry", "listening",        "settling", "succession", "named",
                                        "asking",   "lease", "not-synchronised", "abstains", "promised"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i], reason) == 0)
            return true;
    return false;
}

static const char *mend_of(const char *reason) {
    static const struct {
        const char *reason;
        const char *mend;
    } mends[] = {
        {"no-candidate", "nothing, if what stood for it has ended; else start an agent with --scope of that name (and "
                         "without --observer)"},
        {"not-ready", "'bellwether ready SCOPE yes' where it can run, or mend its health check"},
        {"not-heard", "mend the paths (above), or start more members: min_confirm and min_ack ask for them"},
        {"alone", "see the addresses to join"},
        {"frozen", "'bellwether thaw SCOPE'"},
        {"view-too-small", "start more members, or lower min_view"},
        {"voters-unknown", "start all voters once, under the names that voters= gives"},
        {"no-majority", "start the voters that are down, or mend the paths to them: 'bellwether voters SCOPE'"},
        {"no-votes", "look at the voters' agents: 'bellwether voters SCOPE'"},
        {"not-a-voter", "'bellwether voters SCOPE' names the voters: run the doctor there"},
        {"seated", "start more members that stand for it"},
        {"leaving", "'bellwether join ADDR' brings this agent back"},
        {"another-mode", "give the scope the same mode everywhere"},
        {"storage", "the disk is full or broken, or the state directory lacks rights: see the agent's log"},
    };
    for (size_t i = 0; i < sizeof(mends) / sizeof(mends[0]); i++)
        if (strcmp(mends[i].reason, reason) == 0)
            return mends[i].mend;
    return NULL;
}

static void look_at_leaders(struct doctor *doctor) {
    size_t index;
    size_t led = 0;
    size_t open_count = 0;
    json_t *scope;
    const json_t *scopes = json_object_get(doctor->leader, "scopes");
    json_array_foreach(scopes, index, scope) {
        char why[256];
        const char *reason = json_text_of(scope, "reason");
        const char *name = json_text_of(scope, "scope");
        if (json_is_string(json_object_get(scope, "leader"))) {
            led++;
            continue;
        }
        vacancy_text(scope, why, sizeof(why));
        bool passing = is_passing(reason);
        bool unused = strcmp(reason, "no-candidate") == 0; /* what stood for it has ended: nobody waits for it */
        open_count += !unused;
        doctor_say(doctor,
                   &(struct doctor_finding){passing || unused ? DOCTOR_NOTE : DOCTOR_PROBLEM, "leader", name,
                                            passing ? "wait a few seconds, and look again" : mend_of(reason)},
                   "nobody leads '%s': %s", name, why);
    }
    if (led > 0 && open_count == 0)
        doctor_say(doctor, &(struct doctor_finding){DOCTOR_FINE, "leader", doctor_self(doctor), NULL},
                   led == 1 ? "%zu scope, and it is led" : "%zu scopes, all are led", led);
}

/* Of the scopes of a range, and the seats of one, once. */
static void look_at_scope(struct doctor *doctor, const json_t *scope, json_t *said) {
    const char *name = json_text_of(scope, "scope");
    char base[BW_NAME_MAX + 1];
    size_t index;
    json_t *difference;
    snprintf(base, sizeof(base), "%.*s", (int)differs_base(name), name);
    json_array_foreach(json_object_get(scope, "differs"), index, difference) {
        char text[256];
        char key[sizeof(base) + sizeof(text) + 1];
        differs_text(difference, text, sizeof(text));
        snprintf(key, sizeof(key), "%s %s", base, text);
        if (json_object_get(said, key) != NULL || json_object_size(said) >= DIFFERENCES_MAX)
            continue;
        json_object_set_new(said, key, json_true());
        doctor_say(doctor,
                   &(struct doctor_finding){DOCTOR_PROBLEM, "settings", base,
                                            "give the scope the same settings at all members that stand for it"},
                   "%s", text);
    }
}

static void look_at_differences(struct doctor *doctor) {
    json_t *said = json_object();
    size_t index;
    json_t *scope;
    json_array_foreach(json_object_get(doctor->leader, "scopes"), index, scope) {
        look_at_scope(doctor, scope, said);
    }
    json_decref(said);
}

/* ------------------------------------------------------------------ this agent */

static void look_at_stalls(struct doctor *doctor) {
    json_int_t stalls = number_of(doctor->paths, "stalls");
    double uptime_s = json_number_value(json_object_get(doctor->info, "uptime_s"));
    bool often = stalls > 3 && (double)stalls * 60 > uptime_s;
    size_t index;
    json_t *row;
    if (stalls > 0)
        doctor_say(
            doctor,
            &(struct doctor_finding){often ? DOCTOR_PROBLEM : DOCTOR_NOTE, "stall", doctor_self(doctor),
                                     "is the host overloaded, swapping, a virtual machine that is paused, or was "
                                     "the process stopped?"},
            "this agent was held up %lld times in %.0f s: it slept longer than late_ms", (long long)stalls, uptime_s);
    json_array_foreach(json_object_get(doctor->paths, "members"), index, row) {
        if (number_of(row, "health") > 0)
            doctor_say(doctor,
                       &(struct doctor_finding){DOCTOR_NOTE, "health", json_text_of(row, "name"),
                                                "look at that host's load and network"},
                       "it doubts its own health (%lld): it misses answers; it was held up %lld times",
                       (long long)number_of(row, "health"), (long long)number_of(row, "stalls"));
    }
    if (number_of(doctor->info, "health") > 0)
        doctor_say(doctor,
                   &(struct doctor_finding){DOCTOR_NOTE, "health", doctor_self(doctor),
                                            "look at this host's load and network"},
                   "this agent doubts its own health (%lld): it misses answers",
                   (long long)number_of(doctor->info, "health"));
}

static void look_at_confinement(struct doctor *doctor) {
    const json_t *confined = json_object_get(doctor->info, "confined");
    const char *name;
    json_t *holds;
    json_object_foreach((json_t *)confined, name, holds) {
        if (!json_is_true(holds))
            doctor_say(
                doctor,
                &(struct doctor_finding){DOCTOR_NOTE, "confine", doctor_self(doctor),
                                         "confine = yes, a kernel with Landlock, a build with libseccomp; the agent's "
                                         "log says what is missing"},
                "the agent is not confined: %s", name);
    }
}

static void look_at_dropped(struct doctor *doctor) {
    static const struct {
        const char *name;
        const char *means;
    } worth[] = {{"drop-unsigned", "were not signed as identity mode asks"},
                 {"drop-version", "were of another format"}};
    const json_t *dropped = json_object_get(doctor->info, "dropped");
    for (size_t i = 0; i < sizeof(worth) / sizeof(worth[0]); i++)
        if (number_of(dropped, worth[i].name) > 0)
            doctor_say(doctor, &(struct doctor_finding){DOCTOR_NOTE, "dropped", doctor_self(doctor), NULL},
                       "%lld datagrams %s", (long long)number_of(dropped, worth[i].name), worth[i].means);
}

static void look_if_alone(struct doctor *doctor) {
    const json_t *joins = json_object_get(doctor->setup, "join");
    if (json_array_size(json_object_get(doctor->members, "members")) > 1)
        return;
    doctor_look_at_joins(doctor, joins, json_text_of(doctor->info, "addr"), true);
    if (json_array_size(joins) == 0 && !json_is_true(json_object_get(doctor->setup, "discover")))
        doctor_say(doctor,
                   &(struct doctor_finding){DOCTOR_NOTE, "alone", doctor_self(doctor),
                                            "set join = ADDR of a member (or --discover), or 'bellwether join ADDR'"},
                   "this agent was told to join nobody, and is a cluster of one");
}

void doctor_look_at_state(struct doctor *doctor) {
    const char *state = json_text_of(doctor->info, "state");
    if (strcmp(state, "member") != 0)
        doctor_say(doctor,
                   &(struct doctor_finding){DOCTOR_PROBLEM, "left", doctor_self(doctor),
                                            "'bellwether join ADDR' brings it back"},
                   "this agent is no member: %s", state);
    look_if_alone(doctor);
    look_at_events(doctor);
    look_at_names(doctor);
    for (size_t i = 0; i < doctor->unstable_count; i++)
        doctor_say(
            doctor,
            &(struct doctor_finding){DOCTOR_PROBLEM, "unstable", doctor->unstable[i],
                                     "look at that host's load and network; 'bellwether why' tells who accused it"},
            "%s was suspected and refuted it again and again of late", doctor->unstable[i]);
    look_at_leaders(doctor);
    look_at_differences(doctor);
    look_at_stalls(doctor);
    look_at_confinement(doctor);
    look_at_dropped(doctor);
}
