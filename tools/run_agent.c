/* The agent, as `bellwether run` talks to it: {"op":"campaign"}, then news of the lead, and what is left of the lease. */
#include <stdio.h>
#include <string.h>

#include "tools/run_state.h"

#define LEASE_PARTS 8 /* so often in a lease the agent is asked what is left */

/* What was said of the scope; of the rest the agent knows better. */
static void add_given(json_t *request, const struct run_options *options) {
    const struct bw_scope_config *scope = &options->scope;
    const struct {
        const char *name, *key;
        uint32_t value;
    } list[] = {
        {"priority=", "priority", scope->priority},
        {"min_ack=", "min_ack", scope->min_ack},
        {"min_confirm=", "min_confirm", scope->min_confirm},
        {"lease=", "lease_ms", scope->lease_ms},
        {"min_view=", "min_view", scope->min_view},
        {"preempt=", "preempt_ms", scope->preempt_ms},
        {"seats=", "seats", scope->seats},
    };
    static const char *const modes[] = {
        [BW_MODE_PRIORITY] = "priority", [BW_MODE_QUORUM] = "quorum", [BW_MODE_BULLY] = "bully"};
    const char *settings = strchr(options->scope_text, ':');
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        if (settings != NULL && strstr(settings, list[i].name) != NULL)
            json_object_set_new(request, list[i].key, json_integer((json_int_t)list[i].value));
    if (settings != NULL && strstr(settings, "mode=") != NULL)
        json_object_set_new(request, "mode", json_string(modes[scope->mode]));
    json_t *voters = json_array();
    for (size_t i = 0; i < scope->voter_count; i++)
        json_array_append_new(voters, json_string(scope->voters[i]));
    if (scope->voter_count > 0)
        json_object_set(request, "voters", voters);
    json_decref(voters);
    if (scope->spread)
        json_object_set_new(request, "spread", json_true());
    if (scope->gate)
        json_object_set_new(request, "gate", json_true());
    if (options->priority >= 0)
        json_object_set_new(request, "priority", json_integer(options->priority));
}

/* How long the agent may take to answer: no longer than --timeout leaves. */
static double patience_s(const struct run *run) {
    double limit_s = run->options->client.timeout_s;
    int64_t waited_ms = (run_now() - run->began_us) / 1000;
    double left_s = limit_s - (double)waited_ms / 1000;
    return limit_s <= 0 || left_s > CONTROL_TIMEOUT_S ? CONTROL_TIMEOUT_S : left_s < 0.001 ? 0.001 : left_s;
}

int run_connect(struct run *run, bool quiet) {
    struct client_options client = run->options->client;
    const struct bw_scope_config *scope = &run->options->scope;
    if (quiet || client.timeout_s > CONTROL_TIMEOUT_S) /* else all of it, as it is said how long it was */
        client.timeout_s = patience_s(run);
    client.quiet = quiet;
    int code = control_open(&run->client, &client);
    if (code != EXIT_DONE)
        return code;
    json_t *answer = NULL;
    json_t *request = json_pack("{s:s,s:s,s:I}", "op", "campaign", "scope", scope->name, "stop_ms",
                                (json_int_t)(run->options->grace_s * 1000) + 1000);
    add_given(request, run->options);
    code = control_ask(&run->client, request, patience_s(run), &answer);
    json_int_t queued = json_integer_value(json_object_get(answer, "queued"));
    json_decref(answer);
    if (code != EXIT_DONE) {
        control_close(&run->client);
        return code;
    }
    run->connected = true;
    run->asked_us = 0;
    run->state = RUN_WAITING;
    if (queued > 0)
        run_tell(run, false, "queued", "%s: behind %lld others of this agent", run->reign.scope, (long long)queued);
    else
        run_tell(run, false, "waiting", "%s: waiting for the lead", run->reign.scope);
    run_hear_agent(run); /* what came with the answer */
    return EXIT_DONE;
}

