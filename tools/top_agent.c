/* What top hears from the agent, over its restarts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/event_view.h"
#include "tools/json.h"
#include "tools/top.h"

static const double GREETING_S = 0.5;
static const double AGAIN_S = 1;    /* between two attempts to connect */
static const double INTERVAL_S = 1; /* between two looks without an event */
static const double HASTE_S = 0.1;  /* after an event */

static void add_line(struct top *top, char *text, const char *color) {
    if (text == NULL)
        return;
    if (top->tail_count == TOP_TAIL) {
        free(top->tail[0].text);
        memmove(top->tail, top->tail + 1, (TOP_TAIL - 1) * sizeof(top->tail[0]));
        top->tail_count--;
    }
    top->tail[top->tail_count++] = (struct top_line){text, color};
    top->changed = true;
}

static void note(struct top *top, const char *text) {
    add_line(top, strdup(text), "\033[33m");
}

void top_gone(struct top *top) {
    if (!top->connected)
        return;
    control_close(&top->questions);
    control_close(&top->events);
    top->connected = false;
    top->queued = 0;
    top->connect_at = control_now() + AGAIN_S / 4;
    note(top, "-- the agent has gone --");
}

void top_forget(struct top *top) {
    top_gone(top);
    json_t *all[] = {top->info, top->members, top->leader, top->whys};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        json_decref(all[i]);
    for (size_t i = 0; i < top->tail_count; i++)
        free(top->tail[i].text);
}

void top_connect(struct top *top) {
    struct client_options options = top->client;
    if (top->connected || control_now() < top->connect_at)
        return;
    options.quiet = true;
    options.timeout_s = GREETING_S;
    top->connect_at = control_now() + AGAIN_S;
    if (control_open(&top->questions, &options) != EXIT_DONE)
        return;
    if (control_open(&top->events, &options) != EXIT_DONE) {
        control_close(&top->questions);
        return;
    }
    top->connected = true;
    json_int_t pid = json_integer_value(json_object_get(top->questions.greeting, "pid"));
    if (top->ever)
        note(top, pid == top->pid ? "-- connected again --" : "-- the agent was started again --");
    if (pid != top->pid)
        top->since = 0;
    top->pid = pid;
    top->ever = true;
    top->ask_at = 0;
    json_t *request = json_pack("{s:s,s:I}", "op", "monitor", "since", top->since);
    if (control_send(&top->events, request) != EXIT_DONE)
        top_gone(top);
    json_decref(request);
}

static void put_question(struct top *top, const char *op, enum top_kind kind, const char *id) {
    if (!top->connected || top->queued == TOP_QUEUE)
        return;
    json_t *request = json_pack("{s:s,s:s*}", "op", op, "name", id);
    struct top_question *question = &top->queue[top->queued++];
    *question = (struct top_question){.kind = kind};
    snprintf(question->id, sizeof(question->id), "%s", id == NULL ? "" : id);
    if (request == NULL || control_send(&top->questions, request) != EXIT_DONE)
        top_gone(top);
    json_decref(request);
}

/* One round of questions at a time: an agent that is slow is not asked more. */
void top_ask(struct top *top) {
    double now = control_now();
    if (!top->connected || top->queued > 0 || now < top->ask_at)
        return;
    top->asked_at = now;
    top->ask_at = now + INTERVAL_S;
    put_question(top, "info", TOP_INFO, NULL);
    put_question(top, "leader", TOP_LEADER, NULL);
    put_question(top, "members", TOP_MEMBERS, NULL);
}

static void ask_about_suspects(struct top *top) {
    size_t index;
    json_t *member;
    json_array_foreach(json_object_get(top->members, "members"), index, member) {
        if (strcmp(json_text_of(member, "status"), "suspect") == 0)
            put_question(top, "why", TOP_WHY, json_text_of(member, "id"));
    }
}

static void take(json_t **place, json_t *answer) {
    json_decref(*place);
    *place = json_incref(answer);
}

static void take_answer(struct top *top, json_t *answer) {
    if (top->queued == 0)
        return;
    const struct top_question question = top->queue[0];
    memmove(top->queue, top->queue + 1, --top->queued * sizeof(top->queue[0]));
    top->changed = true;
    if (json_object_get(answer, "error") != NULL)
        return;
    switch (question.kind) {
    case TOP_INFO:
        take(&top->info, answer);
        return;
    case TOP_LEADER:
        take(&top->leader, answer);
        return;
    case TOP_MEMBERS:
        take(&top->members, answer);
        ask_about_suspects(top);
        return;
    case TOP_WHY:
        if (json_object_size(top->whys) > TOP_QUEUE)
            json_object_clear(top->whys);
        json_object_set(top->whys, question.id, answer);
        return;
    }
}

static void take_event(struct top *top, const json_t *event) {
    char *line = NULL;
    const json_t *seq = json_object_get(event, "seq");
    if (!json_is_integer(seq)) /* the stream's head */
        return;
    char *sentence = event_sentence(event);
    const char *time = json_text_of(event, "time");
    top->since = json_integer_value(seq);
    if (asprintf(&line, "%.8s  %s", strlen(time) > 11 ? time + 11 : "", sentence == NULL ? "" : sentence) >= 0)
        add_line(top, line, event_color(event));
    free(sentence);
    double soon = control_now() + HASTE_S;
    top->ask_at = soon < top->ask_at ? soon : top->ask_at;
}

void top_hear(struct top *top, bool event) {
    struct control_client *client = event ? &top->events : &top->questions;
    json_t *object = NULL;
    int code = EXIT_DONE;
    while (top->connected && (code = control_read(client, 0, &object)) == EXIT_DONE) {
        if (event)
            take_event(top, object);
        else
            take_answer(top, object);
        json_decref(object);
        object = NULL;
    }
    json_decref(object);
    if (code != EXIT_DONE && code != EXIT_TIMED_OUT)
        top_gone(top);
}
