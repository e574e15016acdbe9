/* Messages as text, for traces: ping{seq=7,from=10.0.0.1:7946,name="a",key=0x00ff}. Truncated where the
 * room ends, never more than printable ASCII. Written by hand: the core does not know printf. */
#include <string.h>

#include "base.h"
#include "wire.h"

struct printer {
    char *text;
    size_t room; /* without the closing zero */
    size_t used;
};

static void print_char(struct printer *printer, char c) {
    if (printer->used < printer->room) {
        printer->text[printer->used++] = c;
    }
}

static void print_text(struct printer *printer, const char *text) {
    for (; *text; text++) {
        print_char(printer, *text);
    }
}

static void print_decimal(struct printer *printer, uint64_t value) {
    char digits[21] = {0}; /* 2^64 - 1 has 20 */
    size_t at = sizeof(digits) - 1;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    print_text(printer, digits + at);
}

static void print_hex_digit(struct printer *printer, unsigned digit) {
    print_char(printer, "0123456789abcdef"[digit & 15]);
}

static void print_hex_bytes(struct printer *printer, const uint8_t *data, size_t size) {
    for (size_t i = 0; i < size && printer->used < printer->room; i++) {
        print_hex_digit(printer, data[i] >> 4);
        print_hex_digit(printer, data[i]);
    }
}

/* Hexadecimal without leading zeros, as the groups of an IPv6 address are written. */
static void print_group(struct printer *printer, uint16_t value) {
    unsigned shift = 12;
    while (shift > 0 && value >> shift == 0) {
        shift -= 4;
    }
    for (; shift > 0; shift -= 4) {
        print_hex_digit(printer, (unsigned)value >> shift);
    }
    print_hex_digit(printer, value);
}

static void print_ip(struct printer *printer, const struct bw_addr *addr) {
    if (addr->family == 4) {
        for (size_t i = 0; i < 4; i++) {
            print_text(printer, i > 0 ? "." : "");
            print_decimal(printer, addr->ip[i]);
        }
        return;
    }
    for (size_t i = 0; i < 16; i += 2) {
        print_text(printer, i > 0 ? ":" : "[");
        print_group(printer, bw_get_u16(addr->ip + i));
    }
    print_char(printer, ']');
}

static void print_addr(struct printer *printer, const struct bw_addr *addr) {
    if (addr->family != 4 && addr->family != 6) {
        print_text(printer, addr->family == 0 ? "none" : "?");
        return;
    }
    print_ip(printer, addr);
    print_char(printer, ':');
    print_decimal(printer, addr->port);
}

/* Text is shown as such only if it cannot be mistaken for anything else or reach a terminal as a command. */
static bool plain(const struct bw_bytes *bytes) {
    for (size_t i = 0; i < bytes->size; i++) {
        uint8_t c = bytes->data[i];
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
            return false;
        }
    }
    return true;
}

static void print_bytes(struct printer *printer, const struct bw_bytes *bytes) {
    if (!plain(bytes)) {
        print_text(printer, "0x");
        print_hex_bytes(printer, bytes->data, bytes->size);
        return;
    }
    print_char(printer, '"');
    for (size_t i = 0; i < bytes->size; i++) {
        print_char(printer, (char)bytes->data[i]);
    }
    print_char(printer, '"');
}

static void print_field(struct printer *printer, const struct bw_field *field, const void *message) {
    const void *member = (const char *)message + field->offset;
    switch (field->type) {
    case BW_WIRE_U8:
        print_decimal(printer, *(const uint8_t *)member);
        break;
    case BW_WIRE_U16:
        print_decimal(printer, *(const uint16_t *)member);
        break;
    case BW_WIRE_U32:
        print_decimal(printer, *(const uint32_t *)member);
        break;
    case BW_WIRE_U64:
        print_decimal(printer, *(const uint64_t *)member);
        break;
    case BW_WIRE_ID:
        print_hex_bytes(printer, member, sizeof(struct bw_id));
        break;
    case BW_WIRE_ADDR:
        print_addr(printer, member);
        break;
    default:
        BW_ASSERT(field->type == BW_WIRE_BYTES);
        print_bytes(printer, member);
        break;
    }
}

size_t bw_wire_print(const struct bw_schema *schema, const void *message, char *text, size_t text_size) {
    if (text_size == 0) {
        return 0;
    }
    struct printer printer = {.text = text, .room = text_size - 1};
    print_text(&printer, schema->name);
    print_char(&printer, '{');
    for (size_t i = 0; i < schema->field_count; i++) {
        print_text(&printer, i > 0 ? "," : "");
        print_text(&printer, schema->fields[i].name);
        print_char(&printer, '=');
        print_field(&printer, &schema->fields[i], message);
    }
    print_char(&printer, '}');
    text[printer.used] = '\0';
    return printer.used;
}
