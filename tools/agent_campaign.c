#include "tools/agent_campaign.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "tools/control_server.h"
#include "tools/scope_option.h"

static const char *const modes[] = {
    [BW_MODE_PRIORITY] = "priority", [BW_MODE_QUORUM] = "quorum", [BW_MODE_BULLY] = "bully"};

bool campaign_configured(const struct agent_options *options, const char *scope, struct bw_scope_config *own) {
    for (size_t i = 0; i < options->scope_count; i++) {
        const struct bw_scope_config *given = &options->scopes[i];
        if (scope_covers(given, scope) || (given->range_count == 0 && strcmp(given->name, scope) == 0)) {
            *own = *given;
            own->name = scope;
            own->range_first = own->range_count = 0;
            return true;
        }
    }
    return false;
}

void campaign_free(struct campaign *campaign) {
    json_decref(campaign->names);
    campaign->names = NULL;
}

/* ------------------------------------------------------------------ fields */

/* A field that is not there changes nothing. */
static bool field_u32(const json_t *request, const char *key, uint32_t largest, uint32_t *value) {
    const json_t *number = json_object_get(request, key);
    if (number == NULL)
        return true;
    if (!json_is_integer(number) || json_integer_value(number) < 0 || json_integer_value(number) > (json_int_t)largest)
        return false;
    *value = (uint32_t)json_integer_value(number);
    return true;
}

static bool field_u16(const json_t *request, const char *key, uint16_t *value) {
    uint32_t number = *value;
    bool ok = field_u32(request, key, UINT16_MAX, &number);
    *value = (uint16_t)number;
    return ok;
}

static bool field_bool(const json_t *request, const char *key, bool *value) {
    const json_t *yes = json_object_get(request, key);
    if (yes != NULL)
        *value = json_is_true(yes);
    return yes == NULL || json_is_boolean(yes);
}

static bool field_mode(const json_t *request, enum bw_mode *mode) {
    const json_t *word = json_object_get(request, "mode");
    for (size_t i = 0; json_is_string(word) && i < BW_COUNT(modes); i++)
        if (strcmp(json_string_value(word), modes[i]) == 0) {
            *mode = (enum bw_mode)i;
            return true;
        }
    return word == NULL;
}

static bool field_voters(const json_t *request, struct campaign *campaign) {
    json_t *names = json_object_get(request, "voters");
    size_t count = json_array_size(names);
    if (names == NULL)
        return true;
    if (!json_is_array(names) || count > BW_VOTERS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name == NULL || !bw_text_valid((const uint8_t *)name, strlen(name), BW_NAME_MAX))
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(name, campaign->voters[k]) == 0)
                return false;
        campaign->voters[i] = name;
    }
    campaign->names = json_incref(names);
    campaign->config.voters = campaign->voters;
    campaign->config.voter_count = count;
    return true;
}

static bool fields(const json_t *request, struct campaign *campaign) {
    struct bw_scope_config *config = &campaign->config;
    return field_u16(request, "priority", &config->priority) && field_u16(request, "min_ack", &config->min_ack) &&
           field_u16(request, "min_confirm", &config->min_confirm) &&
           field_u16(request, "min_view", &config->min_view) && field_u16(request, "seats", &config->seats) &&
           field_u32(request, "preempt_ms", UINT32_MAX, &config->preempt_ms) &&
           field_u32(request, "lease_ms", UINT32_MAX, &config->lease_ms) &&
           field_u32(request, "stop_ms", UINT32_MAX, &config->stop_ms) && field_bool(request, "gate", &config->gate) &&
           field_bool(request, "spread", &config->spread) && field_mode(request, &config->mode) &&
           field_voters(request, campaign);
}

/* ------------------------------------------------------------------ contradictions */

static bool same_voters(const struct bw_scope_config *a, const struct bw_scope_config *b) {
    size_t found = 0;
    for (size_t i = 0; i < a->voter_count; i++)
        for (size_t k = 0; k < b->voter_count; k++)
            found += strcmp(a->voters[i], b->voters[k]) == 0;
    return found == a->voter_count && found == b->voter_count;
}

