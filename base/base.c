/* Comparison, text, memory and byte order of the shared types. */
#include "base.h"

#include <string.h>

int bw_id_compare(const struct bw_id *a, const struct bw_id *b) {
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool bw_id_equal(const struct bw_id *a, const struct bw_id *b) {
    return bw_id_compare(a, b) == 0;
}

bool bw_id_none(const struct bw_id *id) {
    static const struct bw_id none;
    return bw_id_equal(id, &none);
}

char *bw_hex_put(char *to, const uint8_t *bytes, size_t size) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to = '\0';
    return to;
}

static int hex_digit(char letter) {
    return letter >= '0' && letter <= '9' ? letter - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

bool bw_hex_get(const char *from, uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(from[2 * i]);
        int low = high < 0 ? -1 : hex_digit(from[2 * i + 1]); /* not beyond the text's end */
        if (low < 0) {
            return false;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void bw_id_text(const struct bw_id *id, char text[BW_ID_TEXT_SIZE]) {
    bw_hex_put(text, id->bytes, sizeof(id->bytes));
}

bool bw_addr_equal(const struct bw_addr *a, const struct bw_addr *b) {
    return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

int bw_token_compare(const struct bw_token *a, const struct bw_token *b) {
    if (a->term != b->term) {
        return a->term < b->term ? -1 : 1;
    }
    return bw_id_compare(&a->id, &b->id);
}

void bw_token_text(const struct bw_token *token, char text[BW_TOKEN_TEXT_SIZE]) {
    uint8_t term[8];
    bw_put_u64(term, token->term);
    bw_hex_put(bw_hex_put(text, term, sizeof(term)), token->id.bytes, 8);
}

int bw_token_parse(struct bw_token *token, const char *text) {
    uint8_t bytes[16];
    if (!bw_hex_get(text, bytes, sizeof(bytes)) || text[32] != '\0') {
        return BW_ERR_INVALID;
    }
    *token = (struct bw_token){.term = bw_get_u64(bytes)};
    memcpy(token->id.bytes, bytes + 8, 8);
    return 0;
}

void *bw_alloc(const struct bw_allocator *allocator, size_t size) {
    BW_ASSERT(size > 0);
    void *memory = allocator->resize(allocator->context, NULL, 0, size);
    if (memory) {
        memset(memory, 0, size);
    }
    return memory;
}

void *bw_resize(const struct bw_allocator *allocator, void *memory, size_t old_size, size_t new_size) {
    BW_ASSERT(new_size > 0 && (memory != NULL) == (old_size > 0));
    void *resized = allocator->resize(allocator->context, memory, old_size, new_size);
    if (resized && new_size > old_size) {
        memset((char *)resized + old_size, 0, new_size - old_size);
    }
    return resized;
}

void bw_free(const struct bw_allocator *allocator, void *memory, size_t size) {
    if (memory) {
        allocator->resize(allocator->context, memory, size, 0);
    }
}

/* How many bytes the character at text takes; 0 if it is not well-formed UTF-8. */
static size_t utf8_decode(const uint8_t *text, size_t size, uint32_t *character) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* below it, the form is overlong */
    uint8_t lead = text[0];
    size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if ((lead >= 0x80 && lead < 0xc0) || lead > 0xf4 || length > size) {
        return 0;
    }
    uint32_t value = length == 1 ? lead : lead & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (text[i] & 0x3fu);
    }
    bool surrogate = value >= 0xd800 && value <= 0xdfff;
    *character = value;
    return value < least[length] || value > 0x10ffff || surrogate ? 0 : length;
}

bool bw_text_valid(const uint8_t *text, size_t size, size_t limit) {
    if (size == 0 || size > limit) {
        return false;
    }
    for (size_t at = 0; at < size;) {
        uint32_t character = 0;
        size_t length = utf8_decode(text + at, size - at, &character);
        bool control = character < 0x20 || (character >= 0x7f && character < 0xa0);
        if (length == 0 || control) {
            return false;
        }
        at += length;
    }
    return true;
}
