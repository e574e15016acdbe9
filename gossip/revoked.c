/* Identity mode: certificates that the authority has revoked. Each is a keyed record that nobody but the authority can make, so it
 * spreads and stays as records do. */
#include <string.h>

#include "gossip/machine.h"

static const uint8_t only_rank[BW_RECORD_RANK_SIZE] = {[BW_RECORD_RANK_SIZE - 1] = 1}; /* there is no newer one */

bool bw_revoked(const struct bw_gossip *g, uint64_t serial) {
    uint8_t key[8];
    bw_put_u64(key, serial);
    return bw_record_known(g, BW_RECORD_KIND_REVOKED, (struct bw_bytes){key, sizeof(key)});
}

bool bw_gossip_revoked(const struct bw_gossip *g, const struct bw_id *id) {
    const struct bw_member *member = bw_members_find(&g->members, id);
    return member && member->info->certificate_size > 0 &&
           bw_revoked(g, bw_certificate_serial(bw_info_certificate(member->info)));
}

/* Whoever lives by it is dead. */
static void shut_out(struct bw_gossip *g, uint64_t serial) {
    for (size_t i = 0; i < g->members.count; i++) {
        struct bw_member *member = g->members.ring[i];
        if (bw_view_others(g, member) && member->info->certificate_size > 0 &&
            bw_certificate_serial(bw_info_certificate(member->info)) == serial) {
            bw_trace_rule(g->trace, BW_RULE_REVOKED_IS_DEAD, &member->id, member->incarnation);
            bw_suspect_die(g, member, (struct bw_claim){member->incarnation, BW_STATUS_DEAD}, &g->self->id,
                           g->now.mono_us);
        }
    }
}

static int put(struct bw_gossip *g, const uint8_t revocation[BW_REVOCATION_SIZE]) {
    struct bw_record record = {.kind = BW_RECORD_KIND_REVOKED,
                               .key = {revocation, 8},
                               .body = {revocation + 8, BW_SIGNATURE_SIZE},
                               .urgent = true};
    memcpy(record.rank, only_rank, sizeof(only_rank));
    int error = bw_gossip_put(g, &record, g->now);
    if (error == 0) {
        shut_out(g, bw_get_u64(revocation));
    }
    return error;
}

int bw_gossip_revoke(struct bw_gossip *g, struct bw_bytes revocation, struct bw_time now) {
    bw_gossip_enter(g, now);
    if (!g->attest.identity || revocation.size != BW_REVOCATION_SIZE) {
        return BW_ERR_IDENTITY;
    }
    if (bw_revoked(g, bw_get_u64(revocation.data))) {
        return 0; /* a file of them is read again whole: what is known is not checked again */
    }
    return bw_revocation_signed_by(revocation.data, g->attest.authority) ? put(g, revocation.data) : BW_ERR_IDENTITY;
}

void bw_revoked_tell(struct bw_gossip *g, const struct bw_dest *to, uint64_t serial, size_t most) {
    uint8_t key[8];
    struct bw_frame_record frame;
    bw_put_u64(key, serial);
    if (bw_record_get(g, BW_RECORD_KIND_REVOKED, (struct bw_bytes){key, sizeof(key)}, &frame) &&
        bw_wire_size(&bw_schema_record, &frame) <= most && !bw_join_rationed(g, &to->addr)) {
        bw_trace_rule(g->trace, BW_RULE_TELL_THE_REVOKED, &to->id, serial);
        bw_outbox_put_answer(g, to, &bw_schema_record, &frame, 0);
    }
}

void bw_revoked_receive(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_record *frame) {
    uint8_t revocation[BW_REVOCATION_SIZE];
    if (!g->attest.identity) {
        return;
    }
    bool whole = frame->key.size == 8 && frame->body.size == BW_SIGNATURE_SIZE &&
                 memcmp(frame->rank.data, only_rank, sizeof(only_rank)) == 0;
    if (whole && bw_checks_may(g, &in->from)) {
        memcpy(revocation, frame->key.data, 8);
        memcpy(revocation + 8, frame->body.data, BW_SIGNATURE_SIZE);
        bool sound = bw_revocation_signed_by(revocation, g->attest.authority);
        bw_checks_charge(g, &in->from, 1, sound);
        if (sound) {
            (void)put(g, revocation); /* without room or memory it comes again */
            return;
        }
    }
    bw_trace_rule(g->trace, BW_RULE_REVOKED_BY_THE_AUTHORITY, &in->from, frame->key.size);
    g->attest.refused = true;
}
