/* Reads streams line by line. Each event becomes an item of a story, with the number of its file in the place of who it is
 * whose events these are, until all files have been read. timeline_merge.c puts them in order. */
#include "tools/timeline_stream.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bellwether/event.h>

#include "base/base.h"
#include "tools/json.h"
#include "tools/text.h"
#include "tools/timeline_merge.h"

struct streams *streams_create(void) {
    struct streams *streams = calloc(1, sizeof(*streams));
    if (streams == NULL)
        return NULL;
    streams->story = bw_story_create(0);
    if (streams->story != NULL)
        return streams;
    free(streams);
    return NULL;
}

void streams_destroy(struct streams *streams) {
    if (streams == NULL)
        return;
    for (size_t i = 0; i < streams->file_count; i++) {
        free(streams->files[i].path);
        free(streams->files[i].name);
    }
    for (size_t i = 0; i < streams->note_count; i++)
        free(streams->notes[i]);
    bw_story_destroy(streams->story);
    free(streams->items);
    free(streams);
}

static bool wrong(const struct stream_file *file, const char *what) {
    complain("%s:%zu: %s", file->path, file->line, what);
    return false;
}

static bool append(struct streams *streams, const struct stream_file *file, const struct bw_story_item *item) {
    if (streams->count == STREAM_EVENT_MAX) {
        complain("%s:%zu: more than %u events are too many for one page: cut the files to the time that matters",
                 file->path, file->line, STREAM_EVENT_MAX);
        return false;
    }
    if (streams->count + STREAM_COUNT_MAX >= streams->capacity) { /* the end of each file may become one, too */
        size_t capacity = 2 * streams->capacity + 2 * STREAM_COUNT_MAX;
        struct stream_item *grown = realloc(streams->items, capacity * sizeof(*grown));
        if (grown == NULL)
            return wrong(file, "out of memory");
        streams->items = grown;
        streams->capacity = capacity;
    }
    streams->items[streams->count] = (struct stream_item){.item = *item, .order = streams->count};
    streams->count++;
    return true;
}

static bool add(struct streams *streams, struct stream_file *file, enum bw_story_kind kind) {
    struct bw_story_item item = bw_story_item(file->now_us, kind, file->number);
    return append(streams, file, &item);
}

/* The member that a field names. False: there is no such text, or there are too many members. */
static bool take_member(struct streams *streams, const struct stream_file *file, const json_t *event, const char *key,
                        uint32_t *member) {
    const char *name = json_string_value(json_object_get(event, key));
    char text[64];
    snprintf(text, sizeof(text), "the event has no '%s'", key);
    if (name == NULL)
        return wrong(file, text);
    *member = name[0] == '\0' ? BW_STORY_NOBODY : bw_story_member(streams->story, name);
    if (streams->story->member_count > TIMELINE_MEMBER_MAX)
        return wrong(file, "there are more members than the 1024 that a page takes");
    return true;
}

/* Whose stream it is, says an event. */
static bool take_name(struct stream_file *file, const char *name) {
    if (file->named && strcmp(file->name, name) != 0)
        return wrong(file, "this is the stream of another member than what stands above: one file for each member");
    if (file->named || name[0] == '\0')
        return true;
    char *copy = strdup(name);
    if (copy == NULL)
        return wrong(file, "out of memory");
    free(file->name);
    file->name = copy;
    file->named = true;
    return true;
}

/* Who comes back with another state directory has another id. What is said of the earlier one is no longer of interest. */
static bool is_earlier_life(struct streams *streams, uint32_t member, const char *id, enum bw_status status) {
    char *known = streams->ids[member];
    if (status == BW_STATUS_ALIVE || known[0] == '\0')
        snprintf(known, BW_ID_TEXT_SIZE, "%s", id);
    return id[0] != '\0' && strncmp(known, id, BW_ID_TEXT_SIZE - 1) != 0;
}

static bool take_status(struct streams *streams, struct stream_file *file, const json_t *event, enum bw_status status) {
    struct bw_story_item item = bw_story_item(file->now_us, BW_STORY_STATUS, file->number);
    item.status = (uint8_t)status;
    item.term = (uint64_t)json_integer_value(json_object_get(event, "incarnation"));
    item.own = json_is_true(json_object_get(event, "own"));
    if (!take_member(streams, file, event, "name", &item.whom))
        return false;
    if (item.whom != BW_STORY_NOBODY && is_earlier_life(streams, item.whom, json_text_of(event, "id"), status))
        return true;
    if ((status == BW_STATUS_SUSPECT || status == BW_STATUS_DEAD) && !take_member(streams, file, event, "by", &item.by))
        return false;
    return append(streams, file, &item);
}

