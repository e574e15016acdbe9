#include "tests/scenario/rotation.h"

#include "tests/scenario/story.h"

#include <bellwether/keys.h>
#include <bellwether/node.h>

static bool all_confirmed(struct bw_sim *world_sim, void *context) {
    const size_t *host = context;
    struct bw_key_holder holder;
    for (size_t i = 0; bw_node_key_holder(bw_sim_node(world_sim, *host), i, &holder) == 0; i++)
        if (!holder.stored)
            return false;
    return true;
}

bool rotation_confirm(size_t host) {
    bw_sim_keys_ask(sim, host, 60 * 1000);
    return bw_sim_run_until(sim, all_confirmed, &host, 60 * 1000);
}

uint64_t rotation_key(size_t host, size_t index) {
    struct bw_key_info key = {0};
    return bw_node_key(bw_sim_node(sim, host), index, &key) == 0 ? key.id : 0;
}
