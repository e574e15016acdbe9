/* timeline: who believed what, when, after an incident. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tools/command.h"
#include "tools/options.h"
#include "tools/timeline_page.h"
#include "tools/timeline_stream.h"

enum { KEY_TITLE = 0x2000, KEY_SHIFT };

#define SHIFT_MAX_S 31622400.0 /* a year */

struct timeline {
    const char *output;
    const char *title;
    char **files; /* where operands are gathered: argv has room for them */
    size_t file_count;
    char **shifts;
    size_t shift_count;
};

static bool shift_parse(const char *text, size_t *name_size, int64_t *by_us) {
    const char *mark = strrchr(text, '=');
    char *end = NULL;
    double seconds = mark == NULL ? 0 : strtod(mark + 1, &end);
    if (mark == NULL || mark == text || end == mark + 1 || *end != '\0' || !(seconds >= -SHIFT_MAX_S) ||
        !(seconds <= SHIFT_MAX_S))
        return false;
    *name_size = (size_t)(mark - text);
    *by_us = (int64_t)(seconds * (double)BW_US_PER_S);
    return true;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct timeline *timeline = state->input;
    size_t name_size;
    int64_t by_us;
    switch (key) {
    case ARGP_KEY_ARG:
        timeline->files[timeline->file_count++] = value;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return options_mistake(state, "a FILE is wanted: what 'bellwether monitor --json' of a member has printed");
    case 'o':
        timeline->output = value;
        return 0;
    case KEY_TITLE:
        timeline->title = value;
        return 0;
    case KEY_SHIFT:
        if (!shift_parse(value, &name_size, &by_us))
            return options_mistake(state, "--shift %s: NAME=SECONDS is wanted", value);
        timeline->shifts[timeline->shift_count++] = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "The page (timeline.html; '-': standard output)", 0},
    {"title", KEY_TITLE, "TEXT", 0, "What stands above it", 0},
    {"shift", KEY_SHIFT, "NAME=SECONDS", 0, "Moves the events of a member whose clock was wrong; repeatable", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
const struct argp timeline_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "FILE...",
    .doc = "Makes one HTML page of the event streams of several members: who believed what, when.\v"
           "Each FILE is what 'bellwether monitor --json --since 0' of one member has printed, or its log as JSON. The "
           "member's name is taken from the stream if it says it, else from the file's name (n1.jsonl is n1's). "
           "Streams are merged by the members' own clocks; the page says where these cannot have agreed. The page "
           "needs nothing but a browser.\n\n"
           "Exit code: 1 if a file cannot be used, which is said with file and line."};

/* A word of the command line as a shell takes it. */
static void put_word(FILE *to, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        fputs(word, to);
        return;
    }
    fputc('\'', to);
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            fputs("'\\''", to);
        else
            fputc(*word, to);
    }
    fputc('\'', to);
}

static char *command_text(int argc, char **argv) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL)
        return NULL;
    fputs("bellwether timeline", to);
    for (int i = 1; i < argc; i++) {
        fputc(' ', to);
        put_word(to, argv[i]);
    }
    return fclose(to) == 0 ? text : NULL;
}

static bool shift_all(const struct timeline *timeline, struct streams *streams) {
    for (size_t i = 0; i < timeline->shift_count; i++) {
        size_t name_size = 0;
        int64_t by_us = 0;
        shift_parse(timeline->shifts[i], &name_size, &by_us);
        char *name = strndup(timeline->shifts[i], name_size);
        bool found = name != NULL && streams_shift(streams, name, by_us);
        free(name);
        if (!found) {
            complain("--shift %s: none of the files is this member's", timeline->shifts[i]);
            return false;
        }
    }
    return true;
}

static int write_page(const struct timeline *timeline, const struct bw_story *story, struct timeline_about *about) {
    char why[128];
    for (size_t i = 0; i < about->note_count; i++)
        complain("note: %s", about->notes[i]);
    if (strcmp(timeline->output, "-") != 0) {
        if (!timeline_page_save(timeline->output, story, about))
            return EXIT_NO;
        complain("%s: %zu members, %zu events", timeline->output, story->member_count, story->item_count);
        return EXIT_DONE;
    }
    if (timeline_page_write(stdout, story, about, why, sizeof(why)))
        return EXIT_DONE;
    complain("standard output: %s", why);
    return EXIT_NO;
}

static int run(const struct timeline *timeline, const char *command) {
    struct streams *streams = streams_create();
    if (streams == NULL) {
        complain("out of memory");
        return EXIT_NO;
    }
    int code = EXIT_NO;
    size_t at = 0;
    while (at < timeline->file_count && streams_read(streams, timeline->files[at]))
        at++;
    if (at == timeline->file_count && !shift_all(timeline, streams)) {
        code = EXIT_USAGE;
    } else if (at == timeline->file_count) {
        struct bw_story *story = streams_story(streams);
        if (story != NULL) {
            struct timeline_about about = {.source = "streams", .command = command};
            about.notes = streams_notes(streams, &about.note_count);
            bw_story_title(story, timeline->title);
            code = write_page(timeline, story, &about);
            bw_story_destroy(story);
        }
    }
    streams_destroy(streams);
    return code;
}

int cmd_timeline(int argc, char **argv) {
    struct timeline timeline = {.output = "timeline.html", .title = "Who believed what"};
    char *command = command_text(argc, argv); /* before argp puts the words in another order */
    timeline.files = calloc((size_t)argc + 1, sizeof(*timeline.files));
    timeline.shifts = calloc((size_t)argc + 1, sizeof(*timeline.shifts));
    int code = EXIT_NO;
    if (command == NULL || timeline.files == NULL || timeline.shifts == NULL)
        complain("out of memory");
    else
        code = options_parse(&timeline_argp, argc, argv, &timeline);
    if (code == EXIT_DONE)
        code = run(&timeline, command);
    free(timeline.files);
    free(timeline.shifts);
    free(command);
    return code;
}
