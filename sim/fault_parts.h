/* Faults that have a life of their own while they last; fault_run.c begins them. What they draw, they draw for themselves:
 * the network's chances are not touched. */
#ifndef BW_SIM_FAULT_PARTS_H
#define BW_SIM_FAULT_PARTS_H

#include "sim/fault.h"
#include "sim/internal.h"

/* fault_keys.c: on each of the hosts a new key is added, then used, then the old one taken away; in each third of the time all
 * of them do one step, each when chance has it. */
struct bw_rotation;
struct bw_rotation *bw_rotation_begin(struct bw_sim *sim, const bool *hosts, uint16_t key, int64_t for_us);
void bw_rotation_free(struct bw_rotation *rotation);

/* fault_hostile.c: somebody without the keys sees all that is sent, and sends each of the hosts so many datagrams a second. */
struct bw_attack;
struct bw_attack *bw_attack_begin(struct bw_sim *sim, const bool *hosts, uint16_t number, int64_t per_s,
                                  int64_t until_us);
void bw_attack_free(struct bw_attack *attack);

/* fault_restart.c: a process that does not run starts, with what is on its disk; ends and starts. */
void bw_fault_start(struct bw_sim *sim, size_t host);
void bw_fault_restart(struct bw_sim *sim, size_t host, const struct bw_fault *fault);

/* fault_operator.c: stepdown, transfer, priority, unready of one host, as it begins or ends; leader: who led when it began. */
void bw_fault_operate(struct bw_sim *sim, const struct bw_fault *fault, size_t host, size_t leader, bool begins);

#endif
