#include "tools/agent_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tools/agent_answer.h"
#include "tools/control_stream.h"
#include "tools/json.h"
#include "tools/log.h"

/* Whoever was to kill the work in time may have been late: on a machine that is short of CPU, too. */
static const double slack_s = 0.2;

struct seat {
    struct agent_runs *runs;
    struct control_peer *peer; /* NULL: gone, and what it has started may have time left */
    struct bw_scope_config config;
    char scope[BW_NAME_MAX + 1];
    uint64_t ticket;
    bool declared; /* the scope is, for this one */
    bool leads;    /* it was told so, and has not said since that its work has stopped */
    struct bw_token token;
    int64_t told_us; /* until when it may act or stop, as told last */
    ev_timer limit;  /* fires when that is over */
};

struct agent_runs {
    struct ev_loop *loop;
    struct agent_view *view;
    struct seat *seats[RUN_COUNT_MAX];
    uint64_t tickets;
};

struct agent_runs *agent_runs_create(struct ev_loop *loop, struct agent_view *view) {
    struct agent_runs *runs = calloc(1, sizeof(*runs));
    if (runs == NULL)
        return NULL;
    runs->loop = loop;
    runs->view = view;
    return runs;
}

void agent_runs_destroy(struct agent_runs *runs) {
    if (runs == NULL)
        return;
    for (size_t i = 0; i < RUN_COUNT_MAX; i++)
        if (runs->seats[i] != NULL) {
            ev_timer_stop(runs->loop, &runs->seats[i]->limit);
            free(runs->seats[i]);
        }
    free(runs);
}

static struct seat *seat_of(const struct agent_runs *runs, const struct control_peer *peer) {
    for (size_t i = 0; i < RUN_COUNT_MAX; i++)
        if (runs->seats[i] != NULL && runs->seats[i]->peer == peer)
            return runs->seats[i];
    return NULL;
}

/* The one whose turn it is, or who has it; NULL: nobody campaigns for the scope here. */
static struct seat *seat_first(const struct agent_runs *runs, const char *scope) {
    struct seat *first = NULL;
    for (size_t i = 0; i < RUN_COUNT_MAX; i++) {
        struct seat *seat = runs->seats[i];
        if (seat != NULL && strcmp(seat->scope, scope) == 0 && (first == NULL || seat->ticket < first->ticket))
            first = seat;
    }
    return first;
}

static const struct bw_scope_config *configured(const struct agent_runs *runs, const char *scope) {
    const struct agent_options *options = runs->view->options;
    for (size_t i = 0; i < options->scope_count; i++)
        if (strcmp(options->scopes[i].name, scope) == 0)
            return &options->scopes[i];
    return NULL;
}

static bool scope_info(const struct agent_runs *runs, const char *scope, struct bw_scope_info *info) {
    const struct bw_node *node = bw_loop_node(runs->view->host);
    struct bw_time now = bw_loop_now();
    for (size_t i = 0; bw_node_scope(node, i, info, now) == 0; i++)
        if (strcmp(info->scope, scope) == 0)
            return true;
    return false;
}

/* Who votes for a scope, and for how long a vote is promised, is not a campaign's to say. */
static bool take_voters(const struct agent_runs *runs, struct seat *seat) {
    const struct bw_scope_config *own = configured(runs, seat->scope);
    if (own == NULL || own->mode != BW_MODE_QUORUM)
        return true;
    seat->config.mode = own->mode;
    seat->config.voters = own->voters;
    seat->config.voter_count = own->voter_count;
    seat->config.lease_ms = own->lease_ms;
    return !own->witness;
}

/* ------------------------------------------------------------------ turns */

/* Declares the scope for whoever is first, or gives it back to the configuration. */
static int attend(struct agent_runs *runs, const char *scope) {
    struct seat *first = seat_first(runs, scope);
    const struct bw_scope_config *own = configured(runs, scope);
    if (first == NULL)
        return own == NULL ? 0 : bw_loop_scope_add(runs->view->host, own);
    if (first->declared || first->peer == NULL)
        return 0;
    if (own != NULL)
        (void)bw_loop_scope_remove(runs->view->host, scope);
    first->declared = true;
    int error = bw_loop_scope_add(runs->view->host, &first->config);
    first->declared = error == 0;
    return error;
}

static void seat_remove(struct seat *seat) {
    struct agent_runs *runs = seat->runs;
    ev_timer_stop(runs->loop, &seat->limit);
    for (size_t i = 0; i < RUN_COUNT_MAX; i++)
        if (runs->seats[i] == seat)
            runs->seats[i] = NULL;
    free(seat);
}

