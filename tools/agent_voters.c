/* The voters of a scope in quorum mode: who they are, and an operator's change of them. */
#include "tools/agent_voters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/agent_members.h"
#include "tools/agent_scope.h"
#include "tools/control_server.h"
#include "tools/json.h"

/* By name, those that are no members now behind all others, by id. */
static int before(const void *one, const void *two) {
    const struct bw_voter_info *a = one, *b = two;
    if (a->known != b->known)
        return a->known ? -1 : 1;
    int order = a->known ? strcmp(a->name, b->name) : 0;
    return order != 0 ? order : memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes));
}

static json_t *voter_list(const struct bw_node *node, const char *scope) {
    json_t *list = json_array();
    struct bw_voter_info voters[BW_VOTERS_MAX];
    size_t count = 0;
    while (count < BW_VOTERS_MAX && bw_node_voter(node, scope, count, &voters[count]) == 0)
        count++;
    qsort(voters, count, sizeof(voters[0]), before);
    for (size_t i = 0; i < count; i++) {
        const struct bw_voter_info *voter = &voters[i];
        char id[BW_ID_TEXT_SIZE];
        bw_id_text(&voter->id, id);
        json_array_append_new(list, json_pack("{s:o,s:s,s:o}", "name",
                                              voter->known ? json_text(voter->name) : json_null(), "id", id, "status",
                                              voter->known ? json_string(bw_status_name(voter->status)) : json_null()));
    }
    return list;
}

/* Whom a name, or the beginning of an id, means among the voters: one that is no member any more can still be removed. */
static size_t find_voter(const struct bw_node *node, const char *scope, const char *name, struct bw_id *id) {
    struct bw_voter_info voter;
    size_t found = 0;
    for (size_t i = 0; bw_node_voter(node, scope, i, &voter) == 0; i++) {
        char text[BW_ID_TEXT_SIZE];
        bw_id_text(&voter.id, text);
        if ((voter.known && strcmp(voter.name, name) == 0) || strncmp(text, name, strlen(name)) == 0) {
            *id = voter.id;
            found++;
        }
    }
    return found;
}

static json_t *find(const struct bw_node *node, const char *scope, const char *name, bool add, struct bw_id *id) {
    struct bw_member_info member;
    char why[2 * BW_NAME_MAX + 96];
    if (name == NULL || name[0] == '\0')
        return control_error("invalid", "add or remove is a member's name or the beginning of its id");
    if (add) {
        json_t *error = find_member(node, name, rank_present, &member);
        *id = member.id;
        return error;
    }
    size_t count = find_voter(node, scope, name, id);
    snprintf(why, sizeof(why),
             count == 0 ? "'%.63s' is no voter of '%.63s'"
                        : "'%.63s' means several voters of '%.63s': give more of the id",
             name, scope);
    return count == 1 ? NULL : control_error(count == 0 ? "not-found" : "ambiguous", why);
}

static json_t *change(struct agent_view *view, const char *scope, const json_t *request) {
    const json_t *added = json_object_get(request, "add");
    const char *reason = NULL;
    struct bw_id id = {{0}};
    const json_t *whom = added != NULL ? added : json_object_get(request, "remove");
    json_t *error = find(bw_loop_node(view->host), scope, json_string_value(whom), added != NULL, &id);
    if (error != NULL)
        return error;
    int code = bw_loop_change_voters(view->host, scope, &id, added != NULL, &reason);
    struct bw_scope_info info;
    if (code == BW_ERR_BUSY && !(scope_leader(bw_loop_node(view->host), scope, &info) && info.role == BW_ROLE_LEADER))
        return scope_not_leading(view, scope);
    if (code == 0)
        return NULL;
    return control_error(bw_error_name(code), reason != NULL ? reason : bw_error_text(code));
}

json_t *answer_voters(struct agent_view *view, const json_t *request) {
    const char *scope = json_string_value(json_object_get(request, "scope"));
    const struct bw_node *node = bw_loop_node(view->host);
    bool changes = json_object_get(request, "add") != NULL || json_object_get(request, "remove") != NULL;
    struct bw_voter_info first;
    char why[BW_NAME_MAX + 160];
    if (scope == NULL || (json_object_get(request, "add") != NULL && json_object_get(request, "remove") != NULL))
        return control_error("invalid", "scope is a string; add or remove, not both, is a member's name");
    if (bw_node_voter(node, scope, 0, &first) != 0) {
        snprintf(why, sizeof(why),
                 "this agent knows no voters of '%.63s': it is not in quorum mode here, or not all of its voters have "
                 "been seen yet",
                 scope);
        return control_error("not-found", why);
    }
    json_t *error = changes ? change(view, scope, request) : NULL;
    return error != NULL ? error : json_pack("{s:s,s:o}", "scope", scope, "voters", voter_list(node, scope));
}
