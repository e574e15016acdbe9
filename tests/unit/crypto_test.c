/* The unit tests of crypto/: one file for each concern. */
#include "tests/unit/crypto_test.h"

#include "tests/lib/marks.h"

#include <string.h>

static void hook(void *context, enum bw_rule rule, const struct bw_id *subject, uint64_t detail) {
    (void)context;
    (void)subject;
    (void)detail;
    marks_hit(rule);
}

struct bw_addr test_addr(unsigned number) {
    return (struct bw_addr){.ip = {10, 0, 0, (uint8_t)number}, .port = 7946, .family = 4};
}

void test_start(struct test_member *member, unsigned number, uint64_t session, const struct test_setting *setting) {
    static const struct test_setting usual;
    setting = setting ? setting : &usual;
    const char *keys = setting->keys ? setting->keys : TEST_KEY_A;
    *member = (struct test_member){.session = session, .addr = test_addr(number)};
    memset(member->id.bytes, (int)number, sizeof(member->id.bytes));
    member->trace.hook = hook;
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&member->keyring, keys, strlen(keys), NULL), 0);
    struct bw_channel_config config = {
        .allocator = test_allocator(&member->heap),
        .trace = &member->trace,
        .keyring = member->keyring,
        .self = member->id,
        .session = session,
        .label = setting->label ? setting->label : "prod",
        .member_max = setting->member_max ? setting->member_max : 100,
    };
    CU_ASSERT_EQUAL_FATAL(bw_channel_create(&member->channel, &config), 0);
}

void test_stop(struct test_member *member) {
    bw_channel_destroy(member->channel);
    bw_keyring_destroy(member->keyring);
    CU_ASSERT_EQUAL(member->heap.used_size, 0);
    member->channel = NULL;
    member->keyring = NULL;
}

struct test_datagram test_seal(struct test_member *from, const struct test_member *to, bool bound, const char *text) {
    struct test_datagram datagram;
    struct bw_outbound out = {.frames = (const uint8_t *)text, .frames_size = strlen(text)};
    if (to) {
        out.addr = to->addr;
        out.to = to->id;
        out.session = bound ? to->session : 0;
    }
    datagram.size = bw_channel_seal(from->channel, &out, datagram.data, from->now);
    return datagram;
}

int test_open(struct test_member *to, const struct test_datagram *datagram, const struct test_member *sender,
              struct bw_inbound *inbound) {
    return bw_channel_open(to->channel, (struct bw_bytes){datagram->data, datagram->size}, &sender->addr, inbound,
                           to->now);
}

int test_opens(struct test_member *to, const struct test_datagram *datagram, const struct test_member *sender) {
    struct bw_inbound inbound;
    int error = test_open(to, datagram, sender, &inbound);
    return error ? error : inbound.proven;
}

bool test_tell(struct test_member *from, struct test_member *to) {
    struct test_datagram datagram = test_seal(from, to, true, "tell");
    return test_opens(to, &datagram, from) == 1;
}

uint64_t test_rule(const struct test_member *member, enum bw_rule rule) {
    return member->trace.counts[rule];
}

uint64_t test_rules(const struct test_member *member) {
    uint64_t sum = 0;
    for (size_t i = 0; i < BW_RULE_COUNT; i++) {
        sum += member->trace.counts[i];
    }
    return sum;
}

int main(int argc, char **argv) {
    const struct tap_suite suites[] = {
        crypto_keyring_suite,  crypto_replay_suite,  crypto_clock_suite,   crypto_channel_suite, crypto_echo_suite,
        crypto_sessions_suite, crypto_refused_suite, crypto_hostile_suite, crypto_vectors_suite, crypto_beacon_suite,
        crypto_identity_suite, crypto_pair_suite,    crypto_secrets_suite,
    };
    return tap_run(suites, sizeof(suites) / sizeof(suites[0]), argc, argv);
}
