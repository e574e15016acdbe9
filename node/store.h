/* The state directory: one file `state`, replaced as a whole and durably, and a lock against a second agent. */
#ifndef BW_NODE_STORE_H
#define BW_NODE_STORE_H

#include <bellwether/error.h>
#include <bellwether/types.h>
#include <sys/types.h>

/* A directory entry is durable only when the directory that it stands in is synced; some file systems cannot, and are not asked
 * twice. */
void bw_sync_parent(const char *path);

/* Opens a directory, made owner-only with what is missing above it; path is changed and restored. Returns -1 with errno. */
int bw_open_directory(char *path);

#define BW_STATE_MAX (16u << 20) /* largest state file that is read, bytes: some 65,536 scopes with room to spare */

/* The calls that can fail while a state is written: a table, so that tests make each of them fail. As the calls of
 * their names: -1 and errno. */
struct bw_file_ops {
    int (*open_at)(int directory, const char *name, int flags, mode_t mode);
    ssize_t (*write)(int fd, const void *data, size_t size);
    int (*sync)(int fd);
    int (*rename_at)(int directory, const char *from, const char *to);
};
extern const struct bw_file_ops bw_file_ops_system;

struct bw_store {
    const struct bw_file_ops *ops;
    char *path; /* of the directory, for messages */
    int directory;
    int lock;
};

/* Which step of a write failed, and why. */
struct bw_store_failure {
    const char *step; /* a static string that follows "cannot" */
    int system_error; /* errno */
};

/* Opens the directory, made owner-only if it is missing, and locks it.
 * why gets a sentence. BW_ERR_SYSTEM, BW_ERR_BUSY (another agent has it), BW_ERR_MEMORY. */
int bw_store_open(struct bw_store *store, const char *path, const struct bw_file_ops *ops, char *why, size_t why_size);
void bw_store_close(struct bw_store *store);

/* Reads the state; size 0 and data NULL if there is none yet. The caller frees data with free().
 * BW_ERR_SYSTEM, BW_ERR_CORRUPT (empty, too large, no plain file), BW_ERR_MEMORY. */
int bw_store_load(const struct bw_store *store, uint8_t **data, size_t *size, char *why, size_t why_size);

/* Replaces the state. When it returns 0 the new one is durable; else the old one or the new one is there, whole.
 * Called by one thread at a time. BW_ERR_SYSTEM. */
int bw_store_save(const struct bw_store *store, const void *data, size_t size, struct bw_store_failure *failure);

/* A failure of bw_store_save in words. */
void bw_store_explain(const struct bw_store *store, const struct bw_store_failure *failure, char *why, size_t why_size);

#endif
