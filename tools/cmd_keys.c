/* keys: the ring of the whole cluster, shown and changed while it runs. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/confine.h"
#include "tools/control_client.h"
#include "tools/json.h"
#include "tools/key_file.h"
#include "tools/table.h"

enum { KEY_FILE = 0x2000, KEY_FORCE, WAIT_MS = 100 };
static const double patience_s = 10;

struct keys {
    struct client_options client;
    const char *verb;
    const char *id;
    const char *file; /* NULL: a new key */
    bool force;
};

static error_t check(const struct keys *keys, struct argp_state *state) {
    static const char *const verbs[] = {"list", "add", "use", "remove", NULL};
    char hint[64];
    bool named = strcmp(keys->verb, "use") == 0 || strcmp(keys->verb, "remove") == 0;
    if (!named && strcmp(keys->verb, "list") != 0 && strcmp(keys->verb, "add") != 0)
        return options_mistake(state, "'%s': list, add, use or remove is wanted%s", keys->verb,
                               nearest_hint(keys->verb, verbs, hint, sizeof(hint)));
    if (named && keys->id == NULL)
        return options_mistake(state, "%s which key? 'keys list' shows their ids", keys->verb);
    if (!named && keys->id != NULL && strcmp(keys->verb, "add") == 0)
        return options_mistake(state,
                               "a key is not given as a word, which others could see: use --file FILE ('-': standard "
                               "input)");
    if (!named && keys->id != NULL)
        return options_surplus(state, keys->id);
    if (keys->file != NULL && strcmp(keys->verb, "add") != 0)
        return options_mistake(state, "--file goes with add");
    if (keys->force && !named)
        return options_mistake(state, "--force goes with use and remove");
    if (keys->client.timeout_s > 3600)
        return options_mistake(state, "--timeout: at most 3600 seconds");
    return 0;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct keys *keys = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &keys->client;
        return 0;
    case ARGP_KEY_ARG:
        if (keys->id != NULL)
            return options_surplus(state, value);
        if (keys->verb == NULL)
            keys->verb = value;
        else
            keys->id = value;
        return 0;
    case ARGP_KEY_END:
        keys->verb = keys->verb == NULL ? "list" : keys->verb;
        return check(keys, state);
    case KEY_FILE:
        keys->file = value;
        return 0;
    case KEY_FORCE:
        keys->force = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"file", KEY_FILE, "FILE", 0, "add: the key in FILE, as keygen prints it ('-': standard input), and no new one", 0},
    {"force", KEY_FORCE, NULL, 0, "use, remove: even if members have not confirmed that they hold the ring", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp keys_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "[list | add | use ID | remove ID]",
    .doc =
        "Shows or changes the key ring of the whole cluster while it runs; each agent keeps it in its key file. A new "
        "key "
        "is added, then used, then the old one is removed. Each step waits until all living members have "
        "confirmed it, for 10 s or --timeout; the list says how many of the living members hold the ring, and how many "
        "have it in their key files. A key is named by its id (the first 4 digits are enough), which tells "
        "nothing of the key.\v"
        "Exit code 4: not all members have confirmed in time; their names are on standard error, and they get the ring "
        "when they can be reached. Exit code 1: the ring has no such key; 5: the agent refused; the message says why. "
        "The key in use is never "
        "removed, "
        "and a key is not used, nor one removed, before all have confirmed the ring (--force does it all the same)."};

/* ---- Waiting for the members ---- */

static void progress(size_t confirmed, size_t count, bool last) {
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r[%zu/%zu] members have confirmed", confirmed, count);
    if (last)
        fputc('\n', stderr);
}

static void name_missing(const json_t *answer) {
    size_t index;
    json_t *member;
    fputs("bellwether: not confirmed by", stderr);
    json_array_foreach(json_object_get(answer, "members"), index, member) {
        if (json_is_true(json_object_get(member, "confirmed")))
            continue;
        fputc(' ', stderr);
        text_print_safe(stderr, json_text_of(member, "name"));
        if (json_is_true(json_object_get(member, "holds")))
            fputs(" (cannot write its key file)", stderr);
        else if (json_is_null(json_object_get(member, "version")))
            fputs(" (no answer)", stderr);
        else
            fputs(" (has another ring)", stderr);
    }
    fputc('\n', stderr);
}

static json_t *request_of(const struct keys *keys) {
    double wait_s = keys->client.timeout_s > 0 ? keys->client.timeout_s : patience_s;
    json_int_t ask_ms = (json_int_t)(wait_s * 1000);
    return json_pack("{s:s,s:I}", "op", "keys", "ask_ms", ask_ms > 0 ? ask_ms : 1);
}

/* Asks all members, and looks until all have confirmed. answer: what the agent said last. */
static int wait_for_all(struct keys *keys, struct control_client *client, json_t *request, json_t **answer) {
    double deadline = control_now() + (keys->client.timeout_s > 0 ? keys->client.timeout_s : patience_s);
    int code = control_ask(client, request, CONTROL_TIMEOUT_S, answer);
    while (code == EXIT_DONE) {
        size_t count = json_array_size(json_object_get(*answer, "members"));
        size_t confirmed = (size_t)json_integer_value(json_object_get(*answer, "confirmed"));
        bool late = control_now() >= deadline;
        progress(confirmed, count, late || confirmed == count);
        if (confirmed == count)
            return EXIT_DONE;
        if (late)
            return EXIT_TIMED_OUT;
        const struct timespec wait = {.tv_nsec = WAIT_MS * 1000000L};
        nanosleep(&wait, NULL);
        json_decref(*answer);
        *answer = NULL;
        code = control_ask(client, json_pack("{s:s}", "op", "keys"), CONTROL_TIMEOUT_S, answer);
    }
    return code;
}

