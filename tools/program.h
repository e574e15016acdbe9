/* Programs that a command is told to run. */
#ifndef BW_TOOLS_PROGRAM_H
#define BW_TOOLS_PROGRAM_H

/* Whether execvp would find the program, and may execute it: 0, or ENOENT and the like, before anything depends on it. */
int program_check(const char *name);

#endif
