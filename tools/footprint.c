#include "tools/footprint.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

static const double settled_s = 5; /* by then it has usually joined */

/* Pages of program files that are never written: what is needed again comes back from the page cache. */
static int drop_segments(struct dl_phdr_info *object, size_t size, void *context) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)size;
    (void)context;
    for (unsigned i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0)
            continue;
        uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz + page - 1) & ~(page - 1);
        (void)madvise((void *)start, end - start, MADV_DONTNEED); /* NOLINT(performance-no-int-to-ptr) */
    }
    return 0;
}

static void on_settled(struct ev_loop *loop, ev_timer *timer, int events) {
    (void)loop;
    (void)timer;
    (void)events;
    malloc_trim(0);
    dl_iterate_phdr(drop_segments, NULL);
}

void footprint_start(struct footprint *footprint, struct ev_loop *loop) {
    ev_timer_init(&footprint->timer, on_settled, settled_s, 0);
    ev_timer_start(loop, &footprint->timer);
}
