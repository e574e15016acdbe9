/* The demo's agents: processes, their event streams, and their end, whatever happens. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/control_client.h"
#include "tools/demo.h"
#include "tools/key_file.h"
#include "tools/text.h"

enum { WORDS_MAX = 32 };
static const double end_timeout_s = 3;

void demo_path(const struct demo *demo, const char *name, const char *suffix, char *path, size_t size) {
    snprintf(path, size, "%s/%s%s", demo->directory, name, suffix);
}

static void watched_signals(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

static bool write_key(const struct demo *demo) {
    char path[320];
    char *text = key_make();
    demo_path(demo, "key", "", path, sizeof(path));
    int fd = text != NULL ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    sodium_free(text);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool demo_prepare(struct demo *demo) {
    const char *place = getenv("TMPDIR");
    sigset_t set;
    watched_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    demo->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (place == NULL || place[0] != '/' || strlen(place) > 60) /* a socket's path must fit */
        place = "/tmp";
    snprintf(demo->directory, sizeof(demo->directory), "%s/bellwether-demo.XXXXXX", place);
    if (demo->signal_fd < 0 || mkdtemp(demo->directory) == NULL) {
        complain("no temporary folder in %s: %s", place, strerror(errno));
        demo->directory[0] = '\0';
        return false;
    }
    if (!write_key(demo)) {
        complain("no key in %s: %s", demo->directory, strerror(errno));
        return false;
    }
    return true;
}

/* In the child: nothing of this terminal or environment matters to it, and it does not outlive the demo. */
static void become_agent(const struct demo *demo, const char **words, int log) {
    sigset_t set;
    watched_signals(&set);
    setsid();
    if (!demo->keep && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() == 1))
        _exit(1);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    static const char *const variables[] = {"BELLWETHER_CONTROL", "NOTIFY_SOCKET", "STATE_DIRECTORY"};
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        _exit(1);
    execv("/proc/self/exe", (char **)words);
    _exit(1);
}

static pid_t spawn(const struct demo *demo, const char **words, int *fd) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        become_agent(demo, words, ends[1]);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return -1;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *fd = ends[0];
    return pid;
}

bool demo_start(struct demo *demo, struct demo_child *child) {
    char key[320], state[320], control[320], bind[BW_ADDR_TEXT_SIZE];
    char join[DEMO_NODES_MAX][BW_ADDR_TEXT_SIZE + 8];
    const char *words[WORDS_MAX + DEMO_NODES_MAX] = {
        "bellwether", "agent", "--name", child->name, "--key-file",   key,    "--state-dir", state,
        "--control",  control, "--bind", bind,        "--log-format", "json", "--cluster",   "demo",
    };
    size_t count = 16;
    demo_path(demo, "key", "", key, sizeof(key));
    demo_path(demo, child->name, ".state", state, sizeof(state));
    demo_path(demo, child->name, ".sock", control, sizeof(control));
    snprintf(bind, sizeof(bind), "%s", child->addr[0] == '\0' ? "127.0.0.1:0" : child->addr);
    for (unsigned i = 0; i < demo->count && i < 3; i++) { /* three seeds are plenty */
        if (&demo->children[i] == child || demo->children[i].addr[0] == '\0')
            continue;
        snprintf(join[i], sizeof(join[i]), "--join=%s", demo->children[i].addr);
        words[count++] = join[i];
    }
    child->ready = false;
    child->line_size = 0;
    child->leader[0] = child->token[0] = child->error[0] = '\0';
    memset(child->alive, 0, sizeof(child->alive));
    pid_t pid = spawn(demo, words, &child->fd);
    if (pid < 0)
        complain("no process for %s: %s", child->name, strerror(errno));
    child->pid = pid < 0 ? 0 : pid;
    return pid >= 0;
}

double demo_signal(struct demo_child *child, int number) {
    double now = control_now();
    if (child->pid > 0)
        kill(child->pid, number);
    return now;
}

struct demo_child *demo_find(struct demo *demo, const char *name) {
    for (unsigned i = 0; i < demo->count; i++)
        if (strcmp(demo->children[i].name, name) == 0)
            return &demo->children[i];
    return NULL;
}

static void note_leader(struct demo_child *child, const char *type, const json_t *event, double at) {
    const char *token = json_string_value(json_object_get(event, "token"));
    const char *leader = json_string_value(json_object_get(event, "leader"));
    if (token == NULL || leader == NULL)
        return;
    if (strcmp(type, "leader-elected") == 0) {
        snprintf(child->leader, sizeof(child->leader), "%s", leader);
        snprintf(child->token, sizeof(child->token), "%s", token);
        child->leader_at = at;
    } else if (strcmp(type, "leader-lost") == 0 && strcmp(child->token, token) == 0) {
        child->leader[0] = child->token[0] = '\0';
    }
}

