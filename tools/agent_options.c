#include "tools/agent_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "tools/addr.h"
#include "tools/control_path.h"
#include "tools/scope_option.h"
#include "tools/text.h"

enum { NAME_LIST_MAX = 32 };

static bool set_text(char **field, const char *value) {
    free(*field);
    *field = strdup(value);
    return *field != NULL;
}

static bool set_label(char **field, const char *value, char *why, size_t why_size) {
    if (bw_text_valid((const uint8_t *)value, strlen(value), BW_NAME_MAX))
        return set_text(field, value);
    snprintf(why, why_size, "1 to %u bytes of UTF-8 without control characters", BW_NAME_MAX);
    return false;
}

static bool set_path(char **field, const char *value, char *why, size_t why_size) {
    snprintf(why, why_size, "a path is wanted");
    return value[0] != '\0' && set_text(field, value);
}

static bool set_config(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return set_path(&options->config, value, why, why_size);
}

static bool set_name(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return set_label(&options->name, value, why, why_size);
}

static bool set_cluster(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return set_label(&options->cluster, value, why, why_size);
}

static bool set_key_file(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return set_path(&options->key_file, value, why, why_size);
}

static bool set_state_dir(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return set_path(&options->state_dir, value, why, why_size);
}

static bool set_control(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return set_path(&options->control, value, why, why_size);
}

static bool set_bind(struct agent_options *options, const char *value, char *why, size_t why_size) {
    snprintf(why, why_size, "an address of this host is wanted: 192.0.2.1, 192.0.2.1:7947, ::1 or [::1]:7947");
    return bw_addr_parse(&options->bind, value, DEFAULT_PORT) == 0;
}

static bool set_advertise(struct agent_options *options, const char *value, char *why, size_t why_size) {
    snprintf(why, why_size, "an address is wanted: 192.0.2.1, 192.0.2.1:7947, 2001:db8::1 or [2001:db8::1]:7947");
    return bw_addr_parse(&options->advertise, value, 0) == 0;
}

static bool set_join(struct agent_options *options, const char *value, char *why, size_t why_size) {
    char host[256];
    uint16_t port;
    snprintf(why, why_size, "a host name or an address is wanted, with or without :PORT");
    if (!addr_split(value, DEFAULT_PORT, host, sizeof(host), &port))
        return false;
    snprintf(why, why_size, "at most %d addresses can be given", SEED_COUNT_MAX);
    return options->join_count < SEED_COUNT_MAX && set_text(&options->joins[options->join_count++], value);
}

static bool set_tag(struct agent_options *options, const char *value, char *why, size_t why_size) {
    const char *equals = strchr(value, '=');
    size_t size = equals == NULL ? 0 : (size_t)(equals - value);
    snprintf(why, why_size, "NAME=VALUE is wanted, UTF-8 without control characters");
    if (size == 0 || !bw_text_valid((const uint8_t *)value, strlen(value), BW_TAG_SIZE_MAX))
        return false;
    size_t at = 0;
    while (at < options->tag_count &&
           (strncmp(options->tags[at].name, value, size) != 0 || options->tags[at].name[size] != '\0'))
        at++;
    snprintf(why, why_size, "at most %u tags can be given", BW_TAG_COUNT_MAX);
    if (at == BW_TAG_COUNT_MAX)
        return false;
    if (at < options->tag_count) {
        free((char *)options->tags[at].name);
        free((char *)options->tags[at].value);
    } else {
        options->tag_count++;
    }
    options->tags[at].name = strndup(value, size);
    options->tags[at].value = strdup(equals + 1);
    return options->tags[at].name != NULL && options->tags[at].value != NULL;
}

static bool set_one_scope(struct agent_options *options, const char *value, char *why, size_t why_size) {
    struct bw_scope_config scope;
    if (!scope_parse(value, &scope, why, why_size))
        return false;
    size_t at = 0;
    while (at < options->scope_count && strcmp(options->scopes[at].name, scope.name) != 0)
        at++;
    if (at == SCOPE_COUNT_MAX) {
        scope_free(&scope);
        snprintf(why, why_size, "at most %d scopes can be given", SCOPE_COUNT_MAX);
        return false;
    }
    if (at < options->scope_count)
        scope_free(&options->scopes[at]);
    else
        options->scope_count++;
    options->scopes[at] = scope;
    return true;
}

