#include "tools/agent_options.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "crypto/identity.h"
#include "node/addr.h"
#include "tools/addr.h"
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

static bool set_identity(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return set_path(&options->identity, value, why, why_size);
}

static bool set_certificate(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return set_path(&options->certificate, value, why, why_size);
}

static bool set_authority(struct agent_options *options, const char *value, char *why, size_t why_size) {
    snprintf(why, why_size, "a public key in base64 is wanted: 'bellwether authority init' prints it");
    uint8_t key[BW_PUBLIC_SIZE];
    return bw_public_parse(key, value) == 0 && set_text(&options->authority, value);
}

static bool set_revoked(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return set_path(&options->revoked, value, why, why_size);
}

static bool set_state_dir(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return set_path(&options->state_dir, value, why, why_size);
}

static bool set_control(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return set_path(&options->control, value, why, why_size);
}

static bool set_control_group(struct agent_options *options, const char *value, char *why, size_t why_size) {
    uint64_t number;
    const struct group *group = getgrnam(value);
    snprintf(why, why_size, "there is no such group");
    if (group != NULL)
        options->control_group = group->gr_gid;
    else if (parse_number(value, 0, UINT32_MAX - 1, &number))
        options->control_group = (gid_t)number;
    else
        return false;
    return true;
}

static bool set_bind(struct agent_options *options, const char *value, char *why, size_t why_size) {
    snprintf(why, why_size, "an address of this host is wanted: 192.0.2.1, 192.0.2.1:7947, ::1 or [::1]:7947");
    return bw_addr_parse(&options->bind, value, DEFAULT_PORT) == 0;
}

