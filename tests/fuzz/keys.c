/* Target: texts of the library – key files, tokens, addresses, names of seats. */
#include <bellwether/loop.h>
#include <bellwether/scope.h>

#include "crypto/keyring.h"
#include "node/addr.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void keys(struct bw_bytes text) {
    struct bw_keyring *ring = NULL;
    size_t line = 0;
    int error = bw_keyring_create(&ring, (const char *)text.data, text.size, &line);
    FUZZ_CHECK(error == 0 || error == BW_ERR_KEY || error == BW_ERR_FULL);
    FUZZ_CHECK((error == 0) == (ring != NULL));
    FUZZ_CHECK(error == 0 || error == BW_ERR_FULL || line <= text.size + 1);
    if (ring == NULL)
        return;
    struct bw_key_use use;
    size_t count = bw_keyring_count(ring);
    FUZZ_CHECK(count >= 1 && count <= BW_KEY_COUNT_MAX);
    for (size_t i = 0; i < count; i++)
        bw_keyring_use(ring, i, &use);
    bw_keyring_destroy(ring);
}

static void token(const char *text) {
    struct bw_token token, again;
    char printed[BW_TOKEN_TEXT_SIZE];
    if (bw_token_parse(&token, text) != 0)
        return;
    bw_token_text(&token, printed);
    FUZZ_CHECK(strcmp(printed, text) == 0);
    FUZZ_CHECK(bw_token_parse(&again, printed) == 0 && bw_token_compare(&token, &again) == 0);
}

static void address(const char *text) {
    struct bw_addr addr, again;
    char printed[BW_ADDR_TEXT_SIZE];
    if (bw_addr_parse(&addr, text, 7946) != 0)
        return;
    FUZZ_CHECK(addr.family == 4 || addr.family == 6);
    bw_addr_text(&addr, printed);
    FUZZ_CHECK(bw_addr_parse(&again, printed, 1) == 0 && bw_addr_equal(&addr, &again));
}

static void seat(const char *text) {
    size_t size = 0;
    char name[BW_NAME_MAX + 1];
    char scope[BW_NAME_MAX + 1];
    int number = bw_scope_seat(text, &size);
    FUZZ_CHECK(number < (int)BW_SEATS_MAX);
    if (number < 0 || size > BW_NAME_MAX || strlen(text) > BW_NAME_MAX)
        return;
    memcpy(scope, text, size);
    scope[size] = '\0';
    bw_scope_seat_name(scope, (unsigned)number, name);
    FUZZ_CHECK(strcmp(name, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    size_t which = fuzz_below(&in, 4);
    char *text = fuzz_text((struct bw_bytes){in.data, in.size});
    if (which == 0)
        keys((struct bw_bytes){(const uint8_t *)text, in.size});
    else if (which == 1)
        token(text);
    else if (which == 2)
        address(text);
    else
        seat(text);
    free(text);
    return 0;
}
