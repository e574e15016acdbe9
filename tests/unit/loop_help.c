#include "node/addr.h"
#include "tests/unit/loop_test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static char scratch[64];

void scratch_make(void) {
    strcpy(scratch, "/tmp/bw-loop-XXXXXX");
    if (mkdtemp(scratch) == NULL) {
        abort();
    }
    file_faults = (struct file_faults){0};
}

static void remove_all(const char *path) {
    DIR *directory = opendir(path);
    for (struct dirent *entry = NULL; directory != NULL && (entry = readdir(directory)) != NULL;) {
        char name[512];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        if (unlink(name) != 0) {
            remove_all(name);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    rmdir(path);
}

void scratch_remove(void) {
    remove_all(scratch);
}

const char *scratch_path(const char *name) {
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", scratch, name);
    return path;
}

void scratch_write(const char *name, const void *data, size_t size) {
    FILE *file = fopen(scratch_path(name), "w");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        abort();
    }
}

long scratch_read(const char *name, void *data, size_t size) {
    FILE *file = fopen(scratch_path(name), "r");
    if (file == NULL) {
        return -1;
    }
    size_t count = fread(data, 1, size, file);
    fclose(file);
    return (long)count;
}

struct file_faults file_faults;

static bool fails(void) {
    unsigned call = ++file_faults.calls;
    bool failing = file_faults.fail_at != 0 &&
                   (call == file_faults.fail_at || (file_faults.fail_on && call > file_faults.fail_at));
    if (failing) {
        errno = file_faults.fail_errno;
    }
    return failing;
}

static int faulty_open_at(int directory, const char *name, int flags, mode_t mode) {
    return fails() ? -1 : openat(directory, name, flags, mode);
}

static ssize_t faulty_write(int fd, const void *data, size_t size) {
    if (file_faults.before_write != NULL) {
        file_faults.before_write();
    }
    return fails() ? -1 : write(fd, data, file_faults.short_writes && size > 1 ? 1 : size);
}

static int faulty_sync(int fd) {
    return fails() ? -1 : fsync(fd);
}

static int faulty_rename_at(int directory, const char *from, const char *to) {
    return fails() ? -1 : renameat(directory, from, directory, to);
}

const struct bw_file_ops file_ops_faulty = {
    .open_at = faulty_open_at, .write = faulty_write, .sync = faulty_sync, .rename_at = faulty_rename_at};

struct bw_addr loopback_v4(uint16_t port) {
    return (struct bw_addr){.family = 4, .ip = {127, 0, 0, 1}, .port = port};
}

struct bw_addr loopback_v6(uint16_t port) {
    return (struct bw_addr){.family = 6, .ip = {[15] = 1}, .port = port};
}

bool have_v6(void) {
    struct bw_udp *udp = NULL;
    struct bw_addr bind = loopback_v6(0);
    bool have = bw_udp_open(&udp, &bind, NULL, 0) == 0;
    bw_udp_close(udp);
    return have;
}

int plain_socket(struct bw_addr *bound) {
    struct sockaddr_storage storage;
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    struct bw_addr any = loopback_v4(0);
    socklen_t size = bw_addr_to_socket(&any, &storage);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&storage, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&storage, &size) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0) {
        abort();
    }
    bw_addr_from_socket(bound, &storage);
    return fd;
}

void plain_send(int fd, const struct bw_addr *to, const void *data, size_t size) {
    struct sockaddr_storage storage;
    socklen_t addr_size = bw_addr_to_socket(to, &storage);
    if (sendto(fd, data, size, 0, (struct sockaddr *)&storage, addr_size) != (ssize_t)size) {
        abort();
    }
}

long plain_receive(int fd, void *data, size_t size) {
    return recv(fd, data, size, 0);
}

static void on_limit(struct ev_loop *loop, struct ev_timer *watcher, int events) {
    (void)events;
    *(bool *)watcher->data = true;
    ev_break(loop, EVBREAK_ALL);
}

static bool never(void *context) {
    (void)context;
    return false;
}

static bool run(struct ev_loop *loop, bool (*done)(void *context), void *context, unsigned limit_ms) {
    struct ev_timer limit;
    bool over = false;
    ev_now_update(loop);
    ev_timer_init(&limit, on_limit, limit_ms / 1e3, 0.);
    limit.data = &over;
    ev_timer_start(loop, &limit);
    while (!over && !done(context)) {
        ev_run(loop, EVRUN_ONCE);
    }
    ev_timer_stop(loop, &limit);
    return done(context);
}

bool run_until(struct ev_loop *loop, bool (*done)(void *context), void *context) {
    return run(loop, done, context, PATIENCE_MS);
}

void run_for(struct ev_loop *loop, unsigned ms) {
    (void)run(loop, never, NULL, ms);
}