/* ---- What is shown ---- */

/* Members say which ring they have, not which keys: so it is the same for each key, and who has another ring is not counted. */
static void print_table(const struct keys *keys, const json_t *answer) {
    static const struct table_column columns[] = {
        {"KEY", false}, {"", false}, {"HELD BY", true}, {"IN FILES OF", true}, {NULL, false}};
    struct table *table = table_create(columns, color_wanted(keys->client.color, stdout));
    const json_t *members = json_object_get(answer, "members");
    char holders[48], files[48];
    size_t index;
    size_t holding = 0;
    json_t *key;
    if (table == NULL)
        return;
    json_array_foreach(members, index, key) holding += json_is_true(json_object_get(key, "holds"));
    snprintf(holders, sizeof(holders), "%zu/%zu", holding, json_array_size(members));
    snprintf(files, sizeof(files), "%lld/%zu", (long long)json_integer_value(json_object_get(answer, "confirmed")),
             json_array_size(members));
    json_array_foreach(json_object_get(answer, "keys"), index, key) {
        table_line(table);
        table_cell(table, 0, json_text_of(key, "id"), NULL);
        table_cell(table, 1, json_is_true(json_object_get(key, "used")) ? "in use" : "", NULL);
        table_cell(table, 2, holders, NULL);
        table_cell(table, 3, files, NULL);
    }
    table_print(table, stdout);
    table_free(table);
}

static void print_result(const struct keys *keys, const json_t *answer) {
    size_t count = json_array_size(json_object_get(answer, "keys"));
    const json_t *last = json_array_get(json_object_get(answer, "keys"), count - 1);
    if (keys->client.json) {
        json_print(answer);
    } else if (strcmp(keys->verb, "list") == 0) {
        print_table(keys, answer);
    } else if (strcmp(keys->verb, "add") == 0) {
        puts(json_text_of(last, "id"));
    }
}

/* ---- A change ---- */

/* The first line, in guarded memory; NULL: it cannot be read. */
static char *read_key(const char *path) {
    const size_t size = 2 * BW_KEY_TEXT_SIZE;
    char *text = sodium_init() < 0 ? NULL : sodium_malloc(size);
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = text != NULL ? 1 : -1;
    size_t used = 0;
    while (fd >= 0 && got > 0 && used < size - 1) {
        got = read(fd, text + used, size - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    if (fd < 0 || got < 0)
        complain("%s: %s", path, strerror(errno));
    if (fd > STDIN_FILENO)
        close(fd);
    if (fd < 0 || got < 0) {
        sodium_free(text);
        return NULL;
    }
    text[used] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    return text;
}

static char *new_key(void) {
    char *text = key_make();
    if (text == NULL)
        complain("no key: %s", strerror(errno));
    else
        text[strcspn(text, "\n")] = '\0';
    return text;
}

/* The change is in the request that is first asked with: so all are asked of the ring that it makes. */
static int set_change(const struct keys *keys, json_t *request) {
    if (strcmp(keys->verb, "add") != 0) {
        int set = json_object_set_new(request, keys->verb, json_string(keys->id));
        json_object_set_new(request, "force", json_boolean(keys->force));
        if (set != 0)
            complain("the id is not UTF-8");
        return set == 0 ? EXIT_DONE : EXIT_USAGE;
    }
    (void)confine_memory();
    char *text = keys->file != NULL ? read_key(keys->file) : new_key();
    if (text == NULL)
        return keys->file != NULL ? EXIT_USAGE : EXIT_NO;
    int set = json_object_set_new(request, "add", json_string(text));
    sodium_free(text);
    if (set != 0)
        complain("that is no key");
    return set == 0 ? EXIT_DONE : EXIT_USAGE;
}

static int change(struct keys *keys, struct control_client *client, json_t **answer) {
    bool adds = strcmp(keys->verb, "add") == 0;
    int code = EXIT_DONE;
    if (!adds && !keys->force) /* who holds the ring as it is now decides */
        code = wait_for_all(keys, client, request_of(keys), answer);
    if (code != EXIT_DONE && code != EXIT_TIMED_OUT)
        return code;
    json_decref(*answer);
    *answer = NULL;
    json_t *request = request_of(keys);
    code = set_change(keys, request);
    if (code != EXIT_DONE) {
        json_decref(request);
        return code;
    }
    return wait_for_all(keys, client, request, answer);
}

int cmd_keys(int argc, char **argv) {
    struct keys keys = {.verb = NULL};
    struct control_client client;
    json_t *answer = NULL;
    int code = options_parse(&keys_argp, argc, argv, &keys);
    if (code == EXIT_DONE)
        code = control_open(&client, &keys.client);
    if (code != EXIT_DONE)
        return code;
    if (strcmp(keys.verb, "list") == 0)
        code = wait_for_all(&keys, &client, request_of(&keys), &answer);
    else
        code = change(&keys, &client, &answer);
    if (answer != NULL && (code == EXIT_DONE || code == EXIT_TIMED_OUT)) {
        print_result(&keys, answer);
        if (code == EXIT_TIMED_OUT)
            name_missing(answer);
    }
    json_decref(answer);
    control_close(&client);
    return code;
}
