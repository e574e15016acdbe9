/* Target: the control socket – the agent's own answers, over a socket pair. One answer for each line that is asked, each a JSON object on
 * one line; nothing that is asked ends the agent or makes it grow. */
#include <ev.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tools/agent_answer.h"
#include "tools/agent_runs.h"
#include "tools/control_stream.h"
#include "tools/footprint.h"

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define CLIENTS 2u
#define ANSWER_MAX (4u << 20) /* bytes, all together */

struct agent {
    struct agent_view view; /* first */
    struct agent_options options;
    struct ev_loop *loop;
    struct event_ring ring;
    struct control_host host;
    struct control_peers peers;
    struct footprint footprint;
    int client[CLIENTS];
    char *said[CLIENTS]; /* whole and broken lines that came from the agent */
    size_t said_size[CLIENTS];
};

static void leave(struct agent_view *view, bool exits) {
    if (view->phase == AGENT_MEMBER)
        bw_loop_leave(view->host, 0);
    view->phase = AGENT_LEAVING;
    view->exits = view->exits || exits;
}

static void joined(struct agent_view *view) {
    view->phase = AGENT_MEMBER;
}

static void on_left(void *context) {
    struct agent *agent = context;
    agent->view.phase = AGENT_LEFT;
    control_peers_left(&agent->peers);
}

static void on_event(void *context, const struct bw_event *event) {
    struct agent *agent = context;
    char *line = strdup("{\"seq\":1}");
    FUZZ_CHECK(line != NULL);
    event_ring_add(&agent->ring, event->type, line);
    if (agent->view.runs != NULL)
        agent_runs_event(agent->view.runs, event);
    control_peers_feed(&agent->peers);
}

static void begin(struct agent *agent) {
    static char name[] = "n0", cluster[] = "default", key_file[] = "key", control[] = "control";
    struct bw_scope_config scopes[3];
    struct bw_config config;
    memset(agent, 0, sizeof(*agent));
    agent->loop = ev_loop_new(EVBACKEND_POLL);
    agent->options.name = name;
    agent->options.cluster = cluster;
    agent->options.key_file = key_file;
    agent->options.control = control;
    bw_config_init(&config, BW_PROFILE_LOCAL);
    bw_scope_config_init(&scopes[0], "default");
    bw_scope_config_init(&scopes[1], "range");
    scopes[1].range_count = 4;
    bw_scope_config_init(&scopes[2], "seats");
    scopes[2].seats = 2;
    config.name = name;
    config.cluster = cluster;
    config.keys = KEY;
    config.keys_size = strlen(KEY);
    config.scopes = scopes;
    config.scope_count = 3;
    const struct bw_loop_config loop_config = {.size = sizeof(loop_config),
                                               .bind = {.ip = {127, 0, 0, 1}, .family = 4},
                                               .on_event = on_event,
                                               .on_left = on_left,
                                               .context = agent};
    char why[256] = "";
    agent->host = (struct control_host){.greet = agent_greet,
                                        .answer = agent_answer,
                                        .gone = agent_gone,
                                        .ring = &agent->ring,
                                        .context = &agent->view};
    control_peers_open(&agent->peers, agent->loop, &agent->host);
    footprint_start(&agent->footprint, agent->loop);
    agent->view = (struct agent_view){
        .options = &agent->options, .footprint = &agent->footprint, .leave = leave, .joined = joined};
    FUZZ_CHECK(agent->loop != NULL &&
               bw_loop_create(&agent->view.host, agent->loop, &loop_config, &config, why, sizeof(why)) == 0);
    agent->view.started = bw_loop_now();
    agent->view.runs = agent_runs_create(agent->loop, &agent->view);
    FUZZ_CHECK(agent->view.runs != NULL);
    for (size_t i = 0; i < CLIENTS; i++) {
        int pair[2];
        FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
        agent->client[i] = pair[0];
        FUZZ_CHECK(control_peers_add(&agent->peers, pair[1], i == 0 ? CONTROL_CHANGES : CONTROL_READS));
    }
}

static void listen_to(struct agent *agent, size_t i) {
    char chunk[16384];
    ssize_t got;
    while (agent->client[i] >= 0 && (got = recv(agent->client[i], chunk, sizeof(chunk), MSG_DONTWAIT)) > 0) {
        char *grown = realloc(agent->said[i], agent->said_size[i] + (size_t)got + 1);
        FUZZ_CHECK(grown != NULL && agent->said_size[i] < ANSWER_MAX);
        agent->said[i] = grown;
        memcpy(grown + agent->said_size[i], chunk, (size_t)got);
        agent->said_size[i] += (size_t)got;
        grown[agent->said_size[i]] = '\0';
    }
}

static void turn(struct agent *agent) {
    for (size_t n = 0; n < 3; n++) {
        ev_run(agent->loop, EVRUN_NOWAIT);
        for (size_t i = 0; i < CLIENTS; i++)
            listen_to(agent, i);
    }
}

static void check_said(const char *said, size_t size) {
    size_t at = 0;
    FUZZ_CHECK(size > 0 && said[size - 1] == '\n'); /* the greeting at least */
    while (at < size) {
        const char *end = memchr(said + at, '\n', size - at);
        json_t *object = json_loadb(said + at, (size_t)(end - (said + at)), JSON_REJECT_DUPLICATES, NULL);
        FUZZ_CHECK(json_is_object(object) && json_object_size(object) > 0);
        json_decref(object);
        at = (size_t)(end - said) + 1;
    }
}

static void end(struct agent *agent) {
    control_peers_close(&agent->peers);
    for (size_t i = 0; i < CLIENTS; i++) {
        if (agent->client[i] >= 0)
            close(agent->client[i]);
        check_said(agent->said[i], agent->said_size[i]);
        free(agent->said[i]);
    }
    agent_runs_destroy(agent->view.runs);
    bw_loop_destroy(agent->view.host);
    event_ring_free(&agent->ring);
    ev_loop_destroy(agent->loop);
}

/* Bytes as they are, to one of the clients; or its end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct agent agent;
    struct fuzz_input in = {data, size};
    fuzz_quiet();
    begin(&agent);
    turn(&agent);
    while (in.size > 0) {
        size_t how = (size_t)fuzz_take(&in, 1);
        size_t i = how / 16 % CLIENTS;
        const uint8_t *line_end = in.size > 0 ? memchr(in.data, '\n', in.size) : NULL;
        size_t rest = line_end != NULL ? (size_t)(line_end - in.data) + 1 : in.size;
        struct bw_bytes piece = fuzz_bytes(&in, how % 16 == 1 ? (size_t)fuzz_take(&in, 1) : rest);
        if (agent.client[i] < 0)
            continue;
        if (how % 16 == 2) {
            close(agent.client[i]);
            agent.client[i] = -1;
        } else if (piece.size > 0) {
            (void)!send(agent.client[i], piece.data, piece.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        turn(&agent);
    }
    end(&agent);
    return 0;
}
