/* Stories: append-only, bounded. See story.h. */
#include "sim/story.h"

#include "base/base.h"

#include <stdlib.h>
#include <string.h>

static char *copy(const char *text) {
    size_t size = strlen(text) + 1;
    char *made = malloc(size);
    if (made != NULL)
        memcpy(made, text, size);
    return made;
}

/* Room for one more in an array that doubles. */
static bool grow(void **array, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity)
        return true;
    size_t wanted = *capacity > 0 ? 2 * *capacity : 64;
    void *grown = realloc(*array, wanted * size);
    if (grown == NULL)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

struct bw_story *bw_story_create(size_t item_max) {
    struct bw_story *story = calloc(1, sizeof *story);
    if (story == NULL)
        return NULL;
    story->item_max = item_max > 0 ? item_max : BW_STORY_ITEM_MAX;
    story->title = copy("");
    bw_story_text(story, "");
    if (story->title != NULL && story->text_count == 1)
        return story;
    bw_story_destroy(story);
    return NULL;
}

static void free_names(char **names, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

void bw_story_destroy(struct bw_story *story) {
    if (story == NULL)
        return;
    free_names(story->members, story->member_count);
    free_names(story->texts, story->text_count);
    free(story->items);
    free(story->title);
    free(story);
}

void bw_story_title(struct bw_story *story, const char *title) {
    char *made = copy(title);
    if (made == NULL)
        return;
    free(story->title);
    story->title = made;
}

/* The newest first: who was just named is likely to be named again. SIZE_MAX: no room. */
static size_t number_of(char ***names, size_t *count, size_t *capacity, const char *name) {
    for (size_t i = *count; i-- > 0;)
        if (strcmp((*names)[i], name) == 0)
            return i;
    void *array = *names;
    if (*count == BW_STORY_NAME_COUNT_MAX || !grow(&array, *count, capacity, sizeof **names))
        return SIZE_MAX;
    *names = array;
    char *made = copy(name);
    if (made == NULL)
        return SIZE_MAX;
    (*names)[*count] = made;
    return (*count)++;
}

uint32_t bw_story_member(struct bw_story *story, const char *name) {
    size_t number = number_of(&story->members, &story->member_count, &story->member_capacity, name);
    return number != SIZE_MAX ? (uint32_t)number : BW_STORY_NOBODY;
}

uint32_t bw_story_text(struct bw_story *story, const char *text) {
    size_t number = number_of(&story->texts, &story->text_count, &story->text_capacity, text);
    return number != SIZE_MAX ? (uint32_t)number : 0;
}

struct bw_story_item bw_story_item(int64_t at_us, enum bw_story_kind kind, uint32_t who) {
    return (struct bw_story_item){.at_us = at_us,
                                  .until_us = at_us,
                                  .who = who,
                                  .whom = BW_STORY_NOBODY,
                                  .by = BW_STORY_NOBODY,
                                  .kind = (uint8_t)kind};
}

bool bw_story_add(struct bw_story *story, const struct bw_story_item *item) {
    void *array = story->items;
    BW_ASSERT(item->kind < BW_STORY_KIND_COUNT);
    if (story->item_count == story->item_max ||
        !grow(&array, story->item_count, &story->item_capacity, sizeof *story->items)) {
        story->dropped_count++;
        bw_story_end(story, item->at_us);
        return false;
    }
    story->items = array;
    struct bw_story_item *added = &story->items[story->item_count];
    *added = *item;
    if (story->item_count > 0 && added->at_us < added[-1].at_us)
        added->at_us = added[-1].at_us;
    story->item_count++;
    bw_story_end(story, added->at_us);
    return true;
}

void bw_story_end(struct bw_story *story, int64_t at_us) {
    if (at_us > story->end_us)
        story->end_us = at_us;
}

const char *bw_story_kind_name(enum bw_story_kind kind) {
#define TEXT(name, text) text,
    static const char *const names[] = {BW_STORY_KINDS(TEXT)};
#undef TEXT
    return (unsigned)kind < BW_STORY_KIND_COUNT ? names[kind] : "";
}
