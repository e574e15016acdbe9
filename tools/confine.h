/* The agent confines itself: what it never does, it cannot do either, whoever has taken it over. The library does none of this:
 * a program that embeds it has rights of its own. How to extend it: docs/OPERATING.md, "What an agent cannot do". */
#ifndef BW_TOOLS_CONFINE_H
#define BW_TOOLS_CONFINE_H

#include <jansson.h>
#include <stdbool.h>

struct confine_paths {
    const char *state_dir; /* files are made there; the directory is made, if it is missing */
    const char *key_file;  /* files are made beside it */
    const char *control;   /* files beside it are removed */
};

/* No core dump, no debugger but root's: before there is a secret in the process. */
bool confine_memory(void);
/* New files only where paths says, and no program is executed (Landlock). Before there is a second thread. Returns the version of
 * the kernel's Landlock, 0 if it has none, or -1 with errno. */
int confine_files(const struct confine_paths *paths);
/* No system call but those that an agent needs (seccomp); in all threads. 0, or -1 with errno: ENOSYS, if this build cannot. */
int confine_calls(void);

/* In this order around the start; says what holds and what does not. wanted: --confine. */
void confine_begin(bool wanted, const struct confine_paths *paths);
void confine_end(bool wanted);

/* Whether it is wanted unless something is said: not in a build whose sanitizers or counters need more. */
bool confine_by_default(void);

/* What holds, for info: {"memory":true,"files":true,"calls":true}. */
json_t *confine_json(void);

#endif
