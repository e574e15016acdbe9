/* Identity mode (security.md): records are signed by their subjects. A certificate travels with each record, so that whoever hears
 * of a member can check it at once. What is checked is only what would change the table; a certificate that is known is not checked
 * again; and how often others make us look has a bound (checks.h). */
#include <string.h>

#include "gossip/machine.h"

#define WORDS "bellwether-member-1"
#define CLAIM_MAX (1u + BW_NAME_MAX + BW_FRAMES_MAX)

static bool on(const struct bw_gossip *g) {
    return g->attest.identity != NULL;
}

static bool same(struct bw_bytes a, struct bw_bytes b) {
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* ------------------------------------------------------------------ what is signed */

/* The label, and the record as its subject knows it: what a relay adds, and the signature, are empty. */
static struct bw_bytes claim_of(const struct bw_gossip *g, const struct bw_frame_signed_member *frame,
                                uint8_t claim[CLAIM_MAX]) {
    struct bw_frame_signed_member subject = *frame;
    size_t label_size = strlen(g->attest.label);
    struct bw_writer writer = {.data = claim, .capacity = CLAIM_MAX, .used = 1 + label_size};
    claim[0] = (uint8_t)label_size;
    memcpy(claim + 1, g->attest.label, label_size);
    subject.status = frame->word;
    subject.age_ms = 0;
    subject.heard_s = 0;
    subject.signature = (struct bw_bytes){NULL, 0};
    int error = bw_wire_put_body(&writer, &bw_schema_signed_member, &subject);
    BW_ASSERT(error == 0); /* it is no larger than the frame that it was, or is to be */
    return (struct bw_bytes){claim, writer.used};
}

static void frame_of(const struct bw_gossip *g, const struct bw_member *member, struct bw_frame_signed_member *frame) {
    struct bw_frame_member plain;
    bw_view_frame(g, member, &plain);
    memcpy(frame, &plain, sizeof(plain));
    frame->word = member->info->word;
    frame->certificate = bw_info_certificate(member->info);
    frame->exchange = (struct bw_bytes){bw_info_exchange(member->info), BW_EXCHANGE_SIZE};
    frame->signature = (struct bw_bytes){bw_info_signature(member->info), BW_SIGNATURE_SIZE};
}

int bw_signed_put(const struct bw_gossip *g, const struct bw_member *member, struct bw_writer *writer) {
    if (member->info->certificate_size > 0) {
        struct bw_frame_signed_member frame;
        frame_of(g, member, &frame);
        return bw_wire_put(writer, &bw_schema_signed_member, &frame);
    }
    struct bw_frame_member frame;
    bw_view_frame(g, member, &frame);
    return bw_wire_put(writer, &bw_schema_member, &frame);
}

size_t bw_signed_size(const struct bw_gossip *g, const struct bw_member *member) {
    if (member->info->certificate_size > 0) {
        struct bw_frame_signed_member frame;
        frame_of(g, member, &frame);
        return bw_wire_size(&bw_schema_signed_member, &frame);
    }
    struct bw_frame_member frame;
    bw_view_frame(g, member, &frame);
    return bw_wire_size(&bw_schema_member, &frame);
}

bool bw_signed_leave(const struct bw_member *member) {
    return member->info->certificate_size > 0 && member->status == BW_STATUS_LEFT &&
           member->info->word == BW_STATUS_LEFT;
}

/* The label, and what users of gossip say. */
static struct bw_bytes labelled(const struct bw_gossip *g, struct bw_bytes said,
                                uint8_t text[1 + BW_NAME_MAX + BW_SAID_MAX]) {
    size_t label_size = strlen(g->attest.label);
    BW_ASSERT(said.size <= BW_SAID_MAX);
    text[0] = (uint8_t)label_size;
    memcpy(text + 1, g->attest.label, label_size);
    memcpy(text + 1 + label_size, said.data, said.size);
    return (struct bw_bytes){text, 1 + label_size + said.size};
}

void bw_gossip_sign(const struct bw_gossip *g, const char *words, struct bw_bytes said,
                    uint8_t signature[BW_SIGNATURE_SIZE]) {
    uint8_t text[1 + BW_NAME_MAX + BW_SAID_MAX];
    BW_ASSERT(on(g));
    bw_identity_sign(g->attest.identity, words, labelled(g, said, text), signature);
}

bool bw_gossip_signed(struct bw_gossip *g, const struct bw_id *from, const struct bw_id *by, const char *words,
                      struct bw_bytes said, const uint8_t signature[BW_SIGNATURE_SIZE]) {
    uint8_t text[1 + BW_NAME_MAX + BW_SAID_MAX];
    struct bw_certificate certificate;
    return on(g) && bw_gossip_certificate(g, by, &certificate) == 0 &&
           bw_checks_verify(g, from, certificate.key, words, labelled(g, said, text), signature);
}

/* ------------------------------------------------------------------ our own */

/* Whether it is for this member's key and name. */
static bool names(const struct bw_certificate *certificate, const struct bw_frame_member *frame) {
    struct bw_id id = bw_identity_id(certificate->key);
    return bw_id_equal(&id, &frame->id) && same(certificate->name, frame->name);
}

static int check_own(const struct bw_gossip *g, struct bw_bytes encoded, const struct bw_frame_member *own) {
    struct bw_certificate certificate;
    if (bw_certificate_read(&certificate, encoded) != 0 || !names(&certificate, own) ||
        !bw_certificate_signed_by(encoded, g->attest.authority) ||
        bw_certificate_time(&certificate, g->now.wall_us) != 0 || bw_revoked(g, certificate.serial)) {
        return BW_ERR_IDENTITY;
    }
    return g->attest.fits(&certificate, own->candidacies) ? 0 : BW_ERR_NOT_GRANTED;
}

int bw_signed_init(struct bw_gossip *g, const struct bw_gossip_config *config) {
    const struct bw_attest *attest = &config->attest;
    if (!attest->identity) {
        return 0;
    }
    struct bw_id id = bw_identity_id(bw_identity_public(attest->identity));
    g->attest.identity = attest->identity;
    g->attest.fits = attest->fits;
    memcpy(g->attest.authority, attest->authority, BW_PUBLIC_SIZE);
    memcpy(g->attest.label, config->label, strlen(config->label) + 1);
    const struct bw_frame_member own = {.id = config->self,
                                        .name = {(const uint8_t *)config->name, strlen(config->name)},
                                        .candidacies = config->candidacies};
    int error = bw_id_equal(&id, &config->self) ? check_own(g, attest->certificate, &own) : BW_ERR_IDENTITY;
    return error ? error : bw_checks_create(g);
}

const struct bw_proof *bw_signed_own(const struct bw_gossip *g, struct bw_proof *proof) {
    if (!on(g)) {
        return NULL;
    }
    struct bw_info *info = g->self->info;
    *proof = (struct bw_proof){info->word, bw_info_certificate(info), bw_info_exchange(info), bw_info_signature(info)};
    return proof;
}

int bw_signed_allows(const struct bw_gossip *g, const struct bw_frame_member *own) {
    struct bw_certificate certificate;
    if (!on(g)) {
        return 0;
    }
    struct bw_bytes encoded = bw_info_certificate(g->self->info);
    if (own->name.size + own->tags.size + own->candidacies.size + encoded.size > BW_SIGNED_RECORD_MAX) {
        return BW_ERR_SPACE;
    }
    int error = bw_certificate_read(&certificate, encoded);
    BW_ASSERT(error == 0); /* bw_signed_init and bw_gossip_set_certificate have looked at it */
    return g->attest.fits(&certificate, own->candidacies) ? 0 : BW_ERR_NOT_GRANTED;
}

void bw_signed_renew(struct bw_gossip *g) {
    uint8_t claim[CLAIM_MAX];
    struct bw_frame_signed_member frame;
    if (!on(g)) {
        return;
    }
    g->self->info->word = g->self->status == BW_STATUS_LEFT ? BW_STATUS_LEFT : BW_STATUS_ALIVE;
    frame_of(g, g->self, &frame);
    bw_identity_sign(g->attest.identity, WORDS, claim_of(g, &frame, claim), bw_info_signature(g->self->info));
}

int bw_gossip_set_certificate(struct bw_gossip *g, struct bw_bytes certificate, struct bw_time now) {
    struct bw_proof proof;
    struct bw_frame_member own;
    bw_gossip_enter(g, now);
    if (!bw_signed_own(g, &proof)) {
        return BW_ERR_IDENTITY;
    }
    bw_view_frame(g, g->self, &own);
    int error = check_own(g, certificate, &own);
    if (error) {
        return error;
    }
    if (same(certificate, proof.certificate)) {
        return 0;
    }
    if (own.name.size + own.tags.size + own.candidacies.size + certificate.size > BW_SIGNED_RECORD_MAX) {
        return BW_ERR_SPACE;
    }
    proof.certificate = certificate;
    return bw_own_change(g, &own, &proof);
}

int bw_gossip_certificate(const struct bw_gossip *g, const struct bw_id *id, struct bw_certificate *certificate) {
    const struct bw_member *member = bw_members_find(&g->members, id);
    if (!member || member->info->certificate_size == 0) {
        return BW_ERR_NOT_FOUND;
    }
    return bw_certificate_read(certificate, bw_info_certificate(member->info));
}

bool bw_signed_expired(const struct bw_gossip *g, const struct bw_member *member) {
    struct bw_certificate certificate;
    return on(g) && bw_certificate_read(&certificate, bw_info_certificate(member->info)) == 0 &&
           bw_certificate_time(&certificate, g->now.wall_us) > 0;
}

/* ------------------------------------------------------------------ others' */

bool bw_signed_hears(const struct bw_gossip *g, const struct bw_id *id, struct bw_claim claim, bool forgotten) {
    const struct bw_member *member = on(g) ? bw_members_find(&g->members, id) : NULL;
    if (!member) {
        return true;
    }
    bool raised = claim.incarnation > member->incarnation; /* the record comes, or there is none */
    bool leaves = claim.status == BW_STATUS_LEFT && member != g->self && bw_member_living(member);
    bool goes = claim.status == BW_STATUS_LEFT && member->status == BW_STATUS_DEAD && !forgotten;
    if (raised || leaves || goes) {
        bw_trace_rule(g->trace, BW_RULE_ITS_OWN_WORD_ALONE, id, claim.incarnation);
    }
    return !raised && !leaves && !goes;
}

static bool verified(struct bw_gossip *g, const struct bw_id *from, const struct bw_member *known,
                     const struct bw_certificate *certificate, const struct bw_frame_signed_member *frame) {
    uint8_t claim[CLAIM_MAX];
    if (!bw_checks_may(g, from)) {
        return false;
    }
    bool cached = known && same(bw_info_certificate(known->info), frame->certificate);
    bool sound = (cached || bw_certificate_signed_by(frame->certificate, g->attest.authority)) &&
                 bw_identity_verify(certificate->key, WORDS, claim_of(g, frame, claim), frame->signature.data);
    bw_checks_charge(g, from, cached ? 1 : 2, sound);
    return sound;
}

static bool acceptable(struct bw_gossip *g, const struct bw_id *from, const struct bw_member *known,
                       const struct bw_frame_member *member, const struct bw_frame_signed_member *frame) {
    struct bw_certificate certificate;
    if (bw_certificate_read(&certificate, frame->certificate) != 0 || !names(&certificate, member) ||
        !g->attest.fits(&certificate, member->candidacies) ||
        (member->status == BW_STATUS_ALIVE &&
         (bw_certificate_time(&certificate, g->now.wall_us) != 0 || bw_revoked(g, certificate.serial)))) {
        bw_trace_rule(g->trace, BW_RULE_WITHIN_ITS_CERTIFICATE, &member->id, member->incarnation);
        return false;
    }
    bool sound = verified(g, from, known, &certificate, frame);
    if (!sound) {
        bw_trace_rule(g->trace, BW_RULE_SIGNED_BY_ITS_SUBJECT, &member->id, member->incarnation);
    }
    return sound;
}

/* Who it says that it comes from has signed nothing of that yet: strangers pay for the look. */
bool bw_signed_credential(struct bw_gossip *g, const struct bw_frame_signed_member *frame, uint64_t *revoked) {
    static const struct bw_id nobody;
    const struct bw_member *known = bw_members_find(&g->members, &frame->id);
    struct bw_certificate certificate;
    struct bw_frame_member member;
    bw_frame_unsigned(frame, &member);
    *revoked = 0;
    if (bw_certificate_read(&certificate, frame->certificate) != 0 || !names(&certificate, &member) ||
        bw_certificate_time(&certificate, g->now.wall_us) != 0) {
        return false;
    }
    if (bw_revoked(g, certificate.serial)) {
        *revoked = certificate.serial;
        return false;
    }
    return verified(g, &nobody, known, &certificate, frame);
}

/* That a living member was forgotten is nobody's word. */
static bool forgets_the_living(const struct bw_member *known, const struct bw_frame_signed_member *frame) {
    return known && bw_member_living(known) && frame->status == BW_STATUS_LEFT && frame->word != BW_STATUS_LEFT;
}

void bw_signed_receive(struct bw_gossip *g, struct bw_source *source, const struct bw_frame_signed_member *frame) {
    struct bw_frame_member member;
    if (!on(g)) {
        return;
    }
    bw_frame_unsigned(frame, &member);
    const struct bw_member *known = bw_members_find(&g->members, &frame->id);
    bool hearsay = known && frame->status == BW_STATUS_DEAD && bw_member_living(known);
    if (hearsay && known == g->self && frame->incarnation == known->incarnation) {
        bw_refute_hearsay(g, &source->from, (struct bw_claim){frame->incarnation, BW_STATUS_DEAD});
        return;
    }
    if (hearsay) { /* that it is dead its accusers say, with their signatures; the rest is its own word */
        bw_trace_rule(g->trace, BW_RULE_HEARSAY_COUNTS_FOR_NOTHING, &frame->id, frame->incarnation);
        member.status = BW_STATUS_ALIVE;
        member.age_ms = 0;
    }
    const struct bw_claim claim = {frame->incarnation, (enum bw_status)member.status};
    bool changes = !known || bw_precedence(claim, bw_member_claim(known)) > 0;
    if (changes && (forgets_the_living(known, frame) || !acceptable(g, &source->from, known, &member, frame))) {
        g->attest.refused = true;
        return;
    }
    const struct bw_proof proof = {frame->word, frame->certificate, frame->exchange.data, frame->signature.data};
    source->proof = &proof;
    bw_claims_member(g, source, &member);
    source->proof = NULL;
}

void bw_signed_plain(struct bw_gossip *g, struct bw_source *source, const struct bw_frame_member *frame) {
    if (on(g)) {
        bw_trace_rule(g->trace, BW_RULE_SIGNED_BY_ITS_SUBJECT, &frame->id, frame->incarnation);
        g->attest.refused = true;
        return;
    }
    bw_claims_member(g, source, frame);
}
