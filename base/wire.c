/* The codec: walks a schema's rows. See wire.h; printing is in wire_print.c. */
#include "wire.h"

#include <string.h>

#include "base.h"

#define FRAME_HEADER_SIZE 3u  /* type (1), size of the body (2) */
#define SIZE_LIMIT UINT16_MAX /* of a body or of a byte string */

static const void *member_of(const void *message, const struct bw_field *field) {
    return (const char *)message + field->offset;
}

static bool in_limit(const struct bw_field *field, uint64_t value) {
    return field->limit == 0 || value <= field->limit;
}

/* ------------------------------------------------------------------ sizes */

/* How many bytes of address follow the family; SIZE_MAX for a family that does not exist. */
static size_t ip_size(uint8_t family) {
    return family == 0 ? 0 : family == 4 ? 4 : family == 6 ? 16 : SIZE_MAX;
}

static size_t addr_size(const struct bw_addr *addr) {
    size_t size = ip_size(addr->family);
    BW_ASSERT(size != SIZE_MAX && (addr->family != 0 || addr->port == 0));
    return 1 + 2 + size;
}

static size_t bytes_size(const struct bw_field *field, const struct bw_bytes *bytes) {
    BW_ASSERT(bytes->size <= SIZE_LIMIT && in_limit(field, bytes->size));
    return 2 + bytes->size;
}

static size_t integer_size(enum bw_wire_type type) {
    switch (type) {
    case BW_WIRE_U8:
        return 1;
    case BW_WIRE_U16:
        return 2;
    case BW_WIRE_U32:
        return 4;
    default:
        BW_ASSERT(type == BW_WIRE_U64);
        return 8;
    }
}

static size_t field_size(const struct bw_field *field, const void *message) {
    const void *member = member_of(message, field);
    switch (field->type) {
    case BW_WIRE_ID:
        return sizeof(struct bw_id);
    case BW_WIRE_ADDR:
        return addr_size(member);
    case BW_WIRE_BYTES:
        return bytes_size(field, member);
    default:
        return integer_size(field->type);
    }
}

static size_t body_size(const struct bw_schema *schema, const void *message) {
    size_t size = 0;
    for (size_t i = 0; i < schema->field_count; i++) {
        size += field_size(&schema->fields[i], message);
    }
    return size;
}

size_t bw_wire_size(const struct bw_schema *schema, const void *message) {
    return FRAME_HEADER_SIZE + body_size(schema, message);
}

/* ------------------------------------------------------------------ encoding: room was checked before */

static void append(struct bw_writer *writer, const void *data, size_t size) {
    if (size > 0) {
        memcpy(writer->data + writer->used, data, size);
    }
    writer->used += size;
}

static void append_number(struct bw_writer *writer, uint64_t value, size_t size) {
    uint8_t *to = writer->data + writer->used;
    switch (size) {
    case 1:
        *to = (uint8_t)value;
        break;
    case 2:
        bw_put_u16(to, (uint16_t)value);
        break;
    case 4:
        bw_put_u32(to, (uint32_t)value);
        break;
    default:
        bw_put_u64(to, value);
        break;
    }
    writer->used += size;
}

static uint64_t number_of(const struct bw_field *field, const void *member) {
    switch (field->type) {
    case BW_WIRE_U8:
        return *(const uint8_t *)member;
    case BW_WIRE_U16:
        return *(const uint16_t *)member;
    case BW_WIRE_U32:
        return *(const uint32_t *)member;
    default:
        return *(const uint64_t *)member;
    }
}

static void append_field(struct bw_writer *writer, const struct bw_field *field, const void *message) {
    const void *member = member_of(message, field);
    if (field->type == BW_WIRE_ID) {
        append(writer, member, sizeof(struct bw_id));
    } else if (field->type == BW_WIRE_ADDR) {
        const struct bw_addr *addr = member;
        append_number(writer, addr->family, 1);
        append_number(writer, addr->port, 2);
        append(writer, addr->ip, ip_size(addr->family));
    } else if (field->type == BW_WIRE_BYTES) {
        const struct bw_bytes *bytes = member;
        append_number(writer, bytes->size, 2);
        append(writer, bytes->data, bytes->size);
    } else {
        uint64_t value = number_of(field, member);
        BW_ASSERT(in_limit(field, value));
        append_number(writer, value, integer_size(field->type));
    }
}

static void append_body(struct bw_writer *writer, const struct bw_schema *schema, const void *message) {
    for (size_t i = 0; i < schema->field_count; i++) {
        append_field(writer, &schema->fields[i], message);
    }
}

int bw_wire_put(struct bw_writer *writer, const struct bw_schema *schema, const void *message) {
    size_t size = body_size(schema, message);
    if (size > SIZE_LIMIT || FRAME_HEADER_SIZE + size > writer->capacity - writer->used) {
        return BW_ERR_SPACE;
    }
    append_number(writer, schema->type, 1);
    append_number(writer, size, 2);
    append_body(writer, schema, message);
    return 0;
}

