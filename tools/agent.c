#include "tools/agent.h"

#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/agent_answer.h"
#include "tools/agent_runs.h"
#include "tools/command.h"
#include "tools/control_server.h"
#include "tools/footprint.h"
#include "tools/hints.h"
#include "tools/json.h"
#include "tools/key_file.h"
#include "tools/log.h"
#include "tools/notify.h"
#include "tools/seeds.h"
#include "tools/text.h"

enum { LEAVE_TIMEOUT_MS = 3000 };

struct agent {
    struct agent_view view; /* first: what the control socket's answers are made from */
    const struct agent_options *options;
    struct ev_loop *loop;
    struct bw_loop *host;
    struct control_server *control;
    struct seeds *seeds;
    struct event_ring ring;
    ev_signal signals[3];
    ev_timer watchdog;
    struct hints hints;
    struct footprint footprint;
    int exit_code;
};

static void leave(struct agent_view *view, bool exits) {
    struct agent *agent = (struct agent *)(void *)view;
    if (exits && !view->exits)
        notify("STOPPING=1\nSTATUS=leaving the cluster");
    view->exits = view->exits || exits;
    if (view->phase == AGENT_LEFT && exits)
        ev_break(agent->loop, EVBREAK_ALL);
    if (view->phase != AGENT_MEMBER)
        return;
    view->phase = AGENT_LEAVING;
    seeds_stop(agent->seeds); /* a name that is resolved now would bring us back */
    log_line(LOG_LEVEL_INFO, "leaving");
    bw_loop_leave(agent->host, LEAVE_TIMEOUT_MS + agent_runs_stop_ms(view->runs));
}

static void joined(struct agent_view *view) {
    if (view->phase == AGENT_MEMBER)
        return;
    view->phase = AGENT_MEMBER;
    notify("STATUS=in the cluster");
    log_line(LOG_LEVEL_INFO, "joining again");
}

static void on_left(void *context) {
    struct agent *agent = context;
    agent->view.phase = AGENT_LEFT;
    if (agent->view.exits) {
        ev_break(agent->loop, EVBREAK_ALL);
        return;
    }
    log_line(LOG_LEVEL_INFO, "left; 'bellwether join' brings it back");
    notify("STATUS=left the cluster");
    control_server_left(agent->control);
}

static void on_problem(void *context, const char *message) {
    (void)context;
    log_line(LOG_LEVEL_WARN, "%s", message);
}

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int events) {
    struct agent *agent = watcher->data;
    (void)events;
    if (watcher->signum == SIGHUP) {
        log_line(LOG_LEVEL_WARN, "SIGHUP changes nothing: the configuration is read at the start only");
    } else if (agent->view.phase == AGENT_LEAVING && agent->view.exits) {
        log_line(LOG_LEVEL_WARN, "told to stop a second time: exiting without having left");
        agent->exit_code = EXIT_NO;
        ev_break(loop, EVBREAK_ALL);
    } else {
        leave(&agent->view, true);
    }
}

static void show_status(const struct agent *agent, const struct bw_event *event) {
    char status[256];
    if (event->type == BW_EVENT_LEADER_ELECTED)
        snprintf(status, sizeof(status), "STATUS=%s leads %s", event->name, event->scope);
    else if (event->type == BW_EVENT_LEADER_LOST)
        snprintf(status, sizeof(status), "STATUS=nobody leads %s", event->scope);
    else
        return;
    if (agent->view.phase == AGENT_MEMBER)
        notify(status);
}

static void on_event(void *context, const struct bw_event *event) {
    struct agent *agent = context;
    json_t *object = json_event(event, event_ring_next(&agent->ring));
    char *line = object == NULL ? NULL : json_dumps(object, JSON_TEXT_FLAGS);
    if (line == NULL) {
        log_line(LOG_LEVEL_ERROR, "out of memory: an event is not shown");
        json_decref(object);
        return;
    }
    log_object(LOG_LEVEL_INFO, object);
    json_decref(object);
    event_ring_add(&agent->ring, event->type, line);
    if (agent->view.runs != NULL)
        agent_runs_event(agent->view.runs, event);
    if (agent->control != NULL)
        control_server_feed(agent->control);
    show_status(agent, event);
}

static void watch_signals(struct agent *agent) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        ev_signal_init(&agent->signals[i], on_signal, numbers[i]);
        agent->signals[i].data = agent;
        ev_signal_start(agent->loop, &agent->signals[i]);
    }
    signal(SIGPIPE, SIG_IGN);
}

