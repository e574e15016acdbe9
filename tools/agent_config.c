#include "tools/agent_config.h"

#include <string.h>

#include "node/host.h"
#include "tools/text.h"

bool agent_config_make(struct bw_config *config, const struct agent_options *options, const struct key_text *keys,
                       const struct agent_identity *identity) {
    bw_config_init(config, options->profile);
    if (!agent_options_params(options, &config->params))
        return false;
    config->name = options->name;
    config->cluster = options->cluster;
    config->addr = options->advertise;
    config->keys = keys->text;
    config->keys_size = keys->size;
    agent_identity_give(identity, options, config);
    config->tags = options->tags;
    config->tag_count = options->tag_count;
    config->scopes = options->scopes;
    config->scope_count = options->scope_count;
    return true;
}

static bool node_can_be_made(const struct agent_options *options, const struct key_text *keys,
                             const struct agent_identity *identity) {
    struct bw_config config;
    char why[512] = "";
    if (!agent_config_make(&config, options, keys, identity))
        return false;
    int error = bw_host_check(&config, options->state_dir, why, sizeof(why));
    if (error != 0)
        complain("%s", why[0] == '\0' ? bw_error_text(error) : why);
    return error == 0;
}

bool agent_config_check(const struct agent_options *options, bool complete) {
    struct bw_params params;
    struct key_text keys;
    struct agent_identity identity;
    memset(&identity, 0, sizeof(identity));
    bool sound = agent_options_params(options, &params);
    bool has_keys = options->key_file != NULL && key_file_read(options->key_file, &keys);
    bool has_identity = complete && agent_identity_read(&identity, options);
    bool good = sound && has_keys && has_identity && node_can_be_made(options, &keys, &identity);
    if (has_keys)
        key_forget(&keys);
    agent_identity_forget(&identity);
    return good;
}
