/* init: a key and a commented configuration file, owner-only. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/confine.h"
#include "tools/key_file.h"
#include "tools/options.h"

#define CONFIG_NAME "bellwether.conf"
#define KEY_NAME "bellwether.key"

static error_t parse(int key, char *value, struct argp_state *state) {
    const char **directory = state->input;
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    if (*directory != NULL)
        return options_surplus(state, value);
    *directory = value;
    return 0;
}

const struct argp init_argp = {.parser = parse,
                               .args_doc = "[DIR]",
                               .doc = "Makes " KEY_NAME " and a commented " CONFIG_NAME
                                      " in DIR (default: the current directory). What is there "
                                      "already is left alone."};

static const char config_text[] =
    "# bellwether: a member of a cluster. 'bellwether agent --config THIS_FILE' reads it; what is given on the "
    "command\n"
    "# line overrides it. 'bellwether agent --help' explains each option. What begins with # or ; is a\n"
    "# comment, behind a value only ' ;' is. One 'option = value' a line, as often as the option may be given.\n"
    "\n"
    "# This member's name. Default: the host's.\n"
    "#name = n1\n"
    "\n"
    "# Members of one cluster have the same label and the same keys.\n"
    "#cluster = default\n"
    "\n"
    "# The cluster's keys, one a line, the first one seals. Relative paths start at this file.\n"
    "key-file = " KEY_NAME "\n"
    "\n"
    "# Where to receive. Default: all addresses, port 7947.\n"
    "#bind = 192.0.2.1:7947\n"
    "\n"
    "# Where the others reach this member, if that is another address (NAT).\n"
    "#advertise = 198.51.100.1:7947\n"
    "\n"
    "# Members to join, one a line. One or two that are usually up are enough; one's own address does no harm.\n"
    "#join = 192.0.2.1\n"
    "#join = 192.0.2.2\n"
    "\n"
    "# On one LAN members find each other without that: yes, or a multicast group (UDP 7948).\n"
    "#discover = yes\n"
    "\n"
    "# What all members are shown about this one, one tag a line.\n"
    "#tag = role=web\n"
    "\n"
    "# What this member may lead, one scope a line; the highest priority leads.\n"
    "#scope = default:priority=100\n"
    "\n"
    "# yes: it leads nothing.\n"
    "#observer = no\n"
    "\n"
    "# Where the cluster lives: local (one host), lan, wan.\n"
    "#profile = lan\n"
    "\n"
    "# One parameter of the profile; 'bellwether help parameters' lists them.\n"
    "#set = probe_interval_ms=1000\n"
    "\n"
    "# Durable state: identity and terms. Each agent has its own.\n"
    "#state-dir = /var/lib/bellwether\n"
    "\n"
    "# Where the commands reach the agent. Each agent has its own.\n"
    "#control = /run/bellwether/agent.sock\n"
    "\n"
    "# A group that may look, but change nothing.\n"
    "#control-group = adm\n"
    "\n"
    "# Dashboard, metrics and checks for load balancers over HTTP; read-only, for all who reach this address.\n"
    "#http = 127.0.0.1:7980\n"
    "\n"
    "# Another name by which browsers may call it; what is not named is refused.\n"
    "#http-host = n1.example.org\n"
    "\n"
    "# no: the agent does not confine itself, for debuggers and tracers.\n"
    "#confine = yes\n"
    "\n"
    "#log-level = info\n"
    "#log-format = text\n";

/* Makes a file that must not be there yet. The caller frees *path. */
static bool make_file(const char *directory, const char *name, const char *text, char **path) {
    if (asprintf(path, "%s/%s", directory, name) < 0) {
        *path = NULL;
        return false;
    }
    int fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t size = strlen(text);
    bool ok = fd >= 0 && write(fd, text, size) == (ssize_t)size && fsync(fd) == 0;
    if (!ok && fd < 0 && errno == EEXIST)
        complain("%s is there already: nothing was changed", *path);
    else if (!ok)
        complain("%s: %s", *path, strerror(errno));
    if (!ok && fd >= 0)
        unlink(*path);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool make_both(const char *directory, const char *key_text) {
    char *key = NULL;
    char *config = NULL;
    bool ok = make_file(directory, KEY_NAME, key_text, &key);
    if (ok && !make_file(directory, CONFIG_NAME, config_text, &config)) {
        unlink(key); /* both or none: a key that no other member has would only confuse */
        ok = false;
    }
    if (ok)
        fprintf(stderr,
                "Made %s and %s.\n"
                "Start a member with:   bellwether agent --config %s\n"
                "On each other host:    the same key, and join = with this host's address.\n",
                key, config, config);
    free(key);
    free(config);
    return ok;
}

int cmd_init(int argc, char **argv) {
    const char *directory = NULL;
    int code = options_parse(&init_argp, argc, argv, &directory);
    if (code != EXIT_DONE)
        return code;
    if (directory == NULL)
        directory = ".";
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        complain("%s: %s", directory, strerror(errno));
        return EXIT_NO;
    }
    (void)confine_memory();
    char *text = key_make();
    if (text == NULL) {
        complain("no key: %s", strerror(errno));
        return EXIT_NO;
    }
    bool ok = make_both(directory, text);
    sodium_free(text);
    return ok ? EXIT_DONE : EXIT_NO;
}
