#include "tools/agent_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tools/agent_answer.h"
#include "tools/agent_campaign.h"
#include "tools/control_stream.h"
#include "tools/json.h"
#include "tools/log.h"
#include "tools/member.h"

/* Whoever was to kill the work in time may have been late: on a machine that is short of CPU, too. */
static const double slack_s = 0.2;

struct seat {
    struct agent_runs *runs;
    struct control_peer *peer; /* NULL: gone, and what it has started may have time left */
    struct campaign campaign;
    uint64_t ticket;
    bool declared;              /* the scope is, for this one */
    bool leads;                 /* it was told so, and has not said since that its work has stopped */
    char held[BW_NAME_MAX + 1]; /* what it leads: its scope, or a seat of it */
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

static void seat_free(struct seat *seat) {
    campaign_free(&seat->campaign);
    free(seat);
}

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
            seat_free(runs->seats[i]);
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
        if (seat != NULL && strcmp(seat->campaign.scope, scope) == 0 && (first == NULL || seat->ticket < first->ticket))
            first = seat;
    }
    return first;
}

static bool scope_info(const struct agent_runs *runs, const char *scope, struct bw_scope_info *info) {
    const struct bw_node *node = bw_loop_node(runs->view->host);
    return bw_node_scope_find(node, scope, info, bw_loop_now()) == 0;
}

/* ------------------------------------------------------------------ turns */

/* Declares the scope for whoever is first, or gives it back to the configuration. */
static int attend(struct agent_runs *runs, const char *scope) {
    struct seat *first = seat_first(runs, scope);
    struct bw_scope_config own;
    bool is_configured = campaign_configured(runs->view->options, scope, &own);
    if (first == NULL)
        return is_configured ? bw_loop_scope_add(runs->view->host, &own) : 0;
    if (first->declared || first->peer == NULL)
        return 0;
    if (is_configured)
        (void)bw_loop_scope_remove(runs->view->host, scope);
    first->declared = true;
    int error = bw_loop_scope_add(runs->view->host, &first->campaign.config);
    first->declared = error == 0;
    return error;
}

static void seat_remove(struct seat *seat) {
    struct agent_runs *runs = seat->runs;
    ev_timer_stop(runs->loop, &seat->limit);
    for (size_t i = 0; i < RUN_COUNT_MAX; i++)
        if (runs->seats[i] == seat)
            runs->seats[i] = NULL;
    seat_free(seat);
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
    (void)bw_loop_scope_remove(seat->runs->view->host, seat->campaign.scope);
}

/* Its work has stopped, if there was any. */
static void seat_end(struct seat *seat) {
    struct agent_runs *runs = seat->runs;
    char scope[BW_NAME_MAX + 1];
    memcpy(scope, seat->campaign.scope, sizeof(scope));
    withdraw(seat);
    (void)bw_loop_stopped(runs->view->host, scope);
    seat_remove(seat);
    attend_all(runs, scope);
}

static void tell_stop(struct seat *seat, enum bw_loss reason) {
    char token[BW_TOKEN_TEXT_SIZE];
    bw_token_text(&seat->token, token);
    control_say(seat->peer, json_pack("{s:s,s:s,s:s,s:s}", "news", "stop", "scope", seat->held, "token", token,
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
        log_line(LOG_LEVEL_WARN, "who runs under the lead of '%s' hangs: the lead is given up", seat->campaign.scope);
    seat->leads = false;
    tell_stop(seat, BW_LOSS_LEASE_EXPIRED);
    withdraw(seat);
    seat->ticket = ++runs->tickets;
    (void)bw_loop_stopped(runs->view->host, seat->campaign.scope);
    attend_all(runs, seat->campaign.scope);
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
             seat->campaign.scope, (double)left_us / 1e6);
    limit_set(seat, left_us);
    withdraw(seat);
}

/* ------------------------------------------------------------------ what clients ask */

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
        count +=
            other != NULL && other->ticket < seat->ticket && strcmp(other->campaign.scope, seat->campaign.scope) == 0;
    }
    return count;
}

static bool others_wait(const struct agent_runs *runs, const struct seat *seat) {
    for (size_t i = 0; i < RUN_COUNT_MAX; i++) {
        const struct seat *other = runs->seats[i];
        if (other != NULL && other != seat && strcmp(other->campaign.scope, seat->campaign.scope) == 0)
            return true;
    }
    return false;
}

