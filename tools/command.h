/* What every command is: a function in a table, with its words and the exit codes that scripts rely on. */
#ifndef BW_TOOLS_COMMAND_H
#define BW_TOOLS_COMMAND_H

#include <argp.h>
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
    const struct argp *argp;           /* its options */
    const char *operands; /* what completion offers for each, separated by |; the last may end with "..."; or NULL */
};

extern const struct command commands[]; /* ends with a row without a name */

const struct command *command_find(const char *name); /* NULL if there is none */
int command_unknown(const char *name);                /* says so, with the nearest name */

int cmd_agent(int argc, char **argv);
int cmd_authority(int argc, char **argv);
int cmd_completion(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_discover(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
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
int cmd_keys(int argc, char **argv);
int cmd_leader(int argc, char **argv);
int cmd_leave(int argc, char **argv);
int cmd_members(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_priority(int argc, char **argv);
int cmd_reachability(int argc, char **argv);
int cmd_rtt(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_ready(int argc, char **argv);
int cmd_refused(int argc, char **argv);
int cmd_reload(int argc, char **argv);
int cmd_respond(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_simulate(int argc, char **argv);
int cmd_stepdown(int argc, char **argv);
int cmd_tags(int argc, char **argv);
int cmd_thaw(int argc, char **argv);
int cmd_timeline(int argc, char **argv);
int cmd_owner(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_transfer(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_voters(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_why(int argc, char **argv);

/* Their options. The agent's are made from agent_option_list by agent_argp_fill, before they are used. */
extern const struct argp agent_argp;
extern const struct argp authority_argp;
extern const struct argp completion_argp;
extern const struct argp demo_argp;
extern const struct argp discover_argp;
extern const struct argp doctor_argp;
extern const struct argp event_argp;
extern const struct argp fence_argp;
extern const struct argp forget_argp;
extern const struct argp freeze_argp;
extern const struct argp help_argp;
extern const struct argp history_argp;
extern const struct argp info_argp;
extern const struct argp init_argp;
extern const struct argp is_leader_argp;
extern const struct argp join_argp;
extern const struct argp keygen_argp;
extern const struct argp keys_argp;
extern const struct argp leader_argp;
extern const struct argp leave_argp;
extern const struct argp members_argp;
extern const struct argp monitor_argp;
extern const struct argp owner_argp;
extern const struct argp priority_argp;
extern const struct argp query_argp;
extern const struct argp reachability_argp;
extern const struct argp ready_argp;
extern const struct argp refused_argp;
extern const struct argp reload_argp;
extern const struct argp respond_argp;
extern const struct argp rtt_argp;
extern const struct argp run_argp;
extern const struct argp simulate_argp;
extern const struct argp stepdown_argp;
extern const struct argp tags_argp;
extern const struct argp thaw_argp;
extern const struct argp timeline_argp;
extern const struct argp top_argp;
extern const struct argp transfer_argp;
extern const struct argp version_argp;
extern const struct argp voters_argp;
extern const struct argp wait_argp;
extern const struct argp why_argp;
void agent_argp_fill(void);

#endif
