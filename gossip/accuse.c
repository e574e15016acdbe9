#include "gossip/accuse.h"

#include <string.h>

#include "gossip/machine.h"

#define WORDS "bellwether-accusation-1"
#define REFUSED_AT sizeof(struct bw_id)
#define SIGNATURE_AT (REFUSED_AT + 1)

_Static_assert(SIGNATURE_AT + BW_SIGNATURE_SIZE == BW_ACCUSATION_SIZE, "an accusation is these three");

size_t bw_accuser_size(const struct bw_gossip *g) {
    return g->attest.identity ? BW_ACCUSATION_SIZE : sizeof(struct bw_id);
}

/* As they are listed. */
struct accusations {
    uint8_t bytes[BW_ACCUSERS_MAX * BW_ACCUSATION_SIZE];
    size_t size;
};

/* ------------------------------------------------------------------ what is signed */

/* Of one incarnation: who refutes it is not accused any more, whoever shows this again. */
#define SAID_SIZE (2u * sizeof(struct bw_id) + 8u + 1u)

static struct bw_bytes said_of(const struct bw_id *subject, uint64_t incarnation, const uint8_t *accusation,
                               uint8_t said[SAID_SIZE]) {
    memcpy(said, subject, sizeof(*subject));
    bw_put_u64(said + sizeof(*subject), incarnation);
    memcpy(said + sizeof(*subject) + 8, accusation, SIGNATURE_AT); /* the accuser, and what it saw */
    return (struct bw_bytes){said, SAID_SIZE};
}

struct bw_bytes bw_accuse_own(struct bw_gossip *g, const struct bw_member *member, bool refused,
                              uint8_t accusation[BW_ACCUSATION_SIZE]) {
    uint8_t said[SAID_SIZE];
    memcpy(accusation, &g->self->id, sizeof(struct bw_id));
    if (g->attest.identity) {
        accusation[REFUSED_AT] = refused;
        bw_gossip_sign(g, WORDS, said_of(&member->id, member->incarnation, accusation, said),
                       accusation + SIGNATURE_AT);
    }
    return (struct bw_bytes){accusation, bw_accuser_size(g)};
}

/* ------------------------------------------------------------------ what others are told */

int bw_accuse_put(const struct bw_gossip *g, const struct bw_member *member, struct bw_writer *writer) {
    uint8_t list[BW_ACCUSERS_MAX * BW_ACCUSATION_SIZE];
    const struct bw_suspicion *suspicion = member->suspicion;
    struct bw_frame_accusation frame = {.id = member->id,
                                        .incarnation = member->incarnation,
                                        .status = member->status,
                                        .age_ms = bw_view_age_ms(g, member),
                                        .accusers = {list, suspicion->accuser_count * (size_t)BW_ACCUSATION_SIZE}};
    for (size_t i = 0; i < suspicion->accuser_count; i++) {
        memcpy(list + i * BW_ACCUSATION_SIZE, &suspicion->accusers[i], sizeof(struct bw_id));
        memcpy(list + i * BW_ACCUSATION_SIZE + sizeof(struct bw_id), suspicion->charges[i], BW_CHARGE_SIZE);
    }
    return bw_wire_put(writer, &bw_schema_accusation, &frame);
}

void bw_accuse_tell(struct bw_gossip *g, const struct bw_dest *to, const struct bw_member *member) {
    uint8_t accusation[BW_ACCUSATION_SIZE];
    if (!g->attest.identity || !bw_member_living(member) || !bw_checks_may(g, &to->id)) {
        return;
    }
    bw_checks_charge(g, &to->id, 1, true); /* a signature costs about as much as a look at one */
    struct bw_frame_accusation frame = {.id = member->id,
                                        .incarnation = member->incarnation,
                                        .status = BW_STATUS_SUSPECT,
                                        .accusers = bw_accuse_own(g, member, true, accusation)};
    bw_outbox_put(g, to, &bw_schema_accusation, &frame);
}

/* ------------------------------------------------------------------ what others say */

