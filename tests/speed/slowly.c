/* slowly MICROSECONDS COUNT_FILE PROGRAM [ARGUMENT ...]
 *
 * Runs a program on a disk that is slow to flush: every fsync and fdatasync of it and of its children begins only
 * after so many microseconds. The kernel tells a watcher of each call (seccomp's user notification) and lets it go on
 * when the watcher says so; the program itself is not changed, so this works on static binaries, too. Calls of
 * several processes wait side by side, as on a disk with a deep queue. How many waited stands in COUNT_FILE.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "only x86-64 and ARM64 are known here"
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#define WAITING_MAX 4096 /* a power of two; more calls than this at once wait in the kernel */

struct waiting { uint64_t id; int64_t due; };

static void fail(const char *what) {
    fprintf(stderr, "slowly: %s: %s\n", what, strerror(errno));
    exit(125);
}

static int64_t now_ns(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void note(int file, uint64_t count) {
    char text[32];
    int length = snprintf(text, sizeof text, "%llu\n", (unsigned long long)count);
    if (pwrite(file, text, (size_t)length, 0) != length) fail("count file");
}

/* Tell the kernel to go on with every call whose time has come; true while any is left that has not. */
static int let_go(int listener, struct waiting *queue, size_t *first, size_t last, uint64_t *count) {
    int64_t now = now_ns();
    while (*first != last && queue[*first & (WAITING_MAX - 1)].due <= now) {
        struct seccomp_notif_resp answer = {
            .id = queue[*first & (WAITING_MAX - 1)].id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) && errno != ENOENT && errno != EINPROGRESS)
            fail("answer");
        ++*first;
        ++*count;
    }
    return *first != last;
}

static void watch(int listener, int64_t delay_ns, int file) {
    static struct waiting queue[WAITING_MAX];
    size_t first = 0, last = 0;
    uint64_t count = 0;
    for (;;) {
        int left = let_go(listener, queue, &first, last, &count);
        note(file, count);
        struct timespec wait = {0, 0};
        if (left) {
            int64_t ns = queue[first & (WAITING_MAX - 1)].due - now_ns();
            if (ns > 0) wait.tv_nsec = ns % 1000000000, wait.tv_sec = ns / 1000000000;
        }
        struct pollfd one = {.fd = listener, .events = last - first < WAITING_MAX ? POLLIN : 0};
        if (ppoll(&one, 1, left ? &wait : NULL, NULL) < 0 && errno != EINTR) fail("poll");
        if (one.revents & POLLIN) {
            struct seccomp_notif call;
            memset(&call, 0, sizeof call);
            if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call)) {
                if (errno != ENOENT && errno != EINTR) fail("receive");
            } else {
                queue[last & (WAITING_MAX - 1)] = (struct waiting){call.id, now_ns() + delay_ns};
                ++last;
            }
        } else if (one.revents & (POLLHUP | POLLERR)) {
            return;
        }
    }
}

static void send_listener(int to, int listener) {
    char byte = 0, control[CMSG_SPACE(sizeof listener)];
    memset(control, 0, sizeof control);
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof listener);
    memcpy(CMSG_DATA(head), &listener, sizeof listener);
    if (sendmsg(to, &message, 0) != 1) fail("hand over");
}

static int receive_listener(int from) {
    int listener;
    char byte, control[CMSG_SPACE(sizeof listener)];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message)) exit(125);
    memcpy(&listener, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof listener);
    return listener;
}

static int install(void) {
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fsync, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fdatasync, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
    };
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail("no new privileges");
    /* a signal (Go's scheduler sends many) must not begin a wait anew */
    long listener = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
        SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
    if (listener < 0) fail("seccomp");
    return (int)listener;
}

int main(int count, char **words) {
    if (count < 4) {
        fprintf(stderr, "slowly MICROSECONDS COUNT_FILE PROGRAM [ARGUMENT ...]\n");
        return 125;
    }
    int64_t delay_ns = 1000 * strtoll(words[1], NULL, 10);
    int file = open(words[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), ends[2], status;
    if (file < 0) fail(words[2]);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) fail("socket pair");
    pid_t between = fork();
    if (between < 0) fail("fork");
    if (between == 0) {
        pid_t watcher = fork(); /* nobody's child in the end: the program does not know of it */
        if (watcher) _exit(watcher < 0);
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        close(ends[0]);
        watch(receive_listener(ends[1]), delay_ns, file);
        _exit(0);
    }
    if (waitpid(between, &status, 0) != between || status) fail("watcher");
    close(ends[1]);
    int listener = install();
    send_listener(ends[0], listener);
    close(listener);
    execv(words[3], words + 3);
    fail(words[3]);
}
