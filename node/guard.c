/* The guard's file (election.md, "Guard"). Two slots, 4 KiB apart: the one that does not hold the newest token is written and
 * synced before the token passes, so at every moment one of them is whole and holds a token that nothing smaller may follow; then
 * the other one, so that both hold it.
 * The file comes into being whole (written beside, then linked), so two bad slots are damage, and nothing passes. */
#include <bellwether/guard.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "election/guard.h"
#include "node/store.h"

#define SLOT_SIZE 4096 /* a sector of today's disks: one torn write cannot hurt both */
#define SLOTS 2
#define OUT_OF_THE_WAY 100 /* a file descriptor */
#define LOCK_POLL_FIRST_MS 1
#define LOCK_POLL_LARGEST_MS 20

struct bw_guard {
    char *path;
    int fd;
    bool inside;
    bool durable; /* the newest record was synced through this handle */
    bool twice;   /* the other slot holds the newest token as well */
    unsigned slot;
    struct bw_guard_record newest;
};

struct reason {
    char *text; /* may be NULL */
    size_t size;
};

#define SAY(why, ...) ((why).text ? (void)snprintf((why).text, (why).size, __VA_ARGS__) : (void)0)

static int refused(const struct bw_guard *guard, const char *step, struct reason why) {
    SAY(why, "cannot %s the guard's file %s: %s; nothing passes until that is mended", step, guard->path,
        strerror(errno));
    return BW_ERR_SYSTEM;
}

static int damaged(const struct bw_guard *guard, const char *what, struct reason why) {
    SAY(why,
        "the guard's file %s %s; nothing passes. To mend it: find the newest token that the resource has seen, "
        "move the file away, and let only larger ones come",
        guard->path, what);
    return BW_ERR_CORRUPT;
}

/* ------------------------------------------------------------------ reading */

static int read_slot(const struct bw_guard *guard, unsigned slot, struct bw_guard_record *record) {
    char text[BW_GUARD_RECORD_SIZE] = {0};
    ssize_t size;
    do {
        size = pread(guard->fd, text, sizeof(text), (off_t)slot * SLOT_SIZE);
    } while (size < 0 && errno == EINTR);
    return size < 0 ? BW_ERR_SYSTEM : bw_guard_get(text, record);
}

static int read_newest(struct bw_guard *guard, struct reason why) {
    struct bw_guard_record records[SLOTS] = {{0}};
    int got[SLOTS];
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        got[slot] = read_slot(guard, slot, &records[slot]);
        if (got[slot] == BW_ERR_SYSTEM) {
            return refused(guard, "read", why);
        }
    }
    int newer = bw_guard_newer(got, records);
    if (newer == BW_ERR_VERSION) {
        SAY(why, "the guard's file %s was written by a later version; upgrade this program", guard->path);
        return newer;
    }
    if (newer < 0) {
        return damaged(guard, "is not a guard's, or is damaged", why);
    }
    struct bw_guard_record *newest = &records[newer];
    bool same = guard->slot == (unsigned)newer && guard->newest.sequence == newest->sequence &&
                memcmp(guard->newest.token, newest->token, sizeof(newest->token)) == 0;
    guard->durable = guard->durable && same;
    guard->twice = got[0] == 0 && got[1] == 0 && memcmp(records[0].token, records[1].token, BW_GUARD_TOKEN_SIZE) == 0;
    guard->slot = (unsigned)newer;
    guard->newest = *newest;
    return 0;
}

/* ------------------------------------------------------------------ writing */

static bool write_at(int fd, const char *text, size_t size, off_t offset) {
    while (size > 0) {
        ssize_t done = pwrite(fd, text, size, offset);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            errno = done == 0 ? EIO : errno;
            return false;
        }
        text += done;
        size -= (size_t)done;
        offset += done;
    }
    return true;
}

static bool write_slot(int fd, unsigned slot, const struct bw_guard_record *record) {
    char text[BW_GUARD_RECORD_SIZE];
    bw_guard_put(record, text);
    return write_at(fd, text, sizeof(text), (off_t)slot * SLOT_SIZE);
}

/* The bytes are the same when it is there already: written all the same, for a sync that failed once may say "done" the second
 * time without having written anything. */
