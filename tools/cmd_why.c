/* why: what a member's status rests on. */
#include <string.h>

#include <bellwether/node.h>

#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/json.h"

struct why {
    struct client_options client;
    const char *name;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct why *why = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &why->client;
        return 0;
    case ARGP_KEY_ARG:
        if (why->name != NULL)
            return options_surplus(state, value);
        why->name = value;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return options_mistake(state, "which NAME?");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp why_argp = {
    .parser = parse,
    .children = children,
    .args_doc = "NAME",
    .doc = "Says why the agent holds the member NAME (or the beginning of its id) for what it does: who suspected it, "
           "when, on what evidence, who confirmed it, how long it took, and how often it refuted. An agent remembers "
           "the last suspicion of the 256 members that were suspected last.\v"
           "Exit code 1: no such member."};

static double number_of(const json_t *object, const char *key) {
    return json_number_value(json_object_get(object, key));
}

static void print_text(const json_t *object, const char *key) {
    text_print_safe(stdout, json_text_of(object, key));
}

/* The evidence as a sentence. */
static const char *sentence_of(const char *word) {
    const char *text = word;
    for (int i = 0; i < BW_EVIDENCE_COUNT; i++)
        if (strcmp(bw_evidence_name((enum bw_evidence)i, NULL), word) == 0)
            bw_evidence_name((enum bw_evidence)i, &text);
    return text;
}

static void print_accusers(const json_t *suspicion) {
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(suspicion, "accusers"), index, name) {
        fputs(index == 0 ? " by " : index == 1 ? ", confirmed by " : ", ", stdout);
        text_print_safe(stdout, json_string_value(name));
    }
}

static void print_suspicion(const json_t *suspicion) {
    const char *outcome = json_text_of(suspicion, "outcome");
    fputs("suspected  ", stdout);
    print_text(suspicion, "began");
    print_accusers(suspicion);
    printf("\nevidence   %s", sentence_of(json_text_of(suspicion, "evidence")));
    if (number_of(suspicion, "helpers") > 0)
        printf(" (%.0f helper%s, %.0f of them said so)", number_of(suspicion, "helpers"),
               number_of(suspicion, "helpers") > 1 ? "s" : "", number_of(suspicion, "nacks"));
    printf("\nended      %s after %.0f ms; it had %.0f ms to refute%s\n", outcome[0] == '\0' ? "not yet," : outcome,
           number_of(suspicion, "lasted_ms"), number_of(suspicion, "wait_ms"),
           json_is_true(json_object_get(suspicion, "damped")) ? ", more than usual since it refuted before" : "");
}

static void print(const json_t *answer) {
    const json_t *suspicion = json_object_get(answer, "suspicion");
    const json_t *heard = json_object_get(answer, "heard_ms");
    print_text(answer, "name");
    fputs(" is ", stdout);
    print_text(answer, "status");
    fputs(" since ", stdout);
    print_text(answer, "since");
    putchar('\n');
    if (json_is_number(heard))
        printf("heard      %.1f s ago\n", json_number_value(heard) / 1000);
    else
        puts("heard      never by this agent itself");
    if (json_is_true(json_object_get(answer, "alone")))
        puts("alone      this agent hears nobody at all, so all others are dead to it");
    if (json_is_string(json_object_get(answer, "certificate_fault"))) {
        fputs("certificate ", stdout);
        print_text(answer, "certificate_fault");
        puts(": whatever it says is not taken, and to all it is dead");
    }
    if (json_is_object(suspicion))
        print_suspicion(suspicion);
    else
        puts("suspected  never, as far as this agent remembers");
    if (json_is_string(json_object_get(answer, "forgotten_by"))) {
        fputs("forgotten  by ", stdout);
        print_text(answer, "forgotten_by");
        putchar('\n');
    }
    printf("refuted    %.0f times seen here; its own count, which decays, is %.0f%s\n", number_of(answer, "refuted"),
           number_of(answer, "refutations"),
           json_is_true(json_object_get(answer, "unstable")) ? ": unstable, the last choice for leading" : "");
}

int cmd_why(int argc, char **argv) {
    struct why why = {.name = NULL};
    json_t *answer = NULL;
    int code = options_parse(&why_argp, argc, argv, &why);
    if (code != EXIT_DONE)
        return code;
    json_t *request = json_pack("{s:s,s:s}", "op", "why", "name", why.name);
    if (request == NULL) {
        complain("'%s' is not UTF-8", why.name);
        return EXIT_USAGE;
    }
    code = control_ask_once(&why.client, request, &answer);
    if (code == EXIT_DONE && why.client.json) {
        json_print(answer);
    } else if (code == EXIT_DONE) {
        print(answer);
    }
    json_decref(answer);
    return code;
}
