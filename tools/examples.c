#include "tools/examples.h"

#include <string.h>

enum { EXAMPLES_MAX = 4 };

struct examples {
    const char *command;
    struct {
        const char *line; /* without "bellwether "; one that begins with a blank stands as it is */
        const char *text;
    } list[EXAMPLES_MAX];
};

static const struct examples table[] = {
    {"init", {{"init /etc/bellwether", "a key and a configuration file, as root"}}},
    {"keygen",
     {{" (umask 077; bellwether keygen > bellwether.key)", "a key that its owner alone can read"},
      {"keygen --identity n1.identity > n1.public", "a node's own, for identity mode"}}},
    {"authority",
     {{"authority init", "once; prints the public key, which each agent is given"},
      {"authority sign n1 --key n1.public --scope 'db:max-priority=200' > n1.certificate", "n1 may lead db"},
      {"authority revoke n1.certificate >> revoked", "and now it counts no more"},
      {"authority show n1.certificate", "what it says"}}},
    {"agent",
     {{"agent --config /etc/bellwether/bellwether.conf", "as the configuration says"},
      {"agent --config bellwether.conf --check-config", "only look whether it is right"},
      {"agent --key-file k --join 192.0.2.1 --scope db:priority=200 --tag role=db", "without a file"}}},
    {"members",
     {{"members", "a table"},
      {"members --status dead --status suspect", "who is in trouble"},
      {"members --tag role=db --json", "for a program"},
      {"members --watch", "again whenever it changes"}}},
    {"leader",
     {{"leader", "of all scopes, and why where there is none"},
      {"leader db", "the name alone"},
      {"leader db --wait=30", "until there is one, 30 s at most"},
      {"leader db --watch --json", "an object whenever it changes"}}},
    {"history",
     {{"history db", "who led, until when, and why it ended"}, {"history --watch", "again when it changes"}}},
    {"monitor",
     {{"monitor", "what happens from now on"},
      {"monitor --json --since 0 > n1.jsonl", "all that the agent remembers, for 'bellwether timeline'"},
      {"monitor --type leader-elected,leader-lost", "of these types"},
      {"monitor --type self-elected --exec ./take-over", "a program for each"}}},
    {"info", {{"info", "the agent in numbers"}, {"info -v", "and each rule of the protocols that was applied"}}},
    {"is-leader", {{"is-leader db && ./nightly", "only on the member that leads"}}},
    {"wait",
     {{"wait --members 3 --converged --timeout 30", "in a script, behind the start of a cluster"},
      {"wait --leader=db", "until db is led"}}},
    {"stepdown",
     {{"stepdown db", "another one leads, this agent not for 60 s"}, {"stepdown db --for 3600", "for an hour"}}},
    {"owner", {{"owner customer-4711 --scopes orders", "who leads the shard of that key"}}},
    {"transfer",
     {{"transfer db --to n3", "at the leader's agent"}, {"transfer db --to n3 --timeout 5", "until n3 leads"}}},
    {"refused", {{"refused db \"$(bellwether fence /srv/db/guard)\"", "above what the guard let through"}}},
    {"freeze", {{"freeze db --for 3600", "while you work on the cluster"}}},
    {"thaw", {{"thaw db", "elections of db go on"}}},
    {"keys",
     {{"keys", "the ring, and who holds it"},
      {"keys add", "a new key for all; then"},
      {"keys use 3f2a", "seal with it; and when all that are to come back have"},
      {"keys remove 91c0", "the old one"}}},
    {"reload", {{"reload", "after the configuration file or the key file has changed"}}},
    {"voters", {{"voters db", "who elects"}, {"voters db add n4", "at the leader's agent"}}},
    {"ready",
     {{"ready db no", "the lead is given up"}, {"ready db yes --ttl 12", "repeated by a health check, or it lapses"}}},
    {"priority", {{"priority db 200", "preferred, until the agent is restarted"}}},
    {"timeline", {{"timeline n1.jsonl n2.jsonl n3.jsonl -o night.html", "one page of three members' events"}}},
    {"join", {{"join 192.0.2.1", "the cluster of whoever answers there"}}},
    {"tags", {{"tags role=db zone=b --delete old", "change"}, {"tags", "show"}}},
    {"forget", {{"forget n4", "n4 is dead and will not come back"}}},
    {"why", {{"why n3", "what n3's status rests on"}}},
    {"rtt", {{"rtt n3", "from this agent"}, {"rtt n2 n3", "between two others"}}},
    {"reachability", {{"reachability", "asks everybody"}, {"reachability --timeout 2", "for 2 s at most"}}},
    {"leave", {{"leave", "and exit"}, {"leave --stay", "'bellwether join' brings it back"}}},
    {"event",
     {{"event deploy v7", "all members' monitors show it"},
      {" date | bellwether event time -", "what is on standard input"}}},
    {"query",
     {{"query load --tag role=web --timeout 2 --ack", "ask those with the tag"},
      {"query version --node n1 --node n2 --json", "two of them"}}},
    {"respond", {{"respond 00c3a1… \"$(cut -d' ' -f1 /proc/loadavg)\"", "the 16 digits of the query's event"}}},
    {"run",
     {{"run --scope mailer -- mail-sender --foreground", "on one host at a time"},
      {"run --scope report --timeout 10 -- ./report", "here, or not at all"},
      {"run --scope worker:seats=3 -- ./worker", "on three"}}},
    {"fence",
     {{"fence /srv/db/guard \"$BELLWETHER_TOKEN\" -- ./write", "unless a newer leader has been there"},
      {"fence /srv/db/guard", "the largest token so far"}}},
    {"discover", {{"discover --key-file bellwether.key", "who announces a cluster on this LAN"}}},
    {"demo",
     {{"demo", "five agents lose their leader"},
      {"demo --nodes 7 --keep", "and stay, to be played with"},
      {"demo --json", "the figures, for a script"}}},
    {"simulate",
     {{"simulate --nodes 50 --fault 'crash:leader@30s'", "the leader dies"},
      {"simulate --sweep loss=0..40:10 --runs 20", "a table over loss"}}},
    {"doctor",
     {{"doctor", "beside a running agent"},
      {"doctor --config /etc/bellwether/bellwether.conf", "where none starts"},
      {"doctor --json | jq -r '.findings[] | select(.level == \"problem\").what'", "for a script"}}},
    {"top", {{"top", "on the whole terminal"}, {"top --color=never", "without colour"}}},
    {"completion",
     {{" source <(bellwether completion bash)", "in this shell"},
      {"completion fish > ~/.config/fish/completions/bellwether.fish", "for ever"}}},
    {"version", {{"version", "the version"}, {"version --json", "for a program"}}},
    {"help", {{"help members", "a command"}, {"help parameters", "what agent --set takes"}}},
};

void examples_print(FILE *file, const char *command) {
    const char *const prefix = "bellwether ";
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].command, command) != 0)
            continue;
        fputs("\nExamples:\n", file);
        for (size_t j = 0; j < EXAMPLES_MAX && table[i].list[j].line != NULL; j++) {
            const char *line = table[i].list[j].line;
            fprintf(file, "  %s%s\n      %s\n", line[0] == ' ' ? "" : prefix, line + (line[0] == ' '),
                    table[i].list[j].text);
        }
    }
}
