#include "tools/agent_members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tools/control_server.h"
#include "tools/json.h"
#include "tools/member.h"

/* ------------------------------------------------------------------ which member is meant */

const int rank_present[4] = {
    [BW_STATUS_ALIVE] = 3, [BW_STATUS_SUSPECT] = 3, [BW_STATUS_DEAD] = 2, [BW_STATUS_LEFT] = 1};

/* Whether the text is its name, or how its id begins. */
static bool is_called(const struct bw_member_info *member, const char *text, bool by_id) {
    char id[BW_ID_TEXT_SIZE];
    bw_id_text(&member->id, id);
    return by_id ? strncmp(id, text, strlen(text)) == 0 : strcmp(member->name, text) == 0;
}

/* Of several with one name the one that was there last is meant: earlier lives of a host are in the table as well. best is
 * the rank of each status, the larger wins. The number of those that are meant; the last one is in member. */
static size_t count_called(const struct bw_node *node, const char *text, bool by_id, const int rank[4],
                           struct bw_member_info *member) {
    struct bw_member_info at;
    size_t count = 0;
    for (size_t i = 0; bw_node_member(node, i, &at) == 0; i++) {
        if (!is_called(&at, text, by_id) || (count > 0 && rank[at.status] < rank[member->status]))
            continue;
        count = count > 0 && rank[at.status] == rank[member->status] ? count + 1 : 1;
        *member = at;
    }
    return count;
}

json_t *find_member(const struct bw_node *node, const char *name, const int rank[4], struct bw_member_info *member) {
    char why[BW_NAME_MAX + 96];
    if (name == NULL || name[0] == '\0')
        return control_error("invalid", "name is a member's name, or the beginning of its id");
    size_t count = count_called(node, name, false, rank, member);
    if (count == 0)
        count = count_called(node, name, true, rank, member);
    if (count == 1)
        return NULL;
    snprintf(why, sizeof(why),
             count == 0 ? "no member is called '%.63s'" : "'%.63s' is not one member alone: give its id", name);
    return control_error(count == 0 ? "not-found" : "ambiguous", why);
}

/* ------------------------------------------------------------------ tags */

static json_t *own_tags(const struct bw_node *node) {
    struct bw_member_info member;
    return member_self(node, &member) ? json_tags(member.tags) : json_object();
}

/* Changes tags as the request says. False: it is not well formed. */
static bool change_tags(json_t *tags, const json_t *request) {
    json_t *set = json_object_get(request, "set");
    const json_t *gone = json_object_get(request, "delete");
    const char *name;
    json_t *value;
    size_t index;
    if ((set != NULL && !json_is_object(set)) || (gone != NULL && !json_is_array(gone)))
        return false;
    json_array_foreach(gone, index, value) {
        if (!json_is_string(value))
            return false;
        json_object_del(tags, json_string_value(value));
    }
    json_object_foreach(set, name, value) {
        if (!json_is_string(value))
            return false;
        json_object_set(tags, name, value);
    }
    return true;
}

static int take_tags(struct agent_view *view, json_t *tags) {
    struct bw_tag *list = calloc(json_object_size(tags) + 1, sizeof(*list));
    size_t count = 0;
    const char *name;
    json_t *value;
    if (list == NULL)
        return BW_ERR_MEMORY;
    json_object_foreach(tags, name, value) {
        list[count].name = name;
        list[count++].value = json_string_value(value);
    }
    int error = bw_loop_set_tags(view->host, list, count);
    free(list);
    return error;
}

json_t *answer_tags(struct agent_view *view, const json_t *request) {
    json_t *tags = own_tags(bw_loop_node(view->host));
    if (!change_tags(tags, request)) {
        json_decref(tags);
        return control_error("invalid", "set is an object of strings, delete a list of strings");
    }
    int error = take_tags(view, tags);
    json_decref(tags);
    if (error == BW_ERR_SPACE)
        return control_error("space", "a member has at most 32 tags, of 512 bytes together");
    if (error != 0)
        return control_error(bw_error_name(error), error == BW_ERR_INVALID
                                                       ? "a tag's name has 1 to 63 bytes of UTF-8, neither it nor the "
                                                         "value has control characters"
                                                       : bw_error_text(error));
    return json_pack("{s:o}", "tags", own_tags(bw_loop_node(view->host)));
}

