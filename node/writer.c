/* The helper thread of the libev host. One write at a time; its result comes back through an ev_async. */
#include "node/writer.h"

#include "base/base.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define STACK_SIZE ((size_t)256 << 10) /* address space; what is not used is never resident */

static void *work(void *argument) {
    struct bw_writer *writer = argument;
    pthread_mutex_lock(&writer->mutex);
    for (;;) {
        while (writer->step != BW_WRITER_WANTED && !writer->stop) {
            pthread_cond_wait(&writer->wanted, &writer->mutex);
        }
        if (writer->step != BW_WRITER_WANTED) {
            break;
        }
        pthread_mutex_unlock(&writer->mutex);
        struct bw_store_failure failure = {0};
        int error = bw_store_save(writer->store, writer->blob, writer->blob_size, &failure);
        pthread_mutex_lock(&writer->mutex);
        writer->error = error;
        writer->failure = failure;
        writer->step = BW_WRITER_DONE;
        ev_async_send(writer->loop, &writer->done_watcher);
    }
    pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

static void on_done(struct ev_loop *loop, struct ev_async *watcher, int events) {
    (void)loop;
    (void)events;
    struct bw_writer *writer = watcher->data;
    pthread_mutex_lock(&writer->mutex);
    bool done = writer->step == BW_WRITER_DONE;
    if (done) {
        writer->step = BW_WRITER_IDLE;
    }
    pthread_mutex_unlock(&writer->mutex);
    if (done) {
        writer->busy = false;
        struct bw_store_failure failure = writer->failure;
        writer->on_written(writer->context, writer->error == 0 ? NULL : &failure);
    }
}

/* Signals are the program's: the thread takes none. */
static int start_thread(struct bw_writer *writer) {
    sigset_t all;
    sigset_t before;
    pthread_attr_t attributes;
    sigfillset(&all);
    if (pthread_attr_init(&attributes) != 0) {
        return -1;
    }
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&writer->thread, &attributes, work, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

int bw_writer_start(struct bw_writer *writer, struct ev_loop *loop, const struct bw_store *store,
                    bw_written *on_written, void *context) {
    *writer = (struct bw_writer){.loop = loop, .store = store, .on_written = on_written, .context = context};
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->wanted, NULL);
    ev_async_init(&writer->done_watcher, on_done);
    writer->done_watcher.data = writer;
    ev_async_start(loop, &writer->done_watcher);
    if (start_thread(writer) == 0) {
        return 0;
    }
    ev_async_stop(loop, &writer->done_watcher);
    pthread_cond_destroy(&writer->wanted);
    pthread_mutex_destroy(&writer->mutex);
    return BW_ERR_SYSTEM;
}

void bw_writer_stop(struct bw_writer *writer) {
    pthread_mutex_lock(&writer->mutex);
    writer->stop = true;
    pthread_cond_signal(&writer->wanted);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    ev_async_stop(writer->loop, &writer->done_watcher);
    pthread_cond_destroy(&writer->wanted);
    pthread_mutex_destroy(&writer->mutex);
    free(writer->blob);
    writer->blob = NULL;
}

bool bw_writer_busy(const struct bw_writer *writer) {
    return writer->busy;
}

int bw_writer_submit(struct bw_writer *writer, const void *data, size_t size) {
    BW_ASSERT(!writer->busy);
    if (size > writer->blob_capacity) {
        uint8_t *larger = realloc(writer->blob, size);
        if (larger == NULL) {
            return BW_ERR_MEMORY;
        }
        writer->blob = larger;
        writer->blob_capacity = size;
    }
    if (size > 0) {
        memcpy(writer->blob, data, size);
    }
    writer->busy = true;
    pthread_mutex_lock(&writer->mutex);
    writer->blob_size = size;
    writer->step = BW_WRITER_WANTED;
    pthread_cond_signal(&writer->wanted);
    pthread_mutex_unlock(&writer->mutex);
    return 0;
}
