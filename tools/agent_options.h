/* What an agent is told, by its configuration file and on its command line, under the same names. */
#ifndef BW_TOOLS_AGENT_OPTIONS_H
#define BW_TOOLS_AGENT_OPTIONS_H

#include <bellwether/bellwether.h>

#include "tools/control_right.h"
#include "tools/discover_option.h"
#include "tools/http_option.h"
#include "tools/log.h"

enum { SEED_COUNT_MAX = 64, SCOPE_COUNT_MAX = 64, SET_COUNT_MAX = 64, AGENT_OPTION_MAX = 32 };

struct agent_options {
    char *config; /* the configuration file, NULL: none */
    char *name;
    char *cluster;
    char *key_file;
    char *identity; /* this and the two below: all, or none */
    char *certificate;
    char *authority;
    char *revoked; /* may be NULL all the same */
    char *state_dir;
    char *control;
    gid_t control_group;      /* may read at the control socket; CONTROL_NO_GROUP: none */
    struct bw_addr bind;      /* family 0: all */
    struct bw_addr advertise; /* family 0: the host chooses */
    char *joins[SEED_COUNT_MAX];
    size_t join_count;
    struct discover_option discover;
    struct http_option http;
    struct bw_tag tags[BW_TAG_COUNT_MAX];
    size_t tag_count;
    struct bw_scope_config scopes[SCOPE_COUNT_MAX];
    size_t scope_count;
    bool observer;
    bool confine;
    enum bw_profile profile;
    char *sets[SET_COUNT_MAX]; /* PARAM=VALUE, as given: they apply above the profile, wherever it stands */
    size_t set_count;
    enum log_level log_level;
    enum log_format log_format;
    bool log_format_given; /* on the command line: the file does not change it */
    char *given
        [AGENT_OPTION_MAX]; /* what each option of the list was given, a line for each time if it is repeatable; NULL: nothing */
};

/* One option: its name in the file and, behind two dashes, on the command line. */
struct agent_option {
    const char *name;
    const char *argument; /* NULL: a switch; in the file it takes yes or no */
    const char *text;
    /* Takes the value; false: why says what is wrong with it. */
    bool (*set)(struct agent_options *options, const char *value, char *why, size_t why_size);
    bool bare; /* the argument may be left out: then value is NULL */
    bool repeatable;
};

extern const struct agent_option agent_option_list[]; /* ends with a row without a name */
const struct agent_option *agent_option_find(const char *name);
void agent_option_names(const char **names, size_t size); /* of the file: without config; NULL at the end */

/* Has the option take the value, and remembers it. */
bool agent_option_take(const struct agent_option *option, struct agent_options *options, const char *value, char *why,
                       size_t why_size);

void agent_options_init(struct agent_options *options);
void agent_options_free(struct agent_options *options);

/* Fills in the defaults of what was not given. Complains and returns false if one cannot be found. */
bool agent_options_complete(struct agent_options *options);

/* Reads command line and configuration file once more, and completes them, as at the start; the log stays as it is. Complains and
 * returns false; fresh is to be freed whatever it returns. */
bool agent_options_again(struct agent_options *fresh);

/* The parameters: profile, then sets, then checked. Complains and returns false. */
bool agent_options_params(const struct agent_options *options, struct bw_params *params);

/* Takes one PARAM=VALUE. False: why says what is wrong. */
bool agent_options_apply_set(struct bw_params *params, const char *text, char *why, size_t why_size);

/* Reads a configuration file. Complains with file and line and returns false. */
bool config_file_read(const char *path, struct agent_options *options);

#endif
