/* What gossip's table takes for each member that it knows:
 *
 *   row MEMBERS...
 *
 * A node is told of so many members, and what its allocator gave more by then is divided by their number: the row, its place in the
 * ring and in the index. Strings, which are a block of their own (name, tags, candidacies), are counted apart; so is what is kept
 * of peers that it has spoken with, and of suspects. */
#include "gossip/machine.h"

#include <stdio.h>
#include <stdlib.h>

static void *resize(void *context, void *memory, size_t old_size, size_t new_size) {
    size_t *used = context;
    *used += new_size - old_size;
    if (new_size > 0)
        return realloc(memory, new_size);
    free(memory);
    return NULL;
}

static struct bw_frame_member frame_of(size_t number) {
    static char name[16];
    int size = snprintf(name, sizeof name, "host-%zu", number);
    struct bw_frame_member frame = {
        .incarnation = 1,
        .session = number + 1,
        .addr = {.ip = {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number},
                 .port = 7000,
                 .family = 4},
        .protocol_min = 1,
        .protocol_max = 1,
        .name = {(const uint8_t *)name, (size_t)size}};
    bw_put_u32(frame.id.bytes, (uint32_t)(number * 2654435761u));
    bw_put_u32(frame.id.bytes + 12, (uint32_t)number + 1);
    return frame;
}

static int measure(size_t members) {
    size_t used = 0; /* bytes */
    struct bw_trace trace = {0};
    struct bw_config config;
    bw_config_init(&config, BW_PROFILE_LAN);
    config.params.member_max = 65536;
    struct bw_frame_member self = frame_of(0);
    struct bw_gossip_config own = {.allocator = {resize, &used},
                                   .trace = &trace,
                                   .params = config.params,
                                   .seed = 1,
                                   .self = self.id,
                                   .session = self.session,
                                   .incarnation = 1,
                                   .name = "host-0",
                                   .label = "default",
                                   .addr = self.addr};
    struct bw_gossip *g = NULL;
    if (bw_gossip_create(&g, &own, (struct bw_time){0}) != 0)
        return 1;
    size_t before = used;
    size_t strings = 0;
    for (size_t i = 1; i < members; i++) {
        struct bw_frame_member frame = frame_of(i);
        struct bw_member *member = bw_view_create(g, &frame);
        if (member == NULL || bw_view_add(g, member) != 0)
            return 1;
        strings += bw_info_size(member->info);
    }
    double others = (double)members - 1;
    printf("{\"members\": %zu, \"row\": %.1f, \"of_that_struct\": %zu, \"strings\": %.1f, \"record_without_strings\": "
           "%zu, "
           "\"peer\": %zu, \"suspicion\": %zu, \"fixed\": %zu}\n",
           members, (double)(used - before - strings) / others, sizeof(struct bw_member), (double)strings / others,
           sizeof(struct bw_info), sizeof(struct bw_peer), sizeof(struct bw_suspicion), before);
    bw_gossip_destroy(g);
    return used == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= measure(strtoull(argv[i], NULL, 10));
    return failed;
}
