/* Real sockets on loopback: binding, batches, refusals. */
#include "node/addr.h"
#include "node/udp_socket.h"
#include "tests/unit/loop_test.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static char why[WHY_SIZE];

static struct bw_udp *open_at(struct bw_addr bind) {
    struct bw_udp *udp = NULL;
    why[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(bw_udp_open(&udp, &bind, why, sizeof(why)), 0);
    return udp;
}

/* Waits for a socket; an error in its queue counts. */
static bool waits(struct bw_udp *udp, enum bw_udp_family family) {
    struct pollfd waiting = {.fd = bw_udp_fd(udp, family), .events = POLLIN};
    return poll(&waiting, 1, PATIENCE_MS) > 0 && bw_udp_waiting(udp, family);
}

static void send_one(struct bw_udp *udp, struct bw_addr to, const char *text) {
    bw_udp_send(udp, &to, text, strlen(text));
    bw_udp_flush(udp);
}

static void one_address_is_one_socket(void) {
    struct bw_udp *udp = open_at(loopback_v4(0));
    struct bw_addr bound = bw_udp_bound(udp, BW_UDP_V4);
    CU_ASSERT_EQUAL(bound.family, 4);
    CU_ASSERT_NOT_EQUAL(bound.port, 0);
    CU_ASSERT_EQUAL(bw_udp_fd(udp, BW_UDP_V6), -1);
    CU_ASSERT_EQUAL(bw_udp_bound(udp, BW_UDP_V6).family, 0);
    CU_ASSERT_FALSE(bw_udp_waiting(udp, BW_UDP_V4));
    CU_ASSERT_FALSE(bw_udp_waiting(udp, BW_UDP_V6));
    int flags = fcntl(bw_udp_fd(udp, BW_UDP_V4), F_GETFL);
    CU_ASSERT_TRUE((flags & O_NONBLOCK) != 0);
    send_one(udp, loopback_v6(9), "no socket for this family");
    CU_ASSERT_EQUAL(bw_udp_stats(udp)->failed, 1);
    bw_udp_close(udp);
}

static void all_addresses_are_both_families_on_one_port(void) {
    struct bw_udp *udp = open_at((struct bw_addr){0});
    struct bw_udp_packet packets[BW_UDP_BATCH];
    struct bw_addr v4 = bw_udp_bound(udp, BW_UDP_V4);
    struct bw_addr v6 = bw_udp_bound(udp, BW_UDP_V6);
    send_one(udp, loopback_v4(v4.port), "four");
    CU_ASSERT_TRUE(waits(udp, BW_UDP_V4));
    CU_ASSERT_EQUAL(bw_udp_receive(udp, BW_UDP_V4, packets), 1);
    CU_ASSERT_EQUAL(packets[0].addr.family, 4);
    if (have_v6()) {
        CU_ASSERT_EQUAL(v4.port, v6.port);
        send_one(udp, loopback_v6(v6.port), "sixth");
        CU_ASSERT_TRUE(waits(udp, BW_UDP_V6));
        CU_ASSERT_EQUAL(bw_udp_receive(udp, BW_UDP_V6, packets), 1);
        CU_ASSERT_EQUAL(packets[0].addr.family, 6);
        CU_ASSERT_EQUAL(packets[0].size, 5);
    }
    bw_udp_close(udp);
}

static void port_in_use_is_said_with_address_and_mend(void) {
    struct bw_udp *first = open_at(loopback_v4(0));
    struct bw_udp *second = NULL;
    struct bw_addr taken = bw_udp_bound(first, BW_UDP_V4);
    char text[BW_ADDR_TEXT_SIZE];
    bw_addr_text(&taken, text);
    CU_ASSERT_EQUAL(bw_udp_open(&second, &taken, why, sizeof(why)), BW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, text));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "Address already in use"));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "choose another port"));
    taken = (struct bw_addr){.port = taken.port}; /* all addresses collide with it, too */
    CU_ASSERT_EQUAL(bw_udp_open(&second, &taken, why, sizeof(why)), BW_ERR_SYSTEM);
    bw_udp_close(first);
    struct bw_addr foreign = {.family = 4, .ip = {192, 0, 2, 1}};
    CU_ASSERT_EQUAL(bw_udp_open(&second, &foreign, why, sizeof(why)), BW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "this machine has no such address"));
    CU_ASSERT_PTR_NULL(second);
}

