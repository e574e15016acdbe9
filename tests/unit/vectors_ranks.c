/* tests/vectors/ranks.json: hashes and scores, the order of candidates, of claims and of terms, tokens. */
#include "tests/unit/vectors_test.h"

#include "base/base.h"
#include "election/rank.h"
#include "election/record.h"
#include <bellwether/scope.h>
#include <string.h>

#define TERM 1790000000u

static struct bw_id an_id(unsigned number) {
    struct bw_id id;
    memset(id.bytes, (int)number, sizeof(id.bytes));
    return id;
}

static struct bw_bytes text(const char *text) {
    return (struct bw_bytes){(const uint8_t *)text, strlen(text)};
}

/* ------------------------------------------------------------------ hashes */

static void put_hashes(FILE *to) {
    static const char *const texts[] = {"", "a", "customer-4711", "orders/17", "\xc3\xa4"};
    struct vectors_list list = {.to = to};
    fputs("\"hashes\": [", to);
    for (size_t i = 0; i < BW_COUNT(texts); i++) {
        vectors_next(&list);
        fputs("{\"shards\": 64", to);
        vectors_hex(to, "text", texts[i], strlen(texts[i]));
        fprintf(to, ", \"hash\": \"%016llx\", \"shard\": %u}", (unsigned long long)bw_rank_hash(text(texts[i])),
                bw_shard_of(texts[i], strlen(texts[i]), 64));
    }
    fputs("\n],\n", to);
}

static void put_scores(FILE *to) {
    static const char *const scopes[] = {"orders/17", "orders/18"};
    struct vectors_list list = {.to = to};
    fputs("\"scores\": [", to);
    for (size_t i = 0; i < 10; i++) {
        struct bw_id id = an_id((unsigned)i + 1);
        for (uint8_t k = 0; i == 0 && k < 16; k++)
            id.bytes[k] = k;
        vectors_next(&list);
        fprintf(to, "{\"scope\": \"%s\"", scopes[i % 2]);
        vectors_hex(to, "id", id.bytes, 16);
        fprintf(to, ", \"score\": \"%016llx\"}",
                (unsigned long long)bw_rank_score(bw_rank_hash(text(scopes[i % 2])), &id));
    }
    fputs("\n],\n", to);
}

/* ------------------------------------------------------------------ candidates */

/* Candidates of the scope "orders/17", each before the next. */
static void put_candidates(FILE *to) {
    static const struct {
        unsigned id;
        uint16_t priority;
        bool shaky, seated, incumbent, spread;
    } candidates[] = {
        {3, 200, false, false, false, false}, {1, 100, false, false, true, false},
        {2, 100, false, false, false, true},  {6, 100, false, false, false, true},
        {9, 100, false, false, false, false}, {8, 100, false, false, false, false},
        {4, 0, false, false, false, false},   {7, 65535, false, true, false, false},
        {5, 65535, true, false, true, false}, {10, 65535, true, true, true, false},
    };
    struct vectors_list list = {.to = to};
    struct bw_rank last = {.priority = 0};
    fputs("\"candidates_fall\": [", to);
    for (size_t i = 0; i < BW_COUNT(candidates); i++) {
        struct bw_rank rank = {.id = an_id(candidates[i].id),
                               .priority = candidates[i].priority,
                               .shaky = candidates[i].shaky,
                               .seated = candidates[i].seated,
                               .incumbent = candidates[i].incumbent};
        if (candidates[i].spread)
            rank.score = bw_rank_score(bw_rank_hash(text("orders/17")), &rank.id);
        CU_ASSERT(i == 0 || (bw_rank_compare(&last, &rank) < 0 && bw_rank_compare(&rank, &last) > 0));
        last = rank;
        vectors_next(&list);
        fprintf(to, "{\"priority\": %u, \"shaky\": %d, \"seated\": %d, \"incumbent\": %d, \"score\": \"%016llx\"",
                rank.priority, rank.shaky, rank.seated, rank.incumbent, (unsigned long long)rank.score);
        vectors_hex(to, "id", rank.id.bytes, 16);
        fputc('}', to);
    }
    fputs("\n],\n", to);
}

/* ------------------------------------------------------------------ claims */

static void put_claims(FILE *to) {
    const struct bw_claim claims[] = {
        {.token = {TERM, an_id(9)}, .sequence = 1, .state = BW_CLAIM_LEADING, .lease_ms = 1500, .boot = 1},
        {.token = {TERM + 1, an_id(5)}, .sequence = 1, .state = BW_CLAIM_LEADING, .lease_ms = 1500, .boot = 3},
        {.token = {TERM + 1, an_id(5)}, .sequence = 2, .state = BW_CLAIM_VACANT, .reason = 2, .lease_ms = 1500},
        {.token = {TERM + 1, an_id(6)},
         .sequence = 2,
         .state = BW_CLAIM_RESIGNING,
         .mode = 1,
         .reason = 8,
         .lease_ms = BW_LEASE_MS_MAX,
         .boot = UINT64_MAX,
         .successor = an_id(7)},
        {.token = {UINT64_MAX, an_id(1)}, .sequence = UINT64_C(1) << 62, .state = BW_CLAIM_VACANT, .lease_ms = 1},
    };
    struct vectors_list list = {.to = to};
    fputs("\"claims_rise\": [", to);
    for (size_t i = 0; i < BW_COUNT(claims); i++) {
        uint8_t rank[BW_CLAIM_RANK_SIZE];
        uint8_t body[BW_CLAIM_BODY_MAX];
        char token[BW_TOKEN_TEXT_SIZE];
        size_t size = 0;
        struct bw_claim back;
        bw_claim_encode(&claims[i], rank, body, &size);
        bw_token_text(&claims[i].token, token);
        CU_ASSERT_EQUAL(bw_claim_decode(&back, rank, (struct bw_bytes){body, size}), 0);
        CU_ASSERT_EQUAL(bw_claim_compare(&back, &claims[i]), 0);
        CU_ASSERT(i == 0 || bw_claim_compare(&claims[i - 1], &back) < 0);
        vectors_next(&list);
        fprintf(to, "{\"token\": \"%s\", \"term\": \"%llu\", \"sequence\": \"%llu\", \"state\": %u, \"reason\": %u",
                token, (unsigned long long)back.token.term, (unsigned long long)back.sequence, (unsigned)back.state,
                back.reason);
        fprintf(to, ", \"mode\": %u, \"lease_ms\": %u, \"boot\": \"%llu\"", back.mode, back.lease_ms,
                (unsigned long long)back.boot);
        vectors_hex(to, "id", back.token.id.bytes, 16);
        vectors_hex(to, "successor", back.successor.bytes, 16);
        vectors_hex(to, "rank", rank, sizeof(rank));
        vectors_hex(to, "body", body, size);
        fputc('}', to);
    }
    fputs("\n],\n", to);
}

