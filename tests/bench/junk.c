/* What it costs to refuse junk, beside a loop that does nothing else:
 *
 *   junk [DATAGRAMS]
 *
 * A UDP socket on loopback sends to itself. In turns, a burst each, one loop takes its datagrams with recvmmsg and (bare) lets libsodium's
 * AEAD fail on each, or (node) hands each to bw_node_receive. Counted is the CPU time of that loop alone; medians are told, per datagram. A
 * line of JSON for each mode (one key for all; identity mode) and kind of junk:
 *
 *   no-key     from another cluster: the key hint is none of ours
 *   stranger   the key hint is right, all else is chance; also as large as a datagram may be
 *   forged     all but the tag and the counter is a member's own datagram to this node
 *
 * Ratio: datagrams a second of the node, by those of the bare loop. */
#include "base/base.h"
#include "node/addr.h"
#include "tests/bench/pair.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP_MS 30000
#define BATCH 32u /* of one recvmmsg, as the host's */
#define BURST (2 * BATCH)
#define ASSOCIATED_SIZE 36u
#define HINT_AT 2u
#define SESSION_AT 4u
#define COUNTER_AT 12u
#define BODY_AT 28u
#define SMALL 100u
#define PATIENCE_S 5

struct batch {
    struct mmsghdr headers[BURST];
    struct iovec vectors[BURST];
    struct sockaddr_storage addrs[BURST];
    uint8_t data[BURST][BW_DATAGRAM_MAX];
};

struct bench {
    struct pair pair;
    struct batch in, out;
    int fd;
    uint8_t model[BW_DATAGRAM_MAX]; /* a datagram of the other member to this one */
    size_t model_size;
    uint64_t serial;
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
};

struct kind {
    const char *name;
    size_t size; /* 0: the model's */
    int error;   /* why the node drops it */
    void (*make)(struct bench *bench, uint8_t *datagram, size_t size);
};

static double cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* -- junk -- */

static void make_stranger(struct bench *bench, uint8_t *datagram, size_t size) {
    randombytes_buf(datagram, size);
    memcpy(datagram, bench->model, SESSION_AT);
    datagram[1] = 0; /* no flag: to anybody */
}

static void make_no_key(struct bench *bench, uint8_t *datagram, size_t size) {
    make_stranger(bench, datagram, size);
    datagram[HINT_AT] ^= 0x55;
}

static void make_forged(struct bench *bench, uint8_t *datagram, size_t size) {
    memcpy(datagram, bench->model, size);
    bw_put_u64(datagram + COUNTER_AT, UINT64_C(1) << 20 | bench->serial++); /* newer than any that came */
    datagram[size - 1] ^= 1;
}

static const struct kind kinds[] = {
    {"no-key", SMALL, BW_ERR_DROP_KEY, make_no_key},
    {"stranger", SMALL, BW_ERR_DROP_AUTH, make_stranger},
    {"stranger-large", BW_DATAGRAM_MAX, BW_ERR_DROP_AUTH, make_stranger},
    {"forged", 0, BW_ERR_DROP_AUTH, make_forged},
};

/* The next datagram that the other member sends. */
static bool take_model(struct bench *bench) {
    struct pair *pair = &bench->pair;
    struct bw_datagram out;
    for (int ms = 0; ms < WARM_UP_MS; ms++) {
        pair->now_ms++;
        bw_node_tick(pair->node[1], pair_time(pair));
        if (bw_node_transmit(pair->node[1], &out, pair_time(pair))) {
            memcpy(bench->model, out.data, out.size);
            bench->model_size = out.size;
            return true;
        }
    }
    return false;
}

/* -- the two loops -- */

static bool open_socket(struct bench *bench) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    socklen_t size = sizeof(addr);
    bench->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return bench->fd >= 0 && bind(bench->fd, (struct sockaddr *)&addr, size) == 0 &&
           getsockname(bench->fd, (struct sockaddr *)&addr, &size) == 0 &&
           connect(bench->fd, (struct sockaddr *)&addr, size) == 0 &&
           setsockopt(bench->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0;
}

static void prepare(struct batch *batch, size_t count, bool with_addr, size_t size) {
    for (size_t i = 0; i < count; i++) {
        batch->vectors[i] = (struct iovec){batch->data[i], size};
        batch->headers[i].msg_hdr = (struct msghdr){.msg_iov = &batch->vectors[i], .msg_iovlen = 1};
        if (with_addr) {
            batch->headers[i].msg_hdr.msg_name = &batch->addrs[i];
            batch->headers[i].msg_hdr.msg_namelen = sizeof(batch->addrs[i]);
        }
    }
}

static bool send_burst(struct bench *bench, const struct kind *kind, size_t size) {
    for (size_t i = 0; i < BURST; i++)
        kind->make(bench, bench->out.data[i], size);
    prepare(&bench->out, BURST, false, size);
    return sendmmsg(bench->fd, bench->out.headers, BURST, 0) == (int)BURST;
}