static bool set_observer(struct agent_options *options, const char *value, char *why, size_t why_size) {
    static const char *const yes[] = {"yes", "true", "on", "1", NULL};
    static const char *const no[] = {"no", "false", "off", "0", NULL};
    snprintf(why, why_size, "yes or no");
    options->observer = value == NULL;
    for (size_t i = 0; value != NULL && yes[i] != NULL; i++) {
        options->observer = options->observer || strcmp(value, yes[i]) == 0;
        if (strcmp(value, no[i]) == 0)
            return true;
    }
    return options->observer;
}

/* "orders/0..63" stands for 64 scopes. */
static bool set_scope(struct agent_options *options, const char *value, char *why, size_t why_size) {
    unsigned first, last;
    int name_size = 0, size = 0;
    if (sscanf(value, "%*[^:/]/%n%5u..%5u%n", &name_size, &first, &last, &size) != 2 || size == 0 ||
        (value[size] != '\0' && value[size] != ':'))
        return set_one_scope(options, value, why, why_size);
    if (first > last || last - first >= SCOPE_COUNT_MAX) {
        snprintf(why, why_size, "a range rises, and has at most %d scopes", SCOPE_COUNT_MAX);
        return false;
    }
    for (unsigned i = first; i <= last; i++) {
        char *one = NULL;
        bool ok = asprintf(&one, "%.*s%u%s", name_size, value, i, value + size) >= 0 &&
                  set_one_scope(options, one, why, why_size);
        free(one);
        if (!ok)
            return false;
    }
    return true;
}

/* The index of value in names, -1 and why if it is none of them. */
static int choose(const char *const *names, const char *value, char *why, size_t why_size) {
    char hint[64];
    size_t used = 0;
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], value) == 0)
            return i;
    for (int i = 0; names[i] != NULL && used < why_size; i++)
        used += (size_t)snprintf(why + used, why_size - used, "%s%s",
                                 i == 0                 ? ""
                                 : names[i + 1] == NULL ? " or "
                                                        : ", ",
                                 names[i]);
    if (used < why_size)
        snprintf(why + used, why_size - used, "%s", nearest_hint(value, names, hint, sizeof(hint)));
    return -1;
}

static bool set_profile(struct agent_options *options, const char *value, char *why, size_t why_size) {
    static const char *const names[] = {"local", "lan", "wan", NULL}; /* enum bw_profile */
    int chosen = choose(names, value, why, why_size);
    if (chosen >= 0)
        options->profile = (enum bw_profile)chosen;
    return chosen >= 0;
}

static bool set_log_level(struct agent_options *options, const char *value, char *why, size_t why_size) {
    int chosen = choose(log_level_names, value, why, why_size);
    if (chosen >= 0)
        options->log_level = (enum log_level)chosen;
    return chosen >= 0;
}

static bool set_log_format(struct agent_options *options, const char *value, char *why, size_t why_size) {
    int chosen = choose(log_format_names, value, why, why_size);
    if (chosen >= 0)
        options->log_format = (enum log_format)chosen;
    return chosen >= 0;
}

/* Tells why bw_params_set refuses NAME=VALUE. */
bool agent_options_apply_set(struct bw_params *params, const char *text, char *why, size_t why_size) {
    char name[64] = "";
    char hint[96];
    uint64_t value = 0;
    const char *equals = strchr(text, '=');
    snprintf(why, why_size, "PARAM=VALUE is wanted, VALUE a whole number; 'bellwether help parameters' lists them");
    if (equals == NULL || (size_t)(equals - text) >= sizeof(name) || !parse_number(equals + 1, 0, UINT32_MAX, &value))
        return false;
    memcpy(name, text, (size_t)(equals - text));
    for (char *at = name; *at != '\0'; at++)
        if (*at == '-')
            *at = '_';
    int error = bw_params_set(params, name, (uint32_t)value);
    const char *names[64];
    uint32_t least = 0, largest = 0;
    size_t count = 0;
    while (count < BW_COUNT(names) - 1 && (names[count] = bw_params_describe(count, NULL, &least, &largest)) != NULL &&
           strcmp(names[count], name) != 0)
        count++;
    if (error == BW_ERR_NOT_FOUND) {
        names[count] = NULL;
        snprintf(why, why_size, "there is no parameter '%s'%s; 'bellwether help parameters' lists them", name,
                 nearest_hint(name, names, hint, sizeof(hint)));
    } else if (error != 0) {
        snprintf(why, why_size, "%s goes from %u to %u", name, least, largest);
    }
    return error == 0;
}