static void put_refused(FILE *to) {
    const struct {
        const char *why;
        struct bw_claim claim;
        size_t cut;
    } bad[] = {
        {"term 0", {.token = {0, an_id(5)}, .sequence = 1, .lease_ms = 1500}, 0},
        {"no id", {.token = {TERM, {{0}}}, .sequence = 1, .lease_ms = 1500}, 0},
        {"sequence 0", {.token = {TERM, an_id(5)}, .sequence = 0, .lease_ms = 1500}, 0},
        {"sequence above 2^62", {.token = {TERM, an_id(5)}, .sequence = (UINT64_C(1) << 62) + 1, .lease_ms = 1500}, 0},
        {"lease 0", {.token = {TERM, an_id(5)}, .sequence = 1}, 0},
        {"leads and names a successor",
         {.token = {TERM, an_id(5)}, .sequence = 1, .lease_ms = 1500, .successor = an_id(6)},
         0},
        {"body cut short", {.token = {TERM, an_id(5)}, .sequence = 1, .lease_ms = 1500}, 1},
        {"no body", {.token = {TERM, an_id(5)}, .sequence = 1, .lease_ms = 1500}, 34},
    };
    struct vectors_list list = {.to = to};
    fputs("\"claims_refused\": [", to);
    for (size_t i = 0; i < BW_COUNT(bad); i++) {
        uint8_t rank[BW_CLAIM_RANK_SIZE];
        uint8_t body[BW_CLAIM_BODY_MAX];
        size_t size = 0;
        struct bw_claim back;
        bw_claim_encode(&bad[i].claim, rank, body, &size);
        CU_ASSERT_FATAL(size >= bad[i].cut);
        size -= bad[i].cut;
        CU_ASSERT_EQUAL(bw_claim_decode(&back, rank, (struct bw_bytes){body, size}), BW_ERR_DROP_MALFORMED);
        vectors_next(&list);
        fprintf(to, "{\"why\": \"%s\"", bad[i].why);
        vectors_hex(to, "rank", rank, sizeof(rank));
        vectors_hex(to, "body", body, size);
        fputc('}', to);
    }
    fputs("\n],\n", to);
}

/* ------------------------------------------------------------------ terms */

static void put_terms(FILE *to) {
    static const uint64_t near[][2] = {{0, UINT64_C(1) << 33},
                                       {0, (UINT64_C(1) << 33) + 1},
                                       {TERM, TERM + (UINT64_C(1) << 32)},
                                       {TERM, TERM + (UINT64_C(1) << 32) + 1},
                                       {TERM, 1},
                                       {UINT64_MAX, UINT64_MAX}};
    static const uint64_t next[][2] = {
        {0, TERM}, {TERM, TERM - 5}, {TERM, TERM}, {TERM, TERM + 100}, {5, UINT64_C(1) << 40}};
    struct vectors_list list = {.to = to};
    fputs("\"terms_accepted\": [", to);
    for (size_t i = 0; i < BW_COUNT(near); i++) {
        vectors_next(&list);
        fprintf(to, "{\"held\": \"%llu\", \"term\": \"%llu\", \"accepted\": %d}", (unsigned long long)near[i][0],
                (unsigned long long)near[i][1], bw_term_near(near[i][0], near[i][1]));
    }
    fputs("\n],\n\"terms_next\": [", to);
    list.count = 0;
    for (size_t i = 0; i < BW_COUNT(next); i++) {
        vectors_next(&list);
        fprintf(to, "{\"seen\": \"%llu\", \"wall_s\": \"%llu\", \"term\": \"%llu\"}", (unsigned long long)next[i][0],
                (unsigned long long)next[i][1],
                (unsigned long long)bw_term_next(next[i][0], next[i][0], (int64_t)next[i][1] * BW_US_PER_S));
    }
    fputs("\n]\n}\n", to);
}

void vectors_ranks(FILE *to) {
    fputs("{\n\"about\": \"docs/PROTOCOL.md, Election: hashes, shards and scores; candidates, each before the next; "
          "claim "
          "records, each below the next, and what is none; which terms are accepted, which is taken next.\",\n",
          to);
    put_hashes(to);
    put_scores(to);
    put_candidates(to);
    put_claims(to);
    put_refused(to);
    put_terms(to);
}