static bool write_durably(struct bw_guard *guard, unsigned slot, const struct bw_guard_record *record) {
    guard->durable = false;
    if (!write_slot(guard->fd, slot, record) || fsync(guard->fd) != 0) {
        return false;
    }
    guard->slot = slot;
    guard->newest = *record;
    guard->durable = true;
    return true;
}

static int let_through(struct bw_guard *guard, const uint8_t token[BW_GUARD_TOKEN_SIZE], struct reason why) {
    bool larger = memcmp(token, guard->newest.token, BW_GUARD_TOKEN_SIZE) > 0;
    if (!guard->durable) {
        bw_sync_parent(guard->path); /* who made the file may have ended before it did so */
    }
    /* The other slot is given up only when this one is certain. */
    if (!guard->durable && !write_durably(guard, guard->slot, &guard->newest)) {
        return refused(guard, "write", why);
    }
    struct bw_guard_record next = {.sequence = guard->newest.sequence};
    memcpy(next.token, token, sizeof(next.token));
    /* Then over the older one, too: a slot that goes bad later does not bring that back. Who wrote this token may have ended in
     * between. */
    for (int slots = larger ? SLOTS : guard->twice ? 0 : 1; slots > 0; slots--) {
        next.sequence++;
        if (!write_durably(guard, 1 - guard->slot, &next)) {
            return refused(guard, "write", why);
        }
    }
    return 0;
}

/* ------------------------------------------------------------------ opening */

static bool fill(int fd) {
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        const struct bw_guard_record none = {.sequence = slot};
        if (!write_slot(fd, slot, &none)) {
            return false;
        }
    }
    return fsync(fd) == 0;
}

/* Makes the file, whole from its first moment; that another has made it meanwhile is as good. */
static bool make(const char *path) {
    size_t size = strlen(path) + sizeof(".XXXXXX");
    char *new_path = malloc(size);
    if (new_path == NULL) {
        errno = ENOMEM;
        return false;
    }
    snprintf(new_path, size, "%s.XXXXXX", path);
    int fd = mkstemp(new_path); /* mode 0600 */
    bool made = fd >= 0 && fill(fd) && (link(new_path, path) == 0 || errno == EEXIST);
    int error = errno;
    if (fd >= 0) {
        unlink(new_path);
        close(fd);
    }
    free(new_path);
    if (made) {
        bw_sync_parent(path);
    }
    errno = error;
    return made;
}

static int open_file(struct bw_guard *guard, struct reason why) {
    const int flags = O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    struct stat status;
    guard->fd = open(guard->path, flags);
    if (guard->fd < 0 && errno == ENOENT) {
        if (!make(guard->path)) {
            return refused(guard, "make", why);
        }
        guard->fd = open(guard->path, flags);
    }
    if (guard->fd < 0) {
        return refused(guard, "open", why);
    }
    if (fstat(guard->fd, &status) != 0) {
        return refused(guard, "read", why);
    }
    if (!S_ISREG(status.st_mode)) {
        return damaged(guard, "is not a plain file", why);
    }
    return read_newest(guard, why);
}

int bw_guard_open(struct bw_guard **guard, const char *path, char *why, size_t why_size) {
    struct reason reason = {why, why_size};
    struct bw_guard *opened = calloc(1, sizeof(*opened));
    char *copy = strdup(path);
    *guard = NULL;
    if (opened == NULL || copy == NULL) {
        free(opened);
        free(copy);
        SAY(reason, "out of memory");
        return BW_ERR_MEMORY;
    }
    *opened = (struct bw_guard){.path = copy, .fd = -1};
    int error = open_file(opened, reason);
    if (error != 0) {
        bw_guard_close(opened);
        return error;
    }
    *guard = opened;
    return 0;
}

/* ------------------------------------------------------------------ inside */

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int lock(struct bw_guard *guard, uint32_t wait_ms, struct reason why) {
    int64_t end_ms = now_ms() + wait_ms;
    int64_t pause_ms = LOCK_POLL_FIRST_MS;
    while (flock(guard->fd, LOCK_EX | LOCK_NB) != 0) {
        int64_t left_ms = end_ms - now_ms();
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return refused(guard, "lock", why);
        }
        if (left_ms <= 0) {
            SAY(why, "somebody else is inside the guard %s; wait until that has ended, or find out what it does",
                guard->path);
            return BW_ERR_BUSY;
        }
        pause_ms = pause_ms < left_ms ? pause_ms : left_ms;
        struct timespec pause = {.tv_nsec = (long)pause_ms * 1000000};
        nanosleep(&pause, NULL);
        pause_ms = 2 * pause_ms < LOCK_POLL_LARGEST_MS ? 2 * pause_ms : LOCK_POLL_LARGEST_MS;
    }
    return 0;
}

