#include "tools/event_exec.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/json.h"
#include "tools/text.h"

enum { VARIABLE_COUNT_MAX = 40, VARIABLE_SIZE = 768, END_MS = 1000 /* between SIGTERM and SIGKILL */ };

struct environment {
    char texts[VARIABLE_COUNT_MAX][VARIABLE_SIZE];
    char *list[VARIABLE_COUNT_MAX + 1];
    size_t count;
};

static void add(struct environment *environment, const char *name, const char *value) {
    if (environment->count == VARIABLE_COUNT_MAX || value == NULL)
        return;
    char *text = environment->texts[environment->count];
    int size = snprintf(text, VARIABLE_SIZE, "%s=%s", name, value);
    if (size > 0 && size < VARIABLE_SIZE) /* what is longer stands in the object */
        environment->list[environment->count++] = text;
}

/* "leader_id": BELLWETHER_LEADER_ID. */
static void add_field(struct environment *environment, const char *key, const json_t *value) {
    char name[64] = "BELLWETHER_";
    char number[32];
    size_t at = strlen(name);
    for (; *key != '\0' && at < sizeof(name) - 1; key++)
        name[at++] = (char)toupper((unsigned char)*key);
    name[at] = '\0';
    if (json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value))
        add(environment, name, json_string_value(value));
    else if (json_is_boolean(value))
        add(environment, name, json_is_true(value) ? "true" : "false");
    else if (json_is_integer(value)) {
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        add(environment, name, number);
    }
}

static void fill(struct environment *environment, const struct event_exec *exec, const json_t *event) {
    static const char *const kept[] = {"HOME", "LANG", "LC_ALL", "LOGNAME", "TMPDIR", "TZ", "USER"};
    const char *path = getenv("PATH"), *key;
    json_t *value;
    environment->count = 0;
    add(environment, "PATH", path != NULL ? path : "/usr/local/bin:/usr/bin:/bin");
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        add(environment, kept[i], getenv(kept[i]));
    add(environment, "BELLWETHER_CONTROL", exec->control != NULL ? exec->control : getenv("BELLWETHER_CONTROL"));
    json_object_foreach((json_t *)event, key,
                        value) if (strcmp(key, "payload") != 0 &&
                                   strcmp(key, "payload_base64") != 0) /* anybody's bytes: on standard input only */
        add_field(environment, key, value);
    environment->list[environment->count] = NULL;
}

static _Noreturn void become(const struct event_exec *exec, char *const *environment, int input) {
    char *words[] = {(char *)exec->program, NULL};
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody would end it in time */
    if (dup2(input, STDIN_FILENO) < 0)
        _exit(126);
    (void)signal(SIGPIPE, SIG_DFL);
    execvpe(words[0], words, environment);
    int error = errno;
    complain("cannot run %s: %s", words[0], strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

/* The event fits into the pipe, whether the program reads it or not. */
static void give(int fd, const json_t *event) {
    char *text = json_dumps(event, JSON_TEXT_FLAGS);
    size_t size = text != NULL ? strlen(text) : 0;
    if (size > 0) {
        text[size++] = '\n'; /* in the place of the zero */
        (void)!write(fd, text, size);
    }
    free(text);
}

static bool ended(int pidfd, double limit_s) {
    struct pollfd fd = {.fd = pidfd, .events = POLLIN};
    int ready;
    do
        ready = poll(&fd, 1, (int)(limit_s * 1000));
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

static void wait_for(const struct event_exec *exec, pid_t pid, const json_t *event) {
    const char *type = json_text_of(event, "type");
    int status = 0;
    int pidfd = pidfd_open(pid, 0);
    if (pidfd >= 0 && !ended(pidfd, exec->limit_s)) {
        complain("%s has run for %g s for a %s event: it is ended", exec->program, exec->limit_s, type);
        kill(-pid, SIGTERM);
        if (!ended(pidfd, END_MS / 1000.0))
            kill(-pid, SIGKILL);
    }
    if (pidfd >= 0)
        close(pidfd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFSIGNALED(status))
        complain("%s, for a %s event, was ended by signal %d", exec->program, type, WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        complain("%s, for a %s event, failed with exit code %d", exec->program, type, WEXITSTATUS(status));
}

bool event_exec_run(const struct event_exec *exec, const json_t *event) {
    static struct environment environment; /* 30 KB: not on the stack */
    int ends[2];
    fill(&environment, exec, event);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        become(exec, environment.list, ends[0]);
    close(ends[0]);
    if (pid > 0) {
        (void)setpgid(pid, pid); /* whoever comes first */
        give(ends[1], event);
    }
    close(ends[1]);
    if (pid > 0)
        wait_for(exec, pid, event);
    return pid > 0;
}
