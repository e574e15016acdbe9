/* What a datagram costs beside the cipher alone:
 *
 *   datagram [DATAGRAMS]
 *
 * Two real nodes, a perfect wire and a virtual clock. Each datagram is encoded and sealed by one, opened, decoded and applied by the
 * other, through the public interface; beside each, in turns with it, libsodium's AEAD does the same number of bytes. Every single
 * step is timed, and the time that looking at the clock takes is taken off; medians are told, so that what else the machine does is
 * seen little. A line of JSON for each mode (one key for all; identity mode) and kind of datagram. */
#include "tests/bench/pair.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WARM_UP_MS 30000
#define ASSOCIATED_SIZE (4u + 1u + sizeof("default") - 1 + 24u) /* of a bound packet: docs/PROTOCOL.md, Packets */
#define OUTER_SIZE 44u                                          /* header, nonce, tag */
#define PORTION 512u /* datagrams between two looks at the message queue's end */

/* HASH: the nonce's SipHash alone, which is a part of sealing. */
enum step { SEAL, OPEN, AEAD_SEAL, AEAD_OPEN, HASH, STEP_COUNT };

/* A datagram's steps in ns, and its size, each in an array of its own, to be sorted. */
struct samples {
    double *step[STEP_COUNT];
    double *size;
    size_t count, capacity;
};

struct bench {
    struct pair *pair;
    struct samples samples;
    double clock_ns;
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
};

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count) {
    qsort(values, count, sizeof(*values), rising);
    return count > 0 ? values[count / 2] : 0;
}

/* What two looks at the clock see between them. */
static double clock_costs(void) {
    double seen[1001];
    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
        double from = now_ns();
        seen[i] = now_ns() - from;
    }
    return median(seen, sizeof(seen) / sizeof(seen[0]));
}

static bool reserve(struct samples *samples, size_t capacity) {
    samples->count = 0;
    samples->capacity = capacity;
    samples->size = calloc(capacity, sizeof(double));
    bool made = samples->size != NULL;
    for (size_t i = 0; i < STEP_COUNT; i++) {
        samples->step[i] = calloc(capacity, sizeof(double));
        made = made && samples->step[i] != NULL;
    }
    return made;
}

static void release(struct samples *samples) {
    free(samples->size);
    for (size_t i = 0; i < STEP_COUNT; i++)
        free(samples->step[i]);
}

/* The cipher alone, on as many bytes; what it opens is what it has sealed. */
static bool time_aead(struct bench *bench, size_t size, double took[STEP_COUNT]) {
    static uint8_t plain[BW_DATAGRAM_MAX + ASSOCIATED_SIZE + 8u], sealed[BW_DATAGRAM_MAX], opened[BW_DATAGRAM_MAX];
    uint8_t associated[ASSOCIATED_SIZE] = {1}, nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES] = {1};
    size_t plain_size = size - OUTER_SIZE;
    unsigned long long sealed_size = 0;
    double from = now_ns();
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &sealed_size, plain, plain_size, associated, sizeof(associated),
                                               NULL, nonce, bench->key);
    double between = now_ns();
    int refused = crypto_aead_xchacha20poly1305_ietf_decrypt(opened, NULL, NULL, sealed, sealed_size, associated,
                                                             sizeof(associated), nonce, bench->key);
    double opened_at = now_ns();
    crypto_shorthash(nonce, plain, plain_size + sizeof(associated) + 8, bench->key);
    took[HASH] = now_ns() - opened_at;
    took[AEAD_OPEN] = opened_at - between;
    took[AEAD_SEAL] = between - from;
    return refused == 0;
}

static bool take(struct bench *bench, size_t size, const double took[STEP_COUNT]) {
    struct samples *samples = &bench->samples;
    if (samples->count == samples->capacity)
        return false;
    for (size_t i = 0; i < STEP_COUNT; i++) {
        double net = took[i] - bench->clock_ns;
        samples->step[i][samples->count] = net > 0 ? net : 0;
    }
    samples->size[samples->count++] = (double)size;
    return true;
}

/* Hands over all that the node wants to send, each datagram timed; spent_ns: what the first one has cost already. */
static bool pass_all(struct bench *bench, size_t from, double spent_ns) {
    struct pair *pair = bench->pair;
    struct bw_datagram out;
    double took[STEP_COUNT];
    for (;;) {
        double begin = now_ns();
        bool any = bw_node_transmit(pair->node[from], &out, pair_time(pair));
        double sealed = now_ns();
        if (!any)
            return true;
        int error = bw_node_receive(pair->node[1 - from], out.data, out.size, &pair->addr[from], pair_time(pair));
        took[OPEN] = now_ns() - sealed;
        took[SEAL] = sealed - begin + spent_ns;
        spent_ns = 0;
        if (error != 0 || !time_aead(bench, out.size, took))
            return false;
        (void)take(bench, out.size, took);
        pair_take(pair, 1 - from);
    }
}

/* Nothing is said but what two members, one of which leads, say by themselves: pings, acks, heartbeats and their answers. What is encoded when
 * a datagram comes or the clock ticks is not in the time of sealing. */
