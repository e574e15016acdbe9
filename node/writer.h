/* Durable writes off the loop: a helper thread, so that a slow disk never makes late ticks. */
#ifndef BW_NODE_WRITER_H
#define BW_NODE_WRITER_H

#include "node/store.h"

#include <ev.h>
#include <pthread.h>

/* failure is NULL when the state is durable. Called in the loop. */
typedef void bw_written(void *context, const struct bw_store_failure *failure);

struct bw_writer {
    struct ev_loop *loop;
    struct ev_async done_watcher;
    const struct bw_store *store;
    bw_written *on_written;
    void *context;
    bool busy; /* the loop's side: submitted and not yet answered */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows; blob belongs to the thread while a write is under way */
    pthread_cond_t wanted;
    enum { BW_WRITER_IDLE, BW_WRITER_WANTED, BW_WRITER_DONE } step;
    bool stop;
    int error;
    struct bw_store_failure failure;
    uint8_t *blob;
    size_t blob_capacity;
    size_t blob_size;
};

/* Starts the thread. 0 or BW_ERR_SYSTEM. */
int bw_writer_start(struct bw_writer *writer, struct ev_loop *loop, const struct bw_store *store,
                    bw_written *on_written, void *context);

/* Finishes a write under way, whose result nobody is told, and ends the thread. */
void bw_writer_stop(struct bw_writer *writer);

/* Whether a write is under way: submitted and not yet answered. */
bool bw_writer_busy(const struct bw_writer *writer);

/* Writes a copy of data; on_written tells how it went. At most one write is under way. 0 or BW_ERR_MEMORY. */
int bw_writer_submit(struct bw_writer *writer, const void *data, size_t size);

#endif
