#include "tools/agent_reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bellwether/bellwether.h>

#include "tools/agent_answer.h"
#include "tools/agent_keys.h"
#include "tools/agent_members.h"
#include "tools/agent_setup.h"
#include "tools/control_server.h"
#include "tools/json.h"
#include "tools/log.h"
#include "tools/text.h"

static void join_words(const json_t *list, char *text, size_t size) {
    size_t index;
    json_t *word;
    text[0] = '\0';
    json_array_foreach(list, index, word) {
        text_append(text, size, ", ", "%s", json_string_value(word));
    }
}

/* ---- What changes live. What was changed by hand meanwhile stays, unless the configuration changes the same thing. ---- */

static const char *tag_value(const struct agent_options *options, const char *name) {
    for (size_t i = 0; i < options->tag_count; i++)
        if (strcmp(options->tags[i].name, name) == 0)
            return options->tags[i].value;
    return NULL;
}

/* As a request of 'bellwether tags'; NULL: no tag has changed. */
static json_t *tag_request(const struct agent_options *old, const struct agent_options *fresh) {
    json_t *set = json_object();
    json_t *gone = json_array();
    for (size_t i = 0; i < fresh->tag_count; i++) {
        const char *before = tag_value(old, fresh->tags[i].name);
        if (before == NULL || strcmp(before, fresh->tags[i].value) != 0)
            json_object_set_new(set, fresh->tags[i].name, json_string(fresh->tags[i].value));
    }
    for (size_t i = 0; i < old->tag_count; i++)
        if (tag_value(fresh, old->tags[i].name) == NULL)
            json_array_append_new(gone, json_string(old->tags[i].name));
    bool changed = json_object_size(set) + json_array_size(gone) > 0;
    json_t *request = changed ? json_pack("{s:O,s:O}", "set", set, "delete", gone) : NULL;
    json_decref(set);
    json_decref(gone);
    return request;
}

/* An error, NULL if all went well. */
static json_t *take_tags(struct agent_view *view, struct agent_options *fresh, json_t *applied) {
    json_t *request = tag_request(view->options, fresh);
    if (request == NULL)
        return NULL;
    json_t *answer = answer_tags(view, request);
    json_decref(request);
    if (json_object_get(answer, "error") != NULL)
        return answer;
    json_decref(answer);
    struct bw_tag kept[BW_TAG_COUNT_MAX];
    size_t count = view->options->tag_count;
    memcpy(kept, view->options->tags, sizeof(kept));
    memcpy(view->options->tags, fresh->tags, sizeof(kept));
    memcpy(fresh->tags, kept, sizeof(kept));
    view->options->tag_count = fresh->tag_count;
    fresh->tag_count = count;
    json_array_append_new(applied, json_string("tag"));
    return NULL;
}

/* The last error, NULL if all went well. */
static json_t *take_priorities(const struct agent_view *view, const struct agent_options *fresh, json_t *applied) {
    bool any = false;
    json_t *wrong = NULL;
    for (size_t i = 0; i < view->options->scope_count; i++) {
        struct bw_scope_config *old = &view->options->scopes[i];
        for (size_t j = 0; j < fresh->scope_count; j++) {
            const struct bw_scope_config *scope = &fresh->scopes[j];
            if (strcmp(old->name, scope->name) != 0 || old->range_count != scope->range_count ||
                old->priority == scope->priority)
                continue;
            int error = bw_loop_priority(view->host, old->name, scope->priority);
            if (error != 0) {
                char text[BW_NAME_MAX + 128];
                snprintf(text, sizeof(text), "priority of %s: %s", old->name, bw_error_text(error));
                json_decref(wrong);
                wrong = control_error("invalid", text);
                continue;
            }
            old->priority = scope->priority;
            any = true;
        }
    }
    if (any)
        json_array_append_new(applied, json_string("scope"));
    return wrong;
}

static void take_log(struct agent_options *old, const struct agent_options *fresh, json_t *applied) {
    if (old->log_level != fresh->log_level)
        json_array_append_new(applied, json_string("log-level"));
    if (old->log_format != fresh->log_format)
        json_array_append_new(applied, json_string("log-format"));
    old->log_level = fresh->log_level;
    old->log_format = fresh->log_format;
    log_open(old->log_level, old->log_format);
}

/* ---- What counts at the next start only ---- */

/* Scopes as given, without their priorities. */
static char *without_priorities(const char *text) {
    char *copy = strdup(text == NULL ? "" : text);
    char *to = copy;
    for (const char *at = copy; copy != NULL && *at != '\0';) {
        bool begins = at > copy && (at[-1] == ':' || at[-1] == ',');
        if (begins && strncmp(at, "priority=", 9) == 0) {
            at += strcspn(at, ",\n");
            at += *at == ',';
        } else {
            *to++ = *at++;
        }
        if (*at == '\n' || *at == '\0')
            while (to > copy && (to[-1] == ',' || to[-1] == ':'))
                to--;
    }
    if (copy != NULL)
        *to = '\0';
    return copy;
}

