/* Target: what an agent is told – a configuration file, or, a line each, the values of --scope and --set and of every other option. What is
 * accepted must make a node, or be refused by the library with a reason. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tools/agent_options.h"
#include "tools/scope_option.h"

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"

static void entropy(void *context, void *data, size_t size) {
    (void)context;
    memset(data, 0x5a, size);
}

static void make_node(const struct agent_options *options) {
    struct fuzz_memory memory = {0};
    struct bw_config config;
    struct bw_node *node = NULL;
    bw_config_init(&config, options->profile);
    if (!agent_options_params(options, &config.params))
        return;
    config.allocator = fuzz_allocator(&memory);
    config.entropy = entropy;
    config.name = options->name != NULL ? options->name : "n";
    if (options->cluster != NULL)
        config.cluster = options->cluster;
    config.addr = (struct bw_addr){.ip = {127, 0, 0, 1}, .port = 7000, .family = 4};
    config.keys = KEY;
    config.keys_size = strlen(KEY);
    config.tags = options->tags;
    config.tag_count = options->tag_count;
    config.scopes = options->scopes;
    config.scope_count = options->scope_count;
    config.durable = true;
    const struct bw_time now = {BW_US_PER_S, INT64_C(1790000000000000)};
    int error = bw_node_create(&node, &config, now);
    FUZZ_CHECK(error <= 0 && (error == 0) == (node != NULL));
    if (node != NULL)
        bw_node_tick(node, (struct bw_time){2 * BW_US_PER_S, INT64_C(1790000001000000)});
    bw_node_destroy(node);
    FUZZ_CHECK(memory.used_size == 0);
}

static void file(struct fuzz_input *in) {
    char path[FUZZ_PATH_SIZE];
    struct agent_options options;
    int fd = fuzz_file(in->data, in->size, path);
    agent_options_init(&options);
    options.log_format_given = true; /* complaints do not become log lines */
    if (config_file_read(path, &options))
        make_node(&options);
    agent_options_free(&options);
    close(fd);
}

/* Each line is the value of the option that its first byte numbers. */
static void line(struct agent_options *options, char *text) {
    size_t count = 0;
    char why[256] = "";
    while (agent_option_list[count].name != NULL)
        count++;
    size_t index = text[0] != '\0' ? (uint8_t)*text++ % (count + 2) : 0;
    struct bw_params params;
    struct bw_scope_config scope;
    if (index == count) {
        struct bw_config config;
        bw_config_init(&config, BW_PROFILE_LAN);
        params = config.params;
        bool ok = agent_options_apply_set(&params, text, why, sizeof(why));
        FUZZ_CHECK(ok || why[0] != '\0');
    } else if (index == count + 1) {
        bool ok = scope_parse(text, &scope, why, sizeof(why));
        FUZZ_CHECK(ok || why[0] != '\0');
        if (ok)
            scope_free(&scope);
    } else if (strcmp(agent_option_list[index].name, "config") != 0) {
        bool ok = agent_option_list[index].set(options, text, why, sizeof(why));
        FUZZ_CHECK(ok || why[0] != '\0');
    }
}

static void lines(struct fuzz_input *in) {
    struct agent_options options;
    char *text = fuzz_text((struct bw_bytes){in->data, in->size});
    char *rest = text;
    agent_options_init(&options);
    for (char *one = strsep(&rest, "\n"); one != NULL; one = strsep(&rest, "\n"))
        line(&options, one);
    make_node(&options);
    agent_options_free(&options);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    fuzz_quiet();
    if (fuzz_below(&in, 2) == 0)
        file(&in);
    else
        lines(&in);
    return 0;
}