/* ------------------------------------------------------------------ forget */

json_t *answer_forget(struct agent_view *view, const json_t *request) {
    static const int rank[4] = {
        [BW_STATUS_DEAD] = 3, [BW_STATUS_SUSPECT] = 2, [BW_STATUS_ALIVE] = 1, [BW_STATUS_LEFT] = 0};
    struct bw_member_info member;
    char id[BW_ID_TEXT_SIZE];
    json_t *error =
        find_member(bw_loop_node(view->host), json_string_value(json_object_get(request, "name")), rank, &member);
    if (error != NULL)
        return error;
    bw_id_text(&member.id, id);
    json_t *done = json_pack("{s:o,s:s}", "forgotten", json_text(member.name), "id", id);
    int code = bw_loop_forget(view->host, &member.id);
    if (code == 0)
        return done;
    json_decref(done);
    return code == BW_ERR_BUSY ? control_error("alive", "only a dead member can be forgotten, and this one is not dead")
                               : control_error(bw_error_name(code), bw_error_text(code));
}

/* ------------------------------------------------------------------ why */

/* The member's name, its id if it is forgotten. */
static json_t *name_of(const struct bw_node *node, const struct bw_id *id) {
    struct bw_member_info member;
    char text[BW_ID_TEXT_SIZE];
    if (member_by_id(node, id, &member))
        return json_text(member.name);
    bw_id_text(id, text);
    return json_string(text);
}

static json_t *json_suspicion(const struct bw_node *node, const struct bw_why *why) {
    char began[TIME_TEXT_SIZE];
    json_t *accusers = json_array();
    for (size_t i = 0; i < why->accuser_count; i++)
        json_array_append_new(accusers, name_of(node, &why->accusers[i]));
    time_text(why->began_wall_us, began);
    json_t *outcome = why->runs                         ? json_null()
                      : why->outcome == BW_STATUS_ALIVE ? json_string("refuted")
                                                        : json_string(bw_status_name(why->outcome));
    return json_pack("{s:s,s:o,s:o,s:b,s:s,s:f,s:f,s:i,s:i,s:b}", "began", began, "outcome", outcome, "accusers",
                     accusers, "own", why->own, "evidence", bw_evidence_name(why->evidence, NULL), "lasted_ms",
                     (double)why->lasted_us / 1000.0, "wait_ms", (double)why->wait_us / 1000.0, "helpers",
                     (int)why->helper_count, "nacks", (int)why->nack_count, "damped", why->damped);
}

json_t *answer_why(struct agent_view *view, const json_t *request) {
    const struct bw_node *node = bw_loop_node(view->host);
    struct bw_member_info member;
    struct bw_why why;
    json_t *error = find_member(node, json_string_value(json_object_get(request, "name")), rank_present, &member);
    if (error != NULL)
        return error;
    char id[BW_ID_TEXT_SIZE], since[TIME_TEXT_SIZE];
    int code = bw_node_why(node, &member.id, &why);
    if (code != 0)
        return control_error(bw_error_name(code), bw_error_text(code));
    bw_id_text(&member.id, id);
    time_text(member.since_wall_us, since);
    return json_pack("{s:o,s:s,s:s,s:s,s:o,s:o,s:b,s:o,s:o,s:i,s:i,s:b}", "name", json_text(member.name), "id", id,
                     "status", bw_status_name(member.status), "since", since, "certificate_fault",
                     json_certificate_fault(node, &member.id, bw_loop_now()), "heard_ms",
                     why.heard_us < 0 ? json_null() : json_real((double)why.heard_us / 1000.0), "alone", why.alone,
                     "suspicion", why.suspected ? json_suspicion(node, &why) : json_null(), "forgotten_by",
                     bw_id_none(&why.forgotten_by) ? json_null() : name_of(node, &why.forgotten_by), "refuted",
                     (int)why.refuted_count, "refutations", (int)why.refutations, "unstable", why.unstable);
}