static bool differs(const char *name, const char *old, const char *fresh) {
    static const char *const live[] = {"tag", "log-level", "log-format", "config"};
    for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++)
        if (strcmp(name, live[i]) == 0)
            return false;
    if (strcmp(name, "scope") != 0)
        return strcmp(old == NULL ? "" : old, fresh == NULL ? "" : fresh) != 0;
    char *a = without_priorities(old);
    char *b = without_priorities(fresh);
    bool different = a == NULL || b == NULL || strcmp(a, b) != 0;
    free(a);
    free(b);
    return different;
}

static json_t *list_restart(const struct agent_options *old, const struct agent_options *fresh) {
    json_t *list = json_array();
    for (size_t i = 0; agent_option_list[i].name != NULL; i++)
        if (differs(agent_option_list[i].name, old->given[i], fresh->given[i]))
            json_array_append_new(list, json_string(agent_option_list[i].name));
    return list;
}

/* ---- Both ---- */

/* Reads both files. NULL, or why nothing has changed, with what was complained about: where it stands, and what was meant. */
static json_t *read_files(const struct agent_view *view, struct agent_options *fresh, bool *keys_changed) {
    char told[COMPLAINT_SIZE];
    char text[COMPLAINT_SIZE + 256];
    complain_keep(told);
    const char *why = agent_options_again(fresh) ? agent_keys_reload(view, keys_changed)
                                                 : "the configuration cannot be used: all is as it was";
    complain_keep(NULL);
    if (why == NULL)
        return NULL;
    snprintf(text, sizeof(text), told[0] == '\0' ? "%s%s" : "%s (%s)", told, why);
    return control_error("invalid", text);
}

/* The error, and what has changed all the same. Frees wrong. */
static json_t *say_half(json_t *wrong, bool keys_changed, json_t *applied) {
    const json_t *error = json_object_get(wrong, "error");
    char changed[128];
    char text[COMPLAINT_SIZE + 256];
    if (keys_changed)
        json_array_insert_new(applied, 0, json_string("keys"));
    join_words(applied, changed, sizeof(changed));
    snprintf(text, sizeof(text), "%s; %s%s", json_text_of(error, "message"),
             changed[0] == '\0' ? "nothing has changed" : "changed all the same: ", changed);
    json_t *told = control_error(json_text_of(error, "code"), text);
    json_decref(wrong);
    return told;
}

static json_t *reload(struct agent_view *view, struct agent_options *fresh) {
    bool keys_changed = false;
    json_t *wrong = read_files(view, fresh, &keys_changed);
    if (wrong != NULL)
        return wrong;
    json_t *applied = json_array();
    wrong = take_tags(view, fresh, applied);
    if (wrong == NULL) {
        wrong = take_priorities(view, fresh, applied);
        take_log(view->options, fresh, applied);
    }
    if (wrong == NULL)
        return json_pack("{s:b,s:o,s:o,s:o}", "keys_changed", keys_changed, "applied", applied, "restart",
                         list_restart(view->options, fresh), "credentials", agent_credentials(view->options));
    wrong = say_half(wrong, keys_changed, applied);
    json_decref(applied);
    return wrong;
}

json_t *answer_reload(struct agent_view *view, const json_t *request) {
    struct agent_options *fresh = calloc(1, sizeof(*fresh));
    (void)request;
    if (fresh == NULL)
        return control_error("invalid", "out of memory");
    json_t *answer = reload(view, fresh);
    agent_options_free(fresh);
    free(fresh);
    return answer;
}

void agent_reload_by_signal(struct agent_view *view) {
    json_t *answer = answer_reload(view, NULL);
    const json_t *message = json_object_get(json_object_get(answer, "error"), "message");
    char applied[256];
    char restart[512];
    char copies[128];
    if (message != NULL) {
        log_line(LOG_LEVEL_ERROR, "SIGHUP: %s", json_string_value(message));
        json_decref(answer);
        return;
    }
    join_words(json_object_get(answer, "applied"), applied, sizeof(applied));
    join_words(json_object_get(answer, "restart"), restart, sizeof(restart));
    join_words(json_object_get(answer, "credentials"), copies, sizeof(copies));
    log_line(LOG_LEVEL_INFO, "SIGHUP: %s%s%s%s%s%s%s",
             json_is_true(json_object_get(answer, "keys_changed")) ? "the keys are read again"
                                                                   : "the keys are as they were",
             applied[0] == '\0' ? "" : "; changed: ", applied,
             restart[0] == '\0' ? "" : "; counts at the next start only: ", restart,
             copies[0] == '\0' ? "" : "; systemd's copies, which 'systemctl restart' makes anew: ", copies);
    json_decref(answer);
}
