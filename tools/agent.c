#include "tools/agent.h"

#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/agent_answer.h"
#include "tools/agent_config.h"
#include "tools/agent_identity.h"
#include "tools/agent_keys.h"
#include "tools/agent_paths.h"
#include "tools/agent_reload.h"
#include "tools/agent_runs.h"
#include "tools/command.h"
#include "tools/confine.h"
#include "tools/control_server.h"
#include "tools/footprint.h"
#include "tools/hints.h"
#include "tools/http_server.h"
#include "tools/json.h"
#include "tools/key_file.h"
#include "tools/log.h"
#include "tools/member.h"
#include "tools/notify.h"
#include "tools/notify_status.h"
#include "tools/seeds.h"
#include "tools/text.h"

enum { LEAVE_TIMEOUT_MS = 3000 };

struct agent {
    struct agent_view view; /* first: what the control socket's answers are made from */
    struct agent_options *options;
    struct ev_loop *loop;
    struct bw_loop *host;
    struct control_server *control;
    struct http_server *http; /* NULL: it is not wanted */
    struct seeds *seeds;
    struct event_ring ring;
    ev_signal signals[3];
    ev_timer watchdog;
    struct notify_status status;
    struct hints hints;
    struct agent_identity identity;
    struct footprint footprint;
    int exit_code;
};

static void leave(struct agent_view *view, bool exits) {
    struct agent *agent = (struct agent *)(void *)view;
    if (exits && !view->exits)
        notify("STOPPING=1\nSTATUS=leaving the cluster");
    notify_status_stop(&agent->status, agent->loop);
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
        agent_reload_by_signal(&agent->view);
    } else if (agent->view.phase == AGENT_LEAVING && agent->view.exits) {
        log_line(LOG_LEVEL_WARN, "told to stop a second time: exiting without having left");
        agent->exit_code = EXIT_NO;
        ev_break(loop, EVBREAK_ALL);
    } else {
        leave(&agent->view, true);
    }
}

/* A member's status, a leader: not each piece of news about a member. */
static bool shown(const struct bw_event *event) {
    return event->type <= BW_EVENT_MEMBER_LEFT || event->type == BW_EVENT_LEADER_ELECTED ||
           event->type == BW_EVENT_LEADER_LOST;
}

/* One scope with seats here and without there has more leaders than either has been promised. */
static void warn_of_seats(const struct agent *agent, const struct bw_event *event) {
    char other[BW_NAME_MAX + sizeof("#0")];
    size_t size = strlen(event->scope);
    bool seat = bw_scope_seat(event->scope, &size) >= 0;
    snprintf(other, sizeof(other), "%.*s%s", (int)size, event->scope, seat ? "" : "#0");
    if (event->type == BW_EVENT_LEADER_ELECTED && agent->host != NULL &&
        scope_in_use(bw_loop_node(agent->host), other, bw_loop_now()))
        log_line(
            LOG_LEVEL_WARN,
            "scope %.*s is declared with seats by some members and without by others: both are led; give all the same",
            (int)size, event->scope);
}

static void on_event(void *context, const struct bw_event *event) {
    struct agent *agent = context;
    json_t *object = json_event(event, event_ring_next(&agent->ring));
    if (event->type == BW_EVENT_MEMBER_CONFLICT && agent->host != NULL)
        json_add_member_addr(object, event, bw_loop_node(agent->host));
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
    http_server_event(agent->http, event);
    if (event->type == BW_EVENT_KEYS_CHANGED && agent->host != NULL)
        agent_keys_store(agent->options->key_file, agent->host);
    if (event->type == BW_EVENT_STRANGER)
        hints_stranger(&agent->hints, event);
    if (event->type == BW_EVENT_MEMBER_TWICE)
        hints_twice(event);
    if (event->type == BW_EVENT_TERM_REFUSED)
        hints_far_term(event);
    if (shown(event) && agent->view.phase == AGENT_MEMBER && agent->host != NULL)
        notify_status_soon(&agent->status, agent->loop, bw_loop_node(agent->host));
    warn_of_seats(agent, event);
}

