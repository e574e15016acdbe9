/* What every command is: a function in a table, with its words and the exit codes that scripts rely on. */
#ifndef BW_TOOLS_COMMAND_H
#define BW_TOOLS_COMMAND_H

#include <stddef.h>

enum exit_code {
    EXIT_DONE = 0,
    EXIT_NO = 1, /* the answer is no; for an agent or the demo: it failed */
    EXIT_USAGE = 2,
    EXIT_NO_AGENT = 3,
    EXIT_TIMED_OUT = 4,
    EXIT_REFUSED = 5, /* by the agent, with its reason */
};

struct command {
    const char *name;
    const char *arguments;
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is "bellwether NAME"; returns an exit code */
};

extern const struct command commands[]; /* ends with a row without a name */

const struct command *command_find(const char *name); /* NULL if there is none */
int command_unknown(const char *name);                /* says so, with the nearest name */

int cmd_agent(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_event(int argc, char **argv);
int cmd_fence(int argc, char **argv);
int cmd_forget(int argc, char **argv);
int cmd_freeze(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_is_leader(int argc, char **argv);
int cmd_join(int argc, char **argv);
int cmd_keygen(int argc, char **argv);
int cmd_leader(int argc, char **argv);
int cmd_leave(int argc, char **argv);
int cmd_members(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_priority(int argc, char **argv);
int cmd_reachability(int argc, char **argv);
int cmd_rtt(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_ready(int argc, char **argv);
int cmd_respond(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_simulate(int argc, char **argv);
int cmd_stepdown(int argc, char **argv);
int cmd_tags(int argc, char **argv);
int cmd_thaw(int argc, char **argv);
int cmd_timeline(int argc, char **argv);
int cmd_transfer(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_voters(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_why(int argc, char **argv);

#endif
