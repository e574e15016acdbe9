#include "tools/differs.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "tools/json.h"
#include "tools/scope_option.h"

enum { SHOWN_MAX = 8 };

/* As the configuration has it. */
static void value_text(enum bw_shared_setting setting, uint32_t value, char text[16]) {
    if (setting == BW_SHARED_SETTING_MODE)
        snprintf(text, 16, "%s", mode_name((enum bw_mode)value));
    else if (setting == BW_SHARED_SETTING_SPREAD)
        snprintf(text, 16, "%s", value != 0 ? "yes" : "no");
    else
        snprintf(text, 16, "%u", (unsigned)value);
}

json_t *json_differs(const struct bw_node *node, const char *scope) {
    struct bw_difference_info infos[SHOWN_MAX];
    size_t count = 0;
    json_t *list = json_array();
    (void)bw_node_differences(node, scope, infos, SHOWN_MAX, &count);
    for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
        char id[BW_ID_TEXT_SIZE];
        char theirs[16];
        char ours[16];
        bw_id_text(&infos[i].id, id);
        value_text(infos[i].setting, infos[i].theirs, theirs);
        value_text(infos[i].setting, infos[i].ours, ours);
        json_array_append_new(list,
                              json_pack("{s:o,s:s,s:s,s:s,s:s}", "name", json_text(infos[i].name), "id", id, "setting",
                                        bw_shared_setting_name(infos[i].setting), "theirs", theirs, "ours", ours));
    }
    return list;
}

void differs_text(const json_t *difference, char *text, size_t size) {
    const char *name = json_text_of(difference, "name");
    snprintf(text, size, "%s has %s=%s, this agent %s", name[0] == '\0' ? "a member" : name,
             json_text_of(difference, "setting"), json_text_of(difference, "theirs"), json_text_of(difference, "ours"));
}

size_t differs_base(const char *scope) {
    size_t size = 0;
    return bw_scope_seat(scope, &size) >= 0 || bw_scope_shard(scope, &size) >= 0 ? size : strlen(scope);
}