static bool set_advertise(struct agent_options *options, const char *value, char *why, size_t why_size) {
    snprintf(why, why_size, "an address is wanted: 192.0.2.1, 192.0.2.1:7947, 2001:db8::1 or [2001:db8::1]:7947");
    if (bw_addr_parse(&options->advertise, value, 0) != 0)
        return false;
    snprintf(why, why_size, "that stands for all addresses: one at which the others reach this member is wanted");
    return !bw_addr_unspecified(&options->advertise);
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

static bool set_discover(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return discover_set_group(&options->discover, value, why, why_size);
}

static bool set_discover_interface(struct agent_options *options, const char *value, char *why, size_t why_size) {
    options->discover.on = true;
    return discover_add_interface(&options->discover, value, why, why_size);
}

static bool set_http(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return http_set_addr(&options->http, value, why, why_size);
}

static bool set_http_host(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return http_add_host(&options->http, value, why, why_size);
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

/* Whether both are declared under the same name: the later one holds. */
static bool same_name(const struct bw_scope_config *a, const struct bw_scope_config *b) {
    return strcmp(a->name, b->name) == 0 && (a->range_count > 0) == (b->range_count > 0);
}

static bool add_scope(struct agent_options *options, struct bw_scope_config *scope, char *why, size_t why_size) {
    size_t at = 0;
    while (at < options->scope_count && !same_name(&options->scopes[at], scope))
        at++;
    for (size_t i = 0; i < options->scope_count; i++) {
        const struct bw_scope_config *other = &options->scopes[i];
        if (i != at && (scope_covers(other, scope->name) || scope_covers(scope, other->name))) {
            snprintf(why, why_size, "'%s' is in the range %s/%u..%u, too: a scope is declared once",
                     scope->range_count > 0 ? other->name : scope->name,
                     scope->range_count > 0 ? scope->name : other->name,
                     scope->range_count > 0 ? scope->range_first : other->range_first,
                     (scope->range_count > 0 ? scope->range_first + scope->range_count
                                             : other->range_first + other->range_count) -
                         1);
            scope_free(scope);
            return false;
        }
    }
    if (at == SCOPE_COUNT_MAX) {
        scope_free(scope);
        snprintf(why, why_size, "at most %d scopes can be given, each range counted as one", SCOPE_COUNT_MAX);
        return false;
    }
    if (at < options->scope_count)
        scope_free(&options->scopes[at]);
    else
        options->scope_count++;
    options->scopes[at] = *scope;
    return true;
}

/* In quorum mode each scope of a range is a declaration of its own: its voters are. */
static bool add_one_by_one(struct agent_options *options, const char *value, const struct bw_scope_config *range,
                           char *why, size_t why_size) {
    const char *settings = strchr(value, ':');
    if (range->range_count > SCOPE_COUNT_MAX) {
        snprintf(why, why_size, "in quorum mode a range has at most %d scopes", SCOPE_COUNT_MAX);
        return false;
    }
    for (uint32_t i = 0; i < range->range_count; i++) {
        char *text = NULL;
        struct bw_scope_config one;
        bool ok = asprintf(&text, "%s/%u%s", range->name, range->range_first + i, settings) >= 0 &&
                  scope_parse(text, &one, why, why_size) && add_scope(options, &one, why, why_size);
        free(text);
        if (!ok)
            return false;
    }
    return true;
}

/* "orders/0..63" stands for 64 scopes. */
static bool set_scope(struct agent_options *options, const char *value, char *why, size_t why_size) {
    struct bw_scope_config scope;
    if (!scope_parse(value, &scope, why, why_size))
        return false;
    if (scope.range_count == 0 || scope.mode != BW_MODE_QUORUM)
        return add_scope(options, &scope, why, why_size);
    bool ok = add_one_by_one(options, value, &scope, why, why_size);
    scope_free(&scope);
    return ok;
}

static bool parse_yes(const char *value, bool *yes, char *why, size_t why_size) {
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    snprintf(why, why_size, "yes or no");
    for (size_t i = 0; i < BW_COUNT(words); i++)
        if (strcmp(value, words[i]) == 0) {
            *yes = i % 2 != 0;
            return true;
        }
    return false;
}

static bool set_observer(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return parse_yes(value == NULL ? "yes" : value, &options->observer, why, why_size);
}

static bool set_confine(struct agent_options *options, const char *value, char *why, size_t why_size) {
    return parse_yes(value, &options->confine, why, why_size);
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
    {"config", "FILE", "Read this configuration file; what is given here overrides it", set_config, false, false},
    {"name", "NAME", "This member's name (default: the host's)", set_name, false, false},
    {"cluster", "LABEL", "The cluster's label; other labels are other clusters (default: default)", set_cluster, false,
     false},
    {"bind", "ADDR[:PORT]", "Receive here (default: all addresses, port 7947); port 0: any free one", set_bind, false,
     false},
    {"advertise", "ADDR[:PORT]", "Where the others reach this member (default: found by itself)", set_advertise, false,
     false},
    {"join", "ADDR[:PORT]", "A member to join; repeatable, tried for ever, one's own is harmless", set_join, false,
     true},
    {"discover", "GROUP",
     "Find the other agents of this cluster on the LAN, by multicast, and be found. GROUP: 239.255.A.B, with or "
     "without "
     ":PORT, or a :PORT alone (default: 239.255.66.87:7948); IPv6 uses ff12:: with the same last 32 bits. In the file: "
     "yes, no or a GROUP",
     set_discover, true, false},
    {"discover-interface", "NAME",
     "Discover on this interface, whatever it is, and on no others that are not named; repeatable (default: all that "
     "are not loopback, point-to-point or virtual)",
     set_discover_interface, false, true},
    {"key-file", "FILE", "The cluster's keys (default: bellwether.key beside the configuration file)", set_key_file,
     false, false},
    {"identity", "FILE", "Identity mode: this member's own key, made by 'bellwether keygen --identity'", set_identity,
     false, false},
    {"certificate", "FILE",
     "Identity mode: what 'bellwether authority sign' printed for that key; when the file changes it is read again",
     set_certificate, false, false},
    {"authority", "KEY", "Identity mode: the public key of the authority, the same for all members", set_authority,
     false, false},
    {"revoked", "FILE",
     "Identity mode: lines that 'bellwether authority revoke' printed; one agent that has them is enough; read again "
     "when the file changes, and need not be there yet",
     set_revoked, false, false},
    {"tag", "NAME=VALUE", "Show this tag to all members; repeatable", set_tag, false, true},
    {"scope", "NAME[:OPT=VAL,...]",
     "Stand in this scope, or in a range of them (orders/0..63); repeatable (default: default:priority=100). OPT: "
     "priority=N, spread (of equal candidates a hash decides, so that many scopes spread evenly), "
     "seats=K (so many lead at once, each in a seat NAME#0, NAME#1, ...), "
     "mode=priority|bully|quorum, voters=NAME+NAME+NAME (with mode=quorum: only a majority of them elects), "
     "min_ack=N, min_confirm=N, min_view=N (lead only among so many), "
     "failover=fast|safe, lease=MS, preempt=never|MS (default: 10000; bully 0), gate (not ready until 'bellwether "
     "ready' says "
     "so)",
     set_scope, false, true},
    {"observer", NULL, "Stand in no scope; as one of the voters of a scope in quorum mode, vote only", set_observer,
     false, false},
    {"profile", "local|lan|wan", "Where the cluster lives (default: lan)", set_profile, false, false},
    {"set", "PARAM=VALUE", "Override one parameter of the profile; repeatable", set_param, false, true},
    {"state-dir", "DIR", "Durable state (default: $STATE_DIRECTORY, $XDG_STATE_HOME/bellwether, /var/lib/bellwether)",
     set_state_dir, false, false},
    {"control", "PATH",
     "Control socket (default: $BELLWETHER_CONTROL, $XDG_RUNTIME_DIR/bellwether.sock, /run/bellwether/agent.sock)",
     set_control, false, false},
    {"control-group", "GROUP",
     "Let this group read at the control socket; changing is for the agent's own user and root (default: no group)",
     set_control_group, false, false},
    {"http", "ADDR:PORT",
     "Show the cluster over HTTP here, to whoever reaches it: dashboard, metrics, JSON, events, checks of load "
     "balancers "
     "(default: no). It changes nothing; port 0: any free one",
     set_http, false, false},
    {"http-host", "NAME",
     "Answer HTTP requests for this host name, too; repeatable (default: localhost, addresses of loopback, and the one "
     "that the request came in at)",
     set_http_host, false, true},
    {"confine", "yes|no", "Give up what an agent needs no more once it runs; no: for debuggers (default: yes)",
     set_confine, false, false},
    {"log-level", "LEVEL", "debug, info, warn or error (default: info)", set_log_level, false, false},
    {"log-format", "FORMAT", "text or json (default: text)", set_log_format, false, false},
    {NULL, NULL, NULL, NULL, false, false},
};

_Static_assert(sizeof(agent_option_list) / sizeof(agent_option_list[0]) <= AGENT_OPTION_MAX,
               "AGENT_OPTION_MAX is too small");

bool agent_option_take(const struct agent_option *option, struct agent_options *options, const char *value, char *why,
                       size_t why_size) {
    char **given = &options->given[option - agent_option_list];
    char *joined = NULL;
    if (!option->set(options, value, why, why_size))
        return false;
    bool first = !option->repeatable || *given == NULL;
    if (asprintf(&joined, "%s%s%s", first ? "" : *given, first ? "" : "\n", value == NULL ? "" : value) < 0) {
        snprintf(why, why_size, "out of memory");
        return false;
    }
    free(*given);
    *given = joined;
    return true;
}

const struct agent_option *agent_option_find(const char *name) {
    for (const struct agent_option *option = agent_option_list; option->name != NULL; option++)
        if (strcmp(option->name, name) == 0)
            return option;
    return NULL;
}

void agent_option_names(const char **names, size_t size) {
    size_t count = 0;
    for (const struct agent_option *option = agent_option_list; count + 1 < size && option->name != NULL; option++)
        if (strcmp(option->name, "config") != 0)
            names[count++] = option->name;
    names[count] = NULL;
}
