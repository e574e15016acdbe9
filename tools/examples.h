/* What one types: examples of each command, shown behind its help. */
#ifndef BW_TOOLS_EXAMPLES_H
#define BW_TOOLS_EXAMPLES_H

#include <stdio.h>

/* Those of the command (its name, without "bellwether"); nothing if it has none. */
void examples_print(FILE *file, const char *command);

#endif
