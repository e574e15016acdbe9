/* Writes a story as a page: the page's lines as they are, with the story as JSON in the place of one of them. What the story
 * says is data to the page: '<', '>' and '&' are escaped, so that no name can end the element that holds it. */
#include "tools/timeline_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "build-config.h"
#include "tools/json.h"
#include "tools/text.h"
#include "tools/timeline_text.inc" /* static const char *const page_lines[] */

#define DATA_LINE "@data@"
#define FORMAT 1 /* of the data */

static void put_escaped(FILE *to, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '<' || *text == '>' || *text == '&')
            fprintf(to, "\\u%04x", (unsigned char)*text);
        else
            fputc(*text, to);
    }
}

static bool put_json(FILE *to, json_t *value) {
    char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    if (text != NULL)
        put_escaped(to, text);
    bool done = text != NULL;
    free(text);
    json_decref(value);
    return done;
}

static bool put_text(FILE *to, const char *key, const char *text) {
    fprintf(to, "\"%s\":", key);
    bool done = put_json(to, text == NULL ? json_null() : json_text(text));
    fputs(",\n", to);
    return done;
}

static bool put_texts(FILE *to, const char *key, const char *const *texts, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_text(texts[i]));
    fprintf(to, "\"%s\":", key);
    bool done = json_array_size(list) == count && put_json(to, list);
    fputs(",\n", to);
    return done;
}

static long long number_of(uint32_t member) {
    return member == BW_STORY_NOBODY ? -1 : (long long)member;
}

/* Items as columns: a page with a million of them is read at once, and small. Which field stands in which column depends on
 * the kind; model.js takes them from there. */
enum column { COLUMN_KIND, COLUMN_WHO, COLUMN_A, COLUMN_B, COLUMN_C, COLUMN_D, COLUMN_COUNT };

static long long column_of(const struct bw_story_item *item, enum column column) {
    enum bw_story_kind kind = (enum bw_story_kind)item->kind;
    bool status = kind == BW_STORY_STATUS, fault = kind == BW_STORY_FAULT;
    switch (column) {
    case COLUMN_KIND:
        return kind;
    case COLUMN_WHO:
        return number_of(item->who);
    case COLUMN_A:
        return kind == BW_STORY_GROUP ? item->group : kind == BW_STORY_VIOLATION ? item->text : number_of(item->whom);
    case COLUMN_B:
        return status ? item->status : fault ? item->text : item->scope;
    case COLUMN_C:
        if (fault)
            return item->until_us == BW_STORY_FOR_EVER ? -1 : item->until_us;
        return status ? number_of(item->by) : (long long)item->term;
    case COLUMN_D:
        return status ? item->own : item->text;
    case COLUMN_COUNT:
        break;
    }
    return 0;
}

static void put_columns(FILE *to, const struct bw_story *story) {
    static const char *const names[] = {"kind", "who", "a", "b", "c", "d"};
    int64_t before_us = 0;
    fputs("\"at\":[", to); /* µs since the item before */
    for (size_t i = 0; i < story->item_count; i++) {
        fprintf(to, i == 0 ? "%lld" : ",%lld", (long long)(story->items[i].at_us - before_us));
        before_us = story->items[i].at_us;
    }
    for (int column = 0; column < COLUMN_COUNT; column++) {
        fprintf(to, "],\n\"%s\":[", names[column]);
        for (size_t i = 0; i < story->item_count; i++)
            fprintf(to, i == 0 ? "%lld" : ",%lld", column_of(&story->items[i], (enum column)column));
    }
    fputs("]", to);
}

static bool put_kinds(FILE *to) {
    const char *names[BW_STORY_KIND_COUNT];
    for (int i = 0; i < BW_STORY_KIND_COUNT; i++)
        names[i] = bw_story_kind_name((enum bw_story_kind)i);
    return put_texts(to, "kinds", names, BW_STORY_KIND_COUNT);
}

static bool put_data(FILE *to, const struct bw_story *story, const struct timeline_about *about) {
    fprintf(to, "{\"format\":%d,\n", FORMAT);
    bool done = put_text(to, "title", story->title) && put_text(to, "source", about->source) &&
                put_text(to, "command", about->command) && put_text(to, "seed", about->seed) &&
                put_text(to, "hash", about->hash) && put_text(to, "version", PACKAGE_VERSION) &&
                put_texts(to, "notes", about->notes, about->note_count) && put_kinds(to) &&
                put_texts(to, "members", (const char *const *)story->members, story->member_count) &&
                put_texts(to, "texts", (const char *const *)story->texts, story->text_count);
    fprintf(to, "\"dropped\":%zu,\"epoch\":%lld,\"end\":%lld,\n", story->dropped_count,
            (long long)(story->epoch_us / BW_US_PER_MS), (long long)story->end_us);
    put_columns(to, story);
    fputs("}\n", to);
    return done;
}

bool timeline_page_write(FILE *to, const struct bw_story *story, const struct timeline_about *about, char *why,
                         size_t why_size) {
    if (story->member_count > TIMELINE_MEMBER_MAX) {
        snprintf(why, why_size, "%zu members are more than the %u that a page takes", story->member_count,
                 TIMELINE_MEMBER_MAX);
        return false;
    }
    bool done = true;
    for (size_t i = 0; i < BW_COUNT(page_lines); i++) {
        if (strcmp(page_lines[i], DATA_LINE) == 0)
            done = put_data(to, story, about) && done;
        else
            fprintf(to, "%s\n", page_lines[i]);
    }
    if (!done)
        snprintf(why, why_size, "out of memory");
    else if (fflush(to) != 0 || ferror(to))
        snprintf(why, why_size, "%s", strerror(errno));
    else
        return true;
    return false;
}

bool timeline_page_save(const char *path, const struct bw_story *story, const struct timeline_about *about) {
    char why[128];
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        complain("%s: %s", path, strerror(errno));
        return false;
    }
    bool done = timeline_page_write(file, story, about, why, sizeof(why));
    if (fclose(file) != 0 && done) {
        snprintf(why, sizeof(why), "%s", strerror(errno));
        done = false;
    }
    if (!done) {
        complain("%s: %s", path, why);
        unlink(path);
    }
    return done;
}
