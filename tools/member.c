#include "tools/member.h"

#include "base/base.h"

bool member_by_id(const struct bw_node *node, const struct bw_id *id, struct bw_member_info *member) {
    for (size_t i = 0; bw_node_member(node, i, member) == 0; i++)
        if (bw_id_equal(&member->id, id))
            return true;
    return false;
}

bool member_self(const struct bw_node *node, struct bw_member_info *member) {
    for (size_t i = 0; bw_node_member(node, i, member) == 0; i++)
        if (member->self)
            return true;
    return false;
}