/* Who went on with a file that has been removed would be alone with its memory. */
static int still_there(const struct bw_guard *guard, struct reason why) {
    struct stat ours, named;
    if (fstat(guard->fd, &ours) != 0 || stat(guard->path, &named) != 0) {
        return refused(guard, "find", why);
    }
    if (ours.st_dev == named.st_dev && ours.st_ino == named.st_ino) {
        return 0;
    }
    SAY(why, "the guard's file %s was replaced while it was open; open it again", guard->path);
    return BW_ERR_SYSTEM;
}

static void too_old(const struct bw_guard *guard, const uint8_t bytes[BW_GUARD_TOKEN_SIZE], struct reason why) {
    char text[2][2 * BW_GUARD_TOKEN_SIZE + 1];
    bw_hex_put(text[0], bytes, BW_GUARD_TOKEN_SIZE);
    bw_hex_put(text[1], guard->newest.token, BW_GUARD_TOKEN_SIZE);
    SAY(why, "token %s is older than %s, which the guard %s has let through: this reign is over", text[0], text[1],
        guard->path);
}

static int check(struct bw_guard *guard, const uint8_t bytes[BW_GUARD_TOKEN_SIZE], struct bw_token *newest,
                 struct reason why) {
    int error = still_there(guard, why);
    if (error == 0) {
        error = read_newest(guard, why);
    }
    if (error != 0) {
        return error;
    }
    if (bw_guard_passes(&guard->newest, bytes)) {
        error = let_through(guard, bytes, why);
    } else {
        too_old(guard, bytes, why);
        error = BW_ERR_STALE;
    }
    if (newest) {
        bw_guard_token_of(guard->newest.token, newest);
    }
    return error;
}

int bw_guard_enter(struct bw_guard *guard, const struct bw_token *token, uint32_t wait_ms, struct bw_token *newest,
                   char *why, size_t why_size) {
    struct reason reason = {why, why_size};
    uint8_t bytes[BW_GUARD_TOKEN_SIZE];
    BW_ASSERT(!guard->inside);
    bw_guard_token(token, bytes);
    if (bw_guard_token_none(bytes)) {
        SAY(reason, "a token of nothing but zeros is no token");
        return BW_ERR_INVALID;
    }
    int error = lock(guard, wait_ms, reason);
    if (error != 0) {
        return error;
    }
    guard->inside = true;
    error = check(guard, bytes, newest, reason);
    if (error != 0) {
        bw_guard_leave(guard);
    }
    return error;
}

void bw_guard_leave(struct bw_guard *guard) {
    if (guard->inside) {
        (void)flock(guard->fd, LOCK_UN); /* cannot fail on an open file */
        guard->inside = false;
    }
}

int bw_guard_newest(struct bw_guard *guard, struct bw_token *newest, char *why, size_t why_size) {
    struct reason reason = {why, why_size};
    int error = still_there(guard, reason);
    if (error == 0) {
        error = read_newest(guard, reason);
    }
    if (error != 0) {
        return error;
    }
    if (bw_guard_token_none(guard->newest.token)) {
        SAY(reason, "the guard %s has let nothing through yet", guard->path);
        return BW_ERR_NOT_FOUND;
    }
    bw_guard_token_of(guard->newest.token, newest);
    return 0;
}

/* Scripts open descriptors 3 to 9 for themselves ("exec 3<file"), which would close ours and so unlock. */
int bw_guard_hand_on(struct bw_guard *guard) {
    if (fcntl(guard->fd, F_DUPFD, OUT_OF_THE_WAY) >= 0) {
        return 0;
    }
    return fcntl(guard->fd, F_SETFD, 0) == 0 ? 0 : BW_ERR_SYSTEM; /* few descriptors are allowed here */
}

void bw_guard_close(struct bw_guard *guard) {
    if (guard == NULL) {
        return;
    }
    if (guard->fd >= 0) {
        close(guard->fd); /* which unlocks, unless another program holds it too */
    }
    free(guard->path);
    free(guard);
}
