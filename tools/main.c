/* bellwether: the table of commands. */
#include <jansson.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/text.h"

const struct command commands[] = {
    {"init", "[DIR]", "make a key and a commented configuration file", cmd_init, &init_argp, "@dirs"},
    {"keygen", "[--identity FILE]", "print a new cluster key; make a node's own", cmd_keygen, &keygen_argp, NULL},
    {"authority", "init|sign|revoke|show [...]", "certificates for members, in identity mode", cmd_authority,
     &authority_argp, "init sign revoke show|@files"},
    {"agent", "[OPTION...]", "run a member of the cluster", cmd_agent, &agent_argp, NULL},
    {"members", "[--status S] [--tag K=V] [--json] [--watch]", "who is here", cmd_members, &members_argp, NULL},
    {"leader", "[SCOPE] [--json] [--watch] [--wait[=S]]", "who leads", cmd_leader, &leader_argp, "@scopes"},
    {"history", "[SCOPE] [--json]", "who led, from when to when, and why it ended", cmd_history, &history_argp,
     "@scopes"},
    {"monitor", "[--json] [--type T,...] [--since N] [--exec PROGRAM]", "the stream of events", cmd_monitor,
     &monitor_argp, NULL},
    {"info", "[--json] [-v] [--watch]", "one agent in numbers", cmd_info, &info_argp, NULL},
    {"is-leader", "[SCOPE] [-q] [--json]", "whether this agent leads, for scripts", cmd_is_leader, &is_leader_argp,
     "@scopes"},
    {"wait", "--leader[=SCOPE]|--members N|--converged", "until something holds, for scripts", cmd_wait, &wait_argp,
     NULL},
    {"stepdown", "SCOPE [--for S]", "give up the lead, orderly", cmd_stepdown, &stepdown_argp, "@scopes"},
    {"owner", "KEY --scopes NAME", "which member leads the shard of a key", cmd_owner, &owner_argp, NULL},
    {"transfer", "SCOPE --to NAME", "hand the lead over to a member", cmd_transfer, &transfer_argp, "@scopes"},
    {"refused", "SCOPE TOKEN", "a guard refused the leader: it claims again above TOKEN", cmd_refused, &refused_argp,
     "@scopes"},
    {"freeze", "SCOPE [--for S]", "the leader stays, and nobody else takes the lead", cmd_freeze, &freeze_argp,
     "@scopes"},
    {"thaw", "SCOPE", "end that", cmd_thaw, &thaw_argp, "@scopes"},
    {"keys", "[list|add|use|remove] [ID] [--json]", "the cluster's key ring; change it while it runs", cmd_keys,
     &keys_argp, "list add use remove"},
    {"reload", "[--json]", "the agent reads its configuration and keys again", cmd_reload, &reload_argp, NULL},
    {"voters", "SCOPE [add|remove NAME] [--json]", "who elects in quorum mode; change it", cmd_voters, &voters_argp,
     "@scopes|add remove|@members"},
    {"ready", "SCOPE yes|no [--ttl S]", "whether this host can lead, as a health check finds it", cmd_ready,
     &ready_argp, "@scopes|yes no"},
    {"priority", "SCOPE N", "change the agent's priority while it runs", cmd_priority, &priority_argp, "@scopes"},
    {"timeline", "FILE... [-o PAGE]", "one page of several members' events: who believed what, when", cmd_timeline,
     &timeline_argp, "@files..."},
    {"doctor", "[--json] [--config FILE]", "what is wrong with the cluster, and the mend", cmd_doctor, &doctor_argp,
     NULL},
    {"top", "", "members, leaders and events on the whole terminal, live", cmd_top, &top_argp, NULL},
    {"join", "ADDR...", "make the agent join a cluster, or come back to it", cmd_join, &join_argp, NULL},
    {"tags", "[K=V...] [--delete K]", "change the agent's tags while it runs", cmd_tags, &tags_argp, NULL},
    {"forget", "NAME", "declare a dead member gone", cmd_forget, &forget_argp, "@members"},
    {"why", "NAME [--json]", "what a member's status rests on", cmd_why, &why_argp, "@members"},
    {"rtt", "NAME [NAME]", "the round trip between any two members", cmd_rtt, &rtt_argp, "@members|@members"},
    {"reachability", "[--json]", "who hears whom, by asking everybody", cmd_reachability, &reachability_argp, NULL},
    {"leave", "[--stay]", "make the agent resign, leave and exit", cmd_leave, &leave_argp, NULL},
    {"event", "NAME [PAYLOAD]", "tell all members something", cmd_event, &event_argp, NULL},
    {"query", "NAME [PAYLOAD] [--node N] [--tag K=V] [--ack]", "ask members something", cmd_query, &query_argp, NULL},
    {"respond", "ID [PAYLOAD]", "answer a query", cmd_respond, &respond_argp, NULL},
    {"run", "--scope S [OPTION...] -- CMD...", "run a command while this agent leads", cmd_run, &run_argp, "@command"},
    {"fence", "FILE [TOKEN [-- CMD...]]", "let a leader through, unless a newer one has been", cmd_fence, &fence_argp,
     "@files"},
    {"discover", "[--json] [--timeout S] [--key-file FILE]", "which clusters are on this LAN", cmd_discover,
     &discover_argp, NULL},
    {"demo", "[--nodes N] [--keep] [--json]", "a real cluster on this host that loses its leader", cmd_demo, &demo_argp,
     NULL},
    {"simulate", "[OPTION...]", "a cluster in virtual time: faults, figures, sweeps", cmd_simulate, &simulate_argp,
     NULL},
    {"completion", "bash|zsh|fish", "completion of commands and options for a shell", cmd_completion, &completion_argp,
     "bash zsh fish"},
    {"version", "[--json]", "print the version", cmd_version, &version_argp, NULL},
    {"help", "[COMMAND]", "explain a command", cmd_help, &help_argp, "@commands"},
    {NULL, NULL, NULL, NULL, NULL, NULL},
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
    complain("unknown command '%s'%s ('bellwether help' lists them)", name,
             unknown_hint(name, names, hint, sizeof(hint)));
    return EXIT_USAGE;
}

/* Requests bring keys: nothing of a text stays when it is freed. */
static void forget(void *memory) {
    if (memory == NULL)
        return;
    explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    json_set_alloc_funcs(malloc, forget);
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
    if (command == NULL && name[0] == '-') {
        complain("'%s' stands before the command: options stand behind it ('bellwether help' lists the commands)",
                 name);
        return EXIT_USAGE;
    }
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
