/* Small helpers over the public types: comparison, text, memory, assertion. No I/O, no clock, no randomness. */
#ifndef BW_BASE_BASE_H
#define BW_BASE_BASE_H

#include <bellwether/error.h>
#include <bellwether/types.h>

/* A broken invariant or a caller's mistake stops the program, in release builds too. */
#define BW_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())
#define BW_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BW_US_PER_MS INT64_C(1000)
#define BW_US_PER_S INT64_C(1000000)

int bw_id_compare(const struct bw_id *a, const struct bw_id *b); /* memcmp order */
bool bw_id_equal(const struct bw_id *a, const struct bw_id *b);
bool bw_id_none(const struct bw_id *id);
bool bw_addr_equal(const struct bw_addr *a, const struct bw_addr *b);
int bw_token_compare(const struct bw_token *a, const struct bw_token *b);

char *bw_hex_put(char *to, const uint8_t *bytes, size_t size); /* lower case, and a zero, to which it points back */
/* Exactly 2 * size lower-case digits, whatever follows. false: bytes may hold some of them. */
bool bw_hex_get(const char *from, uint8_t *bytes, size_t size);

void *bw_alloc(const struct bw_allocator *allocator, size_t size); /* zeroed; NULL when out of memory */
/* What is added is zeroed. NULL when out of memory: the old block stays. NULL of size 0 allocates. */
void *bw_resize(const struct bw_allocator *allocator, void *memory, size_t old_size, size_t new_size);
void bw_free(const struct bw_allocator *allocator, void *memory, size_t size); /* NULL is harmless */

/* Big-endian numbers, as they travel. Inline: the codec is made of them. */
static inline void bw_put_u16(uint8_t *to, uint16_t value) {
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}
static inline void bw_put_u32(uint8_t *to, uint32_t value) {
    bw_put_u16(to, (uint16_t)(value >> 16));
    bw_put_u16(to + 2, (uint16_t)value);
}
static inline void bw_put_u64(uint8_t *to, uint64_t value) {
    bw_put_u32(to, (uint32_t)(value >> 32));
    bw_put_u32(to + 4, (uint32_t)value);
}
static inline uint16_t bw_get_u16(const uint8_t *from) {
    return (uint16_t)(from[0] << 8 | from[1]);
}
static inline uint32_t bw_get_u32(const uint8_t *from) {
    return (uint32_t)bw_get_u16(from) << 16 | bw_get_u16(from + 2);
}
static inline uint64_t bw_get_u64(const uint8_t *from) {
    return (uint64_t)bw_get_u32(from) << 32 | bw_get_u32(from + 4);
}

/* Valid UTF-8 without control characters, 1..limit bytes: what names and tags from peers must be. */
bool bw_text_valid(const uint8_t *text, size_t size, size_t limit);

#endif
