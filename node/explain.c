/* Why a node could not be made, and what to do about it. */
#include "node/host.h"
#include "node/internal.h"

#include <stdio.h>

static bool any_quorum(const struct bw_config *config) {
    for (size_t i = 0; i < config->scope_count; i++) {
        if (bw_config_scope(config, i).mode == BW_MODE_QUORUM) {
            return true;
        }
    }
    return false;
}

void bw_host_explain(int error, const struct bw_config *config, const char *state_dir, char *why, size_t why_size) {
    const char *reason = NULL;
    switch (error) {
    case BW_ERR_IDENTITY:
        reason = bw_identity_problem(config, bw_loop_now().wall_us);
        snprintf(why, why_size, "%s", reason != NULL ? reason : bw_error_text(error));
        return;
    case BW_ERR_NOT_GRANTED:
        snprintf(
            why, why_size,
            "the certificate does not grant a scope that this member stands in, or grants it with a lower priority; "
            "`bellwether authority show` prints what it grants");
        return;
    case BW_ERR_KEY:
        snprintf(why, why_size,
                 "the key ring is not valid: each line must be 32 bytes in base64, at most 8 of them, none "
                 "twice; `bellwether keygen` makes one");
        return;
    case BW_ERR_CORRUPT:
        snprintf(why, why_size,
                 "the state file %s/state is damaged or belongs to another cluster or identity; restore it from a "
                 "backup, or move it "
                 "away to start as a new member",
                 state_dir != NULL ? state_dir : "");
        return;
    case BW_ERR_VERSION:
        snprintf(
            why, why_size,
            "the state file %s/state was written by another version, in a format that this one does not know; start "
            "that version, or move the file away to start as a new member",
            state_dir != NULL ? state_dir : "");
        return;
    case BW_ERR_INVALID:
        if (bw_params_check(&config->params, &reason) != 0 && reason != NULL) {
            snprintf(why, why_size, "the parameters do not fit together: %s", reason);
            return;
        }
        if (any_quorum(config) && !config->durable) {
            snprintf(why, why_size,
                     "a scope in quorum mode needs a state directory: a voter that forgets its votes could elect two "
                     "leaders");
            return;
        }
        for (size_t i = 0; i < config->scope_count; i++) {
            struct bw_scope_conflict conflict;
            struct bw_scope_config scope = bw_config_scope(config, i);
            if (bw_scope_check(&config->params, &scope, &conflict) != 0) {
                snprintf(why, why_size, "scope '%s': %s=%u, but %u %s", scope.name, conflict.setting,
                         (unsigned)conflict.value, (unsigned)conflict.limit, conflict.text);
                return;
            }
        }
        snprintf(why, why_size,
                 "the name, the cluster label, a tag or a scope is not valid: names are 1 to %u bytes of "
                 "UTF-8 without control characters, and none stands twice",
                 BW_NAME_MAX);
        return;
    default:
        snprintf(why, why_size, "cannot make the node: %s", bw_error_text(error));
    }
}