void run_disconnect(struct run *run) {
    if (run->connected)
        control_close(&run->client);
    run->connected = false;
}

void run_send_token(struct run *run, const char *op) {
    json_t *request = json_pack("{s:s,s:s}", "op", op, "token", run->reign.token);
    if (request != NULL)
        (void)control_send(&run->client, request);
    json_decref(request);
}

void run_ask_lease(struct run *run, int64_t now_us) {
    run->asked_us = now_us;
    run->ask_at_us = now_us + run->lease_us / LEASE_PARTS;
    run_send_token(run, "lease");
}

static void agent_gone(struct run *run) {
    run_disconnect(run);
    json_decref(run->next_lead);
    run->next_lead = NULL;
    if (run->state >= RUN_LEADING)
        run_lose(run, "the agent has gone: stopping");
    else if (!run->options->restart)
        run->code = control_complain_gone();
    else
        run->state = RUN_APART;
    run->wake_us = run->state == RUN_APART ? run_now() + BACKOFF_FIRST_US : run->wake_us;
}

static void take_news(struct run *run, json_t *news, const char *what) {
    bool ours = run->reign.token != NULL && strcmp(json_text_of(news, "token"), run->reign.token) == 0;
    if (strcmp(what, "lead") == 0 && run->state == RUN_WAITING) {
        run_clear_progress(run);
        run_take_lead(run, json_incref(news));
    } else if (strcmp(what, "lead") == 0) {
        json_decref(run->next_lead);
        run->next_lead = json_incref(news);
        run_lose(run, "the lead was lost, and won again: stopping what ran under the old one");
    } else if (strcmp(what, "stop") == 0 && ours) {
        char why[96];
        snprintf(why, sizeof(why), "the lead is over (%s): stopping", json_text_of(news, "reason"));
        run_lose(run, why);
    } else if (strcmp(what, "stop") == 0 && run->next_lead != NULL) {
        json_decref(run->next_lead);
        run->next_lead = NULL;
    }
}

static void take_lease(struct run *run, const json_t *answer) {
    const json_t *left = json_object_get(answer, "left_us");
    int64_t asked_us = run->asked_us;
    if (run->reign.token == NULL || strcmp(json_text_of(answer, "token"), run->reign.token) != 0)
        return; /* asked under an earlier lead */
    run->asked_us = 0;
    if (!json_is_integer(left)) {
        run_lose(run, "the lead is over: stopping");
        return;
    }
    run_know_end(run, asked_us + json_integer_value(left));
    if (run->state == RUN_LEADING && run_now() < run_doubt_us(run))
        run_begin_reign(run);
}

static void take_line(struct run *run, json_t *line) {
    const json_t *error = json_object_get(line, "error");
    const char *news = json_string_value(json_object_get(line, "news"));
    if (news != NULL)
        take_news(run, line, news);
    else if (json_object_get(line, "left_us") != NULL)
        take_lease(run, line);
    else if (error != NULL && run->state == RUN_WAITING) {
        run_tell(run, true, "error", "the agent refused: %s", json_text_of(error, "message"));
        run->code = EXIT_REFUSED;
    }
}

void run_hear_agent(struct run *run) {
    while (run->connected && run->code < 0) {
        json_t *line = NULL;
        int code = control_read(&run->client, control_now(), &line);
        if (code == EXIT_DONE)
            take_line(run, line);
        json_decref(line);
        if (code == EXIT_NO_AGENT)
            agent_gone(run);
        if (code != EXIT_DONE)
            return;
    }
}

void run_look_for_agent(struct run *run, int64_t now_us) {
    if (now_us < run->wake_us)
        return;
    run->wake_us = now_us + 2 * BACKOFF_FIRST_US;
    int code = run_connect(run, true);
    if (code == EXIT_DONE)
        run->wake_us = 0;
    else if (code == EXIT_REFUSED)
        run->code = code;
}
