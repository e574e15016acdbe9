/* What was not said: defaults. What was said must fit together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "tools/addr.h"
#include "tools/agent_options.h"
#include "tools/confine.h"
#include "tools/control_path.h"
#include "tools/scope_option.h"
#include "tools/text.h"

static bool take_text(char **field, const char *value) {
    *field = strdup(value);
    return *field != NULL;
}

void agent_options_init(struct agent_options *options) {
    memset(options, 0, sizeof(*options));
    options->bind.port = DEFAULT_PORT;
    options->profile = BW_PROFILE_LAN;
    options->log_level = LOG_LEVEL_INFO;
    options->control_group = CONTROL_NO_GROUP;
    options->confine = confine_by_default();
}

void agent_options_free(struct agent_options *options) {
    char *texts[] = {options->config,   options->name,        options->cluster,   options->key_file, options->state_dir,
                     options->identity, options->certificate, options->authority, options->revoked,  options->control};
    for (size_t i = 0; i < BW_COUNT(texts); i++)
        free(texts[i]);
    discover_free(&options->discover);
    http_option_free(&options->http);
    for (size_t i = 0; i < options->join_count; i++)
        free(options->joins[i]);
    for (size_t i = 0; i < options->set_count; i++)
        free(options->sets[i]);
    for (size_t i = 0; i < options->tag_count; i++) {
        free((char *)options->tags[i].name);
        free((char *)options->tags[i].value);
    }
    for (size_t i = 0; i < options->scope_count; i++)
        scope_free(&options->scopes[i]);
    for (size_t i = 0; i < AGENT_OPTION_MAX; i++)
        free(options->given[i]);
    memset(options, 0, sizeof(*options));
}

static bool complete_name(struct agent_options *options) {
    char name[BW_NAME_MAX + 2] = "";
    if (options->name != NULL)
        return true;
    if (gethostname(name, sizeof(name) - 1) != 0)
        name[0] = '\0';
    name[BW_NAME_MAX] = '\0';
    if (!bw_text_valid((const uint8_t *)name, strlen(name), BW_NAME_MAX)) {
        complain("the host has no usable name: give one with --name");
        return false;
    }
    return take_text(&options->name, name);
}

static bool complete_key_file(struct agent_options *options) {
    if (options->key_file != NULL)
        return true;
    if (options->config == NULL) {
        complain("no key: give --key-file FILE, or --config FILE with a bellwether.key beside it; 'bellwether init' "
                 "makes both");
        return false;
    }
    const char *slash = strrchr(options->config, '/');
    int size = slash == NULL ? 0 : (int)(slash - options->config) + 1;
    return asprintf(&options->key_file, "%.*sbellwether.key", size, options->config) >= 0;
}

static bool complete_state_dir(struct agent_options *options) {
    const char *given = getenv("STATE_DIRECTORY");
    const char *home = getenv("XDG_STATE_HOME");
    if (options->state_dir != NULL)
        return true;
    if (given != NULL && given[0] != '\0') /* systemd: several are separated by colons */
        return (options->state_dir = strndup(given, strcspn(given, ":"))) != NULL;
    if (home != NULL && home[0] == '/')
        return asprintf(&options->state_dir, "%s/bellwether", home) >= 0;
    return take_text(&options->state_dir, "/var/lib/bellwether");
}

/* Stands for nothing; of a scope in quorum mode it is a witness: it votes. */
static void observe(struct agent_options *options) {
    size_t kept = 0;
    for (size_t i = 0; i < options->scope_count; i++) {
        if (options->scopes[i].mode != BW_MODE_QUORUM) {
            scope_free(&options->scopes[i]);
            continue;
        }
        options->scopes[kept] = options->scopes[i];
        options->scopes[kept++].witness = true;
    }
    options->scope_count = kept;
}

static bool identity_whole(const struct agent_options *options) {
    int given = (options->identity != NULL) + (options->certificate != NULL) + (options->authority != NULL);
    if (given != 0 && given != 3)
        complain("identity mode needs all three: --identity, --certificate and --authority");
    if (given == 0 && options->revoked != NULL)
        complain("--revoked is for identity mode");
    return given == 3 || (given == 0 && options->revoked == NULL);
}

bool agent_options_complete(struct agent_options *options) {
    bool whole = identity_whole(options);
    if (!complete_name(options) || !complete_key_file(options) || !complete_state_dir(options))
        return false;
    if (options->control == NULL) {
        char path[CONTROL_PATH_SIZE];
        control_path_default(path);
        if (!take_text(&options->control, path))
            return false;
    }
    if (options->cluster == NULL && !take_text(&options->cluster, "default"))
        return false;
    char why[1];
    if (options->scope_count == 0 && !agent_option_find("scope")->set(options, "default", why, sizeof(why)))
        return false;
    if (options->observer)
        observe(options);
    return whole;
}

bool agent_options_params(const struct agent_options *options, struct bw_params *params) {
    struct bw_config config;
    char why[256];
    const char *reason = NULL;
    bw_config_init(&config, options->profile);
    *params = config.params;
    for (size_t i = 0; i < options->set_count; i++) {
        if (!agent_options_apply_set(params, options->sets[i], why, sizeof(why))) {
            complain("--set %s: %s", options->sets[i], why);
            return false;
        }
    }
    if (bw_params_check(params, &reason) != 0) {
        complain("the parameters contradict each other: %s", reason);
        return false;
    }
    return true;
}
