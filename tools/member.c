#include "tools/member.h"

#include "node/host.h"

bool member_by_id(const struct bw_node *node, const struct bw_id *id, struct bw_member_info *member) {
    return bw_host_member(node, id, member) == 0;
}

bool member_self(const struct bw_node *node, struct bw_member_info *member) {
    const struct bw_id own = bw_node_id(node);
    return bw_host_member(node, &own, member) == 0;
}
