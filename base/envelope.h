/* What passes between the sealed network and the pure machines. */
#ifndef BW_BASE_ENVELOPE_H
#define BW_BASE_ENVELOPE_H

#include <bellwether/types.h>

#define BW_NOT_HEARD INT64_MIN /* bw_inbound.heard_us: nothing of ours is known to have reached the sender */

/* An opened datagram. */
struct bw_inbound {
    struct bw_id from;
    uint64_t session;    /* the sender's, random per boot */
    struct bw_addr addr; /* where it came from */
    bool proven;         /* made for our session: fresh. Otherwise only its pings are answered (security.md, Packets) */
    bool bound;          /* to our session; whoever has the cluster's key can do that */
    int64_t heard_us;    /* when we sent the newest datagram that the sender had received from us when it sent this one
                             (mono_us): its echo. BW_NOT_HEARD if unknown or long ago */
    struct bw_bytes frames;
    bool ended;    /* its session has ended, and it is the newest of it: it is dropped, and only looked at for that */
    bool lives;    /* and yet it has opened what we sent since: there are two with that id */
    bool set_back; /* it has shown us that we are an older state of our machine, put back */
    bool replayed; /* its counter was used, by all we know: likewise, but seldom */
};

/* Identity mode: which keys may seal a datagram. Without it there is one kind, and nobody asks. */
enum bw_seal_with {
    BW_SEAL_WITH_PAIR, /* those of the two members: if the recipient has none it is not sent */
    BW_SEAL_WITH_ANY,  /* those, or else the cluster's: it opens a session */
    BW_SEAL_WITH_KNOWN, /* those if the recipient has sealed with them, or else the cluster's: there is no room for who we are */
    BW_SEAL_WITH_CLUSTER, /* the cluster's: it says who we are to somebody who may not know */
};

/* A datagram to seal. */
struct bw_outbound {
    struct bw_id to;  /* the recipient, none if only its address is known */
    uint64_t session; /* the recipient's session that the datagram is bound to; 0: unbound, may only open a session */
    struct bw_addr addr;
    const uint8_t *frames;
    size_t frames_size; /* at most BW_FRAMES_MAX */
    enum bw_seal_with with;
};

#define BW_SEAL_OVERHEAD 68u /* header 4 + nonce 24 + sender 16 + echo 8 + tag 16 */
#define BW_FRAMES_MAX (BW_DATAGRAM_MAX - BW_SEAL_OVERHEAD)

#endif
