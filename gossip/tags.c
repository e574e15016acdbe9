/* A member's tags, encoded: size (1), name, size (2), value, and so on. And the words of a status. */
#include <string.h>

#include "base/base.h"
#include "gossip/frames.h"
#include "gossip/gossip.h"

const char *bw_status_name(enum bw_status status) {
    static const char *const names[] = {"alive", "suspect", "dead", "left"};
    BW_ASSERT((unsigned)status < BW_COUNT(names));
    return names[status];
}

bool bw_tag_next(struct bw_bytes tags, size_t *at, struct bw_bytes *name, struct bw_bytes *value) {
    size_t left = tags.size - *at;
    if (left < 1 || left - 1 < tags.data[*at]) {
        return false;
    }
    struct bw_bytes tag_name = {tags.data + *at + 1, tags.data[*at]};
    left -= 1 + tag_name.size;
    if (left < 2 || left - 2 < bw_get_u16(tag_name.data + tag_name.size)) {
        return false;
    }
    struct bw_bytes tag_value = {tag_name.data + tag_name.size + 2, bw_get_u16(tag_name.data + tag_name.size)};
    *name = tag_name;
    *value = tag_value;
    *at += 1 + tag_name.size + 2 + tag_value.size;
    return true;
}

static bool has_name(struct bw_bytes tags, struct bw_bytes wanted) {
    struct bw_bytes name;
    struct bw_bytes value;
    for (size_t at = 0; bw_tag_next(tags, &at, &name, &value);) {
        if (name.size == wanted.size && memcmp(name.data, wanted.data, name.size) == 0) {
            return true;
        }
    }
    return false;
}

static bool tag_valid(struct bw_bytes name, struct bw_bytes value) {
    return bw_text_valid(name.data, name.size, BW_NAME_MAX) &&
           (value.size == 0 || bw_text_valid(value.data, value.size, BW_TAG_SIZE_MAX));
}

bool bw_tags_valid(struct bw_bytes tags) {
    struct bw_bytes name;
    struct bw_bytes value;
    size_t at = 0;
    size_t before = 0;
    for (size_t count = 0; bw_tag_next(tags, &at, &name, &value); count++) {
        struct bw_bytes earlier = {tags.data, before};
        if (count == BW_TAG_COUNT_MAX || !tag_valid(name, value) || has_name(earlier, name)) {
            return false;
        }
        before = at;
    }
    return at == tags.size;
}

int bw_gossip_encode_tags(const struct bw_tag *tags, size_t count, uint8_t *data, size_t *size) {
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        struct bw_bytes name = {(const uint8_t *)tags[i].name, strlen(tags[i].name)};
        struct bw_bytes value = {(const uint8_t *)tags[i].value, strlen(tags[i].value)};
        struct bw_bytes earlier = {data, used};
        if (value.size > BW_TAG_SIZE_MAX) {
            return BW_ERR_SPACE;
        }
        if (!tag_valid(name, value) || has_name(earlier, name)) {
            return BW_ERR_INVALID;
        }
        if (i == BW_TAG_COUNT_MAX || 3 + name.size + value.size > BW_TAG_SIZE_MAX - used) {
            return BW_ERR_SPACE;
        }
        data[used] = (uint8_t)name.size;
        memcpy(data + used + 1, name.data, name.size);
        bw_put_u16(data + used + 1 + name.size, (uint16_t)value.size);
        if (value.size > 0) {
            memcpy(data + used + 3 + name.size, value.data, value.size);
        }
        used += 3 + name.size + value.size;
    }
    *size = used;
    return 0;
}
