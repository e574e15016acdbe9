/* Whether datagrams get through, which way not, and whether full-sized ones do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/doctor.h"
#include "tools/json.h"

enum { SKEW_MS = 2000 };

static bool flag(const json_t *row, const char *name) {
    return json_is_true(json_object_get(row, name));
}

static const char *name_of(const json_t *row) {
    return json_text_of(row, "name");
}

/* "n2 (192.0.2.2:7947)" */
static void place_of(const json_t *row, char *text, size_t size) {
    snprintf(text, size, "%s (%s)", name_of(row), json_text_of(row, "addr"));
}

static void block(struct doctor *doctor, const char *from, const char *to, const char *to_addr) {
    char where[320];
    char mend[512];
    snprintf(where, sizeof(where), "%s -> %s", from, to);
    snprintf(mend, sizeof(mend),
             "let UDP to %s through: in at %s's firewall, out at %s's, and between them (security groups, routes back)",
             to_addr, to, from);
    doctor_say(doctor, &(struct doctor_finding){DOCTOR_PROBLEM, "path", where, mend},
               "datagrams from %s to %s do not arrive; the other way they do", from, to);
}

static void small_pipe(struct doctor *doctor, const char *from, const char *to) {
    char where[320];
    snprintf(where, sizeof(where), "%s -> %s", from, to);
    doctor_say(doctor,
               &(struct doctor_finding){DOCTOR_PROBLEM, "mtu", where,
                                        "the path must take IP packets of 1280 bytes: look at the MTU of tunnels and "
                                        "interfaces on the way (tracepath), and at filters of fragments"},
               "full-sized datagrams (1232 bytes) from %s to %s do not arrive; small ones do", from, to);
}

/* Neither way, though others hear it, or nobody does. */
static void silence(struct doctor *doctor, const json_t *row, size_t count) {
    char place[200];
    const char *via = json_string_value(json_object_get(row, "via"));
    const char *status = json_text_of(row, "status");
    const char *self = doctor_self(doctor);
    place_of(row, place, sizeof(place));
    if (flag(row, "lives")) {
        char where[320];
        snprintf(where, sizeof(where), "%s <-> %s", self, name_of(row));
        doctor_say(
            doctor,
            &(struct doctor_finding){DOCTOR_PROBLEM, "path", where,
                                     "let UDP through between the two, both ways: firewalls at both, and what is "
                                     "between them"},
            "no datagram gets from %s to %s nor back; %s hears it", self, name_of(row),
            via != NULL ? via : "another member");
        return;
    }
    char mend[512];
    char word[DOCTOR_WORD_SIZE];
    doctor_word(name_of(row), word);
    snprintf(
        mend, sizeof(mend),
        "start its agent, or 'bellwether doctor' there to see what it hears; is it gone for good: bellwether forget %s",
        word);
    doctor_say(doctor,
               &(struct doctor_finding){DOCTOR_PROBLEM, strcmp(status, "dead") == 0 ? "dead" : "silent", place, mend},
               "it is %s, and does not answer: its agent is stopped or hangs, its host is down or cut off; %s", status,
               count > 1 ? "nobody who was asked hears it" : "there is no third member that could tell more");
}

static const char *fault_of(const json_t *of) {
    return json_string_value(json_object_get(of, "certificate_fault"));
}

/* Whoever has no certificate that counts is dead to all, whatever gets through. */
static void shut_out(struct doctor *doctor, const json_t *row, const char *fault) {
    char place[200];
    char mend[512];
    char word[DOCTOR_WORD_SIZE];
    bool revoked = strcmp(fault, "revoked") == 0;
    place_of(row, place, sizeof(place));
    doctor_word(name_of(row), word);
    if (revoked)
        snprintf(mend, sizeof(mend), "stop its agent, and then: bellwether forget %s; or give it a new identity", word);
    else
        snprintf(mend, sizeof(mend),
                 "renew it there: bellwether authority sign %s (with --key and --scope as before); if it was renewed, "
                 "compare the clocks",
                 word);
    doctor_say(doctor, &(struct doctor_finding){DOCTOR_PROBLEM, fault, place, mend},
               revoked ? "its certificate is revoked: it is shut out, and dead to all"
                       : "its certificate, as it was heard last, has expired: it is dead to all until it is renewed");
}

