#include "tools/http_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "build-config.h"
#include "tools/http_state.h"
#include "tools/json.h"

enum { MEMBER_RTT_MAX = 100 /* series of single members: in larger clusters the sums alone are told */ };

/* What is looked at once for all metrics. */
struct view {
    const struct http_server *server;
    const struct bw_node *node;
    struct bw_time now;
    struct bw_member_info *members;
    size_t member_count;
    struct bw_scope_info *scopes;
    size_t scope_count;
};

/* ------------------------------------------------------------------ the format */

static void head(FILE *to, const char *name, const char *type, const char *help) {
    fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_label(FILE *to, const char *before, const char *name, const char *value) {
    fprintf(to, "%s%s=\"", before, name);
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            fputs("\\n", to);
        else if (*value == '"' || *value == '\\')
            fprintf(to, "\\%c", *value);
        else
            fputc(*value, to);
    }
    fputc('"', to);
}

static void put_count(FILE *to, const char *name, const char *label, const char *value, uint64_t count) {
    fputs(name, to);
    if (label != NULL && value != NULL) {
        put_label(to, "{", label, value);
        fputc('}', to);
    }
    fprintf(to, " %llu\n", (unsigned long long)count);
}

static void put_real(FILE *to, const char *name, const char *label, const char *value, double number) {
    fputs(name, to);
    if (label != NULL && value != NULL) {
        put_label(to, "{", label, value);
        fputc('}', to);
    }
    fprintf(to, " %.9g\n", number);
}

static void one_count(FILE *to, const char *name, const char *type, const char *help, uint64_t count) {
    head(to, name, type, help);
    put_count(to, name, NULL, NULL, count);
}

static void one_real(FILE *to, const char *name, const char *type, const char *help, double number) {
    head(to, name, type, help);
    fprintf(to, "%s %.3f\n", name, number);
}

/* ------------------------------------------------------------------ the agent */

static void put_agent(FILE *to, const struct view *view) {
    const struct agent_view *agent = view->server->view;
    const struct bw_id own = bw_node_id(view->node);
    char id[BW_ID_TEXT_SIZE];
    bw_id_text(&own, id);
    head(to, "bellwether_build_info", "gauge", "The version that runs; always 1.");
    put_count(to, "bellwether_build_info", "version", PACKAGE_VERSION, 1);
    head(to, "bellwether_agent_info", "gauge", "Who this agent is; always 1.");
    fputs("bellwether_agent_info", to);
    put_label(to, "{", "name", agent->options->name);
    put_label(to, ",", "id", id);
    put_label(to, ",", "cluster", agent->options->cluster);
    fputs("} 1\n", to);
    one_count(to, "bellwether_in_cluster", "gauge", "1 unless this agent leaves the cluster, or has left it.",
              agent->phase == AGENT_MEMBER);
    int64_t until_s = bw_node_certified_until(view->node);
    if (until_s > 0)
        one_real(to, "bellwether_certificate_expiry_timestamp_seconds", "gauge",
                 "Identity mode: when this agent's certificate ends, in seconds since 1970.", (double)until_s);
}

