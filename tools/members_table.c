#include "tools/members_table.h"

#include <string.h>
#include <time.h>

#include <bellwether/types.h>

#include "tools/json.h"
#include "tools/table.h"
#include "tools/text.h"

static void print_since(const char *since, char *text, size_t size) {
    struct tm parts = {0};
    int64_t since_us;
    text[0] = '\0';
    if (!time_parse(since, &since_us))
        return;
    time_t seconds = (time_t)(since_us / 1000000);
    localtime_r(&seconds, &parts);
    strftime(text, size, "%Y-%m-%d %H:%M:%S", &parts);
}

static void print_tags(const json_t *tags, char *text, size_t size) {
    const char *name;
    json_t *value;
    text[0] = '\0';
    json_object_foreach((json_t *)tags, name, value) {
        text_append(text, size, " ", "%s=%s", name, json_string_value(value));
    }
}

static void print_row(struct table *table, const json_t *member, bool self) {
    char text[2 * BW_TAG_SIZE_MAX];
    const char *status = json_text_of(member, "status");
    const json_t *rtt = json_object_get(member, "rtt_ms");
    table_line(table);
    table_cell(table, 0, json_text_of(member, "name"), self ? "bold" : NULL);
    table_cell(table, 1, json_text_of(member, "addr"), NULL);
    table_cell(table, 2, status, table_status_color(status));
    snprintf(text, sizeof(text), "%.2f ms", json_real_value(rtt));
    table_cell(table, 3, json_is_real(rtt) ? text : self ? "self" : "", NULL);
    print_since(json_text_of(member, "since"), text, sizeof(text));
    table_cell(table, 4, text, NULL);
    print_tags(json_object_get(member, "tags"), text, sizeof(text));
    table_cell(table, 5, text, NULL);
}

void members_table_print(const json_t *answer, bool color) {
    static const struct table_column columns[] = {{"NAME", false}, {"ADDRESS", false}, {"STATUS", false},
                                                  {"RTT", true},   {"SINCE", false},   {"TAGS", false},
                                                  {NULL, false}};
    struct table *table = table_create(columns, color);
    size_t index;
    json_t *member;
    if (table == NULL)
        return;
    json_array_foreach(json_object_get(answer, "members"), index, member) {
        print_row(table, member, strcmp(json_text_of(member, "name"), json_text_of(answer, "self")) == 0);
    }
    table_print(table, stdout);
    table_free(table);
}