/* This agent itself. */
static bool is_shut_out(struct doctor *doctor) {
    const char *fault = fault_of(doctor->setup);
    if (fault == NULL)
        return false;
    bool revoked = strcmp(fault, "revoked") == 0;
    doctor_say(doctor,
               &(struct doctor_finding){
                   DOCTOR_PROBLEM, fault, doctor_self(doctor),
                   revoked
                       ? "make a new identity ('bellwether keygen --identity'), have it signed ('bellwether authority "
                         "sign'), and restart the agent with both; if it was shut out on purpose, stop it"
                       : "have it signed again ('bellwether authority sign') and put it in the place of the one "
                         "there: the agent takes it at once; is this host's clock right?"},
               "this agent's certificate %s %s: to the others it is dead, whatever gets through; paths were not looked "
               "at",
               json_text_of(doctor->setup, "certificate"), revoked ? "is revoked" : "has expired");
    return true;
}

static void look_at_row(struct doctor *doctor, const json_t *row, size_t count) {
    const char *self = doctor_self(doctor);
    bool reached = flag(row, "reached");
    bool heard = flag(row, "heard");
    if (fault_of(row) != NULL) {
        shut_out(doctor, row, fault_of(row));
    } else if (!reached && !heard) {
        silence(doctor, row, count);
    } else if (!reached) {
        block(doctor, self, name_of(row), json_text_of(row, "addr"));
    } else if (!heard) {
        block(doctor, name_of(row), self, json_text_of(doctor->info, "addr"));
    } else if (flag(row, "answered")) {
        if (!flag(row, "full_reached"))
            small_pipe(doctor, self, name_of(row));
        else if (!flag(row, "full_heard"))
            small_pipe(doctor, name_of(row), self);
    }
}

static void look_at_clock(struct doctor *doctor, const json_t *row) {
    char place[200];
    json_int_t skew_ms = json_integer_value(json_object_get(row, "clock_ms"));
    bool identity = json_is_string(json_object_get(doctor->setup, "certificate"));
    place_of(row, place, sizeof(place));
    if (llabs(skew_ms) < SKEW_MS)
        return;
    doctor_say(
        doctor,
        &(struct doctor_finding){identity ? DOCTOR_PROBLEM : DOCTOR_NOTE, "clock", place,
                                 "run NTP on both; elections do not need it, but times in logs and histories, and "
                                 "the validity of certificates, do"},
        "its clock is %.1f s %s %s's", (double)llabs(skew_ms) / 1000, skew_ms > 0 ? "ahead of" : "behind",
        doctor_self(doctor));
}

static bool is_silent(const json_t *row) {
    return fault_of(row) == NULL && !flag(row, "reached") && !flag(row, "heard") && !flag(row, "lives");
}

/* Nothing of anybody: more likely it is this host. */
static bool all_silent(struct doctor *doctor, const json_t *rows, size_t count) {
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row) {
        if (!is_silent(row))
            return false;
    }
    if (count < 2)
        return false;
    doctor_say(
        doctor,
        &(struct doctor_finding){DOCTOR_PROBLEM, "firewall", doctor_self(doctor),
                                 "look at this host first: its firewall (nft list ruleset), network and routes; "
                                 "UDP must pass in and out at the agent's port, and from it"},
        "no datagram of any of the %zu other members arrives at %s (bound to %s): it is cut off, or all of them are",
        count, doctor_self(doctor), json_text_of(doctor->info, "bound"));
    return true;
}

