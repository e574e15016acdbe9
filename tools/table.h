/* Tables for people, aligned. Control characters in cells are shown escaped. */
#ifndef BW_TOOLS_TABLE_H
#define BW_TOOLS_TABLE_H

#include <stdbool.h>
#include <stdio.h>

struct table;

struct table_column {
    const char *title;
    bool right; /* numbers */
};

/* columns: a row without a title ends them. NULL when out of memory. */
struct table *table_create(const struct table_column *columns, bool color);
void table_line(struct table *table);
/* Sets a cell of the last line. color: a name as in terminal-colors.d ("red"), or NULL. */
void table_cell(struct table *table, unsigned column, const char *text, const char *color);
void table_print(struct table *table, FILE *file);
void table_free(struct table *table);

/* The colour that belongs to a member's status; NULL: none. */
const char *table_status_color(const char *status);

#endif
