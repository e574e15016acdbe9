/* Where there is no agent, or one that has met nobody: configuration, ports, and the addresses to join. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/addr.h"
#include "tools/addr.h"
#include "tools/agent_options.h"
#include "tools/doctor.h"
#include "tools/json.h"
#include "tools/text.h"

enum { REFUSAL_MS = 300, OUTPUT_MAX = 1 << 15 };

/* ------------------------------------------------------------------ addresses to join */

enum verdict { NOTHING, REFUSED, NO_ROUTE }; /* the best first */

/* One byte, which no agent takes for anything: is there an ICMP error? */
static enum verdict knock(const struct addrinfo *info, int *error) {
    int fd = socket(info->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    enum verdict verdict = NOTHING;
    if (fd < 0) {
        *error = errno;
        return NO_ROUTE;
    }
    if (connect(fd, info->ai_addr, info->ai_addrlen) != 0 || send(fd, "", 1, 0) != 1) {
        *error = errno;
        verdict = errno == ECONNREFUSED ? REFUSED : NO_ROUTE;
    } else {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        char byte;
        if (poll(&wait, 1, REFUSAL_MS) == 1 && recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno != EAGAIN) {
            *error = errno;
            verdict = errno == ECONNREFUSED ? REFUSED : NO_ROUTE;
        }
    }
    close(fd);
    return verdict;
}

/* A name may have several addresses, and the agent tries them all: the best of what comes of them. */
static enum verdict knock_all(const struct addrinfo *list, int *error) {
    enum verdict best = NO_ROUTE;
    for (const struct addrinfo *at = list; at != NULL && best != NOTHING; at = at->ai_next) {
        int why = 0;
        enum verdict verdict = knock(at, &why);
        if (at == list || verdict < best) {
            best = verdict;
            *error = why;
        }
    }
    return best;
}

static void look_at_join(struct doctor *doctor, const char *join, bool tried) {
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;
    char host[256];
    char service[8];
    uint16_t port;
    int error = 0;
    if (!addr_split(join, DEFAULT_PORT, host, sizeof(host), &port))
        return;
    snprintf(service, sizeof(service), "%u", port);
    int unresolved = getaddrinfo(host, service, &hints, &list);
    if (unresolved != 0) {
        doctor_say(
            doctor,
            &(struct doctor_finding){DOCTOR_PROBLEM, "join", join, "correct the name, or the resolver (getent hosts)"},
            "the address to join has no address: %s", gai_strerror(unresolved));
        return;
    }
    enum verdict verdict = knock_all(list, &error);
    freeaddrinfo(list);
    if (verdict == REFUSED)
        doctor_say(doctor,
                   &(struct doctor_finding){DOCTOR_PROBLEM, "join", join,
                                            "start an agent there, or correct the port; else a firewall there rejects"},
                   "the address to join refuses: no agent has that port");
    else if (verdict == NO_ROUTE)
        doctor_say(
            doctor,
            &(struct doctor_finding){DOCTOR_PROBLEM, "join", join, "look at this host's routes and firewall (out)"},
            "nothing can be sent to the address to join: %s", strerror(error));
    else if (!tried) /* who hears a knock keeps quiet, and so does who does not */
        doctor_say(doctor, &(struct doctor_finding){DOCTOR_NOTE, "join", join, NULL},
                   "nothing refuses there; whether an agent answers shows when the agent here runs");
    else
        doctor_say(
            doctor,
            &(struct doctor_finding){DOCTOR_PROBLEM, "join", join,
                                     "run 'bellwether doctor' there: it names who knocks with another key or label. "
                                     "If it names nobody, datagrams do not arrive: firewalls, address and port"},
            "the address to join does not answer: its host is down, datagrams are blocked one way or both, or it "
            "has another key or cluster label");
}

void doctor_look_at_joins(struct doctor *doctor, const json_t *joins, const char *own, bool tried) {
    size_t index;
    json_t *join;
    json_array_foreach(joins, index, join) {
        struct bw_addr addr;
        char text[BW_ADDR_TEXT_SIZE] = "";
        if (bw_addr_parse(&addr, json_string_value(join), DEFAULT_PORT) == 0)
            bw_addr_text(&addr, text);
        if (text[0] == '\0' || strcmp(text, own) != 0) /* a name, or not one's own, which is harmless */
            look_at_join(doctor, json_string_value(join), tried);
    }
}

/* ------------------------------------------------------------------ configuration */

/* What `agent --check-config` says of it; the exit code, or -1. */
static int check_config(const char *config, char output[OUTPUT_MAX]) {
    int ends[2];
    size_t used = 0;
    int status = 0;
    output[0] = '\0';
    if (pipe(ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl("/proc/self/exe", "bellwether", "agent", "--config", config, "--check-config", "--log-format", "json",
              (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ssize_t got;
    char surplus[256]; /* is read, too: it would not end else */
    while (child > 0 && (got = used < OUTPUT_MAX - 1 ? read(ends[0], output + used, OUTPUT_MAX - 1 - used)
                                                     : read(ends[0], surplus, sizeof(surplus))) != 0)
        if (got > 0)
            used += used < OUTPUT_MAX - 1 ? (size_t)got : 0;
        else if (errno != EINTR)
            break;
    close(ends[0]);
    output[used] = '\0';
    while (used > 0 && output[used - 1] == '\n')
        output[--used] = '\0';
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Each line of its log is a finding. */
static void say_mistakes(struct doctor *doctor, const char *config, char *output) {
    struct doctor_finding finding = {DOCTOR_PROBLEM, "config", config,
                                     "correct it; 'bellwether help agent' lists what can stand there"};
    for (char *line = strsep(&output, "\n"); line != NULL; line = strsep(&output, "\n")) {
        json_t *object = json_loads(line, 0, NULL);
        const char *message = json_string_value(json_object_get(object, "msg"));
        doctor_say(doctor, &finding, "%s", message != NULL ? message : line[0] != '\0' ? line : "it cannot be checked");
        json_decref(object);
    }
}

static void look_at_bind(struct doctor *doctor, const struct agent_options *options) {
    struct bw_addr addr = options->bind;
    char text[BW_ADDR_TEXT_SIZE];
    struct sockaddr_storage socket_addr;
    if (addr.family == 0)
        addr.family = 4;
    bw_addr_text(&addr, text);
    socklen_t size = bw_addr_to_socket(&addr, &socket_addr);
    int fd = socket(addr.family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&socket_addr, size) != 0)
        doctor_say(doctor,
                   &(struct doctor_finding){DOCTOR_PROBLEM, "bind", text,
                                            errno == EADDRINUSE
                                                ? "another process has the port (ss -ulpn); is it an agent "
                                                  "whose control socket is elsewhere (--control)?"
                                                : "choose an address of this host (ip address)"},
                   "the agent could not receive there: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void look_at_state_dir(struct doctor *doctor, const char *path) {
    struct stat file;
    if (stat(path, &file) != 0 && errno == ENOENT) {
        doctor_say(doctor, &(struct doctor_finding){DOCTOR_NOTE, "state", path, NULL},
                   "the state directory is not there yet: the agent's first start makes it");
        return;
    }
    if (access(path, R_OK | W_OK | X_OK) != 0)
        doctor_say(
            doctor,
            &(struct doctor_finding){DOCTOR_PROBLEM, "state", path,
                                     "run as the user that the agent runs as; else chown and chmod 700, or choose "
                                     "another one (--state-dir)"},
            "the state directory cannot be used by user %u: %s", (unsigned)geteuid(), strerror(errno));
}

void doctor_look_alone(struct doctor *doctor, const char *config) {
    char output[OUTPUT_MAX];
    if (config == NULL) {
        doctor_say(
            doctor,
            &(struct doctor_finding){DOCTOR_NOTE, "config", "-",
                                     "'bellwether doctor --config FILE' looks at a configuration; 'bellwether init' "
                                     "makes one"},
            "no configuration was looked at");
        return;
    }
    int code = check_config(config, output);
    if (code != 0) {
        say_mistakes(doctor, config, output);
        return;
    }
    doctor_say(doctor, &(struct doctor_finding){DOCTOR_FINE, "config", config, NULL},
               "configuration and keys can be used");
    struct agent_options *options = calloc(1, sizeof(*options));
    if (options == NULL)
        return;
    char why[256];
    agent_options_init(options);
    if (agent_option_take(agent_option_find("config"), options, config, why, sizeof(why)) &&
        config_file_read(config, options) && agent_options_complete(options)) {
        json_t *joins = json_array();
        for (size_t i = 0; i < options->join_count; i++)
            json_array_append_new(joins, json_text(options->joins[i]));
        look_at_bind(doctor, options);
        look_at_state_dir(doctor, options->state_dir);
        doctor_look_at_joins(doctor, joins, "", false);
        json_decref(joins);
    }
    agent_options_free(options);
    free(options);
}