/* Whether it came so lately that others need not have heard it: within two rounds of probes, and what a join takes. */
static bool is_new(const struct doctor *doctor, const char *name) {
    const json_t *members = json_object_get(doctor->members, "members");
    json_int_t interval_ms = json_integer_value(json_object_get(doctor->setup, "probe_interval_ms"));
    int64_t rounds_s = 2 * (int64_t)json_array_size(members) * interval_ms / 1000 + 10;
    size_t index;
    json_t *member;
    json_array_foreach(members, index, member) {
        int64_t since_us;
        if (strcmp(name_of(member), name) == 0 && time_parse(json_text_of(member, "since"), &since_us) &&
            since_us / 1000000 > doctor->now_s - rounds_s)
            return true;
    }
    return false;
}

static void say_unheard(struct doctor *doctor, const char *name, const char *unheard) {
    char where[320];
    snprintf(where, sizeof(where), "%s -> %s", unheard, name);
    if (is_new(doctor, name) || is_new(doctor, unheard))
        doctor_say(
            doctor,
            &(struct doctor_finding){DOCTOR_NOTE, "path", where, "wait for two rounds of probes, and look again"},
            "%s has not heard %s yet, but one of them is new", name, unheard);
    else
        doctor_say(doctor,
                   &(struct doctor_finding){DOCTOR_PROBLEM, "path", where,
                                            "run 'bellwether doctor' on either of them: it tells the direction"},
                   "%s has not heard %s within two rounds of probes", name, unheard);
}

/* Between two others. */
static void look_at_others(struct doctor *doctor, const json_t *silent) {
    size_t index, number;
    json_t *row, *name;
    json_array_foreach(json_object_get(doctor->reachability, "members"), index, row) {
        if (strcmp(name_of(row), doctor_self(doctor)) == 0 || json_object_get(silent, name_of(row)) != NULL)
            continue;
        json_array_foreach(json_object_get(row, "unheard"), number, name) {
            const char *unheard = json_string_value(name);
            if (json_object_get(silent, unheard) == NULL && strcmp(unheard, doctor_self(doctor)) != 0)
                say_unheard(doctor, name_of(row), unheard);
        }
    }
}

/* Members that are programs without an agent do not tell of full-sized datagrams. */
static void say_fine(struct doctor *doctor, const json_t *rows, size_t count) {
    size_t index;
    size_t full = 0;
    json_t *row;
    json_array_foreach(rows, index, row) {
        full += flag(row, "full_reached") && flag(row, "full_heard");
    }
    doctor_say(doctor, &(struct doctor_finding){DOCTOR_FINE, "path", doctor_self(doctor), NULL},
               full == count
                   ? "datagrams of all sizes pass both ways with %zu member%s"
                   : "datagrams pass both ways with %zu member%s, full-sized ones with %zu; the others do not tell",
               count, count == 1 ? "" : "s", full);
}

void doctor_look_at_paths(struct doctor *doctor) {
    const json_t *rows = json_object_get(doctor->paths, "members");
    size_t count = json_array_size(rows);
    size_t before = doctor->problems;
    size_t index;
    json_t *row;
    if (is_shut_out(doctor))
        return;
    json_t *silent = json_object();
    json_int_t left_out = json_integer_value(json_object_get(doctor->paths, "left_out"));
    if (!all_silent(doctor, rows, count)) {
        json_array_foreach(rows, index, row) {
            look_at_row(doctor, row, count);
            look_at_clock(doctor, row);
            if (is_silent(row) || fault_of(row) != NULL)
                json_object_set_new(silent, name_of(row), json_true());
        }
        look_at_others(doctor, silent);
    }
    json_decref(silent);
    if (left_out > 0)
        doctor_say(doctor, &(struct doctor_finding){DOCTOR_NOTE, "path", doctor_self(doctor), NULL},
                   "%lld members more were not tried: run the doctor on others, too", (long long)left_out);
    if (doctor->problems == before && count > 0)
        say_fine(doctor, rows, count);
}
