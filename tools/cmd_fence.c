/* fence: the guard of a protected resource, for scripts. */
#include <bellwether/guard.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/json.h"
#include "tools/options.h"

enum {
    KEY_JSON = 0x2000,
    KEY_STALE_EXIT,
    KEY_TIMEOUT,
    EXIT_CANNOT_RUN = 126, /* as env(1), nohup(1) and shells say it */
    EXIT_NO_SUCH_PROGRAM = 127,
};

struct fence {
    bool json;
    double timeout_s;
    uint64_t stale_exit;
    const char *path, *token;
    char **program; /* NULL: only check and advance */
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct fence *fence = state->input;
    switch (key) {
    case KEY_JSON:
        fence->json = true;
        return 0;
    case KEY_TIMEOUT:
        if (strcmp(value, "0") == 0) {
            fence->timeout_s = 0;
            return 0;
        }
        if (!parse_seconds(value, &fence->timeout_s) || fence->timeout_s > 1e6)
            return options_mistake(state, "--timeout %s: seconds, at most a million", value);
        return 0;
    case KEY_STALE_EXIT:
        if (!parse_number(value, 1, 125, &fence->stale_exit))
            return options_mistake(state, "--stale-exit %s: a number from 1 to 125", value);
        return 0;
    case ARGP_KEY_ARG:
        *(fence->path == NULL ? &fence->path : &fence->token) = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"timeout", KEY_TIMEOUT, "S", 0, "Wait at most so long for others to come out (default: 30; 0: not at all)", 0},
    {"stale-exit", KEY_STALE_EXIT, "CODE", 0, "The exit code for a token that is too old (default: 1)", 0},
    {"json", KEY_JSON, NULL, 0, "JSON for programs; not with CMD, whose output it is then", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

const struct argp fence_argp = {
    .options = list,
    .parser = parse,
    .args_doc = "FILE [TOKEN [-- CMD...]]",
    .doc =
        "Lets TOKEN pass unless a larger one has passed before: then it is refused, for ever. The largest one is kept "
        "in "
        "FILE, made if it is missing, durable before the answer. With CMD, replaces itself by CMD, which has TOKEN in "
        "BELLWETHER_TOKEN and is alone inside: others wait until it, and all that it has started, has ended. Without "
        "TOKEN, "
        "prints the largest one, and makes nothing.\v"
        "  bellwether fence /srv/orders/guard \"$BELLWETHER_TOKEN\" -- rsync -a spool/ /srv/orders/\n\n"
        "FILE belongs beside what it protects, on a local file system. Exit code: CMD's own (127: not found, 126: "
        "cannot be "
        "run); else 0: passed, 1: refused, a newer leader has been here (or, without TOKEN, none yet), 4: others were "
        "inside "
        "for too long, 5: the file cannot be used, and nothing passes."};

static int code_of(const struct fence *fence, int error) {
    switch (error) {
    case 0:
        return EXIT_DONE;
    case BW_ERR_STALE:
        return (int)fence->stale_exit;
    case BW_ERR_NOT_FOUND:
        return EXIT_NO;
    case BW_ERR_BUSY:
        return EXIT_TIMED_OUT;
    default:
        return EXIT_REFUSED;
    }
}

static json_t *json_token(const struct bw_token *token) {
    char text[BW_TOKEN_TEXT_SIZE];
    static const struct bw_token none;
    bw_token_text(token, text);
    return memcmp(token, &none, sizeof(none)) == 0 ? json_null() : json_string(text);
}

static void print_json(const struct fence *fence, int error, const struct bw_token *newest) {
    json_t *answer = json_pack("{s:o,s:s?,s:b,s:o,s:s}", "guard", json_text(fence->path), "token", fence->token,
                               "passed", error == 0 && fence->token != NULL, "newest", json_token(newest), "result",
                               error == 0 ? "ok" : bw_error_name(error));
    json_print(answer);
    json_decref(answer);
}

static int become(const struct fence *fence, struct bw_guard *guard) {
    if (setenv("BELLWETHER_TOKEN", fence->token, 1) != 0 || bw_guard_hand_on(guard) != 0) {
        complain("cannot prepare for %s: %s", fence->program[0], strerror(errno));
        return EXIT_CANNOT_RUN;
    }
    signal(SIGPIPE, SIG_DFL);
    execvp(fence->program[0], fence->program);
    int error = errno;
    complain("cannot run %s: %s", fence->program[0], strerror(error));
    return error == ENOENT ? EXIT_NO_SUCH_PROGRAM : EXIT_CANNOT_RUN;
}

static int enter(const struct fence *fence, struct bw_guard *guard) {
    char why[512];
    char text[BW_TOKEN_TEXT_SIZE];
    struct bw_token token = {0}, newest = {0};
    int error;
    if (fence->token == NULL) {
        error = bw_guard_newest(guard, &newest, why, sizeof(why));
    } else {
        (void)bw_token_parse(&token, fence->token); /* was looked at by operands() */
        error = bw_guard_enter(guard, &token, (uint32_t)lround(fence->timeout_s * 1000), &newest, why, sizeof(why));
    }
    if (error != 0)
        complain("%s", why);
    if (fence->json) {
        print_json(fence, error, &newest);
    } else if (fence->token == NULL && error == 0) {
        bw_token_text(&newest, text);
        puts(text);
    }
    return error == 0 && fence->program != NULL ? become(fence, guard) : code_of(fence, error);
}

/* Who only looks leaves nothing behind. */
static bool nothing_to_look_at(const struct fence *fence) {
    struct stat status;
    if (fence->token != NULL || stat(fence->path, &status) == 0 || errno != ENOENT)
        return false;
    complain("no token has passed the guard %s yet: there is no such file", fence->path);
    if (fence->json)
        print_json(fence, BW_ERR_NOT_FOUND, &(struct bw_token){0});
    return true;
}

/* words: what stands behind the options, FILE and TOKEN, too, if they begin with a dash; marked: there is a '--' before it. */
static bool operands(struct fence *fence, char **words, bool marked) {
    struct bw_token token;
    if (fence->path == NULL)
        fence->path = *words != NULL ? *words++ : NULL;
    if (fence->path == NULL) {
        complain("which FILE? (see 'bellwether fence --help')");
        return false;
    }
    if (fence->token == NULL) {
        if (*words == NULL)
            return true;
        fence->token = *words++;
        marked = *words != NULL && strcmp(*words, "--") == 0;
        words += marked ? 1 : 0;
    }
    if (bw_token_parse(&token, fence->token) != 0) {
        complain(
            "'%s' is not a token: those are 32 hexadecimal digits, as 'leader --json' and BELLWETHER_TOKEN have them",
            fence->token);
        return false;
    }
    if (*words == NULL && marked) {
        complain("which CMD, behind '--'? (see 'bellwether fence --help')");
        return false;
    }
    if (*words != NULL && fence->json) {
        complain("--json and CMD do not go together: the output is CMD's (see 'bellwether fence --help')");
        return false;
    }
    fence->program = *words == NULL ? NULL : words;
    return true;
}

int cmd_fence(int argc, char **argv) {
    struct fence fence = {.timeout_s = 30, .stale_exit = EXIT_NO};
    struct bw_guard *guard = NULL;
    char why[512];
    int rest = argc;
    int code = options_parse_first(&fence_argp, argc, argv, &fence, 2, &rest);
    if (code != EXIT_DONE)
        return code;
    if (!operands(&fence, argv + rest, strcmp(argv[rest - 1], "--") == 0))
        return EXIT_USAGE;
    if (nothing_to_look_at(&fence))
        return code_of(&fence, BW_ERR_NOT_FOUND);
    int error = bw_guard_open(&guard, fence.path, why, sizeof(why));
    if (error != 0) {
        complain("%s", why);
        if (fence.json)
            print_json(&fence, error, &(struct bw_token){0});
        return code_of(&fence, error);
    }
    code = enter(&fence, guard);
    bw_guard_close(guard);
    return code;
}
