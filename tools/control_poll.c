#include "tools/control_poll.h"

#include <time.h>

#include "tools/command.h"

enum { PAUSE_NS = 50 * 1000 * 1000 };

int control_poll(const struct client_options *options, json_t *first, json_t *again, json_t **answer) {
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    double timeout_s = options->timeout_s > 0 ? options->timeout_s : CONTROL_TIMEOUT_S;
    double deadline = control_now() + timeout_s;
    struct control_client client;
    json_t *request = first;
    int code = control_open(&client, options);
    if (code != EXIT_DONE) {
        json_decref(first);
        json_decref(again);
        return code;
    }
    while (code == EXIT_DONE) {
        json_decref(*answer);
        *answer = NULL;
        code = control_ask(&client, json_incref(request), timeout_s, answer);
        if (code != EXIT_DONE || !json_is_true(json_object_get(*answer, "pending")))
            break;
        if (control_now() >= deadline)
            code = EXIT_TIMED_OUT;
        else
            nanosleep(&pause, NULL);
        request = again;
    }
    json_decref(first);
    json_decref(again);
    control_close(&client);
    return code;
}