/* Somebody else's turn has come: for whom the scope cannot be declared, the campaign is over. */
static void attend_all(struct agent_runs *runs, const char *name) {
    char scope[BW_NAME_MAX + 1];
    int error;
    snprintf(scope, sizeof(scope), "%s", name); /* it may be a seat's, which goes */
    while ((error = attend(runs, scope)) != 0) {
        struct seat *first = seat_first(runs, scope);
        if (first == NULL) {
            log_line(LOG_LEVEL_ERROR, "cannot stand for '%s' again: %s", scope, bw_error_text(error));
            return;
        }
        control_say(first->peer, control_error(bw_error_name(error), bw_error_text(error)));
        seat_remove(first);
    }
}

static void withdraw(struct seat *seat) {
    if (!seat->declared)
        return;
    seat->declared = false;
    (void)bw_loop_scope_remove(seat->runs->view->host, seat->scope);
}

/* Its work has stopped, if there was any. */
static void seat_end(struct seat *seat) {
    struct agent_runs *runs = seat->runs;
    char scope[BW_NAME_MAX + 1];
    memcpy(scope, seat->scope, sizeof(scope));
    withdraw(seat);
    (void)bw_loop_stopped(runs->view->host, scope);
    seat_remove(seat);
    attend_all(runs, scope);
}

static void tell_stop(struct seat *seat, enum bw_loss reason) {
    char token[BW_TOKEN_TEXT_SIZE];
    bw_token_text(&seat->token, token);
    control_say(seat->peer, json_pack("{s:s,s:s,s:s,s:s}", "news", "stop", "scope", seat->scope, "token", token,
                                      "reason", bw_loss_name(reason)));
}

static void limit_set(struct seat *seat, int64_t left_us) {
    ev_timer_stop(seat->runs->loop, &seat->limit);
    ev_timer_set(&seat->limit, (double)left_us / 1e6 + slack_s, 0);
    ev_timer_start(seat->runs->loop, &seat->limit);
}

/* Its work has ended by now, as it knew no later time. Who asks for no more time hangs, and has had its turn. */
static void on_limit(struct ev_loop *loop, ev_timer *timer, int events) {
    struct seat *seat = timer->data;
    struct agent_runs *runs = seat->runs;
    (void)loop;
    (void)events;
    if (seat->peer == NULL) {
        seat_end(seat);
        return;
    }
    if (!seat->leads)
        return;
    if (seat->declared)
        log_line(LOG_LEVEL_WARN, "who runs under the lead of '%s' hangs: the lead is given up", seat->scope);
    seat->leads = false;
    tell_stop(seat, BW_LOSS_LEASE_EXPIRED);
    withdraw(seat);
    seat->ticket = ++runs->tickets;
    (void)bw_loop_stopped(runs->view->host, seat->scope);
    attend_all(runs, seat->scope);
}

void agent_runs_gone(struct agent_runs *runs, struct control_peer *peer) {
    struct seat *seat = seat_of(runs, peer);
    if (seat == NULL)
        return;
    int64_t left_us = seat->leads ? seat->told_us - bw_loop_now().mono_us : 0;
    seat->peer = NULL;
    if (left_us <= 0) {
        seat_end(seat);
        return;
    }
    log_line(LOG_LEVEL_WARN, "who ran under the lead of '%s' has gone without a word: nobody leads it for %.3f s",
             seat->scope, (double)left_us / 1e6);
    limit_set(seat, left_us);
    withdraw(seat);
}

/* ------------------------------------------------------------------ what clients ask */

static bool field_u32(const json_t *request, const char *key, uint32_t largest, uint32_t *value) {
    const json_t *number = json_object_get(request, key);
    if (number == NULL)
        return true;
    if (!json_is_integer(number) || json_integer_value(number) < 0 || json_integer_value(number) > (json_int_t)largest)
        return false;
    *value = (uint32_t)json_integer_value(number);
    return true;
}

