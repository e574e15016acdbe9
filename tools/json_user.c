#include "tools/json_user.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tools/json.h"
#include "tools/text.h"

enum { BASE64_SIZE_MAX = 4 * ((BW_USER_SIZE_MAX + 2) / 3) + 1 };

static void set_base64(json_t *object, const void *data, size_t size) {
    char base64[BASE64_SIZE_MAX];
    sodium_bin2base64(base64, sizeof(base64), data, size, sodium_base64_VARIANT_ORIGINAL);
    json_object_set_new(object, "payload_base64", json_string(base64));
}

void json_set_payload(json_t *object, const void *data, size_t size) {
    json_t *text = size > 0 && memchr(data, '\0', size) != NULL ? NULL : json_stringn(size > 0 ? data : "", size);
    if (text != NULL)
        json_object_set_new(object, "payload", text);
    else if (size <= BW_USER_SIZE_MAX)
        set_base64(object, data, size);
}

static bool has_control(const uint8_t *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (data[i] < 0x20 && data[i] != '\n' && data[i] != '\t')
            return true;
    return false;
}

bool json_take_payload(json_t *request, const char *word) {
    uint8_t data[BW_USER_SIZE_MAX + 1];
    size_t size = 0;
    if (word == NULL)
        return true;
    if (strcmp(word, "-") == 0) {
        size = fread(data, 1, sizeof(data), stdin);
        if (ferror(stdin)) {
            complain("standard input cannot be read");
            return false;
        }
    } else {
        size = strnlen(word, sizeof(data));
        memcpy(data, word, size);
    }
    if (size > BW_USER_SIZE_MAX) {
        complain("the payload is more than %u bytes", BW_USER_SIZE_MAX);
        return false;
    }
    if (has_control(data, size)) /* escaped it might make the request too long */
        set_base64(request, data, size);
    else
        json_set_payload(request, data, size);
    return true;
}

bool json_get_payload(const json_t *object, uint8_t *data, size_t *size) {
    const json_t *text = json_object_get(object, "payload");
    const json_t *base64 = json_object_get(object, "payload_base64");
    *size = 0;
    if (text != NULL) {
        *size = json_string_length(text);
        if (!json_is_string(text) || base64 != NULL || *size > BW_USER_SIZE_MAX)
            return false;
        memcpy(data, json_string_value(text), *size);
        return true;
    }
    return base64 == NULL ||
           (json_is_string(base64) &&
            sodium_base642bin(data, BW_USER_SIZE_MAX, json_string_value(base64), json_string_length(base64), NULL, size,
                              NULL, sodium_base64_VARIANT_ORIGINAL) == 0);
}

void query_id_text(uint64_t number, char text[QUERY_ID_SIZE]) {
    snprintf(text, QUERY_ID_SIZE, "%016llx", (unsigned long long)number);
}

bool query_id_parse(const char *text, uint64_t *number) {
    if (text == NULL || strlen(text) != QUERY_ID_SIZE - 1 || strspn(text, "0123456789abcdef") != QUERY_ID_SIZE - 1)
        return false;
    *number = strtoull(text, NULL, 16);
    return true;
}

static void set_who(json_t *object, const struct bw_event *event) {
    char id[BW_ID_TEXT_SIZE];
    bw_id_text(&event->id, id);
    json_object_set_new(object, "from", json_text(event->name));
    json_object_set_new(object, "from_id", json_string(id));
}

void json_user_fields(json_t *object, const struct bw_event *event) {
    if (event->type != BW_EVENT_USER_EVENT) {
        char id[QUERY_ID_SIZE];
        query_id_text(event->query, id);
        json_object_set_new(object, "query", json_string(id));
    }
    if (event->type == BW_EVENT_QUERY_END) {
        json_object_set_new(object, "acks", json_integer(event->acks));
        json_object_set_new(object, "responses", json_integer(event->responses));
        json_object_set_new(object, "expected", json_integer(event->expected));
        return;
    }
    if (event->type == BW_EVENT_USER_EVENT || event->type == BW_EVENT_QUERY) {
        json_object_set_new(object, "name", json_text(event->topic));
        json_object_set_new(object, "ltime", json_integer((json_int_t)event->ltime));
    }
    set_who(object, event);
    if (event->type == BW_EVENT_QUERY)
        json_object_set_new(object, "left_ms", json_integer(event->left_ms));
    if (event->type != BW_EVENT_QUERY_ACK)
        json_set_payload(object, event->payload.data, event->payload.size);
}
