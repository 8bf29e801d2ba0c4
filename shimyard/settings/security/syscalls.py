"""Which system calls a profile can grant, by their Linux names.

Source of the names: Linux's `unistd.h` of amd64 and arm64, up to 6.17.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ORDINARY = _names(
    """
    accept accept4 access adjtimex alarm arch_prctl bind brk cachestat capget capset chdir
    chmod chown clock_getres clock_gettime clock_nanosleep clone close close_range connect
    copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait
    epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat exit exit_group faccessat
    faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl
    fdatasync fgetxattr file_getattr file_setattr flistxattr flock fork fremovexattr
    fsetxattr fstat fstatfs fsync ftruncate futex futex_requeue futex_wait futex_waitv
    futex_wake futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64
    getegid geteuid getgid getgroups getitimer getpeername getpgid getpgrp getpid getppid
    getpriority getrandom getresgid getresuid getrlimit getrusage getsid getsockname
    getsockopt gettid gettimeofday getuid getxattr getxattrat inotify_add_watch inotify_init
    inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_setup
    io_submit ioctl ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset
    landlock_restrict_self lchown lgetxattr link linkat listen listxattr listxattrat
    llistxattr lremovexattr lseek lsetxattr lsm_get_self_attr lsm_list_modules lstat madvise
    map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod
    mknodat mlock mlock2 mlockall mmap mprotect mq_getsetattr mq_notify mq_open
    mq_timedreceive mq_timedsend mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync
    munlock munlockall munmap nanosleep newfstatat open openat openat2 pause pidfd_open
    pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll prctl pread64
    preadv preadv2 prlimit64 pselect6 pwrite64 pwritev pwritev2 read readahead readlink
    readlinkat readv recvfrom recvmmsg recvmsg remap_file_pages removexattr removexattrat
    rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending
    rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
    rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity
    sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity
    sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget
    semop semtimedop sendfile sendmmsg sendmsg sendto set_robust_list set_thread_area
    set_tid_address setfsgid setfsuid setgid setgroups setitimer setpgid setpriority
    setregid setresgid setresuid setreuid setrlimit setsid setsockopt setuid setxattr
    setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 socket
    socketpair splice stat statfs statx symlink symlinkat sync sync_file_range
    sync_file_range2 syncfs sysinfo tee tgkill time timer_create timer_delete
    timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime
    timerfd_settime times tkill truncate umask uname unlink unlinkat utime utimensat utimes
    vfork vmsplice wait4 waitid write writev
    """
)
"""What a process may ask the kernel for without any right over the machine."""

PRIVILEGED = _names(
    """
    acct add_key bpf chroot clock_adjtime clock_settime clone3 delete_module fanotify_init
    fanotify_mark finit_module fsconfig fsmount fsopen fspick get_mempolicy init_module
    io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load
    kexec_load keyctl listmount lookup_dcookie lsm_set_self_attr mbind migrate_pages
    modify_ldt mount mount_setattr move_mount move_pages name_to_handle_at open_by_handle_at
    open_tree open_tree_attr perf_event_open personality pidfd_getfd pivot_root
    process_madvise process_mrelease process_vm_readv process_vm_writev ptrace quotactl
    quotactl_fd reboot request_key set_mempolicy set_mempolicy_home_node setdomainname
    sethostname setns settimeofday statmount swapoff swapon sysfs syslog umount2 unshare
    userfaultfd ustat vhangup
    """
)
"""What changes the machine, its namespaces or other processes, or has let guests out before.

`clone3` is among them since a filter can't see which namespaces it asks for; the C libraries then
take `clone`, whose flags a filter does see.
"""

NEEDED = _names(
    """
    accept4 clone close epoll_create1 epoll_ctl eventfd2 exit_group fcntl getcwd mmap
    mprotect openat read readlink recvfrom rt_sigaction sendmsg
    """
)
"""Without any one of these, shims start no guest: seen with the lab's Wasmtime and WasmEdge."""


def _known(name: str) -> str:
    if name in PRIVILEGED:
        raise ValueError("is never granted to a workload: it reaches the machine; remove it")
    if name not in ORDINARY:
        raise ValueError(
            "is no system call of Linux on amd64 or arm64; write its name in lower case, like "
            "'connect'"
        )
    return name


SyscallName = Annotated[str, AfterValidator(_known)]
"""Name of a system call that a profile can grant or refuse."""
