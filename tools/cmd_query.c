/* query: a question to all members, or to some, and what they answer. */
#include <string.h>

#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/json.h"
#include "tools/json_user.h"
#include "tools/watch.h"

enum { KEY_ACK = 0x2000, KEY_NODE, KEY_TAG };
static const double end_s = 120; /* the longest default deadline, and then some */

struct query {
    struct client_options client;
    const char *name;
    const char *payload; /* NULL: none */
    json_t *nodes;
    json_t *tags;
    bool ack;
};

static error_t add_tag(struct query *query, const char *value, struct argp_state *state) {
    const char *equals = strchr(value, '=');
    char name[BW_NAME_MAX + 1];
    size_t size = equals == NULL ? 0 : (size_t)(equals - value);
    if (size == 0 || size >= sizeof(name))
        return options_mistake(state, "--tag %s: NAME=VALUE is wanted", value);
    memcpy(name, value, size);
    name[size] = '\0';
    if (json_object_get(query->tags, name) != NULL)
        return options_mistake(state, "--tag %s: %s is asked for already", value, name);
    return json_object_set_new(query->tags, name, json_string(equals + 1)) == 0
               ? 0
               : options_mistake(state, "--tag %s: not UTF-8", value);
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct query *query = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &query->client;
        return 0;
    case ARGP_KEY_ARG:
        if (query->name == NULL)
            query->name = value;
        else if (query->payload == NULL)
            query->payload = value;
        else
            return options_surplus(state, value);
        return 0;
    case ARGP_KEY_NO_ARGS:
        return options_mistake(state, "which NAME?");
    case ARGP_KEY_END:
        if (query->client.timeout_s > 3600)
            return options_mistake(state, "--timeout: at most 3600 seconds");
        return 0;
    case KEY_ACK:
        query->ack = true;
        return 0;
    case KEY_NODE:
        if (json_array_append_new(query->nodes, json_string(value)) != 0)
            return options_mistake(state, "--node %s: not UTF-8", value);
        return 0;
    case KEY_TAG:
        return add_tag(query, value, state);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"node", KEY_NODE, "NAME", 0, "Only the member of this name; repeatable", 0},
    {"tag", KEY_TAG, "NAME=VALUE", 0, "Only members with this tag; repeatable, all must match", 0},
    {"ack", KEY_ACK, NULL, 0, "Each member says at once that it has been asked", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp query_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "NAME [PAYLOAD]",
    .doc = "Asks the members, and prints their answers as they come. PAYLOAD is any bytes ('-': standard input), with "
           "NAME "
           "and filters at most 1024. A member's 'bellwether monitor --json' shows the query; 'bellwether respond' "
           "answers "
           "it. It ends after --timeout seconds (default: 16 gossip intervals for each digit of the number of members, "
           "3.2 s with the profile lan and fewer than ten), or when all have answered.\v"
           "Exit code 1: nobody answered; with --ack: nor has anybody said that it was asked. An answer is one "
           "datagram: one that is lost is missing."};

static void print_payload(const json_t *event) {
    const char *base64 = json_string_value(json_object_get(event, "payload_base64"));
    if (base64 != NULL)
        printf("base64:%s\n", base64);
    else {
        text_print_safe(stdout, json_text_of(event, "payload"));
        putchar('\n');
    }
}

static void print_event(const struct query *query, const json_t *event) {
    const char *type = json_text_of(event, "type");
    if (query->client.json) {
        json_print(event);
    } else if (strcmp(type, "query-end") == 0) {
        printf("%lld of %lld members answered", (long long)json_integer_value(json_object_get(event, "responses")),
               (long long)json_integer_value(json_object_get(event, "expected")));
        if (query->ack)
            printf(", %lld were reached", (long long)json_integer_value(json_object_get(event, "acks")));
        putchar('\n');
    } else {
        text_print_safe(stdout, json_text_of(event, "from"));
        if (strcmp(type, "query-ack") == 0) {
            puts(" is asked");
        } else {
            fputs(": ", stdout);
            print_payload(event);
        }
    }
    fflush(stdout);
}

/* Prints what belongs to the query, up to its end. */
static int follow(const struct query *query, struct control_client *events, const char *id) {
    double wait_s = query->client.timeout_s > 0 ? query->client.timeout_s + CONTROL_TIMEOUT_S : end_s;
    double deadline = control_now() + wait_s;
    for (;;) {
        json_t *event = NULL;
        int code = control_read(events, deadline, &event);
        if (code == EXIT_TIMED_OUT)
            complain("the agent does not say how it ends");
        else if (code != EXIT_DONE)
            control_complain_gone();
        if (code != EXIT_DONE)
            return code;
        bool ours = strcmp(json_text_of(event, "query"), id) == 0;
        bool end = ours && strcmp(json_text_of(event, "type"), "query-end") == 0;
        bool any = json_integer_value(json_object_get(event, "responses")) > 0 ||
                   json_integer_value(json_object_get(event, "acks")) > 0;
        if (ours)
            print_event(query, event);
        json_decref(event);
        if (end)
            return any ? EXIT_DONE : EXIT_NO;
    }
}

/* NULL, and a complaint, if it cannot be asked. */
static json_t *request_of(const struct query *query) {
    json_t *request = json_pack("{s:s,s:s,s:O,s:O,s:b}", "op", "query", "name", query->name, "nodes", query->nodes,
                                "tags", query->tags, "ack", query->ack);
    if (request == NULL)
        complain("'%s' is not UTF-8", query->name);
    if (request != NULL && query->client.timeout_s > 0) {
        json_int_t timeout_ms = (json_int_t)(query->client.timeout_s * 1000);
        json_object_set_new(request, "timeout_ms", json_integer(timeout_ms > 0 ? timeout_ms : 1));
    }
    if (request != NULL && !json_take_payload(request, query->payload)) {
        json_decref(request);
        return NULL;
    }
    return request;
}

/* The stream first: no answer comes before it is there. */
static int ask(const struct query *query, json_t *request) {
    struct control_client events;
    json_t *answer = NULL;
    int code = control_open(&events, &query->client);
    if (code != EXIT_DONE) {
        json_decref(request);
        return code;
    }
    json_t *stream =
        json_pack("{s:s,s:o}", "op", "monitor", "types", watch_types("query-ack,query-response,query-end"));
    code = control_ask(&events, stream, CONTROL_TIMEOUT_S, &answer);
    json_decref(answer);
    answer = NULL;
    if (code != EXIT_DONE)
        json_decref(request);
    else
        code = control_ask_once(&query->client, request, &answer);
    if (code == EXIT_DONE)
        code = follow(query, &events, json_text_of(answer, "query"));
    json_decref(answer);
    control_close(&events);
    return code;
}

int cmd_query(int argc, char **argv) {
    struct query query = {.nodes = json_array(), .tags = json_object()};
    int code = options_parse(&query_argp, argc, argv, &query);
    if (code == EXIT_DONE) {
        json_t *request = request_of(&query);
        code = request == NULL ? EXIT_USAGE : ask(&query, request);
    }
    json_decref(query.nodes);
    json_decref(query.tags);
    return code;
}
