/* The programs of `bellwether run`: how they begin, what they see, whether anything of them is left. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tools/json.h"
#include "tools/run.h"

static void set(const char *name, const char *value) {
    if (value == NULL || value[0] == '\0')
        unsetenv(name);
    else
        setenv(name, value, 1);
}

static void set_number(const char *name, const json_t *object, const char *key) {
    char text[32] = "";
    const json_t *number = json_object_get(object, key);
    if (json_is_integer(number))
        snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(number));
    set(name, text);
}

static void set_environment(const struct run_reign *reign) {
    const json_t *previous = json_object_get(reign->news, "previous");
    const char *scope = json_text_of(reign->news, "scope");
    set("BELLWETHER_SCOPE", scope[0] != '\0' ? scope : reign->scope); /* a seat's own name */
    set_number("BELLWETHER_SEAT", reign->news, "seat");
    set("BELLWETHER_TOKEN", reign->token);
    set_number("BELLWETHER_TERM", reign->news, "term");
    set("BELLWETHER_PREVIOUS_LEADER", json_text_of(previous, "leader"));
    set("BELLWETHER_PREVIOUS_ID", json_text_of(previous, "id"));
    set("BELLWETHER_PREVIOUS_ADDR", json_text_of(previous, "addr"));
    set("BELLWETHER_PREVIOUS_TOKEN", json_text_of(previous, "token"));
    set_number("BELLWETHER_PREVIOUS_TERM", previous, "term");
    set("BELLWETHER_PREVIOUS_REASON", json_text_of(previous, "reason"));
    if (reign->control != NULL)
        set("BELLWETHER_CONTROL", reign->control);
}

/* What run has changed for itself; what its caller has set stays, so that nohup works. */
static void reset_signals(const sigset_t *signals) {
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGTSTP, SIG_DFL);
    sigprocmask(SIG_SETMASK, signals, NULL);
}

static _Noreturn void become(char *const *words, const struct run_reign *reign, pid_t run, int go) {
    char byte;
    ssize_t told;
    (void)setsid();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != run)
        _exit(EXIT_CANNOT_RUN);
    do /* run has not told its watchdog yet */
        told = read(go, &byte, 1);
    while (told < 0 && errno == EINTR);
    if (told != 1)
        _exit(EXIT_CANNOT_RUN);
    set_environment(reign);
    reset_signals(&reign->signals);
    execvp(words[0], words);
    int error = errno;
    complain("cannot run %s: %s", words[0], strerror(error));
    _exit(error == ENOENT ? EXIT_NO_SUCH_PROGRAM : EXIT_CANNOT_RUN);
}

pid_t run_spawn(char *const *words, const struct run_reign *reign, const struct run_watchdog *watchdog) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t run = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[1]);
        become(words, reign, run, ends[0]);
    }
    int error = errno;
    close(ends[0]);
    if (pid > 0) {
        atomic_store(&watchdog->shared->group, pid);
        run_watchdog_tell(watchdog);
        (void)!write(ends[1], "!", 1);
    }
    close(ends[1]);
    errno = error;
    return pid;
}

/* The state of a process and its group, from the line of /proc, whose name in brackets may hold anything. */
static bool lives_in(const char *pid, pid_t group) {
    char path[280], line[512], state = 'Z';
    int of = 0;
    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    FILE *file = fopen(path, "re");
    size_t size = file != NULL ? fread(line, 1, sizeof(line) - 1, file) : 0;
    if (file != NULL)
        fclose(file);
    line[size] = '\0';
    const char *rest = strrchr(line, ')');
    return rest != NULL && sscanf(rest + 1, " %c %*d %d", &state, &of) == 2 && of == group &&
           strchr("ZX", state) == NULL;
}

bool run_group_lives(pid_t group) {
    if (kill(-group, 0) != 0 && errno == ESRCH)
        return false;
    bool lives = false; /* or there are only such as nobody has waited for, as in a container without an init */
    DIR *directory = opendir("/proc");
    if (directory == NULL)
        return true;
    for (const struct dirent *entry; !lives && (entry = readdir(directory)) != NULL;)
        lives = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && lives_in(entry->d_name, group);
    closedir(directory);
    return lives;
}
