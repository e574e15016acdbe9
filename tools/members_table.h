/* The answer to {"op":"members"} as a table. */
#ifndef BW_TOOLS_MEMBERS_TABLE_H
#define BW_TOOLS_MEMBERS_TABLE_H

#include <jansson.h>
#include <stdbool.h>

void members_table_print(const json_t *answer, bool color);

#endif
