#include "crypto/armour.h"

#include "base/base.h"

#include <sodium.h>
#include <string.h>

static bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static int read_line(const char *word, const char *line, size_t line_size, uint8_t *data, size_t capacity,
                     size_t *size) {
    size_t word_size = strlen(word);
    const char *end = NULL;
    while (line_size > 0 && blank(line[line_size - 1])) {
        line_size--;
    }
    if (line_size <= word_size + 1 || memcmp(line, word, word_size) != 0 || line[word_size] != ' ') {
        return BW_ERR_KEY;
    }
    line += word_size + 1;
    line_size -= word_size + 1;
    if (sodium_base642bin(data, capacity, line, line_size, NULL, size, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != line + line_size) {
        return BW_ERR_KEY;
    }
    return 0;
}

int bw_armour_read(const char *word, const char *text, size_t text_size, uint8_t *data, size_t capacity, size_t *size) {
    bool found = false;
    for (size_t at = 0; at < text_size;) {
        const char *newline = memchr(text + at, '\n', text_size - at);
        size_t end = newline ? (size_t)(newline - text) : text_size;
        bool skipped = text[at] == '#' || text[at] == '\n' || (blank(text[at]) && end - at == 1);
        if (!skipped) {
            int error = found ? BW_ERR_KEY : read_line(word, text + at, end - at, data, capacity, size);
            if (error) {
                return error;
            }
            found = true;
        }
        at = end + 1;
    }
    return found ? 0 : BW_ERR_KEY;
}

void bw_armour_write(const char *word, struct bw_bytes data, char *text) {
    size_t word_size = strlen(word);
    size_t room = sodium_base64_encoded_len(data.size, sodium_base64_VARIANT_ORIGINAL);
    BW_ASSERT(word_size + 1 + room + 1 <= BW_ARMOUR_TEXT_SIZE(data.size));
    memcpy(text, word, word_size);
    text[word_size] = ' ';
    sodium_bin2base64(text + word_size + 1, room, data.data, data.size, sodium_base64_VARIANT_ORIGINAL);
    memcpy(text + word_size + room, "\n", 2); /* over the zero */
}
