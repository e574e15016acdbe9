#include "tools/http_page.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tools/dashboard_text.inc" /* static const char *const page_lines[] */

enum { HASH_TEXT_SIZE = sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL) };

/* The hash of what stands between the only two such tags of the page, as the policy writes it. */
static bool hash_of(const char *page, const char *open, const char *close, char text[HASH_TEXT_SIZE]) {
    uint8_t hash[crypto_hash_sha256_BYTES];
    const char *begin = strstr(page, open);
    const char *end = begin == NULL ? NULL : strstr(begin, close);
    if (end == NULL)
        return false;
    begin += strlen(open);
    crypto_hash_sha256(hash, (const uint8_t *)begin, (unsigned long long)(end - begin));
    return sodium_bin2base64(text, HASH_TEXT_SIZE, hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL) != NULL;
}

static char *join_lines(size_t *size) {
    char *page = NULL;
    FILE *to = open_memstream(&page, size);
    if (to == NULL)
        return NULL;
    for (size_t i = 0; i < BW_COUNT(page_lines); i++)
        fprintf(to, "%s\n", page_lines[i]);
    bool ok = ferror(to) == 0;
    if (fclose(to) == 0 && ok)
        return page;
    free(page);
    return NULL;
}

bool http_page_make(char **page, size_t *size, char **policy) {
    char script[HASH_TEXT_SIZE], style[HASH_TEXT_SIZE];
    *policy = NULL;
    *page = join_lines(size);
    if (*page != NULL && hash_of(*page, "<script>", "</script>", script) &&
        hash_of(*page, "<style>", "</style>", style) &&
        asprintf(
            policy,
            "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; connect-src 'self'; img-src data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            script, style) >= 0)
        return true;
    free(*page);
    *page = NULL;
    return false;
}
