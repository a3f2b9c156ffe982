"""Numbers of the system calls that the filter names: name, x86-64, arm64 ("-" where it does not exist there).

From the kernel's `asm/unistd_64.h` and `asm-generic/unistd.h`.
"""

from __future__ import annotations

from .syscalls import ARM

# Among "memory": mprotect, as oneDNN and others write their kernels at run time; mincore, which since Linux 5.2 tells
# of a file only to who may write it. Of "telling", the reference and honest uploads were seen to make none.
TABLES = {
    "files": """
        read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, pwrite64 18 68, preadv 295 69,
        pwritev 296 70, lseek 8 62, close 3 57, close_range 436 436, open 2 -,
        openat 257 56, creat 85 -, fstat 5 80, newfstatat 262 79, stat 4 -, lstat 6 -, statx 332 291, access 21 -,
        faccessat 269 48, faccessat2 439 439, readlink 89 -, readlinkat 267 78, getdents 78 -, getdents64 217 61,
        getcwd 79 17, chdir 80 49, fchdir 81 50, fsync 74 82, fdatasync 75 83,
        ftruncate 77 46, truncate 76 45, fallocate 285 47, rename 82 -, renameat 264 38,
        renameat2 316 276, mkdir 83 -, mkdirat 258 34, rmdir 84 -, unlink 87 -, unlinkat 263 35, link 86 -,
        linkat 265 37, symlink 88 -, symlinkat 266 36, umask 95 166, dup 32 23, dup2 33 -, dup3 292 24, pipe 22 -,
        pipe2 293 59, poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create 213 -,
        epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22, eventfd2 290 19,
        sendfile 40 71, copy_file_range 326 285, statfs 137 43, fstatfs 138 44, sync_file_range 277 84
    """,
    "memory": """
        mmap 9 222, munmap 11 215, mprotect 10 226, mremap 25 216, madvise 28 233, brk 12 214, msync 26 227,
        mincore 27 232, membarrier 324 283, get_mempolicy 239 236, mlock 149 228, munlock 150 229,
        sched_getaffinity 204 123, sched_yield 24 124, sched_getparam 143 121,
        sched_getscheduler 145 120, sched_get_priority_max 146 125, sched_get_priority_min 147 126,
        getpriority 140 141
    """,
    "process": """
        futex 202 98, set_robust_list 273 99, rseq 334 293, set_tid_address 218 96,
        gettid 186 178, getpid 39 172, getppid 110 173, getuid 102 174, geteuid 107 175, getgid 104 176,
        getegid 108 177, getresuid 118 148, getresgid 120 150, getgroups 115 158, getpgrp 111 -, getpgid 121 155,
        getsid 124 156, exit 60 93, exit_group 231 94, arch_prctl 158 -, rt_sigaction 13 134,
        rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136, rt_sigsuspend 130 133,
        rt_sigtimedwait 128 137, sigaltstack 131 132, pause 34 -, alarm 37 -, setitimer 38 103, getitimer 36 102,
        clock_gettime 228 113, clock_getres 229 114, clock_nanosleep 230 115, nanosleep 35 101,
        gettimeofday 96 169, time 201 -, times 100 153, getrusage 98 165, uname 63 160, sysinfo 99 179,
        getcpu 309 168, getrandom 318 278, getrlimit 97 163, restart_syscall 219 128, wait4 61 260, waitid 247 95
    """,
    "telling": """
        socket 41 198, socketpair 53 199, fork 57 -, vfork 58 -, execve 59 221, execveat 322 281, memfd_create 319 279,
        ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, pidfd_open 434 434, pidfd_getfd 438 438,
        add_key 248 217, request_key 249 218, keyctl 250 219, syslog 103 116, shmget 29 194, shmat 30 196,
        msgget 68 186, semget 64 190, mq_open 240 180, name_to_handle_at 303 264, open_by_handle_at 304 265,
        unshare 272 97, setns 308 268, mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51,
        setuid 105 146, setgid 106 144, setreuid 113 145, setresuid 117 147, setgroups 116 159, capset 126 91,
        bpf 321 280, perf_event_open 298 241, userfaultfd 323 282, io_uring_setup 425 425,
        personality 135 92, init_module 175 105, finit_module 313 273, kexec_load 246 104, reboot 169 142,
        sethostname 170 161, clock_settime 227 112, settimeofday 164 170, mknod 133 -, mknodat 259 33,
        rt_sigqueueinfo 129 138, sched_setscheduler 144 119, inotify_init 253 -, inotify_init1 294 26,
        chown 92 -, fchown 93 55, lchown 94 -, fchownat 260 54
    """,
    "conditional": """
        chmod 90 -, fchmod 91 52, fchmodat 268 53, utime 132 -, utimes 235 -, utimensat 280 88, futimesat 261 -,
        clone 56 220, kill 62 129, tgkill 234 131, prlimit64 302 261, ioctl 16 29, prctl 157 167, clone3 435 435,
        fcntl 72 25, sched_setaffinity 203 122, preadv2 327 286, pwritev2 328 287, fadvise64 221 223
    """,
}


def numbers(table: str) -> dict[str, int]:
    """Return the numbers of one table on this machine, by name."""
    rows = (row.split() for row in TABLES[table].split(","))
    columns = ((name, arm if ARM else x86) for name, x86, arm in rows)
    return {name: int(number) for name, number in columns if number != "-"}