/* What all that stand for a scope must have alike, and these two have not: as the second has it. */
static bool differs(const struct bw_scope_config *a, const struct bw_scope_config *b, char *text, size_t size) {
    text[0] = '\0';
    bool quorum = a->mode == BW_MODE_QUORUM && b->mode == BW_MODE_QUORUM;
    if (a->mode != b->mode)
        snprintf(text, size, "mode=%s", modes[b->mode]);
    else if ((a->seats > 1 || b->seats > 1) && a->seats != b->seats)
        snprintf(text, size, b->seats > 1 ? "seats=%u" : "no seats", (unsigned)b->seats);
    else if (quorum && !same_voters(a, b))
        snprintf(text, size, "other voters");
    else if (quorum && a->lease_ms != b->lease_ms)
        snprintf(text, size, b->lease_ms != 0 ? "lease=%u" : "the parameter lease_ms as its lease",
                 (unsigned)b->lease_ms);
    else if (a->spread != b->spread)
        snprintf(text, size, b->spread ? "spread" : "no spread");
    return text[0] != '\0';
}

json_t *campaign_beside(const struct campaign *campaign, const struct campaign *other) {
    char has[80], why[BW_NAME_MAX + 200];
    if (!differs(&campaign->config, &other->config, has, sizeof(has)))
        return NULL;
    snprintf(why, sizeof(why), "another campaign at this agent has '%.63s' with %s: both must say the same",
             campaign->scope, has);
    return control_error("conflict", why);
}

static json_t *contradiction(const struct campaign *campaign, const struct bw_scope_config *own) {
    char has[80], why[BW_NAME_MAX + 200];
    if (own->witness)
        return control_error("invalid", "this agent is a witness of the scope (--observer): it votes, and never leads");
    if (!differs(&campaign->config, own, has, sizeof(has)))
        return NULL;
    snprintf(why, sizeof(why), "this agent's configuration has '%.63s' with %s: say the same, or leave it out",
             campaign->scope, has);
    return control_error("conflict", why);
}

/* That it would be refused when its turn comes. */
static json_t *unsound(const struct bw_params *params, const struct bw_scope_config *config) {
    struct bw_scope_conflict conflict;
    char why[320];
    bool quorum = config->mode == BW_MODE_QUORUM;
    if (quorum != (config->voter_count > 0))
        return control_error("invalid",
                             quorum ? "mode quorum wants its voters: names of members" : "voters go with mode quorum");
    if (bw_scope_check(params, config, &conflict) == 0)
        return NULL;
    snprintf(why, sizeof(why), "%s=%u, but %u %s", conflict.setting, (unsigned)conflict.value, (unsigned)conflict.limit,
             conflict.text);
    return control_error("invalid", why);
}

/* ------------------------------------------------------------------ the whole */

json_t *campaign_read(const struct agent_options *options, const struct bw_params *params, const json_t *request,
                      struct campaign *campaign) {
    const char *scope = json_string_value(json_object_get(request, "scope"));
    struct bw_scope_config *config = &campaign->config;
    struct bw_scope_config own;
    if (scope == NULL || !bw_text_valid((const uint8_t *)scope, strlen(scope), BW_NAME_MAX))
        return control_error("invalid", "scope is a name");
    memcpy(campaign->scope, scope, strlen(scope) + 1);
    bw_scope_config_init(config, campaign->scope);
    bool is_configured = campaign_configured(options, campaign->scope, &own);
    if (is_configured)
        *config = own;
    config->failover = BW_FAILOVER_SAFE; /* its work can outlive us */
    config->gate = false;
    config->stop_ms = 0;
    config->preempt_ms = BW_PREEMPT_NEVER; /* what runs is not ended because a better place for it appears */
    if (!fields(request, campaign)) {
        campaign_free(campaign);
        return control_error("invalid", "priority, min_ack, min_confirm, min_view, seats, lease_ms, preempt_ms and "
                                        "stop_ms are numbers, gate and spread booleans, mode is priority, bully or "
                                        "quorum, voters a list of different names");
    }
    config->seat_limit = config->seats > 1 ? 1 : 0; /* one piece of work is in one seat */
    json_t *error = is_configured ? contradiction(campaign, &own) : NULL;
    error = error == NULL ? unsound(params, config) : error;
    if (error != NULL)
        campaign_free(campaign);
    return error;
}
