/* The unit tests of the pure node. */
#include "tests/unit/node_test.h"

#include <string.h>

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define WALL_US INT64_C(1790000000000000)

static void entropy(void *context, void *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)data)[i] = (uint8_t)bw_rng_next(context);
    }
}

struct bw_time node_test_time(int64_t ms) {
    return (struct bw_time){ms * BW_US_PER_MS, WALL_US + ms * BW_US_PER_MS};
}

struct bw_config node_test_config(struct test_memory *memory, struct bw_rng *rng, unsigned number) {
    static const char *const names[] = {"n0", "n1", "n2", "n3"};
    struct bw_config config;
    bw_config_init(&config, BW_PROFILE_LAN);
    config.allocator = test_allocator(memory);
    config.entropy = entropy;
    config.entropy_context = rng;
    config.name = names[number % BW_COUNT(names)];
    config.addr = (struct bw_addr){.ip = {127, 0, 0, 1}, .port = (uint16_t)(7000 + number), .family = 4};
    config.keys = KEY;
    config.keys_size = strlen(KEY);
    return config;
}

int main(int argc, char **argv) {
    const struct tap_suite suites[] = {node_history_suite, node_state_suite, node_node_suite, node_pair_suite};
    return tap_run(suites, BW_COUNT(suites), argc, argv);
}
