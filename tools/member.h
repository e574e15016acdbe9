/* One member of those that a node knows. */
#ifndef BW_TOOLS_MEMBER_H
#define BW_TOOLS_MEMBER_H

#include <stdbool.h>

#include <bellwether/node.h>

/* False: it does not know that one, and member is anything. */
bool member_by_id(const struct bw_node *node, const struct bw_id *id, struct bw_member_info *member);
bool member_self(const struct bw_node *node, struct bw_member_info *member);

#endif
