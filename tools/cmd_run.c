/* run: a command on one member at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/program.h"
#include "tools/run.h"
#include "tools/scope_option.h"

enum { KEY_SCOPE = 0x2000, KEY_GRACE, KEY_FENCE, KEY_PRIORITY, KEY_RESTART, KEY_CONTROL, KEY_TIMEOUT, KEY_JSON };

static error_t parse_scope(struct run_options *run, const char *value, struct argp_state *state) {
    char why[160];
    if (run->scope.name != NULL)
        return options_mistake(state, "--scope %s: a second one; each needs a run of its own", value);
    if (!scope_parse(value, &run->scope, why, sizeof(why)))
        return options_mistake(state, "--scope %s: %s", value, why);
    if (run->scope.range_count > 0)
        return options_mistake(state, "--scope %s: a range; each scope needs a run of its own", value);
    run->scope_text = value;
    if (strstr(value, "failover=fast") != NULL)
        return options_mistake(state, "--scope %s: what runs can outlive its agent, so it is always failover=safe",
                               value);
    return 0;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct run_options *run = state->input;
    uint64_t number;
    int error;
    switch (key) {
    case KEY_SCOPE:
        return parse_scope(run, value, state);
    case KEY_GRACE:
        if (strcmp(value, "0") == 0)
            run->grace_s = 0;
        else if (!parse_seconds(value, &run->grace_s) || run->grace_s > 3599)
            return options_mistake(state, "--grace %s: seconds, at most 3599", value);
        return 0;
    case KEY_FENCE:
        run->fence = value;
        if (value[0] == '\0')
            return options_mistake(state, "--fence: a program is wanted");
        if ((error = program_check(value)) != 0) /* it would fail for ever, and hold the lead */
            return options_mistake(state, "--fence %s: cannot be run: %s", value, strerror(error));
        return 0;
    case KEY_PRIORITY:
        if (!parse_number(value, 0, UINT16_MAX, &number))
            return options_mistake(state, "--priority %s: a number from 0 to 65535", value);
        run->priority = (int)number;
        return 0;
    case KEY_RESTART:
        run->restart = true;
        return 0;
    case KEY_CONTROL:
        run->client.control = value;
        return 0;
    case KEY_JSON:
        run->client.json = true;
        return 0;
    case KEY_TIMEOUT:
        if (!parse_seconds(value, &run->client.timeout_s) || run->client.timeout_s > 1e8)
            return options_mistake(state, "--timeout %s: a number of seconds above zero", value);
        return 0;
    case 'q':
        run->quiet = true;
        return 0;
    case 'v':
        run->verbose = true;
        return 0;
    case ARGP_KEY_END:
        return run->scope.name != NULL ? 0 : options_mistake(state, "--scope is wanted: what to lead");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"scope", KEY_SCOPE, "S[:OPT=VAL,...]", 0,
     "What to lead; with priority=N, preempt=MS (default: never), seats=K (CMD runs on K members at a time), "
     "mode=MODE, "
     "voters=NAME+NAME+NAME, spread, lease=MS, min_ack=N, min_confirm=N, min_view=N, gate "
     "(not before 'bellwether ready S yes') as 'bellwether agent --scope' takes them; what the agent's configuration "
     "says of the scope must not be contradicted",
     0},
    {"priority", KEY_PRIORITY, "N", 0, "This member's priority, 0 to 65535 (default: 100)", 0},
    {"grace", KEY_GRACE, "S", 0,
     "Between SIGTERM and SIGKILL, where the lease leaves so much time (default: 5; 0: SIGKILL at once)", 0},
    {"fence", KEY_FENCE, "PROGRAM", 0,
     "Must succeed before CMD begins: makes sure that whoever led before does no harm", 0},
    {"restart", KEY_RESTART, NULL, 0, "When the lead was lost, wait for the next one; likewise when the agent has gone",
     0},
    {"timeout", KEY_TIMEOUT, "S", 0, "Give up when there is no lead within so many seconds (default: never)", 0},
    {"control", KEY_CONTROL, "PATH", 0,
     "The agent's control socket (default: BELLWETHER_CONTROL, the user's, the system's)", 0},
    {"quiet", 'q', NULL, 0, "No word when --timeout is over, which cron would mail: the exit code answers", 0},
    {"verbose", 'v', NULL, 0, "Say on standard error what happens", 0},
    {"json", KEY_JSON, NULL, 0, "Say it as JSON, one object a line", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

const struct argp run_argp = {
    .options = list,
    .parser = parse,
    .args_doc = "-- CMD...",
    .doc =
        "Runs CMD on one member at a time: waits until this agent leads the scope, for which it stands as long as this "
        "waits or runs, and ends CMD, and all processes of its group, before the lead does.\v"
        "CMD sees BELLWETHER_SCOPE, BELLWETHER_TOKEN (the fencing token), BELLWETHER_TERM, with seats BELLWETHER_SEAT "
        "(0 to "
        "K-1), and who led before: "
        "BELLWETHER_PREVIOUS_LEADER, _ID, _ADDR, _TOKEN, _TERM, and _REASON, why that ended. The fencing program sees "
        "the same, is repeated until "
        "it "
        "exits with 0, and CMD waits for it.\n\n"
        "  bellwether run --scope mailer -- mail-sender --foreground\n"
        "  bellwether run --scope reindex --timeout 10 -- reindex    # 4: somebody else does\n"
        "  bellwether run --scope worker:seats=3 -- sh -c 'worker --number $BELLWETHER_SEAT'\n"
        "  bellwether run --scope vip --restart --fence ./power-off -- ./serve\n"
        "  bellwether run --scope db:lease=10000 --grace 3 -- sh -c 'writer; notify'\n\n"
        "SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT and SIGWINCH go to CMD's group. While it "
        "waits, those that would end a process end it.\n\n"
        "Exit code: CMD's own (128+N if signal N ended it; 127: not found, 126: cannot be run: looked at before it "
        "campaigns, with --fence when CMD begins); 75: the lead was lost; "
        "3: no "
        "agent; 4: no lead within --timeout; 5: the agent refused; 2: usage."};

/* Before it campaigns: who cannot do the work shall not lead. What is fenced may be where the command is, so then it is looked for
 * afterwards. */
static int check_command(const struct run_options *run) {
    int error = run->fence != NULL ? 0 : program_check(run->command[0]);
    if (error == 0)
        return EXIT_DONE;
    complain("cannot run %s: %s", run->command[0], strerror(error));
    return error == ENOENT ? EXIT_NO_SUCH_PROGRAM : EXIT_CANNOT_RUN;
}

int cmd_run(int argc, char **argv) {
    struct run_options run = {.grace_s = 5, .priority = -1};
    int rest = argc;
    int code = options_parse_first(&run_argp, argc, argv, &run, 0, &rest);
    if (code != EXIT_DONE) {
        scope_free(&run.scope);
        return code;
    }
    if (rest >= argc) {
        complain("which CMD, behind '--'? (see 'bellwether run --help')");
        code = EXIT_USAGE;
    } else {
        run.command = argv + rest;
        code = check_command(&run);
        if (code == EXIT_DONE)
            code = run_loop(&run);
    }
    scope_free(&run.scope);
    return code;
}
