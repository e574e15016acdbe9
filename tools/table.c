#include "tools/table.h"

#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

struct table {
    struct libscols_table *table;
    struct libscols_line *line;
};

struct table *table_create(const struct table_column *columns, bool color) {
    struct table *table = calloc(1, sizeof(*table));
    if (table == NULL || (table->table = scols_new_table()) == NULL) {
        free(table);
        return NULL;
    }
    scols_table_enable_colors(table->table, color);
    for (; columns->title != NULL; columns++)
        scols_table_new_column(table->table, columns->title, 0, columns->right ? SCOLS_FL_RIGHT : 0);
    return table;
}

void table_line(struct table *table) {
    table->line = scols_table_new_line(table->table, NULL);
}

void table_cell(struct table *table, unsigned column, const char *text, const char *color) {
    if (table->line == NULL)
        return;
    char *safe = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&safe, &size);
    if (to == NULL)
        return;
    text_print_safe(to, text);
    if (fclose(to) != 0 || scols_line_refer_data(table->line, column, safe) != 0) { /* else the table frees it */
        free(safe);
        return;
    }
    struct libscols_cell *cell = scols_line_get_cell(table->line, column);
    if (color != NULL && cell != NULL)
        scols_cell_set_color(cell, color);
}

void table_print(struct table *table, FILE *file) {
    char *text = NULL;
    if (scols_print_table_to_string(table->table, &text) == 0 && text != NULL && text[0] != '\0') {
        fputs(text, file);
        if (text[strlen(text) - 1] != '\n')
            fputc('\n', file);
    }
    free(text);
}

void table_free(struct table *table) {
    if (table == NULL)
        return;
    scols_unref_table(table->table);
    free(table);
}

const char *table_status_color(const char *status) {
    if (strcmp(status, "alive") == 0)
        return "green";
    if (strcmp(status, "suspect") == 0)
        return "yellow";
    return strcmp(status, "dead") == 0 ? "red" : NULL;
}
