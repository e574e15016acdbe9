/* The detector's numbers as pure functions of the settings (gossip.md, Profiles and bounds; Lifeguard IV). */
#ifndef BW_GOSSIP_FORMULA_H
#define BW_GOSSIP_FORMULA_H

#include <bellwether/config.h>

#define BW_CONFIRM_MAX 5u          /* confirmations that count, at most */
#define BW_REFUSED_TIMEOUT_MS 500u /* suspicion of a member whose port refuses two members */

/* log2, to about 1e-9, the same on every machine; value >= 1. */
double bw_log2(double value);
/* Members that make a suspicion run at its minimum, besides the first accuser. n counts ourselves. */
uint32_t bw_confirmations_needed(const struct bw_params *params, size_t n);
int64_t bw_suspicion_min_us(const struct bw_params *params, size_t n);
int64_t bw_suspicion_max_us(const struct bw_params *params, size_t n);
/* Lifeguard's timer: from the maximum to the minimum with the logarithm of the confirmations. */
int64_t bw_suspicion_timeout_us(const struct bw_params *params, size_t n, uint32_t confirmations);
/* The least suspicion of a member that refuted so often of late, however many confirm. */
int64_t bw_suspicion_damped_us(const struct bw_params *params, size_t n, uint8_t refutations);
/* How often each member sends an update. */
uint32_t bw_transmit_limit(const struct bw_params *params, size_t n);
/* An update has reached everybody, almost surely, after so long. */
int64_t bw_dissemination_us(const struct bw_params *params, size_t n);
/* How long a query waits for answers unless told otherwise: as Serf's. */
int64_t bw_query_timeout_us(const struct bw_params *params, size_t n);
/* Twice as long as a round of probes: what was heard within it counts as fresh. */
int64_t bw_two_rounds_us(const struct bw_params *params, size_t n);
/* Who has heard nobody for so long is alone. */
int64_t bw_alone_us(const struct bw_params *params, size_t n);

#endif