/* Somebody whose word counts: it lives, and has a certificate that holds. */
static bool may_accuse(const struct bw_gossip *g, const struct bw_id *id, const struct bw_member *accused) {
    const struct bw_member *accuser = bw_members_find(&g->members, id);
    struct bw_certificate certificate;
    return accuser && accuser != accused && bw_member_living(accuser) &&
           bw_certificate_read(&certificate, bw_info_certificate(accuser->info)) == 0 &&
           bw_certificate_time(&certificate, g->now.wall_us) == 0 && !bw_revoked(g, certificate.serial);
}

static bool listed(const struct accusations *list, const struct bw_id *id) {
    for (size_t at = 0; at < list->size; at += BW_ACCUSATION_SIZE) {
        if (memcmp(list->bytes + at, id, sizeof(*id)) == 0) {
            return true;
        }
    }
    return false;
}

/* Those that count, and have not been counted. False: one is not its accuser's (or the sender had its share of looks): none counts. */
static bool sift(struct bw_gossip *g, const struct bw_id *from, const struct bw_member *accused,
                 const struct bw_frame_accusation *frame, struct accusations *list) {
    list->size = 0;
    for (size_t at = 0; at < frame->accusers.size; at += BW_ACCUSATION_SIZE) {
        const uint8_t *accusation = frame->accusers.data + at;
        uint8_t said[SAID_SIZE];
        struct bw_id id;
        memcpy(&id, accusation, sizeof(id));
        if (listed(list, &id) || !may_accuse(g, &id, accused) ||
            !bw_suspect_lacks(g, accused, frame->incarnation, &id, accusation[REFUSED_AT] != 0)) {
            continue;
        }
        if (!bw_gossip_signed(g, from, &id, WORDS, said_of(&frame->id, frame->incarnation, accusation, said),
                              accusation + SIGNATURE_AT)) {
            bw_trace_rule(g->trace, BW_RULE_ACCUSERS_SIGN, &id, frame->incarnation);
            g->attest.refused = true;
            list->size = 0;
            return false;
        }
        memcpy(list->bytes + list->size, accusation, BW_ACCUSATION_SIZE);
        list->size += BW_ACCUSATION_SIZE;
    }
    return true;
}

/* What is over is answered without a look at it, unless more than one accuser would make it count against us. */
static void about_ourselves(struct bw_gossip *g, const struct bw_id *from, const struct bw_frame_accusation *frame) {
    const struct bw_claim claim = {frame->incarnation, (enum bw_status)frame->status};
    struct accusations list = {.size = 0};
    bool over = bw_precedence(claim, bw_member_claim(g->self)) <= 0;
    bool counts = !over || (frame->accusers.size > BW_ACCUSATION_SIZE && bw_refute_uncounted(g, frame->incarnation));
    if (counts && (!sift(g, from, g->self, frame, &list) || (!over && list.size == 0))) {
        return;
    }
    bw_refute(g, from, claim, list.size > BW_ACCUSATION_SIZE);
}

void bw_accuse_receive(struct bw_gossip *g, struct bw_source *source, const struct bw_frame_accusation *frame) {
    const struct bw_claim claim = {frame->incarnation, (enum bw_status)frame->status};
    struct bw_member *member = bw_members_find(&g->members, &frame->id);
    struct accusations list;
    if (!g->attest.identity || !member || !bw_signed_hears(g, &frame->id, claim, false)) {
        return;
    }
    if (member == g->self) {
        about_ourselves(g, &source->from, frame);
        return;
    }
    int order = bw_precedence(claim, bw_member_claim(member));
    if (order < 0) {
        bw_claims_outdated(g, source, member);
        return;
    }
    if (!bw_member_living(member)) {
        bw_view_age(g, member, g->now.mono_us - (int64_t)frame->age_ms * BW_US_PER_MS);
        return;
    }
    if (sift(g, &source->from, member, frame, &list) && list.size > 0) {
        (void)bw_suspect(g, member, frame->incarnation, (struct bw_bytes){list.bytes, list.size});
    }
    if (claim.status == BW_STATUS_DEAD && member->status == BW_STATUS_SUSPECT) {
        bw_claims_sentence(g, member, frame->age_ms);
    }
}
