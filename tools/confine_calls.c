/* The seccomp filter. What an agent and its libraries need is allowed. What only an intruder wants ends the process. All else
 * does not exist (ENOSYS), so that a newer libc that tries something new falls back, as on an older kernel. */
#include "tools/confine.h"

#include <errno.h>

#include "build-config.h"

#ifndef HAVE_SECCOMP

int confine_calls(void) {
    errno = ENOSYS;
    return -1;
}

#else

#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* With any arguments. Names that this kernel or libseccomp does not know are passed over. */
static const char *const allowed[] = {
    /* memory */
    "brk", "madvise", "membarrier", "mlock", "mlock2", "mremap", "munlock", "munmap",
    /* files: where, Landlock says */
    "access", "close", "close_range", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fallocate",
    "fchmod", "fchown", "fcntl", "fcntl64", "fdatasync", "flock", "fstat", "fstat64", "fstatat64", "fstatfs",
    "fstatfs64", "fsync", "ftruncate", "ftruncate64", "getcwd", "getdents", "getdents64", "_llseek", "lseek", "lstat",
    "lstat64", "mkdir", "mkdirat", "newfstatat", "open", "openat", "openat2", "pread64", "preadv", "pwrite64",
    "pwritev", "read", "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2", "stat", "stat64", "statfs",
    "statfs64", "statx", "umask", "unlink", "unlinkat", "write", "writev",
    /* waiting */
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2",
    "inotify_add_watch", "inotify_init1", "inotify_rm_watch", "pause", "pipe", "pipe2", "poll", "ppoll", "ppoll_time64",
    "pselect6", "pselect6_time64", "select", "_newselect", "signalfd4", "timerfd_create", "timerfd_gettime",
    "timerfd_gettime64", "timerfd_settime", "timerfd_settime64",
    /* the network */
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recv", "recvfrom",
    "recvmmsg", "recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
    /* time */
    "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep",
    "clock_nanosleep_time64", "gettimeofday", "nanosleep", "time",
    /* threads and signals */
    "exit", "exit_group", "futex", "futex_time64", "futex_waitv", "get_robust_list", "gettid", "restart_syscall",
    "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
    "rt_sigtimedwait_time64", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getparam",
    "sched_getscheduler", "sched_yield", "set_robust_list", "set_tid_address", "sigaltstack", "sigreturn",
    /* questions */
    "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getgroups", "getgroups32", "getpid",
    "getppid", "getpriority", "getrandom", "getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit",
    "getrusage", "getuid", "getuid32", "sysinfo", "ugetrlimit", "uname", NULL};

/* Another program, another process, another process's memory. */
static const char *const fatal[] = {"bpf",
                                    "execve",
                                    "execveat",
                                    "fork",
                                    "init_module",
                                    "finit_module",
                                    "kexec_load",
                                    "kexec_file_load",
                                    "process_vm_readv",
                                    "process_vm_writev",
                                    "ptrace",
                                    "vfork",
                                    "userfaultfd",
                                    NULL};

static int add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names) {
    int error = 0;
    for (; *names != NULL && error == 0; names++) {
        int number = seccomp_syscall_resolve_name(*names);
        if (number != __NR_SCMP_ERROR)
            error = seccomp_rule_add(filter, action, number, 0);
        if (error == -EDOM) /* not of this architecture */
            error = 0;
    }
    return error;
}

/* Allows a call of this name if what `mask` leaves of the argument is `value`. */
static int allow_if(scmp_filter_ctx filter, const char *name, unsigned argument, uint64_t mask, uint64_t value) {
    int number = seccomp_syscall_resolve_name(name);
    const struct scmp_arg_cmp compared = {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
    int error = number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &compared);
    return error == -EDOM ? 0 : error;
}

/* Memory is written or executed, not both; libraries are still loaded (name services). */
static int add_memory(scmp_filter_ctx filter) {
    static const uint64_t protections[] = {0, PROT_WRITE, PROT_EXEC};
    static const char *const maps[] = {"mmap", "mmap2"};
    int error = 0;
    for (size_t i = 0; i < 2 * sizeof(protections) / sizeof(protections[0]) && error == 0; i++)
        error = allow_if(filter, maps[i % 2], 2, PROT_WRITE | PROT_EXEC, protections[i / 2]);
    return error != 0 ? error : allow_if(filter, "mprotect", 2, PROT_EXEC, 0);
}

/* UDP, TCP (of a resolver), local sockets, and netlink for routes and interfaces. */
static int add_sockets(scmp_filter_ctx filter) {
    static const uint64_t families[] = {AF_UNIX, AF_INET, AF_INET6};
    int error = allow_if(filter, "socketpair", 0, UINT32_MAX, AF_UNIX);
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]) && error == 0; i++)
        error = allow_if(filter, "socket", 0, UINT32_MAX, families[i]);
    return error != 0 ? error
                      : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                                         SCMP_A0_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, AF_NETLINK),
                                         SCMP_A2_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, NETLINK_ROUTE));
}

/* What is asked of interfaces and sockets; nothing that types into a terminal (TIOCSTI). */
static int add_ioctls(scmp_filter_ctx filter) {
    static const uint64_t requests[] = {FIONBIO,       FIONREAD,       TCGETS,       SIOCGIFADDR, SIOCGIFBRDADDR,
                                        SIOCGIFCONF,   SIOCGIFFLAGS,   SIOCGIFINDEX, SIOCGIFMTU,  SIOCGIFNAME,
                                        SIOCGIFHWADDR, SIOCGIFNETMASK, SIOCETHTOOL};
    int error = 0;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]) && error == 0; i++)
        error = allow_if(filter, "ioctl", 1, UINT32_MAX, requests[i]);
    return error;
}

/* Threads, but no processes; signals to itself alone (abort). clone3 does not exist: its flags cannot be seen. */
static int add_process(scmp_filter_ctx filter) {
    int error = allow_if(filter, "clone", 0, CLONE_THREAD, CLONE_THREAD);
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
                                 SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    if (error == 0)
        error = allow_if(filter, "tgkill", 0, UINT32_MAX, (uint64_t)getpid());
    if (error == 0)
        error = allow_if(filter, "prlimit64", 0, UINT32_MAX, 0);
    if (error == 0)
        error = allow_if(filter, "prctl", 0, UINT32_MAX, PR_SET_NAME);
    return error;
}

int confine_calls(void) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int error = filter == NULL ? -ENOMEM : seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (error == 0)
        error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (error == 0)
        error = add_names(filter, SCMP_ACT_ALLOW, allowed);
    if (error == 0)
        error = add_names(filter, SCMP_ACT_KILL_PROCESS, fatal);
    if (error == 0)
        error = add_memory(filter);
    if (error == 0)
        error = add_sockets(filter);
    if (error == 0)
        error = add_ioctls(filter);
    if (error == 0)
        error = add_process(filter);
    if (error == 0)
        error = seccomp_load(filter);
    if (filter != NULL)
        seccomp_release(filter);
    errno = -error;
    return error == 0 ? 0 : -1;
}

#endif