static bool open_host(struct agent *agent, const struct key_text *keys) {
    const struct agent_options *options = agent->options;
    const struct bw_loop_config loop_config = {
        .size = sizeof(loop_config),
        .bind = options->bind,
        .state_dir = options->state_dir,
        .on_event = on_event,
        .on_left = on_left,
        .on_problem = on_problem,
        .context = agent,
    };
    struct bw_config config;
    bw_config_init(&config, options->profile);
    if (!agent_options_params(options, &config.params))
        return false;
    config.name = options->name;
    config.cluster = options->cluster;
    config.addr = options->advertise;
    config.keys = keys->text;
    config.keys_size = keys->size;
    config.seeds = seeds_list(agent->seeds, &config.seed_count);
    config.tags = options->tags;
    config.tag_count = options->tag_count;
    config.scopes = options->scopes;
    config.scope_count = options->scope_count;
    char why[512] = "";
    int error = bw_loop_create(&agent->host, agent->loop, &loop_config, &config, why, sizeof(why));
    if (error == 0)
        return true;
    complain("%s%s", why[0] == '\0' ? bw_error_text(error) : why, error == BW_ERR_BUSY ? " (--state-dir DIR)" : "");
    return false;
}

static void announce(const struct agent *agent) {
    struct bw_node *node = bw_loop_node(agent->host);
    struct bw_addr bound = bw_loop_bound(agent->host);
    struct bw_member_info member;
    for (size_t i = 0; bw_node_member(node, i, &member) == 0; i++)
        if (member.self)
            bound = member.addr; /* where we are joined: what is advertised */
    json_t *ready = json_ready(node, agent->options->name, agent->options->cluster, &bound, bw_loop_now().wall_us);
    log_object(LOG_LEVEL_INFO, ready);
    json_decref(ready);
    notify("READY=1\nSTATUS=in the cluster");
}

/* The socket before the host: a live agent is told from its socket before its state directory is touched. */
static bool open_all(struct agent *agent) {
    const struct control_host host = {.greet = agent_greet,
                                      .answer = agent_answer,
                                      .gone = agent_gone,
                                      .ring = &agent->ring,
                                      .context = &agent->view};
    struct key_text keys;
    if (!key_file_read(agent->options->key_file, &keys))
        return false;
    agent->seeds = seeds_create(agent->options->joins, agent->options->join_count, agent->options->bind.family);
    if (agent->seeds == NULL)
        complain("out of memory");
    agent->control = control_server_open(agent->options->control, agent->loop, &host);
    bool ok = agent->seeds != NULL && agent->control != NULL && open_host(agent, &keys);
    key_forget(&keys);
    return ok;
}

int agent_run(const struct agent_options *options) {
    struct agent *agent = calloc(1, sizeof(*agent));
    if (agent == NULL) {
        complain("out of memory");
        return EXIT_NO;
    }
    umask(077);
    agent->options = options;
    agent->loop = ev_default_loop(EVFLAG_AUTO);
    agent->exit_code = EXIT_NO;
    if (agent->loop == NULL)
        complain("no event loop can be made: out of memory or of file descriptors (ulimit -n)");
    else if (open_all(agent)) {
        agent->view = (struct agent_view){
            .options = options, .host = agent->host, .started = bw_loop_now(), .leave = leave, .joined = joined};
        agent->view.runs = agent_runs_create(agent->loop, &agent->view);
        watch_signals(agent);
        seeds_watch(agent->seeds, agent->loop, agent->host);
        control_server_start(agent->control);
        footprint_start(&agent->footprint, agent->loop);
        notify_watchdog(agent->loop, &agent->watchdog);
        hints_start(&agent->hints, agent->loop, agent->host, options->join_count > 0);
        announce(agent);
        agent->exit_code = agent->view.runs != NULL ? EXIT_DONE : EXIT_NO;
        if (agent->view.runs != NULL)
            ev_run(agent->loop, 0);
        else
            complain("out of memory");
    }
    control_server_close(agent->control);
    agent_runs_destroy(agent->view.runs);
    seeds_destroy(agent->seeds);
    if (agent->host != NULL)
        bw_loop_destroy(agent->host);
    event_ring_free(&agent->ring);
    int code = agent->exit_code;
    if (code == EXIT_DONE)
        log_line(LOG_LEVEL_INFO, "stopped");
    free(agent);
    return code;
}