static void put_process(FILE *to, const struct view *view) {
    struct rusage used = {.ru_maxrss = 0};
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL && fscanf(file, "%*s %lu", &pages) != 1) /* NOLINT(cert-err34-c): the kernel wrote it */
        pages = 0;
    if (file != NULL)
        fclose(file);
    getrusage(RUSAGE_SELF, &used);
    one_real(to, "process_start_time_seconds", "gauge", "When this agent started, in seconds since 1970.",
             (double)view->server->view->started.wall_us / 1e6);
    one_real(to, "process_cpu_seconds_total", "counter", "Processor time used by this agent.",
             (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    if (pages > 0)
        one_count(to, "process_resident_memory_bytes", "gauge", "Memory of this agent that is resident.",
                  (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE));
}

/* ------------------------------------------------------------------ members */

static void put_statuses(FILE *to, const struct view *view) {
    static const enum bw_status statuses[] = {BW_STATUS_ALIVE, BW_STATUS_SUSPECT, BW_STATUS_DEAD, BW_STATUS_LEFT};
    head(to, "bellwether_members", "gauge",
         "Members that this agent knows, itself included, by what it holds them for.");
    for (size_t i = 0; i < BW_COUNT(statuses); i++) {
        uint64_t count = 0;
        for (size_t j = 0; j < view->member_count; j++)
            count += view->members[j].status == statuses[i];
        put_count(to, "bellwether_members", "status", bw_status_name(statuses[i]), count);
    }
}

static bool is_measured(const struct bw_member_info *member) {
    return !member->self && member->rtt_us >= 0 &&
           (member->status == BW_STATUS_ALIVE || member->status == BW_STATUS_SUSPECT);
}

static int compare_times(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void put_round_trips(FILE *to, const struct view *view) {
    int64_t *times = calloc(view->member_count + 1, sizeof(*times));
    size_t count = 0;
    if (times == NULL)
        return;
    for (size_t i = 0; i < view->member_count; i++)
        if (is_measured(&view->members[i]))
            times[count++] = view->members[i].rtt_us;
    qsort(times, count, sizeof(*times), compare_times);
    head(to, "bellwether_measured_members", "gauge", "Living members to which a round trip has been measured.");
    put_count(to, "bellwether_measured_members", NULL, NULL, count);
    if (count > 0) {
        static const struct {
            const char *name, *help;
            size_t percent;
        } marks[] = {
            {"bellwether_rtt_min_seconds", "The shortest smoothed round trip to a living member.", 0},
            {"bellwether_rtt_median_seconds", "The median of the smoothed round trips to living members.", 50},
            {"bellwether_rtt_max_seconds", "The longest smoothed round trip to a living member.", 100},
        };
        for (size_t i = 0; i < BW_COUNT(marks); i++) {
            size_t at = (count - 1) * marks[i].percent / 100;
            head(to, marks[i].name, "gauge", marks[i].help);
            put_real(to, marks[i].name, NULL, NULL, (double)times[at] / 1e6);
        }
    }
    free(times);
    if (count == 0 || count > MEMBER_RTT_MAX)
        return;
    head(to, "bellwether_member_rtt_seconds", "gauge",
         "The smoothed round trip to each living member; only where there are at most 100.");
    for (size_t i = 0; i < view->member_count; i++) {
        char id[BW_ID_TEXT_SIZE];
        if (!is_measured(&view->members[i]))
            continue;
        bw_id_text(&view->members[i].id, id);
        fputs("bellwether_member_rtt_seconds", to);
        put_label(to, "{", "member", view->members[i].name);
        put_label(to, ",", "id", id);
        fprintf(to, "} %.9g\n", (double)view->members[i].rtt_us / 1e6);
    }
}

/* ------------------------------------------------------------------ scopes */

static double of_leader(const struct view *view, const struct bw_scope_info *scope) {
    (void)view;
    return scope->has_leader ? 1 : 0;
}

static double of_own_lead(const struct view *view, const struct bw_scope_info *scope) {
    return bw_node_may_act(view->node, scope->scope, view->now) ? 1 : 0;
}

static double of_term(const struct view *view, const struct bw_scope_info *scope) {
    (void)view;
    return scope->has_leader ? (double)scope->token.term : -1;
}

static double of_since(const struct view *view, const struct bw_scope_info *scope) {
    (void)view;
    return scope->has_leader ? (double)scope->since_wall_us / 1e6 : -1;
}

static double of_lease(const struct view *view, const struct bw_scope_info *scope) {
    (void)view;
    return scope->lease_us >= 0 ? (double)scope->lease_us / 1e6 : -1;
}

static double of_frozen(const struct view *view, const struct bw_scope_info *scope) {
    (void)view;
    return scope->frozen ? 1 : 0;
}

static double of_candidates(const struct view *view, const struct bw_scope_info *scope) {
    size_t count = 0;
    (void)bw_node_candidates(view->node, scope->scope, NULL, 0, &count);
    return (double)count;
}

static void put_scope_numbers(FILE *to, const struct view *view) {
    static const struct {
        const char *name, *help;
        double (*of)(const struct view *view, const struct bw_scope_info *scope); /* below 0: not told */
    } numbers[] = {
        {"bellwether_scope_has_leader", "1 if this agent knows a leader of the scope.", of_leader},
        {"bellwether_scope_leads", "1 if this agent leads the scope, and its lease runs.", of_own_lead},
        {"bellwether_scope_term", "The term of the scope's leader; it grows with each new one.", of_term},
        {"bellwether_scope_leader_since_timestamp_seconds",
         "When this agent learnt of the scope's leader, in seconds since 1970.", of_since},
        {"bellwether_scope_lease_seconds", "What is left of this agent's lease; only while it leads.", of_lease},
        {"bellwether_scope_frozen", "1 if the scope is frozen.", of_frozen},
        {"bellwether_scope_candidates", "Members that stand for the scope, dead ones included.", of_candidates},
    };
    for (size_t i = 0; i < BW_COUNT(numbers); i++) {
        head(to, numbers[i].name, "gauge", numbers[i].help);
        for (size_t j = 0; j < view->scope_count; j++) {
            double number = numbers[i].of(view, &view->scopes[j]);
            if (number < 0)
                continue;
            fputs(numbers[i].name, to);
            put_label(to, "{", "scope", view->scopes[j].scope);
            fprintf(to, "} %.15g\n", number);
        }
    }
}

static void put_scopes(FILE *to, const struct view *view) {
    put_scope_numbers(to, view);
    head(to, "bellwether_scope_leader_info", "gauge", "Who leads the scope, as this agent knows; always 1.");
    for (size_t i = 0; i < view->scope_count; i++) {
        const struct bw_scope_info *scope = &view->scopes[i];
        char id[BW_ID_TEXT_SIZE];
        if (!scope->has_leader)
            continue;
        bw_id_text(&scope->token.id, id);
        fputs("bellwether_scope_leader_info", to);
        put_label(to, "{", "scope", scope->scope);
        put_label(to, ",", "leader", scope->leader);
        put_label(to, ",", "leader_id", id);
        fputs("} 1\n", to);
    }
    head(to, "bellwether_scope_role", "gauge", "This agent's role in the scope: 1 for the one that it has.");
    for (size_t i = 0; i < view->scope_count; i++)
        for (int role = BW_ROLE_OBSERVER; role <= BW_ROLE_LEADER; role++) {
            fputs("bellwether_scope_role", to);
            put_label(to, "{", "scope", view->scopes[i].scope);
            put_label(to, ",", "role", bw_role_name((enum bw_role)role));
            fprintf(to, "} %d\n", view->scopes[i].role == (enum bw_role)role);
        }
}

/* ------------------------------------------------------------------ counters */

static void put_traffic(FILE *to, const struct view *view) {
    struct bw_node_stats stats = {.size = sizeof(stats)};
    bw_node_stats(view->node, &stats);
    one_count(to, "bellwether_local_health", "gauge",
              "Lifeguard's local health: 0 healthy; above it this agent is slow, and patient with others.",
              stats.health);
    one_count(to, "bellwether_converged", "gauge", "1 if the last peers heard of had exactly this agent's view.",
              bw_node_converged(view->node));
    one_count(to, "bellwether_datagrams_sent_total", "counter", "Datagrams sent.", stats.sent);
    one_count(to, "bellwether_datagrams_received_total", "counter", "Datagrams received, dropped ones included.",
              stats.received);
    one_count(to, "bellwether_sent_bytes_total", "counter", "Bytes of UDP payload sent.", stats.sent_size);
    one_count(to, "bellwether_received_bytes_total", "counter", "Bytes of UDP payload received.", stats.received_size);
    one_count(to, "bellwether_events_lost_total", "counter", "Events that no memory was left for.", stats.events_lost);
    one_count(to, "bellwether_messages_lost_total", "counter", "Direct messages that found no room.",
              stats.messages_lost);
    head(to, "bellwether_datagrams_dropped_total", "counter", "Datagrams that were not taken, by cause.");
    for (int error = 1; error < BW_ERROR_COUNT; error++) {
        uint64_t count = bw_node_dropped(view->node, -error);
        if (count > 0 || strncmp(bw_error_name(-error), "drop-", 5) == 0)
            put_count(to, "bellwether_datagrams_dropped_total", "cause", bw_error_name(-error), count);
    }
}

static void put_counters(FILE *to, const struct view *view) {
    const struct http_counts *counts = &view->server->counts;
    const char *name;
    uint64_t count;
    head(to, "bellwether_events_total", "counter", "Events, by type.");
    for (int type = 0; type < BW_EVENT_COUNT; type++)
        put_count(to, "bellwether_events_total", "type", bw_event_name((enum bw_event_type)type), counts->events[type]);
    head(to, "bellwether_suspicions_total", "counter",
         "Members that became suspect here, by whose word: this agent's own, or another member's.");
    put_count(to, "bellwether_suspicions_total", "by", "self", counts->own_suspicions);
    put_count(to, "bellwether_suspicions_total", "by", "others",
              counts->events[BW_EVENT_MEMBER_SUSPECT] - counts->own_suspicions);
    head(to, "bellwether_bounds_passed_total", "counter", "What was dropped because a bound was reached, by bound.");
    for (size_t i = 0; bw_node_bound(view->node, i, &name, NULL, &count) == 0; i++)
        put_count(to, "bellwether_bounds_passed_total", "bound", name, count);
    head(to, "bellwether_rules_applied_total", "counter", "How often each rule of the protocols was applied, if ever.");
    for (size_t i = 0; bw_node_rule(view->node, i, &name, &count) == 0; i++)
        if (count > 0)
            put_count(to, "bellwether_rules_applied_total", "rule", name, count);
}

static void put_http(FILE *to, const struct view *view) {
#define HTTP_STATUS_TEXT_(code) #code,
    static const char *const codes[] = {HTTP_STATUSES(HTTP_STATUS_TEXT_)};
#undef HTTP_STATUS_TEXT_
    const struct http_server *server = view->server;
    head(to, "bellwether_http_answers_total", "counter", "Answers to HTTP requests, by status, this one not yet.");
    for (size_t i = 0; i < BW_COUNT(codes); i++)
        put_count(to, "bellwether_http_answers_total", "code", codes[i], server->counts.answers[i]);
    one_count(to, "bellwether_http_connections", "gauge", "HTTP connections that are open.", server->peer_count);
    one_count(to, "bellwether_http_connections_cut_total", "counter",
              "HTTP connections ended because a request, or its answer, took too long.",
              server->counts.connections_ended);
    one_count(to, "bellwether_http_streams", "gauge", "HTTP connections that follow the events.", server->stream_count);
    one_count(to, "bellwether_http_streams_dropped_total", "counter",
              "Followers of the events that were cut off because they read too slowly.",
              server->counts.streams_dropped);
}

/* ------------------------------------------------------------------ all */

static bool look(struct view *view) {
    size_t members = bw_node_member_count(view->node), scopes = bw_node_scope_count(view->node);
    view->members = calloc(members + 1, sizeof(*view->members));
    view->scopes = calloc(scopes + 1, sizeof(*view->scopes));
    if (view->members == NULL || view->scopes == NULL)
        return false;
    while (view->member_count < members &&
           bw_node_member(view->node, view->member_count, &view->members[view->member_count]) == 0)
        view->member_count++;
    for (size_t i = 0;
         view->scope_count < scopes && bw_node_scope(view->node, i, &view->scopes[view->scope_count], view->now) == 0;
         i++)
        if (scope_in_use(view->node, view->scopes[view->scope_count].scope, view->now))
            view->scope_count++;
    return true;
}

char *http_metrics_text(const struct http_server *server, size_t *size) {
    struct view view = {.server = server, .node = bw_loop_node(server->view->host), .now = bw_loop_now()};
    char *text = NULL;
    FILE *to = look(&view) ? open_memstream(&text, size) : NULL;
    if (to != NULL) {
        put_agent(to, &view);
        put_statuses(to, &view);
        put_round_trips(to, &view);
        put_scopes(to, &view);
        put_traffic(to, &view);
        put_counters(to, &view);
        put_http(to, &view);
        put_process(to, &view);
        bool failed = ferror(to) != 0;
        if (fclose(to) != 0 || failed) {
            free(text);
            text = NULL;
        }
    }
    free(view.members);
    free(view.scopes);
    return text;
}
