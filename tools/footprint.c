#include "tools/footprint.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#define RANGES_MAX 128u /* three for each file */

static const double settled_s = 5; /* by then it has usually joined */
static const double unasked_s = 60;

/* Pages of program files that are never written: what is needed again comes back from the page cache. The headers that say where they
 * are stand in such pages, and are read before any is dropped: otherwise each brings its neighbours back. */
struct droppable {
    struct {
        uintptr_t start, end;
    } ranges[RANGES_MAX];
    size_t count;
};

static int find_segments(struct dl_phdr_info *object, size_t size, void *context) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct droppable *found = context;
    (void)size;
    for (unsigned i = 0; i < object->dlpi_phnum && found->count < RANGES_MAX; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0)
            continue;
        uintptr_t start = object->dlpi_addr + segment->p_vaddr;
        found->ranges[found->count].start = start & ~(page - 1);
        found->ranges[found->count].end = (start + segment->p_memsz + page - 1) & ~(page - 1);
        found->count++;
    }
    return 0;
}

static void on_settled(struct ev_loop *loop, ev_timer *timer, int events) {
    (void)loop;
    (void)timer;
    (void)events;
    struct droppable found = {.count = 0};
    malloc_trim(0);
    dl_iterate_phdr(find_segments, &found);
    for (size_t i = 0; i < found.count; i++) {
        size_t length = found.ranges[i].end - found.ranges[i].start;
        (void)madvise((void *)found.ranges[i].start, length, MADV_DONTNEED); /* NOLINT(performance-no-int-to-ptr) */
    }
}

void footprint_start(struct footprint *footprint, struct ev_loop *loop) {
    footprint->loop = loop;
    ev_timer_init(&footprint->timer, on_settled, settled_s, 0);
    ev_timer_start(loop, &footprint->timer);
}

void footprint_asked(struct footprint *footprint) {
    if (ev_is_active(&footprint->timer))
        return; /* put off again and again it would never come where somebody asks all the time */
    ev_timer_set(&footprint->timer, unasked_s, 0);
    ev_timer_start(footprint->loop, &footprint->timer);
}
