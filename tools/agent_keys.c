#include "tools/agent_keys.h"

#include <stdio.h>
#include <string.h>

#include <bellwether/bellwether.h>

#include "base/base.h"
#include "tools/agent_answer.h"
#include "tools/control_server.h"
#include "tools/json.h"
#include "tools/key_file.h"
#include "tools/log.h"

enum { KEY_ID_SIZE = 17, KEY_ID_LEAST = 4, ASK_MS_MAX = 3600000 };

static void id_text(uint64_t id, char text[KEY_ID_SIZE]) {
    snprintf(text, KEY_ID_SIZE, "%016llx", (unsigned long long)id);
}

/* ---- The file ---- */

void agent_keys_store(const char *path, struct bw_loop *host) {
    char text[BW_KEYS_TEXT_SIZE];
    size_t size = bw_node_keys_text(bw_loop_node(host), text);
    int error = key_file_write(path, text, size);
    explicit_bzero(text, sizeof(text));
    if (error != 0)
        log_line(
            LOG_LEVEL_ERROR,
            "key file %s: cannot be replaced: %s. The new ring is used, but not confirmed: after a restart this agent "
            "would have the old keys. It is tried again every 10 s",
            path, strerror(error));
    else
        log_line(LOG_LEVEL_INFO, "key file %s: ring %llu is written", path,
                 (unsigned long long)bw_node_keys_version(bw_loop_node(host)));
    bw_loop_keys_stored(host, error == 0);
}

const char *agent_keys_reload(const struct agent_view *view, bool *changed) {
    struct key_text keys;
    struct bw_key_info key;
    uint64_t ids[BW_KEY_COUNT_MAX] = {0};
    const struct bw_node *node = bw_loop_node(view->host);
    *changed = false;
    for (size_t i = 0; bw_node_key(node, i, &key) == 0; i++)
        ids[i] = key.id;
    if (!key_file_read(view->options->key_file, &keys))
        return "the key file cannot be used: the keys are as they were";
    int error = bw_loop_set_keys(view->host, keys.text, keys.size);
    key_forget(&keys);
    if (error == BW_ERR_STALE)
        return "the key file has other keys than the cluster's ring, which 'bellwether keys' keeps: change it with "
               "'keys "
               "add', 'use' and 'remove'. The keys are as they were";
    if (error != 0)
        return bw_error_text(error);
    for (size_t i = 0; i < BW_KEY_COUNT_MAX; i++)
        *changed = *changed || ids[i] != (bw_node_key(node, i, &key) == 0 ? key.id : 0);
    return NULL;
}

/* ---- The ring ---- */

static json_t *key_list(const struct bw_node *node) {
    json_t *list = json_array();
    struct bw_key_info key;
    for (size_t i = 0; bw_node_key(node, i, &key) == 0; i++) {
        char id[KEY_ID_SIZE];
        id_text(key.id, id);
        json_array_append_new(list, json_pack("{s:s,s:b}", "id", id, "used", key.used));
    }
    return list;
}

static json_t *holder_list(const struct bw_node *node, size_t *confirmed) {
    json_t *list = json_array();
    struct bw_key_holder holder;
    *confirmed = 0;
    for (size_t i = 0; bw_node_key_holder(node, i, &holder) == 0; i++) {
        char id[BW_ID_TEXT_SIZE];
        bw_id_text(&holder.id, id);
        *confirmed += holder.stored ? 1 : 0;
        json_array_append_new(list,
                              json_pack("{s:o,s:s,s:o,s:b,s:b}", "name", json_text(holder.name), "id", id, "version",
                                        holder.asked ? json_integer((json_int_t)holder.version) : json_null(), "holds",
                                        holder.holds, "confirmed", holder.stored));
    }
    return list;
}

static json_t *show(const struct bw_node *node) {
    size_t confirmed;
    json_t *members = holder_list(node, &confirmed);
    return json_pack("{s:I,s:o,s:I,s:o}", "version", (json_int_t)bw_node_keys_version(node), "keys", key_list(node),
                     "confirmed", (json_int_t)confirmed, "members", members);
}

/* The key that the beginning of an id means; 0 and an error. */
static uint64_t find_key(const struct bw_node *node, const char *text, json_t **error) {
    struct bw_key_info key;
    uint64_t found = 0;
    size_t count = 0;
    if (text == NULL || strlen(text) < KEY_ID_LEAST) {
        *error = control_error("invalid", "a key is named by at least the first 4 digits of its id");
        return 0;
    }
    for (size_t i = 0; bw_node_key(node, i, &key) == 0; i++) {
        char id[KEY_ID_SIZE];
        id_text(key.id, id);
        if (strncmp(id, text, strlen(text)) == 0) {
            found = key.id;
            count++;
        }
    }
    if (count != 1)
        *error = count == 0 ? control_error("not-found", "no key of the ring has this id; 'keys list' shows them")
                            : control_error("ambiguous", "several keys' ids begin so: give more of it");
    return count == 1 ? found : 0;
}

static json_t *refused(int code) {
    switch (code) {
    case 0:
        return NULL;
    case BW_ERR_KEY:
        return control_error("key", "that is no key (32 bytes in base64), or it is in the ring already");
    case BW_ERR_FULL:
        return control_error("full", "the ring has 8 keys: remove one first");
    case BW_ERR_INVALID:
        return control_error("in-use", "that key is in use: 'keys use' another one first");
    case BW_ERR_STALE:
        return control_error("unconfirmed",
                             "not all members have confirmed that they hold the ring: 'keys list' names them. "
                             "With --force they would be cut off");
    case BW_ERR_BUSY:
        return control_error("leaving", "it is no member: nobody would hear of it");
    default:
        return control_error(bw_error_name(code), bw_error_text(code));
    }
}

static json_t *add_key(struct agent_view *view, const json_t *request) {
    const char *key = json_string_value(json_object_get(request, "add"));
    if (key == NULL)
        return control_error("invalid", "add is a key in base64");
    return refused(bw_loop_key_add(view->host, key, strlen(key)));
}

static json_t *change(struct agent_view *view, const json_t *request) {
    const json_t *used = json_object_get(request, "use");
    const json_t *removed = json_object_get(request, "remove");
    bool force = json_is_true(json_object_get(request, "force"));
    json_t *error = NULL;
    if (json_object_get(request, "add") != NULL)
        return add_key(view, request);
    if (used == NULL && removed == NULL)
        return NULL;
    uint64_t id = find_key(bw_loop_node(view->host), json_string_value(used != NULL ? used : removed), &error);
    if (error != NULL)
        return error;
    return refused(used != NULL ? bw_loop_key_use(view->host, id, force) : bw_loop_key_remove(view->host, id, force));
}

json_t *answer_keys(struct agent_view *view, const json_t *request) {
    const json_t *ask = json_object_get(request, "ask_ms");
    bool adds = json_object_get(request, "add") != NULL;
    bool uses = json_object_get(request, "use") != NULL;
    bool removes = json_object_get(request, "remove") != NULL;
    json_int_t ask_ms = json_integer_value(ask);
    if ((adds && uses) || (adds && removes) || (uses && removes) ||
        (ask != NULL && (ask_ms <= 0 || ask_ms > ASK_MS_MAX)))
        return control_error("invalid", "one of add, use and remove; ask_ms is a number of milliseconds up to an hour");
    json_t *error = change(view, request);
    if (error != NULL)
        return error;
    if (ask != NULL)
        bw_loop_keys_ask(view->host, (uint32_t)ask_ms);
    return show(bw_loop_node(view->host));
}
