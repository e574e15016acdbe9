/* tests/vectors/digests.json: what views are compared by. */
#include "tests/unit/vectors_test.h"

#include "base/base.h"
#include "gossip/digest.h"
#include "gossip/gossip.h"
#include <bellwether/config.h>
#include <stdlib.h>
#include <string.h>

static struct bw_id an_id(unsigned number) {
    struct bw_id id;
    memset(id.bytes, (int)number, sizeof(id.bytes));
    return id;
}

static struct bw_bytes text(const char *text) {
    return (struct bw_bytes){(const uint8_t *)text, strlen(text)};
}

static void *resize(void *context, void *memory, size_t old_size, size_t new_size) {
    (void)context;
    (void)old_size;
    if (new_size == 0) {
        free(memory);
        return NULL;
    }
    return realloc(memory, new_size);
}

static void put_digest(struct vectors_list *list, const char *label) {
    const struct bw_digest_key key = bw_digest_key(label);
    const struct bw_time now = {1, 1};
    struct bw_trace trace = {.hook = NULL};
    struct bw_gossip_config config = {.allocator = {resize, NULL},
                                      .trace = &trace,
                                      .seed = 1,
                                      .self = an_id(5),
                                      .session = 9,
                                      .incarnation = 1790000000000000,
                                      .name = "n5",
                                      .label = label,
                                      .addr = {.ip = {192, 0, 2, 7}, .port = 7946, .family = 4}};
    struct bw_record record = {
        .kind = 7, .key = text("k"), .rank = {[7] = 9, [8] = 5, [31] = 1}, .body = text("not part of it")};
    struct bw_gossip *gossip = NULL;
    struct bw_config whole;
    bw_config_init(&whole, BW_PROFILE_LAN);
    config.params = whole.params;
    CU_ASSERT_EQUAL_FATAL(bw_gossip_create(&gossip, &config, now), 0);
    uint64_t alone = bw_gossip_digest(gossip);
    CU_ASSERT_EQUAL(bw_gossip_put(gossip, &record, now), 0);
    uint64_t both = bw_gossip_digest(gossip);
    bw_gossip_destroy(gossip);
    CU_ASSERT_EQUAL(alone, bw_digest_claim(&key, &config.self, (struct bw_claim){config.incarnation, BW_STATUS_ALIVE}));
    vectors_next(list);
    fprintf(list->to, "{\"label\": \"%s\", \"kind\": 7, \"key\": \"6b\", \"incarnation\": \"%llu\"", label,
            (unsigned long long)config.incarnation);
    vectors_hex(list->to, "id", config.self.bytes, 16);
    vectors_hex(list->to, "rank", record.rank, sizeof(record.rank));
    fprintf(list->to, ", \"member\": \"%016llx\", \"member_and_record\": \"%016llx\"", (unsigned long long)alone,
            (unsigned long long)both);
    fprintf(
        list->to, ", \"left\": \"%016llx\", \"bucket\": %u}",
        (unsigned long long)bw_digest_claim(&key, &config.self, (struct bw_claim){config.incarnation, BW_STATUS_LEFT}),
        bw_digest_bucket(&key, &config.self));
}

/* What of two claims about a member holds: this is their order. */
static void put_order(FILE *to) {
    static const struct bw_claim claims[] = {{1, BW_STATUS_ALIVE}, {1, BW_STATUS_SUSPECT}, {1, BW_STATUS_DEAD},
                                             {1, BW_STATUS_LEFT},  {2, BW_STATUS_ALIVE},   {2, BW_STATUS_DEAD}};
    struct vectors_list list = {.to = to};
    fputs("\n],\n\"claims_rise\": [", to);
    for (size_t i = 0; i < BW_COUNT(claims); i++) {
        CU_ASSERT(i == 0 || bw_precedence(claims[i - 1], claims[i]) < 0);
        CU_ASSERT(i == 0 || bw_precedence(claims[i], claims[i - 1]) > 0);
        vectors_next(&list);
        fprintf(to, "{\"incarnation\": \"%llu\", \"status\": %u}", (unsigned long long)claims[i].incarnation,
                (unsigned)claims[i].status);
    }
    fputs("\n]\n}\n", to);
}

void vectors_digests(FILE *to) {
    struct vectors_list list = {.to = to};
    fputs("{\n\"about\": \"docs/PROTOCOL.md, Views: the digest of a view with one member that is alive, and of one "
          "with a "
          "record besides; what the member counts once it has left; its bucket of 1024. Then claims about one member, "
          "each "
          "below the next.\",\n\"digests\": [",
          to);
    put_digest(&list, "");
    put_digest(&list, "prod");
    put_digest(&list, "a label of more than sixteen bytes");
    put_order(to);
}
