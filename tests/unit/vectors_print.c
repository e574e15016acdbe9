/* Known answers as JSON: see vectors_test.h. */
#include "tests/unit/vectors_test.h"

#include "base/base.h"

void vectors_next(struct vectors_list *list) {
    fputs(list->count++ > 0 ? ",\n  " : "\n  ", list->to);
}

static void put_hex(FILE *to, const void *data, size_t size) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        fprintf(to, "%02x", bytes[i]);
}

void vectors_hex(FILE *to, const char *key, const void *data, size_t size) {
    fprintf(to, ", \"%s\": \"", key);
    put_hex(to, data, size);
    fputc('"', to);
}

void vectors_addr(FILE *to, const struct bw_addr *addr) {
    size_t size = addr->family == 4 ? 4 : addr->family == 6 ? 16 : 0;
    fprintf(to, "{\"family\": %u, \"port\": %u", addr->family, addr->port);
    vectors_hex(to, "ip", addr->ip, size);
    fputc('}', to);
}

static void put_field(FILE *to, const struct bw_field *field, const void *member) {
    const struct bw_bytes *bytes = member;
    switch (field->type) {
    case BW_WIRE_U8:
        fprintf(to, "%u", *(const uint8_t *)member);
        break;
    case BW_WIRE_U16:
        fprintf(to, "%u", *(const uint16_t *)member);
        break;
    case BW_WIRE_U32:
        fprintf(to, "%u", *(const uint32_t *)member);
        break;
    case BW_WIRE_U64:
        fprintf(to, "\"%llu\"", (unsigned long long)*(const uint64_t *)member);
        break;
    case BW_WIRE_ID:
        fputc('"', to);
        put_hex(to, member, sizeof(struct bw_id));
        fputc('"', to);
        break;
    case BW_WIRE_ADDR:
        vectors_addr(to, member);
        break;
    case BW_WIRE_BYTES:
        fputc('"', to);
        put_hex(to, bytes->data, bytes->size);
        fputc('"', to);
        break;
    }
}

void vectors_fields(FILE *to, const char *key, const struct bw_schema *schema, const void *message) {
    fprintf(to, ", \"%s\": {", key);
    for (size_t i = 0; i < schema->field_count; i++) {
        fprintf(to, "%s\"%s\": ", i > 0 ? ", " : "", schema->fields[i].name);
        put_field(to, &schema->fields[i], (const char *)message + schema->fields[i].offset);
    }
    fputc('}', to);
}

void vectors_accept(struct vectors_list *list, const char *layer, const struct bw_schema *schema, const void *message) {
    uint8_t frame[BW_DATAGRAM_MAX];
    union {
        uint8_t room[1024];
        uint64_t align;
    } decoded;
    struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
    CU_ASSERT_FATAL(schema->struct_size <= sizeof(decoded));
    CU_ASSERT_EQUAL_FATAL(bw_wire_put(&writer, schema, message), 0);
    CU_ASSERT_EQUAL(bw_wire_get(schema, (struct bw_bytes){frame + 3, writer.used - 3}, &decoded), 0);
    vectors_next(list);
    fprintf(list->to, "{\"layer\": \"%s\", \"name\": \"%s\"", layer, schema->name);
    vectors_hex(list->to, "frame", frame, writer.used);
    vectors_fields(list->to, "fields", schema, &decoded);
    fputc('}', list->to);
}