static void more_than_a_batch_arrives_whole(void) {
    struct bw_udp *from = open_at(loopback_v4(0));
    struct bw_udp *to = open_at(loopback_v4(0));
    struct bw_addr target = bw_udp_bound(to, BW_UDP_V4);
    struct bw_udp_packet packets[BW_UDP_BATCH];
    for (uint8_t i = 0; i < 70; i++) {
        uint8_t data[BW_DATAGRAM_MAX];
        memset(data, i, sizeof(data));
        bw_udp_send(from, &target, data, i == 69 ? sizeof(data) : (size_t)i + 1);
    }
    bw_udp_flush(from);
    uint8_t next = 0;
    for (size_t count = BW_UDP_BATCH; count == BW_UDP_BATCH;) {
        count = bw_udp_receive(to, BW_UDP_V4, packets);
        for (size_t i = 0; i < count; i++, next++) {
            size_t size = next == 69 ? BW_DATAGRAM_MAX : next + 1u;
            CU_ASSERT_EQUAL(packets[i].size, size);
            CU_ASSERT_EQUAL(packets[i].data[size - 1], next);
            CU_ASSERT_EQUAL(packets[i].addr.port, bw_udp_bound(from, BW_UDP_V4).port);
        }
    }
    CU_ASSERT_EQUAL(next, 70);
    CU_ASSERT_EQUAL(bw_udp_stats(from)->sent, 70);
    CU_ASSERT_EQUAL(bw_udp_stats(to)->received, 70);
    bw_udp_close(from);
    bw_udp_close(to);
}

static void too_long_a_datagram_is_seen_to_be_too_long(void) {
    struct bw_udp *udp = open_at(loopback_v4(0));
    struct bw_addr target = bw_udp_bound(udp, BW_UDP_V4);
    struct bw_udp_packet packets[BW_UDP_BATCH];
    struct bw_addr own;
    char data[4096] = {0};
    int fd = plain_socket(&own);
    plain_send(fd, &target, data, sizeof(data));
    plain_send(fd, &target, data, 0);
    CU_ASSERT_TRUE(waits(udp, BW_UDP_V4));
    CU_ASSERT_EQUAL(bw_udp_receive(udp, BW_UDP_V4, packets), 2);
    CU_ASSERT_TRUE(packets[0].size > BW_DATAGRAM_MAX);
    CU_ASSERT_EQUAL(packets[1].size, 0);
    close(fd);
    bw_udp_close(udp);
}

static void refusal_names_the_port_and_quotes(struct bw_addr own) {
    static const char text[] = "twenty-eight bytes and more";
    struct bw_udp *udp = open_at(own);
    struct bw_udp *gone = open_at(own);
    enum bw_udp_family family = own.family == 4 ? BW_UDP_V4 : BW_UDP_V6;
    struct bw_addr target = bw_udp_bound(gone, family);
    struct bw_udp_packet refused;
    CU_ASSERT_FALSE(bw_udp_refused(udp, family, &refused));
    bw_udp_close(gone);
    bw_udp_send(udp, &target, text, sizeof(text));
    bw_udp_flush(udp);
    CU_ASSERT_TRUE(waits(udp, family));
    CU_ASSERT_TRUE_FATAL(bw_udp_refused(udp, family, &refused));
    CU_ASSERT_EQUAL(memcmp(&refused.addr, &target, sizeof(target)), 0);
    CU_ASSERT_EQUAL(refused.size, sizeof(text));
    CU_ASSERT_EQUAL(memcmp(refused.data, text, sizeof(text)), 0);
    CU_ASSERT_FALSE(bw_udp_refused(udp, family, &refused));
    CU_ASSERT_EQUAL(bw_udp_stats(udp)->refused, 1);
    bw_udp_close(udp);
}

static void refused_port_is_reported_with_the_quoted_datagram(void) {
    refusal_names_the_port_and_quotes(loopback_v4(0));
}

static void refused_port_is_reported_on_v6(void) {
    if (!have_v6()) {
        tap_skip("no IPv6 here");
        return;
    }
    refusal_names_the_port_and_quotes(loopback_v6(0));
}