static json_t *cannot_declare(const struct agent_runs *runs, const struct campaign *campaign, int error) {
    char name[BW_NAME_MAX + 1];
    struct bw_scope_info info;
    bw_scope_seat_name(campaign->scope, 0, name);
    const char *scope = campaign->config.seats > 1 ? name : campaign->scope;
    bool votes = error == BW_ERR_INVALID && campaign->config.mode != BW_MODE_QUORUM && scope_info(runs, scope, &info) &&
                 info.mode == BW_MODE_QUORUM;
    return votes ? control_error("conflict",
                                 "this agent has voted for that scope in quorum mode, and others count on it: "
                                 "mode=quorum, or another name")
                 : control_error(bw_error_name(error), bw_error_text(error));
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
    struct bw_params params;
    bw_node_params(bw_loop_node(runs->view->host), &params);
    json_t *refusal = campaign_read(runs->view->options, &params, request, &seat->campaign);
    const struct seat *before = refusal == NULL ? seat_first(runs, seat->campaign.scope) : NULL;
    if (before != NULL)
        refusal = campaign_beside(&seat->campaign, &before->campaign);
    if (refusal != NULL) {
        seat_free(seat);
        return refusal;
    }
    seat->runs = runs;
    seat->peer = peer;
    seat->ticket = ++runs->tickets;
    ev_init(&seat->limit, on_limit);
    seat->limit.data = seat;
    *place = seat;
    int error = attend(runs, seat->campaign.scope);
    if (error == 0)
        return json_pack("{s:s,s:I}", "campaign", seat->campaign.scope, "queued",
                         (json_int_t)waiting_before(runs, seat));
    *place = NULL;
    json_t *answer = cannot_declare(runs, &seat->campaign, error);
    struct bw_scope_config own;
    if (campaign_configured(runs->view->options, seat->campaign.scope, &own))
        attend_all(runs, seat->campaign.scope);
    seat_free(seat);
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
    if (about(seat, token) && scope_info(runs, seat->held, &info) && bw_token_compare(&info.token, &seat->token) == 0)
        left_us = info.lease_us >= 0 ? info.lease_us : info.stop_us;
    if (left_us >= 0) {
        seat->told_us = bw_loop_now().mono_us + left_us;
        limit_set(seat, left_us);
    }
    return json_pack("{s:s,s:s,s:o}", "scope", seat->held[0] != '\0' ? seat->held : seat->campaign.scope, "token",
                     token, "left_us", left_us >= 0 ? json_integer(left_us) : json_null());
}

static json_t *answer_stopped(struct agent_runs *runs, struct seat *seat, const char *token) {
    json_t *answer = json_pack("{s:s}", "stopped", seat->campaign.scope);
    if (!about(seat, token))
        return answer;
    seat->leads = false;
    if (others_wait(runs, seat)) { /* each has a reign of its own, and the others of the cluster their chance */
        withdraw(seat);
        seat->ticket = ++runs->tickets;
    }
    (void)bw_loop_stopped(runs->view->host, seat->campaign.scope);
    attend_all(runs, seat->campaign.scope);
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

/* Why a reign ended, if that is still known. */
static json_t *json_reason(const struct bw_node *node, const char *scope, const struct bw_token *reign) {
    struct bw_history_info entry;
    json_t *reason = json_null();
    for (size_t i = 0; bw_node_history(node, scope, i, &entry) == 0; i++)
        if (!entry.healed && entry.over && bw_token_compare(&entry.token, reign) == 0)
            reason = json_string(bw_loss_name(entry.reason));
    return reason;
}

static json_t *json_previous(const struct agent_runs *runs, const struct bw_scope_info *info) {
    const struct bw_node *node = bw_loop_node(runs->view->host);
    char token[BW_TOKEN_TEXT_SIZE], id[BW_ID_TEXT_SIZE], addr[BW_ADDR_TEXT_SIZE] = "";
    struct bw_member_info member;
    if (info->previous.term == 0)
        return json_null();
    if (member_by_id(node, &info->previous.id, &member))
        bw_addr_text(&member.addr, addr);
    bw_token_text(&info->previous, token);
    bw_id_text(&info->previous.id, id);
    return json_pack("{s:o,s:s,s:s,s:s,s:I,s:o}", "leader", json_text(info->previous_leader), "id", id, "addr", addr,
                     "token", token, "term", (json_int_t)info->previous.term, "reason",
                     json_reason(node, info->scope, &info->previous));
}

static void tell_lead(struct agent_runs *runs, struct seat *seat) {
    char token[BW_TOKEN_TEXT_SIZE];
    struct bw_scope_info info;
    struct bw_params params;
    bw_token_text(&seat->token, token);
    bw_node_params(bw_loop_node(runs->view->host), &params);
    uint32_t lease_ms = seat->campaign.config.lease_ms != 0 ? seat->campaign.config.lease_ms : params.lease_ms;
    limit_set(seat, (int64_t)lease_ms * 1000);
    json_t *previous = scope_info(runs, seat->held, &info) ? json_previous(runs, &info) : json_null();
    json_t *news =
        json_pack("{s:s,s:s,s:I,s:s,s:I,s:o}", "news", "lead", "scope", seat->held, "term",
                  (json_int_t)seat->token.term, "token", token, "lease_ms", (json_int_t)lease_ms, "previous", previous);
    json_set_seat(news, seat->held);
    control_say(seat->peer, news);
}

void agent_runs_event(struct agent_runs *runs, const struct bw_event *event) {
    struct seat *seat = NULL;
    if (event->type != BW_EVENT_SELF_ELECTED && event->type != BW_EVENT_SELF_DEPOSED)
        return;
    for (size_t i = 0; i < RUN_COUNT_MAX && seat == NULL; i++)
        if (runs->seats[i] != NULL && runs->seats[i]->declared &&
            scope_is(event->scope, runs->seats[i]->campaign.scope))
            seat = runs->seats[i];
    if (seat == NULL || seat->peer == NULL)
        return;
    if (event->type == BW_EVENT_SELF_ELECTED) {
        seat->leads = true;
        seat->token = event->token;
        memcpy(seat->held, event->scope, sizeof(seat->held));
        tell_lead(runs, seat);
    } else if (seat->leads && bw_token_compare(&event->token, &seat->token) == 0) {
        tell_stop(seat, event->reason);
    }
}

uint32_t agent_runs_stop_ms(const struct agent_runs *runs) {
    uint32_t longest = 0;
    for (size_t i = 0; i < RUN_COUNT_MAX; i++) {
        const struct seat *seat = runs->seats[i];
        if (seat != NULL && seat->leads && seat->campaign.config.stop_ms > longest)
            longest = seat->campaign.config.stop_ms;
    }
    return longest;
}