int bw_wire_put_body(struct bw_writer *writer, const struct bw_schema *schema, const void *message) {
    if (body_size(schema, message) > writer->capacity - writer->used) {
        return BW_ERR_SPACE;
    }
    append_body(writer, schema, message);
    return 0;
}

/* ------------------------------------------------------------------ decoding */

/* The next size bytes, or NULL if there are not so many. */
static const uint8_t *take(struct bw_reader *reader, size_t size) {
    if (size > reader->size - reader->at) {
        return NULL;
    }
    const uint8_t *data = reader->data + reader->at;
    reader->at += size;
    return data;
}

static bool take_number(struct bw_reader *reader, size_t size, uint64_t *value) {
    const uint8_t *data = take(reader, size);
    if (!data) {
        return false;
    }
    switch (size) {
    case 1:
        *value = *data;
        break;
    case 2:
        *value = bw_get_u16(data);
        break;
    case 4:
        *value = bw_get_u32(data);
        break;
    default:
        *value = bw_get_u64(data);
        break;
    }
    return true;
}

static bool take_id(struct bw_reader *reader, struct bw_id *id) {
    const uint8_t *data = take(reader, sizeof(*id));
    if (data) {
        memcpy(id, data, sizeof(*id));
    }
    return data != NULL;
}

static bool take_addr(struct bw_reader *reader, struct bw_addr *addr) {
    uint64_t family = 0;
    uint64_t port = 0;
    if (!take_number(reader, 1, &family) || !take_number(reader, 2, &port) || (family == 0 && port != 0)) {
        return false;
    }
    addr->family = (uint8_t)family;
    addr->port = (uint16_t)port;
    size_t size = ip_size(addr->family);
    const uint8_t *ip = take(reader, size);
    if (ip && size > 0) {
        memcpy(addr->ip, ip, size);
    }
    return ip != NULL;
}

static bool take_bytes(struct bw_reader *reader, const struct bw_field *field, struct bw_bytes *bytes) {
    uint64_t size = 0;
    if (!take_number(reader, 2, &size) || !in_limit(field, size)) {
        return false;
    }
    bytes->size = (size_t)size;
    bytes->data = take(reader, bytes->size);
    return bytes->data != NULL;
}

static bool take_integer(struct bw_reader *reader, const struct bw_field *field, void *member) {
    uint64_t value = 0;
    if (!take_number(reader, integer_size(field->type), &value) || !in_limit(field, value)) {
        return false;
    }
    switch (field->type) {
    case BW_WIRE_U8:
        *(uint8_t *)member = (uint8_t)value;
        break;
    case BW_WIRE_U16:
        *(uint16_t *)member = (uint16_t)value;
        break;
    case BW_WIRE_U32:
        *(uint32_t *)member = (uint32_t)value;
        break;
    default:
        *(uint64_t *)member = value;
        break;
    }
    return true;
}

static bool take_field(struct bw_reader *reader, const struct bw_field *field, void *message) {
    void *member = (char *)message + field->offset;
    switch (field->type) {
    case BW_WIRE_ID:
        return take_id(reader, member);
    case BW_WIRE_ADDR:
        return take_addr(reader, member);
    case BW_WIRE_BYTES:
        return take_bytes(reader, field, member);
    default:
        return take_integer(reader, field, member);
    }
}

int bw_wire_next(struct bw_reader *reader, uint8_t *type, struct bw_bytes *body) {
    if (reader->at == reader->size) {
        return 0;
    }
    struct bw_reader ahead = *reader;
    const uint8_t *header = take(&ahead, FRAME_HEADER_SIZE);
    if (!header) {
        return BW_ERR_DROP_MALFORMED;
    }
    size_t size = bw_get_u16(header + 1);
    const uint8_t *data = take(&ahead, size);
    if (!data) {
        return BW_ERR_DROP_MALFORMED;
    }
    *type = header[0];
    *body = (struct bw_bytes){.data = data, .size = size};
    *reader = ahead;
    return 1;
}

int bw_wire_get(const struct bw_schema *schema, struct bw_bytes body, void *message) {
    struct bw_reader reader = {.data = body.data, .size = body.size};
    /* What no field covers - padding, the rest of an IPv4 address - is zero, so that equal messages are equal bytes. */
    memset(message, 0, schema->struct_size);
    for (size_t i = 0; i < schema->field_count; i++) {
        if (!take_field(&reader, &schema->fields[i], message)) {
            return BW_ERR_DROP_MALFORMED;
        }
    }
    return reader.at == reader.size ? 0 : BW_ERR_DROP_MALFORMED;
}
