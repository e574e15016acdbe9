/* The codec: each message is a row of fields, declared once as an X-macro, from which come the
 * struct, the encoder, the decoder, the printer, the fuzzer's grammar and the document.
 *
 * A datagram's plaintext is a sequence of frames: type (1 byte), size of the body (2), body.
 * Integers are fixed-size and big-endian; byte strings carry a 2-byte size. What decodes
 * re-encodes to the same bytes. An unknown type is skipped by its size; a known type with missing,
 * trailing or out-of-range content makes the whole datagram malformed.
 * A message has at least one field.
 *
 *   #define BW_FRAME_PING(F, T) F(T, U64, seq, 0) F(T, U64, digest, 0)
 *   BW_WIRE_STRUCT(bw_frame_ping, BW_FRAME_PING)          // in a header: struct bw_frame_ping
 *   BW_WIRE_SCHEMA(bw_schema_ping, 1, "ping", bw_frame_ping, BW_FRAME_PING)   // in one .c file
 */
#ifndef BW_BASE_WIRE_H
#define BW_BASE_WIRE_H

#include <bellwether/types.h>

enum bw_wire_type { BW_WIRE_U8, BW_WIRE_U16, BW_WIRE_U32, BW_WIRE_U64, BW_WIRE_ID, BW_WIRE_ADDR, BW_WIRE_BYTES };

typedef uint8_t bw_wire_c_U8;
typedef uint16_t bw_wire_c_U16;
typedef uint32_t bw_wire_c_U32;
typedef uint64_t bw_wire_c_U64;
typedef struct bw_id bw_wire_c_ID;
typedef struct bw_addr bw_wire_c_ADDR; /* family (1: 0, 4 or 6), port (2; 0 for none), ip (0, 4 or 16) */
typedef struct bw_bytes bw_wire_c_BYTES;

/* limit: largest value of an integer, longest byte string; 0: only what the type can hold */
struct bw_field {
    const char *name;
    enum bw_wire_type type;
    size_t offset;
    uint64_t limit;
};

struct bw_schema {
    uint8_t type;
    const char *name;
    const struct bw_field *fields;
    size_t field_count;
    size_t struct_size;
};

#define BW_WIRE_MEMBER_(tag, wire, name, limit) bw_wire_c_##wire name;
#define BW_WIRE_FIELD_(tag, wire, name, limit) {#name, BW_WIRE_##wire, offsetof(struct tag, name), limit},
#define BW_WIRE_STRUCT(tag, FIELDS)  \
    struct tag {                     \
        FIELDS(BW_WIRE_MEMBER_, tag) \
    };
#define BW_WIRE_SCHEMA(variable, type_number, text, tag, FIELDS)                      \
    static const struct bw_field variable##_fields[] = {FIELDS(BW_WIRE_FIELD_, tag)}; \
    const struct bw_schema variable = {type_number, text, variable##_fields,          \
                                       sizeof(variable##_fields) / sizeof(variable##_fields[0]), sizeof(struct tag)};

struct bw_writer {
    uint8_t *data;
    size_t capacity;
    size_t used;
};

struct bw_reader {
    const uint8_t *data;
    size_t size;
    size_t at;
};

/* Appends one frame. BW_ERR_SPACE if it does not fit (the writer is unchanged); a field above its
 * limit is the caller's mistake and asserts. */
int bw_wire_put(struct bw_writer *writer, const struct bw_schema *schema, const void *message);

/* Appends the body alone, without type and size: for records kept outside frames. */
int bw_wire_put_body(struct bw_writer *writer, const struct bw_schema *schema, const void *message);

/* The size of the frame that bw_wire_put would write, bytes. */
size_t bw_wire_size(const struct bw_schema *schema, const void *message);

/* The next frame: 1 and its type and body, 0 at the end, BW_ERR_DROP_MALFORMED if it is cut short. */
int bw_wire_next(struct bw_reader *reader, uint8_t *type, struct bw_bytes *body);

/* Decodes one body; byte strings point into it. BW_ERR_DROP_MALFORMED unless it is exactly one
 * canonical message. */
int bw_wire_get(const struct bw_schema *schema, struct bw_bytes body, void *message);

/* Prints "name{field=value,…}" for traces; always terminates; returns the length written. */
size_t bw_wire_print(const struct bw_schema *schema, const void *message, char *text, size_t text_size);

#endif
