#include "tools/control_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/control_path.h"
#include "tools/json.h"

enum { LINE_SIZE_MAX = 64 << 20, READ_SIZE = 16384 };

double control_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int control_complain_gone(void) {
    complain("the agent has closed the connection");
    return EXIT_NO_AGENT;
}

/* Returns a socket, or -1 with errno. */
static int connect_to(const char *path, double timeout_s) {
    struct sockaddr_un address;
    if (!control_address(path, &address)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    time_t seconds = (time_t)timeout_s;
    const struct timeval patience = {.tv_sec = seconds, /* a stopped agent's backlog fills */
                                     .tv_usec = (suseconds_t)((timeout_s - (double)seconds) * 1e6) | 1};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static double answer_timeout_s(const struct client_options *options) {
    return options->timeout_s > 0 ? options->timeout_s : CONTROL_TIMEOUT_S;
}

/* The place that is given, or else the first usual one where somebody listens. path: where. Returns as connect_to. */
static int open_path(const struct client_options *options, char path[CONTROL_PATH_SIZE]) {
    control_path_default(path);
    if (options->control != NULL)
        snprintf(path, CONTROL_PATH_SIZE, "%s", options->control);
    int fd = connect_to(path, answer_timeout_s(options));
    if (fd >= 0 || options->control != NULL || control_path_is_given())
        return fd;
    int error = errno;
    int system = connect_to(CONTROL_PATH_SYSTEM, answer_timeout_s(options));
    int system_error = errno;
    bool there = system >= 0 || (error == ENOENT && system_error != ENOENT); /* or why not is to be said of that one */
    if (there)
        snprintf(path, CONTROL_PATH_SIZE, "%s", CONTROL_PATH_SYSTEM);
    errno = there ? system_error : error;
    return system;
}

/* The reason of an answer that is an error, and its code; NULL if it is none. */
static const char *refusal(const json_t *answer) {
    const json_t *error = json_object_get(answer, "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    return error == NULL ? NULL : message == NULL ? "no reason given" : message;
}

/* Says why, and returns the exit code: what is not there is a "no", not a refusal. */
static int complain_refusal(const json_t *answer) {
    const char *code = json_string_value(json_object_get(json_object_get(answer, "error"), "code"));
    bool missing = code != NULL && strcmp(code, "not-found") == 0;
    complain("%s%s", missing ? "" : "the agent refused: ", refusal(answer));
    return missing ? EXIT_NO : EXIT_REFUSED;
}

static int greet(struct control_client *client, const struct client_options *options) {
    int code = control_read(client, control_now() + answer_timeout_s(options), &client->greeting);
    if (code == EXIT_TIMED_OUT && !options->quiet)
        complain("the agent has not answered for %g s", answer_timeout_s(options));
    else if (code != EXIT_DONE && code != EXIT_TIMED_OUT && !options->quiet)
        control_complain_gone();
    else if (code == EXIT_DONE && refusal(client->greeting) != NULL)
        code = complain_refusal(client->greeting);
    return code;
}

int control_open(struct control_client *client, const struct client_options *options) {
    char path[CONTROL_PATH_SIZE];
    memset(client, 0, sizeof(*client));
    client->fd = open_path(options, path);
    if (client->fd < 0 && errno == EAGAIN) {
        if (!options->quiet)
            complain("the agent has not answered for %g s", answer_timeout_s(options));
        return EXIT_TIMED_OUT;
    }
    if (client->fd < 0 && options->quiet)
        return EXIT_NO_AGENT;
    if (client->fd < 0 && errno == EACCES) {
        complain("the agent at %s is another user's, and lets in that one, root, and those who may read "
                 "(--control-group)",
                 path);
        return EXIT_NO_AGENT;
    }
    if (client->fd < 0) {
        complain("no agent at %s: %s; start one with 'bellwether agent', or say where it is with --control", path,
                 strerror(errno));
        return EXIT_NO_AGENT;
    }
    int code = greet(client, options);
    if (code != EXIT_DONE)
        control_close(client);
    return code;
}

void control_close(struct control_client *client) {
    if (client->fd >= 0)
        close(client->fd);
    free(client->in);
    json_decref(client->greeting);
    memset(client, 0, sizeof(*client));
    client->fd = -1;
}

/* A whole line in the buffer, or NULL. */
static char *take_line(struct control_client *client, size_t *size) {
    char *start = client->in + client->in_taken;
    char *end = client->in_size == client->in_taken ? NULL : memchr(start, '\n', client->in_size - client->in_taken);
    if (end == NULL)
        return NULL;
    *size = (size_t)(end - start);
    client->in_taken += *size + 1;
    return start;
}

static bool make_room(struct control_client *client) {
    if (client->in_taken > 0) {
        client->in_size -= client->in_taken;
        memmove(client->in, client->in + client->in_taken, client->in_size);
        client->in_taken = 0;
    }
    if (client->in_room - client->in_size >= READ_SIZE)
        return true;
    size_t room = 2 * client->in_room + READ_SIZE;
    char *grown = room > LINE_SIZE_MAX ? NULL : realloc(client->in, room);
    if (grown == NULL)
        return false;
    client->in = grown;
    client->in_room = room;
    return true;
}

/* Waits for bytes. */
static int fill(struct control_client *client, double deadline) {
    double left_s = deadline - control_now();
    int left_ms = left_s > 1e6 ? -1 : left_s <= 0 ? 0 : (int)(left_s * 1000) + 1;
    struct pollfd fds[2] = {{.fd = client->fd, .events = POLLIN}, {.fd = client->prints ? STDOUT_FILENO : -1}};
    int ready = poll(fds, 2, left_ms);
    if (ready < 0 && errno != EINTR)
        return EXIT_NO_AGENT;
    if (ready <= 0)
        return left_ms >= 0 && control_now() >= deadline ? EXIT_TIMED_OUT : EXIT_DONE;
    if (fds[0].revents == 0)
        return EXIT_NO;
    if (!make_room(client))
        return EXIT_NO_AGENT;
    ssize_t got = recv(client->fd, client->in + client->in_size, client->in_room - client->in_size, 0);
    if (got < 0 && errno == EINTR)
        return EXIT_DONE;
    if (got <= 0)
        return EXIT_NO_AGENT;
    client->in_size += (size_t)got;
    return EXIT_DONE;
}

int control_read(struct control_client *client, double deadline, json_t **object) {
    size_t size = 0;
    char *line;
    while ((line = take_line(client, &size)) == NULL) {
        int code = fill(client, deadline);
        if (code != EXIT_DONE)
            return code;
    }
    *object = json_loadb(line, size, JSON_ALLOW_NUL, NULL);
    return json_is_object(*object) ? EXIT_DONE : EXIT_NO_AGENT;
}

int control_send(struct control_client *client, const json_t *request) {
    char *text = json_dumps(request, JSON_COMPACT);
    size_t size = text == NULL ? 0 : strlen(text);
    size_t done = 0;
    if (text != NULL)
        text[size++] = '\n'; /* in the place of the zero */
    while (done < size) {
        ssize_t sent = send(client->fd, text + done, size - done, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            break;
        done += sent < 0 ? 0 : (size_t)sent;
    }
    if (text != NULL)
        explicit_bzero(text, size); /* it may hold a key */
    free(text);
    return size > 0 && done == size ? EXIT_DONE : EXIT_NO_AGENT;
}

int control_ask(struct control_client *client, json_t *request, double timeout_s, json_t **answer) {
    if (timeout_s <= 0)
        timeout_s = CONTROL_TIMEOUT_S;
    int code = control_send(client, request);
    json_decref(request);
    if (code == EXIT_DONE)
        code = control_read(client, control_now() + timeout_s, answer);
    if (code == EXIT_TIMED_OUT)
        complain("the agent has not answered for %g s", timeout_s);
    else if (code != EXIT_DONE)
        return control_complain_gone();
    if (code == EXIT_DONE && refusal(*answer) != NULL) {
        code = complain_refusal(*answer);
        json_decref(*answer);
        *answer = NULL;
    }
    return code;
}

int control_ask_once(const struct client_options *options, json_t *request, json_t **answer) {
    struct control_client client;
    int code = control_open(&client, options);
    if (code != EXIT_DONE) {
        json_decref(request);
        return code;
    }
    code = control_ask(&client, request, options->timeout_s, answer);
    control_close(&client);
    return code;
}

int control_order(const struct client_options *options, json_t *request) {
    json_t *answer = NULL;
    int code = control_ask_once(options, request, &answer);
    if (code == EXIT_DONE && options->json)
        json_print(answer);
    json_decref(answer);
    return code;
}
