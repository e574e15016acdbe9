/* join: more addresses for a running agent. */
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include <bellwether/loop.h>

#include "tools/addr.h"
#include "tools/command.h"
#include "tools/control_client.h"

enum { ADDRS_MAX = 64 }; /* in one request */

struct join {
    struct client_options client;
    json_t *addrs; /* numeric */
    bool unresolved;
};

static void add(struct join *join, const struct bw_addr *addr) {
    char text[BW_ADDR_TEXT_SIZE];
    bw_addr_text(addr, text);
    if (json_array_size(join->addrs) < ADDRS_MAX)
        json_array_append_new(join->addrs, json_string(text));
}

/* Names are resolved here, by whom they mean something to. */
static void resolve(struct join *join, const char *host, uint16_t port) {
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;
    int error = getaddrinfo(host, NULL, &hints, &list);
    if (error != 0) {
        complain("cannot resolve %s: %s", host, gai_strerror(error));
        join->unresolved = true;
        return;
    }
    for (const struct addrinfo *at = list; at != NULL; at = at->ai_next) {
        char text[BW_ADDR_TEXT_SIZE];
        struct bw_addr addr;
        if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0 &&
            bw_addr_parse(&addr, text, port) == 0)
            add(join, &addr);
    }
    freeaddrinfo(list);
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct join *join = state->input;
    struct bw_addr addr;
    char host[256];
    uint16_t port;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &join->client;
        return 0;
    case ARGP_KEY_ARG:
        if (bw_addr_parse(&addr, value, DEFAULT_PORT) == 0)
            add(join, &addr);
        else if (addr_split(value, DEFAULT_PORT, host, sizeof(host), &port))
            resolve(join, host, port);
        else
            return options_mistake(state, "'%s': a host name or an address is wanted, with or without :PORT", value);
        return 0;
    case ARGP_KEY_NO_ARGS:
        return options_mistake(state, "at least one address is wanted");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp join_argp = {
    .parser = parse,
    .children = children,
    .args_doc = "ADDR[:PORT]...",
    .doc = "Makes the agent join the cluster of whoever answers at one of these addresses. It asks them until they do; "
           "'bellwether wait --members N' waits for it. After 'leave --stay' the agent comes back."};

int cmd_join(int argc, char **argv) {
    struct join join = {.addrs = json_array()};
    int code = options_parse(&join_argp, argc, argv, &join);
    if (code == EXIT_DONE && json_array_size(join.addrs) == 0)
        code = EXIT_NO;
    if (code == EXIT_DONE)
        code = control_order(&join.client, json_pack("{s:s,s:O}", "op", "join", "addrs", join.addrs));
    json_decref(join.addrs);
    return code == EXIT_DONE && join.unresolved ? EXIT_NO : code;
}
