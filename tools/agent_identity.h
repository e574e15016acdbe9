/* Identity mode in an agent: its files at the start, and a certificate that is renewed while it runs. */
#ifndef BW_TOOLS_AGENT_IDENTITY_H
#define BW_TOOLS_AGENT_IDENTITY_H

#include <ev.h>

#include <bellwether/bellwether.h>

#include "tools/agent_options.h"
#include "tools/identity_file.h"

struct agent_identity {
    struct identity_text key;
    struct identity_text certificate;
    struct bw_loop *host;
    const char *path;
    const char *revoked; /* a file; NULL: none */
    ev_stat stat;
    ev_stat revoked_stat;
    ev_timer timer;
    int64_t warned_s; /* of the certificate that ends then */
    bool over;        /* and it was said */
};

/* Reads both files; true as well where there are none. */
bool agent_identity_read(struct agent_identity *identity, const struct agent_options *options);
/* Gives them to the node, to be forgotten afterwards. */
void agent_identity_give(const struct agent_identity *identity, const struct agent_options *options,
                         struct bw_config *config);
void agent_identity_forget(struct agent_identity *identity);
/* From now on the certificate's file is watched, and its end is warned of. */
void agent_identity_watch(struct agent_identity *identity, struct ev_loop *loop, struct bw_loop *host,
                          const struct agent_options *options);

#endif