static void fail_to_open(const struct bench *bench, const uint8_t *datagram, size_t size) {
    static uint8_t opened[BW_DATAGRAM_MAX];
    uint8_t associated[ASSOCIATED_SIZE] = {1};
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(opened, NULL, NULL, datagram + BODY_AT, size - BODY_AT, associated,
                                                   sizeof(associated), datagram + SESSION_AT, bench->key) == 0)
        abort();
}

static void hand_to_node(struct bench *bench, unsigned index, size_t size) {
    struct bw_addr from;
    if (bw_addr_from_socket(&from, &bench->in.addrs[index]))
        (void)bw_node_receive(bench->pair.node[0], bench->in.data[index], size, &from, pair_time(&bench->pair));
}

/* CPU time that a whole burst takes, negative if it did not come. */
static double receive_burst(struct bench *bench, bool node) {
    double begin = cpu_ns();
    for (unsigned taken = 0; taken < BURST;) {
        prepare(&bench->in, BATCH, true, BW_DATAGRAM_MAX);
        int count = recvmmsg(bench->fd, bench->in.headers, BATCH, MSG_WAITFORONE, NULL);
        if (count <= 0)
            return -1;
        for (unsigned i = 0; i < (unsigned)count; i++) {
            if (node)
                hand_to_node(bench, i, bench->in.headers[i].msg_len);
            else
                fail_to_open(bench, bench->in.data[i], bench->in.headers[i].msg_len);
        }
        taken += (unsigned)count;
    }
    if (node)
        pair_take(&bench->pair, 0);
    return cpu_ns() - begin;
}

/* -- */

static void tell(const char *mode, const char *kind, size_t datagrams, size_t bytes, double bare_ns, double node_ns) {
    printf("{\"mode\": \"%s\", \"kind\": \"%s\", \"datagrams\": %zu, \"bytes\": %zu, \"bare_ns\": %.0f, \"node_ns\": "
           "%.0f, "
           "\"ratio\": %.2f, \"core_at_100000\": %.3f}\n",
           mode, kind, datagrams, bytes, bare_ns, node_ns, bare_ns / node_ns, node_ns * 100000 / 1e9);
    fflush(stdout);
}

static bool measure(struct bench *bench, const char *mode, const struct kind *kind, size_t bursts) {
    size_t size = kind->size > 0 ? kind->size : bench->model_size, done = 0;
    double *took[2] = {calloc(bursts, sizeof(double)), calloc(bursts, sizeof(double))};
    uint64_t before = bw_node_dropped(bench->pair.node[0], kind->error);
    for (bool came = took[0] && took[1]; came && done < bursts; done += came) {
        bench->pair.now_ms++;
        for (size_t node = 0; node < 2 && came; node++) {
            came = send_burst(bench, kind, size);
            took[node][done] = came ? receive_burst(bench, node == 1) : -1;
            came = took[node][done] >= 0;
        }
    }
    uint64_t dropped = bw_node_dropped(bench->pair.node[0], kind->error) - before;
    bool all = done == bursts && dropped == bursts * BURST;
    if (all) {
        for (size_t node = 0; node < 2; node++)
            qsort(took[node], bursts, sizeof(double), rising);
        tell(mode, kind->name, bursts * BURST, size, took[0][bursts / 2] / BURST, took[1][bursts / 2] / BURST);
    } else {
        fprintf(stderr, "junk: %s, %s: of %zu bursts %zu came, %llu datagrams were dropped for the right reason\n",
                mode, kind->name, bursts, done, (unsigned long long)dropped);
    }
    free(took[0]);
    free(took[1]);
    return all;
}

static bool measure_mode(struct bench *bench, bool identity, size_t bursts) {
    const char *mode = identity ? "identity" : "key";
    bool done = pair_open(&bench->pair, identity);
    if (done) {
        pair_run(&bench->pair, WARM_UP_MS);
        done = pair_agrees(&bench->pair) && take_model(bench);
        if (!done)
            fprintf(stderr, "junk: %s: no datagram between two members after %d ms\n", mode, WARM_UP_MS);
    }
    for (size_t i = 0; done && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        done = measure(bench, mode, &kinds[i], bursts);
    pair_close(&bench->pair);
    return done;
}

int main(int argc, char **argv) {
    static struct bench bench;
    char *end = NULL;
    unsigned long datagrams = argc > 1 ? strtoul(argv[1], &end, 10) : 100000;
    if (argc > 2 || (argc > 1 && (*end != '\0' || datagrams == 0 || datagrams > 10000000))) {
        fputs("junk [DATAGRAMS]: 1 to 10000000 of each kind\n", stderr);
        return 2;
    }
    if (sodium_init() < 0 || !open_socket(&bench)) {
        perror("junk: no libsodium, or no socket");
        return 1;
    }
    size_t bursts = (datagrams + BURST - 1) / BURST;
    randombytes_buf(bench.key, sizeof(bench.key));
    bool done = measure_mode(&bench, false, bursts) && measure_mode(&bench, true, bursts);
    close(bench.fd);
    return done ? 0 : 1;
}
