#include "tools/agent_network.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tools/agent_members.h"
#include "tools/control_server.h"
#include "tools/json.h"

/* ------------------------------------------------------------------ rtt */

/* What may be off by more than itself is no estimate. */
static json_t *estimate_of(const struct bw_rtt *rtt) {
    return rtt->error_percent > 100 ? json_null() : json_real((double)rtt->estimate_us / 1000.0);
}

json_t *answer_rtt(struct agent_view *view, const json_t *request) {
    const struct bw_node *node = bw_loop_node(view->host);
    const json_t *from = json_object_get(request, "from");
    struct bw_member_info members[2] = {{.id = bw_node_id(node), .name = view->options->name}};
    struct bw_rtt rtt;
    json_t *error = find_member(node, json_string_value(json_object_get(request, "to")), rank_present, &members[1]);
    if (error == NULL && from != NULL)
        error = find_member(node, json_string_value(from), rank_present, &members[0]);
    if (error != NULL)
        return error;
    json_t *names[2] = {json_text(members[0].name), json_text(members[1].name)};
    int code = bw_loop_rtt(view->host, &members[0].id, &members[1].id, &rtt);
    if (code == 0)
        return json_pack("{s:o,s:o,s:o,s:I,s:o}", "from", names[0], "to", names[1], "estimate_ms", estimate_of(&rtt),
                         "error_percent", (json_int_t)rtt.error_percent, "measured_ms",
                         rtt.measured_us < 0 ? json_null() : json_real((double)rtt.measured_us / 1000.0));
    json_decref(names[0]);
    json_decref(names[1]);
    return code == BW_ERR_BUSY ? json_pack("{s:b}", "pending", 1)
                               : control_error(bw_error_name(code), bw_error_text(code));
}

/* ------------------------------------------------------------------ reachability */

struct row {
    const char *name;
    struct bw_reach reach;
};

/* Members by id, to name them. */
struct directory {
    struct bw_member_info *members;
    size_t count;
};

static int by_id(const void *a, const void *b) {
    return bw_id_compare(&((const struct bw_member_info *)a)->id, &((const struct bw_member_info *)b)->id);
}

static int by_name(const void *a, const void *b) {
    const struct row *left = a;
    const struct row *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : bw_id_compare(&left->reach.id, &right->reach.id);
}

static bool directory_open(struct directory *directory, const struct bw_node *node) {
    size_t count = bw_node_member_count(node);
    directory->count = 0;
    directory->members = calloc(count + 1, sizeof(*directory->members));
    if (directory->members == NULL)
        return false;
    while (directory->count < count &&
           bw_node_member(node, directory->count, &directory->members[directory->count]) == 0)
        directory->count++;
    qsort(directory->members, directory->count, sizeof(*directory->members), by_id);
    return true;
}

static const struct bw_member_info *directory_find(const struct directory *directory, const struct bw_id *id) {
    const struct bw_member_info wanted = {.id = *id};
    return bsearch(&wanted, directory->members, directory->count, sizeof(wanted), by_id);
}

/* Whom it does not hear though we hold them for alive: that somebody is dead to both is nothing to wonder at. */
static json_t *json_unheard(const struct directory *directory, const struct bw_reach *reach) {
    json_t *list = json_array();
    for (size_t i = 0; i < reach->id_count; i++) {
        const struct bw_member_info *member = directory_find(directory, &reach->unheard[i]);
        if (member != NULL && member->status <= BW_STATUS_SUSPECT)
            json_array_append_new(list, json_text(member->name));
    }
    return list;
}

static json_t *json_row(const struct directory *directory, const struct row *row) {
    const struct bw_reach *reach = &row->reach;
    char id[BW_ID_TEXT_SIZE];
    bw_id_text(&reach->id, id);
    return json_pack("{s:o,s:s,s:b,s:o,s:o}", "name", json_text(row->name), "id", id, "answered", reach->answered,
                     "members", reach->answered ? json_integer((json_int_t)reach->living_count) : json_null(),
                     "unheard", reach->answered ? json_unheard(directory, reach) : json_array());
}

static json_t *json_rows(const struct bw_node *node, const struct directory *directory) {
    struct row *rows = calloc(directory->count + 1, sizeof(*rows));
    size_t count = 0;
    struct bw_reach reach;
    json_t *list = json_array();
    for (size_t i = 0; rows != NULL && bw_node_reach(node, i, &reach) == 0; i++) {
        const struct bw_member_info *member = directory_find(directory, &reach.id);
        if (member != NULL && count < directory->count)
            rows[count++] = (struct row){member->name, reach};
    }
    if (rows != NULL)
        qsort(rows, count, sizeof(*rows), by_name);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_row(directory, &rows[i]));
    free(rows);
    return list;
}

json_t *answer_reachability(struct agent_view *view, const json_t *request) {
    const struct bw_node *node = bw_loop_node(view->host);
    const json_t *start = json_object_get(request, "start");
    struct directory directory;
    if (start != NULL && !json_is_boolean(start))
        return control_error("invalid", "start is true or false");
    int code = json_is_true(start) ? bw_loop_survey(view->host) : 0;
    if (code != 0)
        return control_error(bw_error_name(code), bw_error_text(code));
    if (!directory_open(&directory, node))
        return control_error(bw_error_name(BW_ERR_MEMORY), bw_error_text(BW_ERR_MEMORY));
    json_t *answer = json_pack("{s:b,s:o}", "pending", bw_node_surveying(node), "members", json_rows(node, &directory));
    free(directory.members);
    return answer;
}
