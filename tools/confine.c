#include "tools/confine.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "tools/log.h"

static bool memory_holds, files_hold, calls_hold; /* of the one process */

bool confine_by_default(void) {
#ifdef BW_INSTRUMENTED
    return false;
#else
    return true;
#endif
}

bool confine_memory(void) {
    const struct rlimit none = {0, 0};
    bool limited = setrlimit(RLIMIT_CORE, &none) == 0;
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limited;
}

void confine_begin(bool wanted, const struct confine_paths *paths) {
    memory_holds = confine_memory();
    if (!memory_holds)
        log_line(LOG_LEVEL_WARN, "a core dump of this agent could show its keys: %s", strerror(errno));
    if (!wanted)
        return;
    int version = confine_files(paths);
    files_hold = version > 0;
    if (version == 0)
        log_line(LOG_LEVEL_WARN, "not confined to its files: this kernel has no Landlock, or it is switched off");
    else if (version < 0)
        log_line(LOG_LEVEL_WARN, "not confined to its files: %s", strerror(errno));
}

void confine_end(bool wanted) {
    if (!wanted) {
        log_line(LOG_LEVEL_WARN, "not confined: it can make files and execute programs (confine = no)");
        return;
    }
    calls_hold = confine_calls() == 0;
    if (!calls_hold)
        log_line(LOG_LEVEL_WARN, "no system call is filtered: %s",
                 errno == ENOSYS ? "bellwether was built without libseccomp" : strerror(errno));
    log_line(LOG_LEVEL_INFO, "confined: memory %s, files %s, system calls %s", memory_holds ? "yes" : "no",
             files_hold ? "yes" : "no", calls_hold ? "yes" : "no");
}

json_t *confine_json(void) {
    return json_pack("{s:b,s:b,s:b}", "memory", memory_holds, "files", files_hold, "calls", calls_hold);
}
