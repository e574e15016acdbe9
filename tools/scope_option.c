#include "tools/scope_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bellwether/scope.h>

#include "base/base.h"
#include "tools/text.h"

#define PREEMPT_MS_MAX 86400000u /* a day */
#define SHARD_MAX 65535u
#define PREEMPT_NOT_SAID (BW_PREEMPT_NEVER - 1)

static const char *const setting_names[] = {"priority",    "mode",     "preempt", "failover", "min_ack",
                                            "min_confirm", "min_view", "lease",   "gate",     "voters",
                                            "spread",      "seats",    NULL};

static bool set_u16(uint16_t *field, const char *name, const char *value, char *why, size_t why_size) {
    uint64_t number;
    snprintf(why, why_size, "%s goes from 0 to 65535", name);
    if (!parse_number(value, 0, UINT16_MAX, &number))
        return false;
    *field = (uint16_t)number;
    return true;
}

static bool set_lease(struct bw_scope_config *scope, const char *value, char *why, size_t why_size) {
    uint64_t number;
    uint32_t least = 0, largest = UINT32_MAX;
    const char *name;
    for (size_t i = 0; (name = bw_params_describe(i, NULL, &least, &largest)) != NULL; i++)
        if (strcmp(name, "lease_ms") == 0)
            break;
    snprintf(why, why_size, "lease goes from %u to %u milliseconds", least, largest);
    if (!parse_number(value, least, largest, &number))
        return false;
    scope->lease_ms = (uint32_t)number;
    return true;
}

bool preempt_parse(const char *value, uint32_t *preempt_ms) {
    uint64_t number = BW_PREEMPT_NEVER;
    bool ok = strcmp(value, "never") == 0 || parse_number(value, 0, PREEMPT_MS_MAX, &number);
    if (ok)
        *preempt_ms = (uint32_t)number;
    return ok;
}

static const char *const modes[] = {
    [BW_MODE_PRIORITY] = "priority", [BW_MODE_QUORUM] = "quorum", [BW_MODE_BULLY] = "bully"};

const char *mode_name(enum bw_mode mode) {
    return (size_t)mode < BW_COUNT(modes) ? modes[mode] : "unknown";
}

bool mode_parse(const char *value, enum bw_mode *mode) {
    for (size_t i = 0; i < BW_COUNT(modes); i++)
        if (strcmp(value, modes[i]) == 0) {
            *mode = (enum bw_mode)i;
            return true;
        }
    return false;
}

static bool set_preempt(struct bw_scope_config *scope, const char *value, char *why, size_t why_size) {
    snprintf(why, why_size, "preempt is never, or 0 to %u milliseconds", PREEMPT_MS_MAX);
    return preempt_parse(value, &scope->preempt_ms);
}

static bool set_min_view(struct bw_scope_config *scope, const char *value, char *why, size_t why_size) {
    uint64_t number;
    snprintf(why, why_size, "min_view goes from 0 to %u members", BW_MIN_VIEW_MAX);
    if (!parse_number(value, 0, BW_MIN_VIEW_MAX, &number))
        return false;
    scope->min_view = (uint16_t)number;
    return true;
}

static void free_voters(struct bw_scope_config *scope) {
    if (scope->voters != NULL)
        free((char *)scope->voters[0]); /* one block holds all names */
    free((void *)scope->voters);
    scope->voters = NULL;
    scope->voter_count = 0;
}

void scope_free(struct bw_scope_config *scope) {
    free_voters(scope);
    free((char *)scope->name);
    scope->name = NULL;
}

static bool repeated(const struct bw_scope_config *scope, const char *name) {
    for (size_t i = 0; i < scope->voter_count; i++)
        if (strcmp(scope->voters[i], name) == 0)
            return true;
    return false;
}

/* a+b+c */
static bool set_voters(struct bw_scope_config *scope, const char *value, char *why, size_t why_size) {
    free_voters(scope);
    char *rest = strdup(value);
    const char **names = calloc(BW_VOTERS_MAX, sizeof(*names));
    snprintf(why, why_size, "out of memory");
    if (rest == NULL || names == NULL) {
        free(rest);
        free((void *)names);
        return false;
    }
    names[0] = rest; /* what free_voters frees, whatever comes */
    scope->voters = names;
    for (char *name = strsep(&rest, "+"); name != NULL; name = strsep(&rest, "+")) {
        snprintf(why, why_size, "voters are 1 to %u different names of members: a+b+c", BW_VOTERS_MAX);
        if (scope->voter_count == BW_VOTERS_MAX || repeated(scope, name) ||
            !bw_text_valid((const uint8_t *)name, strlen(name), BW_NAME_MAX))
            return false;
        names[scope->voter_count++] = name;
    }
    return true;
}

/* What must go together. */
static bool sound(const struct bw_scope_config *scope, char *why, size_t why_size) {
    bool quorum = scope->mode == BW_MODE_QUORUM;
    size_t size = 0;
    int seat = bw_scope_seat(scope->name, &size);
    snprintf(why, why_size, "that is the name of a seat: %.*s:seats=%d has it", (int)size, scope->name, seat + 1);
    if (seat >= 0)
        return false;
    snprintf(why, why_size, "a range has no seats: give each of its scopes its own");
    if (scope->range_count > 0 && scope->seats > 1)
        return false;
    snprintf(why, why_size,
             quorum ? "mode=quorum wants its voters: voters=NAME+NAME+NAME, members that elect the leader by majority"
                    : "voters go with mode=quorum");
    return quorum == (scope->voter_count > 0);
}

