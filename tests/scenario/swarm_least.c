/* What a failing seed needs: each step is left out in turn, and stays out if the seed fails in the same way without it. */
#include "tests/scenario/swarm.h"

#include <stdlib.h>
#include <string.h>

static const char *const fault_words[] = {
    [SWARM_CRASH] = "crash",
    [SWARM_RESTART] = "restart",
    [SWARM_RESTART_BLANK] = "restart-blank",
    [SWARM_RESTART_TORN] = "restart-torn",
    [SWARM_RESTART_ALL] = "restart-all",
    [SWARM_PAUSE] = "pause",
    [SWARM_CONTINUE] = "continue",
    [SWARM_SLOW] = "slow",
    [SWARM_PARTITION] = "partition",
    [SWARM_CUT_ONE_WAY] = "cut-one-way",
    [SWARM_LINK_ON_OFF] = "link-on-off",
    [SWARM_LINK_SLOW] = "link-slow",
    [SWARM_LOSS] = "loss",
    [SWARM_IN_CUT] = "in-cut",
    [SWARM_WALL_STEP] = "wall-step",
    [SWARM_CLOCK_RATE] = "clock-rate",
    [SWARM_DISK_FAILS] = "disk-fails",
    [SWARM_NO_MEMORY] = "no-memory",
    [SWARM_SILENT] = "silent",
    [SWARM_ISOLATE_LEADER] = "isolate-leader",
    [SWARM_LEAVE] = "leave",
    [SWARM_RETURN] = "return",
    [SWARM_STEPDOWN] = "stepdown",
    [SWARM_FREEZE] = "freeze",
    [SWARM_THAW] = "thaw",
    [SWARM_WITHDRAW] = "withdraw",
    [SWARM_DECLARE] = "declare",
    [SWARM_ROTATE] = "rotate",
    [SWARM_HOSTILE] = "hostile",
    [SWARM_MEND] = "mend",
};

void swarm_keep_steps(struct swarm_draw *draw, const bool steps[SWARM_STEPS_MAX]) {
    size_t count = 0;
    for (size_t i = 0; i < draw->step_count; i++)
        if (steps == NULL || steps[i])
            draw->steps[count++] = draw->steps[i];
    draw->step_count = count;
}

bool swarm_run(uint64_t seed, bool report, FILE *log, struct swarm_result *result) {
    return swarm_run_steps(seed, NULL, report, log, result);
}

/* The same invariant; of what a plan demands, the same demand: both stand before a colon. */
static bool same_kind(const char *a, const char *b) {
    size_t size = strcspn(a, ":");
    if (strncmp(a, "demanded: ", 10) == 0)
        size = 10 + strcspn(a + 10, ":");
    return strncmp(a, b, size) == 0 && (b[size] == ':' || b[size] == '\0');
}

/* What ends a fault stays as long as the fault does: for longer it may be more than its plan has promises for. */
static bool is_end(enum swarm_fault fault) {
    return fault == SWARM_MEND || fault == SWARM_CONTINUE || fault == SWARM_RETURN;
}

static bool ends(const struct swarm_step *end, const struct swarm_step *begin) {
    if (end->host != begin->host)
        return false;
    if (end->fault == SWARM_MEND)
        return end->value == (uint64_t)begin->fault && end->other == begin->other;
    return (end->fault == SWARM_CONTINUE && begin->fault == SWARM_PAUSE) ||
           (end->fault == SWARM_RETURN && begin->fault == SWARM_LEAVE);
}

/* The step that ends this one; its own number: none does. */
static size_t end_of(const struct swarm_draw *draw, const bool steps[SWARM_STEPS_MAX], size_t step) {
    for (size_t i = step + 1; i < draw->step_count; i++)
        if (steps[i] && ends(&draw->steps[i], &draw->steps[step]))
            return i;
    return step;
}

bool swarm_fails_without(const struct swarm_draw *draw, const struct swarm_result *failed,
                         const bool steps[SWARM_STEPS_MAX], size_t step, bool less[SWARM_STEPS_MAX]) {
    struct swarm_result result;
    memcpy(less, steps, SWARM_STEPS_MAX * sizeof less[0]);
    if (!steps[step] || is_end(draw->steps[step].fault))
        return false;
    less[end_of(draw, steps, step)] = false;
    less[step] = false;
    return !swarm_run_steps(draw->seed, less, false, NULL, &result) && same_kind(failed->violation, result.violation);
}

size_t swarm_least(uint64_t seed, const struct swarm_result *failed, bool steps[SWARM_STEPS_MAX]) {
    static struct swarm_draw draw;
    bool less[SWARM_STEPS_MAX];
    bool again = true;
    size_t count = 0;
    swarm_draw(&draw, seed);
    for (size_t i = 0; i < SWARM_STEPS_MAX; i++)
        steps[i] = i < draw.step_count;
    while (again) { /* without the later ones an earlier one may be needless, too */
        again = false;
        for (size_t i = draw.step_count; i-- > 0;)
            if (swarm_fails_without(&draw, failed, steps, i, less)) {
                memcpy(steps, less, sizeof less);
                again = true;
            }
    }
    for (size_t i = 0; i < draw.step_count; i++)
        count += steps[i];
    return count;
}

void swarm_tell_least(uint64_t seed, const struct swarm_result *failed) {
    static struct swarm_draw draw;
    bool steps[SWARM_STEPS_MAX];
    size_t count = swarm_least(seed, failed, steps);
    const char *comma = " ";
    swarm_draw(&draw, seed);
    printf("# %zu of %zu steps are needed:\n", count, draw.step_count);
    for (size_t i = 0; i < draw.step_count; i++) {
        const struct swarm_step *step = &draw.steps[i];
        if (!steps[i])
            continue;
        bool mends = step->fault == SWARM_MEND;
        printf("#   %zu: at %lld ms %s%s%s n%zu, other %zu, value %llu\n", i, (long long)step->at_ms,
               fault_words[step->fault], mends ? " " : "", mends ? fault_words[step->value] : "", step->host,
               step->other, (unsigned long long)step->value);
    }
    printf("# to repeat with these alone: tests/scenario/swarm %llu", (unsigned long long)seed);
    for (size_t i = 0; i < draw.step_count; i++)
        if (steps[i]) {
            printf("%s%zu", comma, i);
            comma = ",";
        }
    printf("%s\n", count == 0 ? " none" : "");
    fflush(stdout);
}

bool swarm_read_steps(const char *text, bool steps[SWARM_STEPS_MAX]) {
    memset(steps, 0, SWARM_STEPS_MAX * sizeof steps[0]);
    if (strcmp(text, "none") == 0)
        return true;
    for (;;) {
        char *end;
        unsigned long number = strtoul(text, &end, 10);
        if (*text < '0' || *text > '9' || number >= SWARM_STEPS_MAX)
            return false;
        steps[number] = true;
        if (*end != ',')
            return *end == '\0';
        text = end + 1;
    }
}