static bool steady(struct bench *bench) {
    struct pair *pair = bench->pair;
    for (size_t idle = 0; bench->samples.count < bench->samples.capacity && idle < 60000; idle++) {
        size_t before = bench->samples.count;
        pair->now_ms += 5;
        for (size_t i = 0; i < 2; i++) {
            bw_node_tick(pair->node[i], pair_time(pair));
            if (!pass_all(bench, i, 0) || !pass_all(bench, 1 - i, 0))
                return false;
            pair_take(pair, i);
        }
        idle = bench->samples.count > before ? 0 : idle;
    }
    return bench->samples.count == bench->samples.capacity;
}

/* Direct messages of so many bytes, one after the other. What else is said meanwhile is not among the samples. */
static bool messages(struct bench *bench, size_t size) {
    static const uint8_t payload[BW_MESSAGE_SIZE_MAX];
    struct pair *pair = bench->pair;
    struct bw_id to = bw_node_id(pair->node[1]);
    while (bench->samples.count < bench->samples.capacity) {
        if (bench->samples.count % PORTION == 0)
            pair_run(pair, 20);
        double begin = now_ns();
        int error = bw_node_send(pair->node[0], &to, BW_CHANNEL_MIN, payload, size, pair_time(pair));
        double spent_ns = now_ns() - begin - bench->clock_ns;
        if (error != 0 || !pass_all(bench, 0, spent_ns))
            return false;
    }
    return true;
}

static void tell(struct bench *bench, const char *mode, const char *kind, size_t allocations) {
    struct samples *samples = &bench->samples;
    double step[STEP_COUNT], size = median(samples->size, samples->count);
    for (size_t i = 0; i < STEP_COUNT; i++)
        step[i] = median(samples->step[i], samples->count);
    printf("{\"mode\": \"%s\", \"kind\": \"%s\", \"datagrams\": %zu, \"bytes\": %.0f, \"seal_ns\": %.0f, \"open_ns\": "
           "%.0f, "
           "\"aead_seal_ns\": %.0f, \"aead_open_ns\": %.0f, \"nonce_hash_ns\": %.0f, \"seal_ratio\": %.2f, "
           "\"open_ratio\": %.2f, "
           "\"allocations_per_datagram\": %.6f}\n",
           mode, kind, samples->count, size, step[SEAL], step[OPEN], step[AEAD_SEAL], step[AEAD_OPEN], step[HASH],
           step[SEAL] / step[AEAD_SEAL], step[OPEN] / step[AEAD_OPEN], (double)allocations / (double)samples->count);
    fflush(stdout);
}

static bool measure(struct pair *pair, const char *mode, const char *kind, size_t message_size, size_t datagrams) {
    struct bench bench = {.pair = pair, .clock_ns = clock_costs()};
    bool done = reserve(&bench.samples, datagrams);
    randombytes_buf(bench.key, sizeof(bench.key));
    /* What a kind of datagram asks for once, buffers that grow, is no part of a steady state. */
    bench.samples.capacity = datagrams < PORTION ? datagrams : PORTION;
    done = done && (message_size > 0 ? messages(&bench, message_size) : steady(&bench));
    bench.samples.capacity = datagrams;
    bench.samples.count = 0;
    size_t before = pair_allocations(pair);
    done = done && (message_size > 0 ? messages(&bench, message_size) : steady(&bench));
    size_t allocations = pair_allocations(pair) - before;
    if (done)
        tell(&bench, mode, kind, allocations);
    else
        fprintf(stderr, "datagram: %s, %s: not measured after %zu datagrams\n", mode, kind, bench.samples.count);
    release(&bench.samples);
    return done;
}

static bool measure_mode(bool identity, size_t datagrams) {
    const char *mode = identity ? "identity" : "key";
    struct pair pair;
    bool done = pair_open(&pair, identity);
    if (done) {
        pair_run(&pair, WARM_UP_MS);
        done = pair_agrees(&pair);
        if (!done)
            fprintf(stderr, "datagram: %s: the two nodes have no leader after %d ms\n", mode, WARM_UP_MS);
    }
    done = done && measure(&pair, mode, "steady", 0, datagrams) && measure(&pair, mode, "message-26", 26, datagrams) &&
           measure(&pair, mode, "message-1024", BW_MESSAGE_SIZE_MAX, datagrams);
    pair_close(&pair);
    return done;
}

int main(int argc, char **argv) {
    char *end = NULL;
    unsigned long datagrams = argc > 1 ? strtoul(argv[1], &end, 10) : 20000;
    if (argc > 2 || (argc > 1 && (*end != '\0' || datagrams == 0 || datagrams > 10000000))) {
        fputs("datagram [DATAGRAMS]: 1 to 10000000 of each kind\n", stderr);
        return 2;
    }
    if (sodium_init() < 0) {
        fputs("datagram: libsodium cannot be initialized\n", stderr);
        return 1;
    }
    bool done = measure_mode(false, datagrams);
    return measure_mode(true, datagrams) && done ? 0 : 1;
}
