/* A cluster member over poll(2): the host's part – socket, clock, memory, randomness – is all here, for programs with an
 * event loop of their own. Finds the others, says what happens, leaves at SIGTERM or Ctrl-C.
 *
 *     poll NAME KEY-FILE ADDRESS:PORT [SEED-ADDRESS:PORT]
 *
 * To be short it speaks IPv4 only, keeps no state (config.durable, bw_node_persist), and does not read the socket's error
 * queue (bw_node_refused): a leader whose process is killed is missed when its lease is over, not at once. */
#define _GNU_SOURCE /* CLOCK_BOOTTIME */
#include <arpa/inet.h>
#include <bellwether/node.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>

static int64_t clock_us(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static struct bw_time now(void) {
    return (struct bw_time){.mono_us = clock_us(CLOCK_BOOTTIME), .wall_us = clock_us(CLOCK_REALTIME)};
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

static void entropy(void *context, void *data, size_t size) {
    (void)context;
    if (getrandom(data, size, 0) != (ssize_t)size) {
        abort();
    }
}

static struct sockaddr_in to_socket(const struct bw_addr *addr) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(addr->port)};
    memcpy(&to.sin_addr, addr->ip, 4);
    return to;
}

static bool parse(const char *text, struct bw_addr *addr) {
    char ip[16];
    *addr = (struct bw_addr){.family = 4};
    return sscanf(text, "%15[0-9.]:%hu", ip, &addr->port) == 2 && inet_pton(AF_INET, ip, addr->ip) == 1;
}

/* What the node has to send and to say. */
static void serve(struct bw_node *node, int fd) {
    struct bw_datagram datagram;
    struct bw_event event;
    while (bw_node_transmit(node, &datagram, now())) {
        struct sockaddr_in to = to_socket(&datagram.to);
        sendto(fd, datagram.data, datagram.size, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)); /* or it is lost */
    }
    while (bw_node_event(node, &event)) {
        printf("%s %s %s\n", bw_event_name(event.type), event.name, event.scope);
        fflush(stdout);
    }
}

/* What others have sent; so much at a time that the clock need not wait. */
static void drain(struct bw_node *node, int fd) {
    uint8_t data[BW_DATAGRAM_MAX + 1]; /* one more: what is too long is seen to be */
    for (int i = 0; i < 256; i++) {
        struct sockaddr_in in;
        socklen_t in_size = sizeof(in);
        ssize_t size = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT, (struct sockaddr *)&in, &in_size);
        if (size < 0) {
            return;
        }
        struct bw_addr from = {.family = 4, .port = ntohs(in.sin_port)};
        memcpy(from.ip, &in.sin_addr, 4);
        bw_node_receive(node, data, (size_t)size, &from, now());
        serve(node, fd);
    }
}

static void run(struct bw_node *node, int fd, int signals) {
    struct pollfd waits[] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    int64_t end_us = BW_NEVER; /* a leave takes 2 s at most */
    while (!bw_node_left(node) && now().mono_us < end_us) {
        int64_t deadline_us = bw_node_deadline(node) < end_us ? bw_node_deadline(node) : end_us;
        int64_t wait_us = deadline_us - now().mono_us;
        poll(waits, 2, wait_us < 0 ? 0 : wait_us > 60000000 ? 60000 : (int)((wait_us + 999) / 1000));
        drain(node, fd); /* first, for an answer may wait */
        if (waits[1].revents != 0 && end_us == BW_NEVER) {
            end_us = now().mono_us + 2000000;
            waits[1].fd = -1;
            bw_node_leave(node, now());
        }
        bw_node_tick(node, now()); /* too early is harmless */
        serve(node, fd);
    }
}

int main(int argc, char **argv) {
    struct bw_node *node;
    struct bw_config config;
    struct bw_scope_config scope;
    struct bw_addr seed;
    char key[4096];
    sigset_t signals;
    FILE *file = NULL;
    bw_config_init(&config, BW_PROFILE_LAN);
    bw_scope_config_init(&scope, "default"); /* we may lead this one */
    config.scopes = &scope;
    config.scope_count = 1;
    if (argc >= 4 && parse(argv[3], &config.addr) && (argc == 4 || parse(argv[4], &seed))) {
        file = fopen(argv[2], "r");
    }
    if (file == NULL) {
        fprintf(stderr, "usage: poll NAME KEY-FILE ADDRESS:PORT [SEED-ADDRESS:PORT]\n");
        return 2;
    }
    config.name = argv[1];
    config.keys = key;
    config.keys_size = fread(key, 1, sizeof(key), file);
    config.seeds = &seed;
    config.seed_count = argc > 4;
    config.allocator.resize = resize;
    config.entropy = entropy;
    fclose(file);

    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in own = to_socket(&config.addr);
    int error = bw_node_create(&node, &config, now());
    if (error != 0 || fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) != 0) {
        fprintf(stderr, "cannot start: %s\n", error != 0 ? bw_error_text(error) : "is that ADDRESS:PORT free?");
        return 1;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    run(node, fd, signalfd(-1, &signals, SFD_CLOEXEC));
    bw_node_destroy(node);
    return 0;
}