/* What the request leaves out is as configured, or the usual. */
static bool config_of(const struct agent_runs *runs, const json_t *request, struct seat *seat) {
    const char *scope = json_string_value(json_object_get(request, "scope"));
    if (scope == NULL || !bw_text_valid((const uint8_t *)scope, strlen(scope), BW_NAME_MAX))
        return false;
    const struct bw_scope_config *own = configured(runs, scope);
    struct bw_scope_config *config = &seat->config;
    memcpy(seat->scope, scope, strlen(scope) + 1);
    bw_scope_config_init(config, seat->scope);
    if (own != NULL)
        *config = *own;
    uint32_t priority = config->priority, min_ack = config->min_ack, min_confirm = config->min_confirm;
    uint32_t min_view = config->min_view;
    config->name = seat->scope;
    config->failover = BW_FAILOVER_SAFE; /* its work can outlive us */
    config->gate = false;
    config->stop_ms = 0;
    config->preempt_ms = BW_PREEMPT_NEVER; /* what runs is not ended because a better place for it appears */
    bool ok = field_u32(request, "priority", UINT16_MAX, &priority) &&
              field_u32(request, "min_ack", UINT16_MAX, &min_ack) &&
              field_u32(request, "min_confirm", UINT16_MAX, &min_confirm) &&
              field_u32(request, "min_view", BW_MIN_VIEW_MAX, &min_view) &&
              field_u32(request, "preempt_ms", UINT32_MAX, &config->preempt_ms) &&
              field_u32(request, "lease_ms", UINT32_MAX, &config->lease_ms) &&
              field_u32(request, "stop_ms", UINT32_MAX, &config->stop_ms);
    config->priority = (uint16_t)priority;
    config->min_ack = (uint16_t)min_ack;
    config->min_confirm = (uint16_t)min_confirm;
    config->min_view = (uint16_t)min_view;
    return ok;
}

static struct seat **free_place(struct agent_runs *runs) {
    for (size_t i = 0; i < RUN_COUNT_MAX; i++)
        if (runs->seats[i] == NULL)
            return &runs->seats[i];
    return NULL;
}

static size_t waiting_before(const struct agent_runs *runs, const struct seat *seat) {
    size_t count = 0;
    for (size_t i = 0; i < RUN_COUNT_MAX; i++) {
        const struct seat *other = runs->seats[i];
        count += other != NULL && other->ticket < seat->ticket && strcmp(other->scope, seat->scope) == 0;
    }
    return count;
}

static bool others_wait(const struct agent_runs *runs, const struct seat *seat) {
    for (size_t i = 0; i < RUN_COUNT_MAX; i++) {
        const struct seat *other = runs->seats[i];
        if (other != NULL && other != seat && strcmp(other->scope, seat->scope) == 0)
            return true;
    }
    return false;
}

static json_t *answer_campaign(struct agent_runs *runs, struct control_peer *peer, const json_t *request) {
    struct seat **place = free_place(runs);
    if (runs->view->phase != AGENT_MEMBER)
        return control_error("leaving", "it is no member: it stands for nothing");
    if (seat_of(runs, peer) != NULL)
        return control_error("invalid", "this connection campaigns already");
    struct seat *seat = place == NULL ? NULL : calloc(1, sizeof(*seat));
    if (seat == NULL)
        return control_error("full", "too many campaign here already");
    if (!config_of(runs, request, seat)) {
        free(seat);
        return control_error("invalid",
                             "scope is a name; priority, min_ack, min_confirm, lease_ms and stop_ms are numbers");
    }
    if (!take_voters(runs, seat)) {
        free(seat);
        return control_error("invalid", "this agent is a witness of the scope (--observer): it votes, and never leads");
    }
    seat->runs = runs;
    seat->peer = peer;
    seat->ticket = ++runs->tickets;
    ev_init(&seat->limit, on_limit);
    seat->limit.data = seat;
    *place = seat;
    int error = attend(runs, seat->scope);
    if (error == 0)
        return json_pack("{s:s,s:I}", "campaign", seat->scope, "queued", (json_int_t)waiting_before(runs, seat));
    *place = NULL;
    json_t *answer = control_error(bw_error_name(error), bw_error_text(error));
    if (configured(runs, seat->scope) != NULL)
        attend_all(runs, seat->scope);
    free(seat);
    return answer;
}

/* Whether the request is about the lead that the seat was told of last: a token's text names half of the id. */
static bool about(const struct seat *seat, const char *text) {
    char token[BW_TOKEN_TEXT_SIZE];
    bw_token_text(&seat->token, token);
    return seat->leads && strcmp(text, token) == 0;
}

/* What is left of the lead with this token, or to stop after it. */
static json_t *answer_lease(const struct agent_runs *runs, struct seat *seat, const char *token) {
    struct bw_scope_info info;
    int64_t left_us = -1;
    if (about(seat, token) && scope_info(runs, seat->scope, &info) && bw_token_compare(&info.token, &seat->token) == 0)
        left_us = info.lease_us >= 0 ? info.lease_us : info.stop_us;
    if (left_us >= 0) {
        seat->told_us = bw_loop_now().mono_us + left_us;
        limit_set(seat, left_us);
    }
    return json_pack("{s:s,s:s,s:o}", "scope", seat->scope, "token", token, "left_us",
                     left_us >= 0 ? json_integer(left_us) : json_null());
}

