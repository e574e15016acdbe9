/* bellwether: the table of commands. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/text.h"

const struct command commands[] = {
    {"init", "[DIR]", "make a key and a commented configuration file", cmd_init},
    {"keygen", "", "print a new cluster key", cmd_keygen},
    {"agent", "[OPTION...]", "run a member of the cluster", cmd_agent},
    {"members", "[--status S] [--tag K=V] [--json] [--watch]", "who is here", cmd_members},
    {"leader", "[SCOPE] [--json] [--watch] [--wait[=S]]", "who leads", cmd_leader},
    {"history", "[SCOPE] [--json]", "who led, from when to when, and why it ended", cmd_history},
    {"monitor", "[--json] [--type T,...] [--since N] [--exec PROGRAM]", "the stream of events", cmd_monitor},
    {"info", "[--json] [-v] [--watch]", "one agent in numbers", cmd_info},
    {"is-leader", "[SCOPE] [-q] [--json]", "whether this agent leads, for scripts", cmd_is_leader},
    {"wait", "--leader[=SCOPE]|--members N|--converged", "until something holds, for scripts", cmd_wait},
    {"stepdown", "SCOPE [--for S]", "give up the lead, orderly", cmd_stepdown},
    {"transfer", "SCOPE --to NAME", "hand the lead over to a member", cmd_transfer},
    {"freeze", "SCOPE [--for S]", "the leader stays, and nobody else takes the lead", cmd_freeze},
    {"thaw", "SCOPE", "end that", cmd_thaw},
    {"voters", "SCOPE [add|remove NAME] [--json]", "who elects in quorum mode; change it", cmd_voters},
    {"ready", "SCOPE yes|no [--ttl S]", "whether this host can lead, as a health check finds it", cmd_ready},
    {"priority", "SCOPE N", "change the agent's priority while it runs", cmd_priority},
    {"timeline", "FILE... [-o PAGE]", "one page of several members' events: who believed what, when", cmd_timeline},
    {"join", "ADDR...", "make the agent join a cluster, or come back to it", cmd_join},
    {"tags", "[K=V...] [--delete K]", "change the agent's tags while it runs", cmd_tags},
    {"forget", "NAME", "declare a dead member gone", cmd_forget},
    {"why", "NAME [--json]", "what a member's status rests on", cmd_why},
    {"rtt", "NAME [NAME]", "the round trip between any two members", cmd_rtt},
    {"reachability", "[--json]", "who hears whom, by asking everybody", cmd_reachability},
    {"leave", "[--stay]", "make the agent resign, leave and exit", cmd_leave},
    {"event", "NAME [PAYLOAD]", "tell all members something", cmd_event},
    {"query", "NAME [PAYLOAD] [--node N] [--tag K=V] [--ack]", "ask members something", cmd_query},
    {"respond", "ID [PAYLOAD]", "answer a query", cmd_respond},
    {"run", "--scope S [OPTION...] -- CMD...", "run a command while this agent leads", cmd_run},
    {"fence", "FILE [TOKEN [-- CMD...]]", "let a leader through, unless a newer one has been", cmd_fence},
    {"demo", "[--nodes N] [--keep]", "a real cluster on this host that loses its leader", cmd_demo},
    {"simulate", "[OPTION...]", "a cluster in virtual time: faults, figures, sweeps", cmd_simulate},
    {"version", "", "print the version", cmd_version},
    {"help", "[COMMAND]", "explain a command", cmd_help},
    {NULL, NULL, NULL, NULL},
};

const struct command *command_find(const char *name) {
    for (const struct command *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

int command_unknown(const char *name) {
    const char *names[sizeof(commands) / sizeof(commands[0])];
    char hint[64];
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        names[i] = commands[i].name;
    complain("'%s' is not a command%s; 'bellwether help' lists them", name,
             nearest_hint(name, names, hint, sizeof(hint)));
    return EXIT_USAGE;
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        cmd_help(1, argv);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    const struct command *command = command_find(name);
    if (command == NULL)
        return command_unknown(name);
    if (command->run != cmd_agent) { /* which speaks to programs, and would carry 200 KB of tables about */
        setlocale(LC_ALL, "");
        setlocale(LC_NUMERIC, "C"); /* numbers are for programs, too */
    }
    char title[64];
    snprintf(title, sizeof(title), "bellwether %s", command->name);
    argv[1] = title;
    int code = command->run(argc - 1, argv + 1);
    if (fflush(stdout) != 0 && code == EXIT_DONE) {
        complain("standard output cannot be written");
        code = EXIT_NO;
    }
    return code;
}