static void note_member(struct demo *demo, struct demo_child *child, const char *type, const json_t *event) {
    const char *name = json_string_value(json_object_get(event, "name"));
    const struct demo_child *subject = name == NULL ? NULL : demo_find(demo, name);
    if (subject == NULL)
        return;
    if (strcmp(type, "member-alive") == 0)
        child->alive[subject - demo->children] = true;
    else if (strcmp(type, "member-dead") == 0 || strcmp(type, "member-left") == 0)
        child->alive[subject - demo->children] = false;
}

static void take_line(struct demo *demo, struct demo_child *child, const char *line, double at) {
    json_t *event = json_loads(line, 0, NULL);
    const char *type = json_string_value(json_object_get(event, "type"));
    const char *message = json_string_value(json_object_get(event, "msg"));
    if (type != NULL && strcmp(type, "ready") == 0) {
        const char *addr = json_string_value(json_object_get(event, "addr"));
        child->ready = true;
        snprintf(child->addr, sizeof(child->addr), "%s", addr == NULL ? "" : addr);
    } else if (type != NULL) {
        note_member(demo, child, type, event);
        note_leader(child, type, event, at);
        demo_narrate(&demo->view, child->name, event, at);
    } else if (message != NULL) {
        snprintf(child->error, sizeof(child->error), "%s", message);
    } else if (line[0] != '\0') {
        snprintf(child->error, sizeof(child->error), "%.*s", (int)sizeof(child->error) - 1, line);
    }
    json_decref(event);
}

static void take_lines(struct demo *demo, struct demo_child *child, double at) {
    char *start = child->line;
    char *end;
    child->line[child->line_size] = '\0';
    while ((end = strchr(start, '\n')) != NULL) {
        *end = '\0';
        take_line(demo, child, start, at);
        start = end + 1;
    }
    child->line_size = strlen(start);
    if (child->line_size == sizeof(child->line) - 1)
        child->line_size = 0; /* no event is that long */
    memmove(child->line, start, child->line_size);
}

static void read_child(struct demo *demo, struct demo_child *child) {
    double at = control_now();
    size_t room = sizeof(child->line) - 1 - child->line_size;
    ssize_t got = read(child->fd, child->line + child->line_size, room);
    if (got > 0) {
        child->line_size += (size_t)got;
        take_lines(demo, child, at);
    } else if (got == 0 || errno != EAGAIN) {
        close(child->fd);
        child->fd = -1;
    }
}

/* Waits for something to read, and reads it. */
static void pump(struct demo *demo, double deadline) {
    struct pollfd fds[DEMO_NODES_MAX + 1];
    struct demo_child *owners[DEMO_NODES_MAX + 1] = {NULL};
    nfds_t count = 1;
    fds[0] = (struct pollfd){.fd = demo->signal_fd, .events = POLLIN};
    for (unsigned i = 0; i < demo->count; i++) {
        if (demo->children[i].fd < 0)
            continue;
        owners[count] = &demo->children[i];
        fds[count++] = (struct pollfd){.fd = demo->children[i].fd, .events = POLLIN};
    }
    double left_s = deadline - control_now();
    if (poll(fds, count, left_s <= 0 ? 0 : (int)(left_s * 1000) + 1) <= 0)
        return;
    if (fds[0].revents != 0)
        demo->interrupted = true;
    for (nfds_t i = 1; i < count; i++)
        if (fds[i].revents != 0)
            read_child(demo, owners[i]);
}

bool demo_until(struct demo *demo, double timeout_s, bool (*condition)(struct demo *demo, void *context),
                void *context) {
    double deadline = control_now() + timeout_s;
    while (!demo->interrupted) {
        if (condition(demo, context))
            return true;
        if (control_now() >= deadline)
            return false;
        pump(demo, deadline);
    }
    return false;
}

static bool is_gone(struct demo_child *child) {
    if (child->pid > 0 && waitpid(child->pid, NULL, WNOHANG) == child->pid)
        child->pid = 0;
    return child->pid == 0;
}

static void forget_pipe(struct demo_child *child) {
    if (child->fd >= 0)
        close(child->fd);
    child->fd = -1;
}

void demo_reap(struct demo_child *child) {
    double deadline = control_now() + end_timeout_s;
    while (!is_gone(child)) {
        if (control_now() > deadline)
            kill(child->pid, SIGKILL);
        usleep(2000);
    }
    forget_pipe(child);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void demo_clean_up(struct demo *demo) {
    for (unsigned i = 0; i < demo->count; i++) {
        forget_pipe(&demo->children[i]); /* a full pipe would hold nobody up, but why try */
        demo_signal(&demo->children[i], SIGKILL);
    }
    for (unsigned i = 0; i < demo->count; i++)
        demo_reap(&demo->children[i]);
    if (demo->directory[0] != '\0' && nftw(demo->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        complain("%s could not be removed: %s", demo->directory, strerror(errno));
    demo_forget(&demo->view);
}
