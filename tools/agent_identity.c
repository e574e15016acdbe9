#include "tools/agent_identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tools/json.h"
#include "tools/log.h"

enum { LOOK_S = 60, WARN_S = 7 * 86400, REVOKED_MAX = 4096 /* lines */ };

bool agent_identity_read(struct agent_identity *identity, const struct agent_options *options) {
    return options->identity == NULL ||
           (identity_file_read(options->identity, "identity", true, &identity->key) &&
            identity_file_read(options->certificate, "certificate", false, &identity->certificate));
}

void agent_identity_give(const struct agent_identity *identity, const struct agent_options *options,
                         struct bw_config *config) {
    if (options->identity == NULL)
        return;
    config->identity = identity->key.text;
    config->identity_size = identity->key.size;
    config->certificate = identity->certificate.text;
    config->certificate_size = identity->certificate.size;
    config->authority = options->authority;
}

void agent_identity_forget(struct agent_identity *identity) {
    explicit_bzero(&identity->key, sizeof(identity->key));
}

static void look_at_end(struct agent_identity *identity) {
    int64_t until_s = bw_node_certified_until(bw_loop_node(identity->host));
    int64_t left_s = until_s - bw_loop_now().wall_us / BW_US_PER_S;
    char until[TIME_TEXT_SIZE];
    time_text(until_s * BW_US_PER_S, until);
    if (until_s < 0 && !identity->over)
        log_line(LOG_LEVEL_ERROR, "the certificate %s is revoked: to the others this member is dead", identity->path);
    else if (left_s <= 0 && !identity->over)
        log_line(LOG_LEVEL_ERROR,
                 "the certificate %s has expired: to the others this member is dead until it is renewed",
                 identity->path);
    else if (left_s > 0 && left_s < WARN_S && identity->warned_s != until_s)
        log_line(LOG_LEVEL_WARN, "the certificate %s ends at %s: renew it with 'bellwether authority sign'",
                 identity->path, until);
    identity->over = left_s <= 0;
    if (left_s < WARN_S)
        identity->warned_s = until_s;
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events) {
    (void)loop, (void)events;
    look_at_end(timer->data);
}

/* A file that is not there for a moment, or is empty, is about to be written. */
static void on_change(struct ev_loop *loop, ev_stat *stat, int events) {
    struct agent_identity *identity = stat->data;
    (void)loop, (void)events;
    if (stat->attr.st_nlink == 0 || stat->attr.st_size == 0 ||
        !identity_file_read(identity->path, "certificate", false, &identity->certificate))
        return;
    int error = bw_loop_set_certificate(identity->host, identity->certificate.text, identity->certificate.size);
    if (error == 0)
        log_line(LOG_LEVEL_INFO, "the certificate %s was renewed", identity->path);
    else if (error == BW_ERR_IDENTITY)
        log_line(LOG_LEVEL_ERROR,
                 "the certificate %s is not taken: it is not this authority's for this key and name, or does not hold "
                 "now; the one before stays",
                 identity->path);
    else
        log_line(LOG_LEVEL_ERROR, "the certificate %s is not taken: %s; the one before stays", identity->path,
                 bw_error_text(error));
    look_at_end(identity);
}

/* One line of the file, its newline cut off. */
static void revoke_line(struct agent_identity *identity, const char *line, size_t size, size_t number) {
    if (size == 0 || line[0] == '#')
        return;
    int error = bw_loop_revoke(identity->host, line, size);
    if (error == BW_ERR_IDENTITY)
        log_line(LOG_LEVEL_ERROR, "%s, line %zu: not this authority's word that a certificate is revoked",
                 identity->revoked, number);
    else if (error != 0)
        log_line(LOG_LEVEL_ERROR, "%s, line %zu: not taken: %s", identity->revoked, number, bw_error_text(error));
}

static void read_revoked(struct agent_identity *identity) {
    FILE *file = fopen(identity->revoked, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t size = 0;
    if (file == NULL) {
        if (errno != ENOENT)
            log_line(LOG_LEVEL_ERROR, "%s: %s", identity->revoked, strerror(errno));
        return;
    }
    for (size_t number = 1; number <= REVOKED_MAX && (size = getline(&line, &room, file)) > 0; number++)
        revoke_line(identity, line, (size_t)size - (line[size - 1] == '\n'), number);
    free(line);
    fclose(file);
    look_at_end(identity);
}

static void on_revoked(struct ev_loop *loop, ev_stat *stat, int events) {
    (void)loop, (void)events;
    read_revoked(stat->data);
}

static void watch_revoked(struct agent_identity *identity, struct ev_loop *loop) {
    read_revoked(identity);
    ev_stat_init(&identity->revoked_stat, on_revoked, identity->revoked, 0.);
    identity->revoked_stat.data = identity;
    ev_stat_start(loop, &identity->revoked_stat);
}

void agent_identity_watch(struct agent_identity *identity, struct ev_loop *loop, struct bw_loop *host,
                          const struct agent_options *options) {
    if (options->identity == NULL)
        return;
    identity->host = host;
    identity->path = options->certificate;
    ev_stat_init(&identity->stat, on_change, identity->path, 0.);
    identity->stat.data = identity;
    ev_stat_start(loop, &identity->stat);
    ev_timer_init(&identity->timer, on_timer, LOOK_S, LOOK_S);
    identity->timer.data = identity;
    ev_timer_start(loop, &identity->timer);
    look_at_end(identity);
    identity->revoked = options->revoked;
    if (identity->revoked != NULL)
        watch_revoked(identity, loop);
}