static bool set_param(struct agent_options *options, const char *value, char *why, size_t why_size) {
    struct bw_config config;
    bw_config_init(&config, options->profile);
    if (!agent_options_apply_set(&config.params, value, why, why_size))
        return false;
    snprintf(why, why_size, "at most %d parameters can be set", SET_COUNT_MAX);
    return options->set_count < SET_COUNT_MAX && set_text(&options->sets[options->set_count++], value);
}

const struct agent_option agent_option_list[] = {
    {"config", "FILE", "Read this configuration file; what is given here overrides it", set_config},
    {"name", "NAME", "This member's name (default: the host's)", set_name},
    {"cluster", "LABEL", "The cluster's label; other labels are other clusters (default: default)", set_cluster},
    {"bind", "ADDR[:PORT]", "Receive here (default: all addresses, port 7947); port 0: any free one", set_bind},
    {"advertise", "ADDR[:PORT]", "Where the others reach this member (default: found by itself)", set_advertise},
    {"join", "ADDR[:PORT]", "A member to join; repeatable, tried for ever, one's own is harmless", set_join},
    {"key-file", "FILE", "The cluster's keys (default: bellwether.key beside the configuration file)", set_key_file},
    {"tag", "NAME=VALUE", "Show this tag to all members; repeatable", set_tag},
    {"scope", "NAME[:OPT=VAL,...]",
     "Stand in this scope, or in several (orders/0..7); repeatable (default: default:priority=100). OPT: priority=N, "
     "mode=priority|bully|quorum, voters=NAME+NAME+NAME (with mode=quorum: only a majority of them elects), "
     "min_ack=N, min_confirm=N, min_view=N (lead only among so many), "
     "failover=fast|safe, lease=MS, preempt=never|MS (default: 10000; bully 0), gate (not ready until 'bellwether "
     "ready' says "
     "so)",
     set_scope},
    {"observer", NULL, "Stand in no scope; as one of the voters of a scope in quorum mode, vote only", set_observer},
    {"profile", "local|lan|wan", "Where the cluster lives (default: lan)", set_profile},
    {"set", "PARAM=VALUE", "Override one parameter of the profile; repeatable", set_param},
    {"state-dir", "DIR", "Durable state (default: $STATE_DIRECTORY, $XDG_STATE_HOME/bellwether, /var/lib/bellwether)",
     set_state_dir},
    {"control", "PATH",
     "Control socket (default: $BELLWETHER_CONTROL, $XDG_RUNTIME_DIR/bellwether.sock, /run/bellwether/agent.sock)",
     set_control},
    {"log-level", "LEVEL", "debug, info, warn or error (default: info)", set_log_level},
    {"log-format", "FORMAT", "text or json (default: text)", set_log_format},
    {NULL, NULL, NULL, NULL},
};

const struct agent_option *agent_option_find(const char *name) {
    for (const struct agent_option *option = agent_option_list; option->name != NULL; option++)
        if (strcmp(option->name, name) == 0)
            return option;
    return NULL;
}

void agent_option_names(const char **names, size_t size) {
    size_t count = 0;
    for (; count + 1 < size && agent_option_list[count].name != NULL; count++)
        names[count] = agent_option_list[count].name;
    names[count] = NULL;
}

void agent_options_init(struct agent_options *options) {
    memset(options, 0, sizeof(*options));
    options->bind.port = DEFAULT_PORT;
    options->profile = BW_PROFILE_LAN;
    options->log_level = LOG_LEVEL_INFO;
}

void agent_options_free(struct agent_options *options) {
    char *texts[] = {options->config,   options->name,      options->cluster,
                     options->key_file, options->state_dir, options->control};
    for (size_t i = 0; i < BW_COUNT(texts); i++)
        free(texts[i]);
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
    return set_text(&options->name, name);
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
    return set_text(&options->state_dir, "/var/lib/bellwether");
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

bool agent_options_complete(struct agent_options *options) {
    if (!complete_name(options) || !complete_key_file(options) || !complete_state_dir(options))
        return false;
    if (options->control == NULL) {
        char path[CONTROL_PATH_SIZE];
        control_path_default(path);
        if (!set_text(&options->control, path))
            return false;
    }
    if (options->cluster == NULL && !set_text(&options->cluster, "default"))
        return false;
    char why[1];
    if (options->scope_count == 0 && !set_scope(options, "default", why, sizeof(why)))
        return false;
    if (options->observer)
        observe(options);
    return true;
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
