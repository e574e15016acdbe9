/* Two processes with one id: a state directory was copied, and both run (scenario 44). */
#ifndef BW_GOSSIP_TWICE_H
#define BW_GOSSIP_TWICE_H

#include "gossip/machine.h"

/* From a session of the member that has ended, and whoever sent it has heard from us since: both are told, at most once a second. */
void bw_twice_seen(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_member *member);
/* We are pinged in our session: if whoever does has heard us since we were told otherwise, we are taken for the member again. */
void bw_twice_taken(struct bw_gossip *g, const struct bw_inbound *in);
/* We are told. */
void bw_twice_told(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_twice *frame);

#endif