static bool take_leader(struct streams *streams, struct stream_file *file, const json_t *event,
                        enum bw_story_kind kind) {
    struct bw_story_item item = bw_story_item(file->now_us, kind, file->number);
    const char *scope = json_text_of(event, "scope");
    if (scope[0] == '\0')
        return wrong(file, "the event has no 'scope'");
    if (!take_member(streams, file, event, "leader", &item.whom))
        return false;
    item.scope = bw_story_text(streams->story, scope);
    item.text = bw_story_text(streams->story, json_text_of(event, "reason"));
    item.term = (uint64_t)json_integer_value(json_object_get(event, "term"));
    if ((kind == BW_STORY_REIGN || kind == BW_STORY_REIGN_END) && !take_name(file, json_text_of(event, "leader")))
        return false;
    return append(streams, file, &item);
}

/* A mark. What it says was written by members: as much of it as fits. */
static bool take_mark(struct streams *streams, const struct stream_file *file, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool take_mark(struct streams *streams, const struct stream_file *file, const char *format, ...) {
    struct bw_story_item item = bw_story_item(file->now_us, BW_STORY_FAULT, file->number);
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    item.text = bw_story_text(streams->story, text);
    return append(streams, file, &item);
}

static bool take_conflict(struct streams *streams, const struct stream_file *file, const json_t *event) {
    const char *at = json_text_of(event, "member_addr"); /* older agents do not say it */
    return take_mark(streams, file, "two members are called %.100s: one%s%.60s, and one at %.60s",
                     json_text_of(event, "name"), at[0] == '\0' ? "" : " at ", at, json_text_of(event, "addr"));
}

static bool take_incompatible(struct streams *streams, const struct stream_file *file, const json_t *event) {
    return take_mark(streams, file, "%.100s at %.60s is kept out: no protocol version in common",
                     json_text_of(event, "name"), json_text_of(event, "addr"));
}

static bool take_freeze(struct streams *streams, const struct stream_file *file, const json_t *event, bool frozen) {
    const char *scope = json_text_of(event, "scope");
    const char *by = json_text_of(event, "by");
    if (scope[0] == '\0')
        return wrong(file, "the event has no 'scope'");
    if (by[0] == '\0')
        return take_mark(streams, file, frozen ? "%.100s is frozen" : "%.100s is thawed: its time is over", scope);
    return take_mark(streams, file, frozen ? "%.100s is frozen by %.100s" : "%.100s is thawed by %.100s", scope, by);
}

static bool take_ready(struct streams *streams, struct stream_file *file, const json_t *event) {
    if (!take_name(file, json_text_of(event, "name")))
        return false;
    if (file->up && !add(streams, file, BW_STORY_DOWN))
        return false;
    file->up = true;
    file->seq = 0;
    return add(streams, file, BW_STORY_UP);
}

static bool take_event(struct streams *streams, struct stream_file *file, const json_t *event) {
    const char *type = json_text_of(event, "type");
    int i = 0;
    while (i < BW_EVENT_COUNT && strcmp(bw_event_name((enum bw_event_type)i), type) != 0)
        i++;
    switch (i) {
    case BW_EVENT_MEMBER_ALIVE:
    case BW_EVENT_MEMBER_UPDATE:
        return take_status(streams, file, event, BW_STATUS_ALIVE);
    case BW_EVENT_MEMBER_SUSPECT:
        return take_status(streams, file, event, BW_STATUS_SUSPECT);
    case BW_EVENT_MEMBER_DEAD:
        return take_status(streams, file, event, BW_STATUS_DEAD);
    case BW_EVENT_MEMBER_LEFT:
        return take_status(streams, file, event, BW_STATUS_LEFT);
    case BW_EVENT_MEMBER_CONFLICT:
        return take_conflict(streams, file, event);
    case BW_EVENT_MEMBER_TWICE:
        return take_mark(streams, file, "%.100s runs twice with one id: the other one is at %.60s",
                         json_text_of(event, "name"), json_text_of(event, "addr"));
    case BW_EVENT_MEMBER_INCOMPATIBLE:
        return take_incompatible(streams, file, event);
    case BW_EVENT_LEADER_ELECTED:
        return take_leader(streams, file, event, BW_STORY_LEADER);
    case BW_EVENT_LEADER_LOST:
        return take_leader(streams, file, event, BW_STORY_LEADERLESS);
    case BW_EVENT_SELF_ELECTED:
        return take_leader(streams, file, event, BW_STORY_REIGN);
    case BW_EVENT_SELF_DEPOSED:
        return take_leader(streams, file, event, BW_STORY_REIGN_END);
    case BW_EVENT_SPLIT_BRAIN_HEALED:
        return take_leader(streams, file, event, BW_STORY_HEALED);
    case BW_EVENT_CONVERGED:
        return add(streams, file, BW_STORY_CONVERGED);
    case BW_EVENT_DIVERGED:
        return add(streams, file, BW_STORY_DIVERGED);
    case BW_EVENT_SCOPE_FROZEN:
        return take_freeze(streams, file, event, true);
    case BW_EVENT_SCOPE_THAWED:
        return take_freeze(streams, file, event, false);
    case BW_EVENT_COUNT:
        file->unknown_count++;
        return true;
    default:
        return true; /* it says nothing of who believed what */
    }
}

/* The number in the stream: what is missing, what is there twice, where the agent was started again. */
static bool take_seq(struct streams *streams, struct stream_file *file, const json_t *event, int64_t at_us,
                     bool *again) {
    json_int_t seq = json_integer_value(json_object_get(event, "seq"));
    if (seq <= 0)
        return wrong(file, "the event has no 'seq': is this the output of 'bellwether monitor --json'?");
    *again = seq <= file->seq && at_us <= file->last_us;
    if (*again) {
        file->again_count++;
        return true;
    }
    if (file->up && seq <= file->seq && !add(streams, file, BW_STORY_DOWN))
        return false;
    bool starts = !file->up || seq <= file->seq;
    if (starts && seq > 1)
        file->late_start = true;
    else if (!starts && seq > file->seq + 1)
        file->missing_count += (size_t)(seq - file->seq - 1);
    file->seq = seq;
    file->up = true;
    return !starts || add(streams, file, BW_STORY_UP);
}

static bool take_object(struct streams *streams, struct stream_file *file, const json_t *object) {
    int64_t at_us;
    bool again = false;
    const char *type = json_string_value(json_object_get(object, "type"));
    if (!json_is_object(object))
        return wrong(file, "not a JSON object");
    if (type == NULL && json_is_string(json_object_get(object, "msg")))
        return true; /* a log line that is no event */
    if (type == NULL)
        return wrong(file, "the event has no 'type': is this the output of 'bellwether monitor --json'?");
    if (!time_parse(json_text_of(object, "time"), &at_us))
        return wrong(file, "the event has no 'time' as in 2026-01-02T03:04:05.678Z");
    bool ready = strcmp(type, "ready") == 0;
    if (!ready && at_us < file->clock_us && file->clock_us - at_us > file->back_us)
        file->back_us = file->clock_us - at_us;
    if (!ready && at_us > file->clock_us)
        file->clock_us = at_us;
    file->now_us = at_us > file->last_us ? at_us : file->last_us; /* never out of order within a stream */
    bool done = ready ? take_ready(streams, file, object)
                      : take_seq(streams, file, object, at_us, &again) && (again || take_event(streams, file, object));
    file->last_us = file->now_us;
    return done;
}

/* last: nothing follows it, not even the end of a line; it may have been cut. */
static bool take_line(struct streams *streams, struct stream_file *file, const char *line, bool last) {
    json_error_t error;
    if (line[strspn(line, " \t\r\n")] == '\0')
        return true;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (object == NULL && last) {
        file->cut = true;
        return true;
    }
    if (object == NULL) {
        complain("%s:%zu: not JSON (%s): is this the output of 'bellwether monitor --json'?", file->path, file->line,
                 error.text);
        return false;
    }
    bool done = take_object(streams, file, object);
    json_decref(object);
    return done;
}

static bool read_lines(struct streams *streams, struct stream_file *file, FILE *from, char *line) {
    while (fgets(line, (int)STREAM_LINE_MAX, from) != NULL) {
        file->line++;
        bool last = strchr(line, '\n') == NULL;
        if (last && (!feof(from) || strlen(line) + 1 >= STREAM_LINE_MAX))
            return wrong(file, "the line is too long (64 KiB), or there is a zero byte in it");
        if (!take_line(streams, file, line, last))
            return false;
    }
    if (ferror(from)) {
        complain("%s: %s", file->path, strerror(errno));
        return false;
    }
    return true;
}

/* "dir/n1.jsonl" is n1's, if its events do not say otherwise. */
static char *name_of_path(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(base, '.');
    return dot == NULL || dot == base ? strdup(base) : strndup(base, (size_t)(dot - base));
}

bool streams_read(struct streams *streams, const char *path) {
    if (streams->file_count == STREAM_COUNT_MAX) {
        complain("more than %u files are too many", STREAM_COUNT_MAX);
        return false;
    }
    FILE *from = fopen(path, "r");
    if (from == NULL) {
        complain("%s: %s", path, strerror(errno));
        return false;
    }
    struct stream_file *file = &streams->files[streams->file_count];
    *file = (struct stream_file){.path = strdup(path),
                                 .name = name_of_path(path),
                                 .number = (uint32_t)streams->file_count,
                                 .last_us = INT64_MIN,
                                 .clock_us = INT64_MIN};
    streams->file_count++;
    memset(streams->ids, 0, sizeof(streams->ids));
    char *line = malloc(STREAM_LINE_MAX);
    bool done = false;
    if (line == NULL || file->path == NULL || file->name == NULL)
        complain("out of memory");
    else
        done = read_lines(streams, file, from, line);
    free(line);
    fclose(from);
    return done;
}