/* The errno of an earlier refusal must not cost a datagram to somebody else, nor hide one that came. */
static void refusal_costs_no_other_datagram(void) {
    struct bw_udp *udp = open_at(loopback_v4(0));
    struct bw_udp *gone = open_at(loopback_v4(0));
    struct bw_udp *good = open_at(loopback_v4(0));
    struct bw_addr dead = bw_udp_bound(gone, BW_UDP_V4);
    struct bw_addr alive = bw_udp_bound(good, BW_UDP_V4);
    struct bw_udp_packet packets[BW_UDP_BATCH];
    struct bw_udp_packet refused;
    bw_udp_close(gone);
    for (int i = 0; i < 10; i++) {
        send_one(udp, dead, "to the dead");
        send_one(udp, alive, "to the living");
        send_one(good, bw_udp_bound(udp, BW_UDP_V4), "answer");
    }
    CU_ASSERT_EQUAL(bw_udp_stats(udp)->sent, 20);
    CU_ASSERT_EQUAL(bw_udp_receive(good, BW_UDP_V4, packets), 10);
    CU_ASSERT_EQUAL(bw_udp_receive(udp, BW_UDP_V4, packets), 10);
    CU_ASSERT_TRUE(bw_udp_error_seen(udp, BW_UDP_V4));
    CU_ASSERT_FALSE(bw_udp_error_seen(udp, BW_UDP_V4));
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_TRUE(bw_udp_refused(udp, BW_UDP_V4, &refused));
    }
    CU_ASSERT_FALSE(bw_udp_refused(udp, BW_UDP_V4, &refused));
    CU_ASSERT_FALSE(bw_udp_waiting(udp, BW_UDP_V4));
    send_one(udp, dead, "once more");
    send_one(good, bw_udp_bound(udp, BW_UDP_V4), "answer");
    CU_ASSERT_EQUAL(bw_udp_receive(udp, BW_UDP_V4, packets), 1);
    CU_ASSERT_TRUE(bw_udp_error_seen(udp, BW_UDP_V4)); /* the receive saw it, no send came between */
    bw_udp_close(udp);
    bw_udp_close(good);
}

/* Only port unreachable, and only from the host that was sent to. Types and codes are those of the RFCs. */
static void only_the_host_itself_refuses_and_only_a_port(void) {
    static const struct {
        uint8_t origin, type, code;
        bool v6, own, refusal;
    } rows[] = {
        {SO_EE_ORIGIN_ICMP, 3, 3, false, true, true},
        {SO_EE_ORIGIN_ICMP, 3, 3, false, false, false}, /* a firewall on the way that rejects */
        {SO_EE_ORIGIN_ICMP, 3, 0, false, true, false},  /* net unreachable */
        {SO_EE_ORIGIN_ICMP, 3, 1, false, true, false},  /* host unreachable */
        {SO_EE_ORIGIN_ICMP, 3, 13, false, true, false}, /* prohibited */
        {SO_EE_ORIGIN_ICMP, 11, 3, false, true, false}, /* time exceeded */
        {SO_EE_ORIGIN_ICMP, 1, 4, false, true, false},
        {SO_EE_ORIGIN_LOCAL, 3, 3, false, true, false},
        {SO_EE_ORIGIN_ICMP6, 1, 4, true, true, true},
        {SO_EE_ORIGIN_ICMP6, 1, 4, true, false, false},
        {SO_EE_ORIGIN_ICMP6, 1, 0, true, true, false}, /* no route */
        {SO_EE_ORIGIN_ICMP6, 1, 3, true, true, false}, /* address unreachable */
        {SO_EE_ORIGIN_ICMP6, 2, 4, true, true, false}, /* too big */
        {SO_EE_ORIGIN_ICMP6, 3, 3, true, true, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sock_extended_err error = {
            .ee_origin = rows[i].origin, .ee_type = rows[i].type, .ee_code = rows[i].code};
        struct bw_addr to = rows[i].v6 ? loopback_v6(7) : loopback_v4(7);
        struct bw_addr from = to;
        struct sockaddr_storage offender;
        from.port = 0;
        from.ip[2] ^= !rows[i].own;
        bw_addr_to_socket(&from, &offender);
        CU_ASSERT_EQUAL(bw_udp_is_refusal(&error, &offender, &to), rows[i].refusal);
        memset(&offender, 0, sizeof(offender)); /* nobody said so */
        CU_ASSERT_FALSE(bw_udp_is_refusal(&error, &offender, &to));
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(one_address_is_one_socket),
    TAP_TEST(all_addresses_are_both_families_on_one_port),
    TAP_TEST(port_in_use_is_said_with_address_and_mend),
    TAP_TEST(more_than_a_batch_arrives_whole),
    TAP_TEST(too_long_a_datagram_is_seen_to_be_too_long),
    TAP_TEST(refused_port_is_reported_with_the_quoted_datagram),
    TAP_TEST(refused_port_is_reported_on_v6),
    TAP_TEST(refusal_costs_no_other_datagram),
    TAP_TEST(only_the_host_itself_refuses_and_only_a_port),
};
const struct tap_suite loop_udp_suite = TAP_SUITE("host sockets", tests);