static bool set_one(struct bw_scope_config *scope, const char *name, const char *value, char *why, size_t why_size) {
    if (strcmp(name, "priority") == 0)
        return set_u16(&scope->priority, name, value, why, why_size);
    if (strcmp(name, "min_ack") == 0)
        return set_u16(&scope->min_ack, name, value, why, why_size);
    if (strcmp(name, "min_confirm") == 0)
        return set_u16(&scope->min_confirm, name, value, why, why_size);
    if (strcmp(name, "min_view") == 0)
        return set_min_view(scope, value, why, why_size);
    if (strcmp(name, "lease") == 0)
        return set_lease(scope, value, why, why_size);
    if (strcmp(name, "mode") == 0) {
        snprintf(why, why_size, "mode is priority, bully or quorum");
        return mode_parse(value, &scope->mode);
    }
    if (strcmp(name, "seats") == 0) {
        uint64_t number;
        snprintf(why, why_size, "seats goes from 1 to %u", BW_SEATS_MAX);
        if (!parse_number(value, 1, BW_SEATS_MAX, &number))
            return false;
        scope->seats = (uint16_t)number;
        return true;
    }
    if (strcmp(name, "voters") == 0)
        return set_voters(scope, value, why, why_size);
    if (strcmp(name, "preempt") == 0)
        return set_preempt(scope, value, why, why_size);
    if (strcmp(name, "failover") == 0) {
        scope->failover = strcmp(value, "safe") == 0 ? BW_FAILOVER_SAFE : BW_FAILOVER_FAST;
        snprintf(why, why_size, "failover is fast or safe");
        return strcmp(value, "safe") == 0 || strcmp(value, "fast") == 0;
    }
    if (strcmp(name, "gate") == 0 || strcmp(name, "spread") == 0) {
        snprintf(why, why_size, "'%s' stands alone, without '=%s'", name, value);
        return false;
    }
    char hint[64];
    snprintf(why, why_size, "'%s' is not an option of a scope%s", name,
             nearest_hint(name, setting_names, hint, sizeof(hint)));
    return false;
}

/* Takes text apart in place. */
static bool set_all(struct bw_scope_config *scope, char *text, char *why, size_t why_size) {
    char *rest = text;
    for (char *word = strsep(&rest, ","); word != NULL; word = strsep(&rest, ",")) {
        char *value = strchr(word, '=');
        if (strcmp(word, "gate") == 0) {
            scope->gate = true;
            continue;
        }
        if (strcmp(word, "spread") == 0) {
            scope->spread = true;
            continue;
        }
        if (value == NULL) {
            snprintf(why, why_size, "'%s': OPTION=VALUE is wanted", word);
            return false;
        }
        *value++ = '\0';
        if (!set_one(scope, word, value, why, why_size))
            return false;
    }
    return true;
}

bool scope_covers(const struct bw_scope_config *scope, const char *name) {
    size_t size;
    int32_t number = bw_scope_shard(name, &size);
    return scope->range_count > 0 && number >= 0 && size == strlen(scope->name) &&
           memcmp(name, scope->name, size) == 0 && (uint32_t)number >= scope->range_first &&
           (uint32_t)number - scope->range_first < scope->range_count;
}

/* As the scopes are named: "07" would stand for another than was written. */
static bool parse_plain(const char *text, uint64_t *number) {
    return parse_number(text, 0, SHARD_MAX, number) && (text[0] != '0' || text[1] == '\0');
}

/* NAME/FIRST..LAST becomes NAME and its numbers; any other name stays as it is. */
static bool take_range(struct bw_scope_config *scope, char *name, char *why, size_t why_size) {
    char *dots = strstr(name, "..");
    char *slash = strrchr(name, '/');
    uint64_t first, last;
    if (dots == NULL || slash == NULL || slash > dots)
        return true;
    snprintf(why, why_size,
             "NAME/FIRST..LAST is wanted for a range, whole numbers that rise, from 0 to %u, without leading zeros",
             SHARD_MAX);
    *dots = '\0';
    bool ok = slash != name && parse_plain(slash + 1, &first) && parse_plain(dots + 2, &last) && first <= last;
    *dots = '.';
    if (!ok)
        return false;
    *slash = '\0';
    scope->range_first = (uint32_t)first;
    scope->range_count = (uint32_t)(last - first + 1);
    return true;
}

bool scope_parse(const char *text, struct bw_scope_config *scope, char *why, size_t why_size) {
    char *name = strdup(text);
    if (name == NULL) {
        snprintf(why, why_size, "out of memory");
        return false;
    }
    char *settings = strchr(name, ':');
    if (settings != NULL)
        *settings++ = '\0';
    bw_scope_config_init(scope, name);
    uint32_t preempt_ms = scope->preempt_ms;
    scope->preempt_ms = PREEMPT_NOT_SAID;
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): the scope keeps its name until scope_free */
    bool ok = bw_text_valid((const uint8_t *)name, strlen(name), BW_NAME_MAX);
    if (!ok)
        snprintf(why, why_size, "a scope's name is 1 to %u bytes of UTF-8 without control characters", BW_NAME_MAX);
    else if (ok = take_range(scope, name, why, why_size), ok && settings != NULL)
        ok = set_all(scope, settings, why, why_size);
    if (scope->preempt_ms == PREEMPT_NOT_SAID) /* the best takes over at once: so the bully algorithm has its name */
        scope->preempt_ms = scope->mode == BW_MODE_BULLY ? 0 : preempt_ms;
    ok = ok && sound(scope, why, why_size);
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
    if (!ok)
        scope_free(scope);
    return ok;
}