static void on_message(void *context, const struct bw_message *message) {
    struct agent *agent = context;
    if (agent->view.paths != NULL)
        agent_paths_message(agent->view.paths, message);
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

/* Another cluster on the LAN is no mistake; but whoever wonders why two agents do not meet finds the reason here. */
static void on_heard(void *context, const struct bw_heard *heard) {
    char from[BW_ADDR_TEXT_SIZE];
    (void)context;
    bw_addr_text(heard->opened ? &heard->beacon.addr : &heard->from, from);
    if (heard->opened)
        log_line(LOG_LEVEL_INFO, "%s at %s on %s announces another cluster, '%s': it is not joined", heard->beacon.name,
                 from, heard->interface, heard->beacon.cluster);
    else
        log_line(LOG_LEVEL_INFO,
                 "somebody at %s on %s announces a cluster that our keys do not open: it is not joined; if it is "
                 "meant to be ours, compare the key files",
                 from, heard->interface);
}

static bool open_host(struct agent *agent, const struct key_text *keys) {
    const struct agent_options *options = agent->options;
    struct bw_discover_config discover = discover_config(&options->discover);
    discover.on_heard = on_heard;
    const struct bw_loop_config loop_config = {
        .size = sizeof(loop_config),
        .bind = options->bind,
        .state_dir = options->state_dir,
        .on_event = on_event,
        .on_left = on_left,
        .on_problem = on_problem,
        .on_message = on_message,
        .context = agent,
        .discover = options->discover.on ? &discover : NULL,
    };
    struct bw_config config;
    if (!agent_config_make(&config, options, keys, &agent->identity))
        return false;
    config.seeds = seeds_list(agent->seeds, &config.seed_count);
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
    if (member_self(node, &member))
        bound = member.addr; /* where we are joined: what is advertised */
    json_t *ready = json_ready(node, agent->options->name, agent->options->cluster, &bound, bw_loop_now().wall_us);
    if (agent->view.http[0] != '\0')
        json_object_set_new(ready, "http", json_string(agent->view.http));
    log_object(LOG_LEVEL_INFO, ready);
    json_decref(ready);
    notify("READY=1\nSTATUS=in the cluster");
}

/* False: it is wanted, and does not work. */
static bool open_http(struct agent *agent) {
    if (agent->options->http.on)
        agent->http = http_server_open(&agent->options->http, agent->loop, &agent->ring, &agent->view);
    return !agent->options->http.on || agent->http != NULL;
}

static void start_http(struct agent *agent) {
    if (agent->http == NULL)
        return;
    const struct bw_addr bound = http_server_bound(agent->http);
    bw_addr_text(&bound, agent->view.http);
    http_server_start(agent->http);
}

/* The socket before the host: a live agent is told from its socket before its state directory is touched. */
static bool open_all(struct agent *agent) {
    const struct control_host host = {.greet = agent_greet,
                                      .answer = agent_answer,
                                      .gone = agent_gone,
                                      .ring = &agent->ring,
                                      .context = &agent->view};
    const struct agent_options *options = agent->options;
    const struct confine_paths paths = {
        .state_dir = options->state_dir, .key_file = options->key_file, .control = options->control};
    struct key_text keys;
    (void)confine_memory();
    if (!agent_identity_read(&agent->identity, options) || !key_file_read(options->key_file, &keys)) {
        agent_identity_forget(&agent->identity);
        return false;
    }
    agent->control = control_server_open(options->control, options->control_group, agent->loop, &host);
    if (agent->control == NULL) {
        agent_identity_forget(&agent->identity);
        key_forget(&keys);
        return false;
    }
    bool serves = open_http(agent);
    confine_begin(options->confine, &paths);
    agent->seeds = seeds_create(options->joins, options->join_count, options->bind.family);
    if (agent->seeds == NULL)
        complain("out of memory");
    bool ok = serves && agent->seeds != NULL && open_host(agent, &keys);
    key_forget(&keys);
    agent_identity_forget(&agent->identity);
    if (ok)
        confine_end(options->confine);
    return ok;
}

int agent_run(struct agent_options *options) {
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
        agent->view = (struct agent_view){.options = options,
                                          .host = agent->host,
                                          .footprint = &agent->footprint,
                                          .started = bw_loop_now(),
                                          .leave = leave,
                                          .joined = joined};
        agent->view.runs = agent_runs_create(agent->loop, &agent->view);
        agent->view.paths = agent_paths_create(agent->loop, agent->host);
        watch_signals(agent);
        seeds_watch(agent->seeds, agent->loop, agent->host);
        control_server_start(agent->control);
        start_http(agent);
        footprint_start(&agent->footprint, agent->loop);
        notify_watchdog(agent->loop, &agent->watchdog);
        hints_start(&agent->hints, agent->loop, agent->host, options->join_count > 0);
        agent_identity_watch(&agent->identity, agent->loop, agent->host, options);
        announce(agent);
        agent->exit_code = agent->view.runs != NULL && agent->view.paths != NULL ? EXIT_DONE : EXIT_NO;
        if (agent->exit_code == EXIT_DONE)
            ev_run(agent->loop, 0);
        else
            complain("out of memory");
    }
    control_server_close(agent->control);
    http_server_close(agent->http);
    agent_runs_destroy(agent->view.runs);
    agent_paths_destroy(agent->view.paths);
    seeds_destroy(agent->seeds);
    notify_status_stop(&agent->status, agent->loop);
    if (agent->host != NULL)
        bw_loop_destroy(agent->host);
    event_ring_free(&agent->ring);
    int code = agent->exit_code;
    if (code == EXIT_DONE)
        log_line(LOG_LEVEL_INFO, "stopped");
    free(agent);
    return code;
}