static json_t *answer_stopped(struct agent_runs *runs, struct seat *seat, const char *token) {
    json_t *answer = json_pack("{s:s}", "stopped", seat->scope);
    if (!about(seat, token))
        return answer;
    seat->leads = false;
    if (others_wait(runs, seat)) { /* each has a reign of its own, and the others of the cluster their chance */
        withdraw(seat);
        seat->ticket = ++runs->tickets;
    }
    (void)bw_loop_stopped(runs->view->host, seat->scope);
    attend_all(runs, seat->scope);
    return answer;
}

json_t *agent_runs_answer(struct agent_runs *runs, struct control_peer *peer, const char *op, const json_t *request) {
    const char *token = json_string_value(json_object_get(request, "token"));
    if (strcmp(op, "campaign") == 0)
        return answer_campaign(runs, peer, request);
    bool lease = strcmp(op, "lease") == 0;
    if (!lease && strcmp(op, "stopped") != 0)
        return NULL;
    struct seat *seat = seat_of(runs, peer);
    if (seat == NULL || token == NULL)
        return control_error("invalid", seat == NULL ? "this connection does not campaign" : "token is the lead's");
    return lease ? answer_lease(runs, seat, token) : answer_stopped(runs, seat, token);
}

/* ------------------------------------------------------------------ what clients are told */

static json_t *json_previous(const struct agent_runs *runs, const struct bw_scope_info *info) {
    const struct bw_node *node = bw_loop_node(runs->view->host);
    char token[BW_TOKEN_TEXT_SIZE], id[BW_ID_TEXT_SIZE], addr[BW_ADDR_TEXT_SIZE] = "";
    struct bw_member_info member;
    if (info->previous.term == 0)
        return json_null();
    for (size_t i = 0; bw_node_member(node, i, &member) == 0; i++)
        if (bw_id_equal(&member.id, &info->previous.id))
            bw_addr_text(&member.addr, addr);
    bw_token_text(&info->previous, token);
    bw_id_text(&info->previous.id, id);
    return json_pack("{s:o,s:s,s:s,s:s,s:I}", "leader", json_text(info->previous_leader), "id", id, "addr", addr,
                     "token", token, "term", (json_int_t)info->previous.term);
}

static void tell_lead(struct agent_runs *runs, struct seat *seat) {
    char token[BW_TOKEN_TEXT_SIZE];
    struct bw_scope_info info;
    struct bw_params params;
    bw_token_text(&seat->token, token);
    bw_node_params(bw_loop_node(runs->view->host), &params);
    uint32_t lease_ms = seat->config.lease_ms != 0 ? seat->config.lease_ms : params.lease_ms;
    limit_set(seat, (int64_t)lease_ms * 1000);
    json_t *previous = scope_info(runs, seat->scope, &info) ? json_previous(runs, &info) : json_null();
    control_say(seat->peer, json_pack("{s:s,s:s,s:I,s:s,s:I,s:o}", "news", "lead", "scope", seat->scope, "term",
                                      (json_int_t)seat->token.term, "token", token, "lease_ms", (json_int_t)lease_ms,
                                      "previous", previous));
}

void agent_runs_event(struct agent_runs *runs, const struct bw_event *event) {
    struct seat *seat = NULL;
    if (event->type != BW_EVENT_SELF_ELECTED && event->type != BW_EVENT_SELF_DEPOSED)
        return;
    for (size_t i = 0; i < RUN_COUNT_MAX && seat == NULL; i++)
        if (runs->seats[i] != NULL && runs->seats[i]->declared && strcmp(runs->seats[i]->scope, event->scope) == 0)
            seat = runs->seats[i];
    if (seat == NULL || seat->peer == NULL)
        return;
    if (event->type == BW_EVENT_SELF_ELECTED) {
        seat->leads = true;
        seat->token = event->token;
        tell_lead(runs, seat);
    } else if (seat->leads && bw_token_compare(&event->token, &seat->token) == 0) {
        tell_stop(seat, event->reason);
    }
}

uint32_t agent_runs_stop_ms(const struct agent_runs *runs) {
    uint32_t longest = 0;
    for (size_t i = 0; i < RUN_COUNT_MAX; i++) {
        const struct seat *seat = runs->seats[i];
        if (seat != NULL && seat->leads && seat->config.stop_ms > longest)
            longest = seat->config.stop_ms;
    }
    return longest;
}
