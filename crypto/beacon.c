/* Sealing and opening of beacons (beacon.h). The plaintext is a beacon frame and, up to the one size, a frame of zeros; frames of other
 * types are skipped, so that later versions can say more. */
#include "crypto/beacon.h"

#include "base/base.h"
#include "crypto/aead.h"

#include <sodium.h>
#include <string.h>

#define MAGIC_SIZE 4u
#define HINT_AT (MAGIC_SIZE + BW_NONCE_SIZE)
#define BODY_AT (HINT_AT + crypto_shorthash_BYTES)
#define PLAIN_SIZE (BW_BEACON_SIZE - BODY_AT - BW_TAG_SIZE)
#define TYPE_PADDING 0u
#define TYPE_BEACON 1u
#define FRAME_HEADER_SIZE 3u

static const uint8_t magic[MAGIC_SIZE] = {'b', 'w', 'd', 1};

#define FRAME_BEACON(F, T)         \
    F(T, ID, id, 0)                \
    F(T, U64, session, 0)          \
    F(T, U64, number, 0)           \
    F(T, ADDR, addr, 0)            \
    F(T, U32, members, 0)          \
    F(T, U8, protocol_min, 0)      \
    F(T, U8, protocol_max, 0)      \
    F(T, BYTES, name, BW_NAME_MAX) \
    F(T, BYTES, cluster, BW_NAME_MAX)

BW_WIRE_STRUCT(frame_beacon, FRAME_BEACON)
BW_WIRE_SCHEMA(bw_schema_beacon, TYPE_BEACON, "beacon", frame_beacon, FRAME_BEACON)

static struct bw_bytes text_bytes(const char *text) {
    return (struct bw_bytes){(const uint8_t *)text, strlen(text)};
}

static void encode(const struct bw_beacon *beacon, uint8_t plain[PLAIN_SIZE]) {
    struct frame_beacon frame = {.id = beacon->id,
                                 .session = beacon->session,
                                 .number = beacon->number,
                                 .addr = beacon->addr,
                                 .members = beacon->member_count,
                                 .protocol_min = beacon->protocol_min,
                                 .protocol_max = beacon->protocol_max,
                                 .name = text_bytes(beacon->name),
                                 .cluster = text_bytes(beacon->cluster)};
    struct bw_writer writer = {.data = plain, .capacity = PLAIN_SIZE - FRAME_HEADER_SIZE};
    int error = bw_wire_put(&writer, &bw_schema_beacon, &frame);
    BW_ASSERT(error == 0); /* the longest one leaves room */
    plain[writer.used] = TYPE_PADDING;
    bw_put_u16(plain + writer.used + 1, (uint16_t)(PLAIN_SIZE - writer.used - FRAME_HEADER_SIZE));
    memset(plain + writer.used + FRAME_HEADER_SIZE, 0, PLAIN_SIZE - writer.used - FRAME_HEADER_SIZE);
}

static bool copy_text(char to[BW_NAME_MAX + 1], struct bw_bytes text) {
    if (!bw_text_valid(text.data, text.size, BW_NAME_MAX)) {
        return false;
    }
    memcpy(to, text.data, text.size);
    to[text.size] = '\0';
    return true;
}

static int decode(struct bw_bytes body, struct bw_beacon *beacon) {
    struct frame_beacon frame;
    *beacon = (struct bw_beacon){.number = 0};
    if (bw_wire_get(&bw_schema_beacon, body, &frame) != 0 || bw_id_none(&frame.id) || frame.session == 0 ||
        frame.number == 0 || frame.addr.family == 0 || frame.addr.port == 0 ||
        frame.protocol_min > frame.protocol_max || !copy_text(beacon->name, frame.name) ||
        !copy_text(beacon->cluster, frame.cluster)) {
        return BW_ERR_DROP_MALFORMED;
    }
    beacon->id = frame.id;
    beacon->session = frame.session;
    beacon->number = frame.number;
    beacon->addr = frame.addr;
    beacon->member_count = frame.members;
    beacon->protocol_min = frame.protocol_min;
    beacon->protocol_max = frame.protocol_max;
    return 0;
}

/* Exactly one beacon frame among whatever else. */
static int read_plain(struct bw_bytes plain, struct bw_beacon *beacon) {
    struct bw_reader reader = {.data = plain.data, .size = plain.size};
    struct bw_bytes body;
    struct bw_bytes found = {.data = NULL};
    uint8_t type;
    int more;
    while ((more = bw_wire_next(&reader, &type, &body)) == 1) {
        if (type == TYPE_BEACON && found.data != NULL) {
            return BW_ERR_DROP_MALFORMED;
        }
        found = type == TYPE_BEACON ? body : found;
    }
    return more != 0 || found.data == NULL ? BW_ERR_DROP_MALFORMED : decode(found, beacon);
}

void bw_beacon_seal(const struct bw_keyring *ring, const struct bw_beacon *beacon, uint8_t sealed[BW_BEACON_SIZE]) {
    struct bw_beacon_key key;
    uint8_t plain[PLAIN_SIZE];
    bw_keyring_beacon(ring, 0, &key);
    encode(beacon, plain);
    memcpy(sealed, magic, MAGIC_SIZE);
    crypto_generichash(sealed + MAGIC_SIZE, BW_NONCE_SIZE, plain, sizeof(plain), key.nonce_key,
                       crypto_generichash_KEYBYTES);
    crypto_shorthash(sealed + HINT_AT, sealed + MAGIC_SIZE, BW_NONCE_SIZE, key.hint_key);
    bw_aead_xchacha20poly1305.seal(sealed + BODY_AT, (struct bw_bytes){plain, sizeof(plain)},
                                   (struct bw_bytes){sealed, MAGIC_SIZE}, sealed + MAGIC_SIZE, key.seal_key);
}

/* Whether the key made this beacon, by its hint. */
static bool key_fits(const struct bw_beacon_key *key, const uint8_t *sealed) {
    uint8_t hint[crypto_shorthash_BYTES];
    crypto_shorthash(hint, sealed + MAGIC_SIZE, BW_NONCE_SIZE, key->hint_key);
    return sodium_memcmp(hint, sealed + HINT_AT, sizeof(hint)) == 0;
}

int bw_beacon_open(const struct bw_keyring *ring, struct bw_bytes sealed, struct bw_beacon *beacon) {
    struct bw_beacon_key key;
    uint8_t plain[PLAIN_SIZE];
    int error = BW_ERR_DROP_KEY;
    if (sealed.size != BW_BEACON_SIZE) {
        return sealed.size < BW_BEACON_SIZE ? BW_ERR_DROP_SHORT : BW_ERR_DROP_LONG;
    }
    if (memcmp(sealed.data, magic, MAGIC_SIZE) != 0) {
        return BW_ERR_DROP_VERSION;
    }
    for (size_t i = 0; ring != NULL && i < bw_keyring_count(ring); i++) {
        bw_keyring_beacon(ring, i, &key);
        if (!key_fits(&key, sealed.data)) {
            continue;
        }
        error = BW_ERR_DROP_AUTH;
        if (bw_aead_xchacha20poly1305.open(plain, (struct bw_bytes){sealed.data + BODY_AT, PLAIN_SIZE + BW_TAG_SIZE},
                                           (struct bw_bytes){sealed.data, MAGIC_SIZE}, sealed.data + MAGIC_SIZE,
                                           key.seal_key)) {
            return read_plain((struct bw_bytes){plain, sizeof(plain)}, beacon);
        }
    }
    return error;
}
