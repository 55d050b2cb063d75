// SPDX-License-Identifier: Apache-2.0
//
// A shop with USDT probes, all with semaphores. It does what the lines on its standard
// input say, and answers each with its own account of it, in JSON.
#define _GNU_SOURCE
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SEMAPHORE(name) unsigned short name##_semaphore __attribute__((section(".probes")))
SEMAPHORE(shop_hit);
SEMAPHORE(shop_order_begin);
SEMAPHORE(shop_order_end);
SEMAPHORE(shop_size);
SEMAPHORE(shop_connection);
SEMAPHORE(shop_rejected);
SEMAPHORE(shop_note);

enum { threads_at_most = 64, orders = 200, connections = 50 };

static uint64_t now(clockid_t clock) {
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void* fire(void* count) {
    for (int i = 0; i < *(int*)count; i++)
        STAP_PROBE1(shop, hit, i & 3);
    return NULL;
}

static void hits(int total, int threads) {
    pthread_t running[threads_at_most];
    int each = total / threads;
    uint64_t cpu = now(CLOCK_PROCESS_CPUTIME_ID), wall = now(CLOCK_MONOTONIC);

    for (int i = 0; i < threads; i++)
        pthread_create(&running[i], NULL, fire, &each);
    for (int i = 0; i < threads; i++)
        pthread_join(running[i], NULL);
    printf("{\"hits\": %d, \"cpu_ns\": %llu, \"wall_ns\": %llu}\n", each * threads,
           (unsigned long long)(now(CLOCK_PROCESS_CPUTIME_ID) - cpu),
           (unsigned long long)(now(CLOCK_MONOTONIC) - wall));
}

/* Orders of three kinds, some of which overlap on one thread (they are joined by their number). */
static void shapes(void) {
    uint64_t taken[3] = {0}, bytes = 0;
    int count[3] = {0}, rejected = 0, idle = 0, busy = 0;
    int64_t last = 0;

    for (int i = 0; i < orders; i++) {
        int kind = i % 3;
        uint64_t begun = now(CLOCK_MONOTONIC), second;
        struct timespec pause = {0, 500000};

        STAP_PROBE2(shop, order_begin, kind, (long)i);
        nanosleep(&pause, NULL);
        second = now(CLOCK_MONOTONIC);
        STAP_PROBE2(shop, order_begin, 2, (long)(orders + i));
        STAP_PROBE1(shop, order_end, (long)i);
        taken[kind] += now(CLOCK_MONOTONIC) - begun;
        STAP_PROBE1(shop, order_end, (long)(orders + i));
        taken[2] += now(CLOCK_MONOTONIC) - second;
        count[kind]++;
        count[2]++;
        last = (int64_t)i * 1000 - 100000;
        STAP_PROBE2(shop, size, (uint32_t)(i * 7), last);
        bytes += (uint64_t)(i * 7);
        if (i % 5 == 0) {
            STAP_PROBE1(shop, rejected, i % 2 ? "shop::OutOfStock" : "shop::NoMoney");
            rejected++;
        }
    }
    for (int i = 0; i < connections; i++)
        for (int state = 0; state < 1 + i % 3; state++) {
            STAP_PROBE2(shop, connection, (long)i, state);
            idle += state == 0;
            busy += state == 1;
            idle -= state == 1;
            busy -= state == 2;
        }
    printf("{\"count\": [%d, %d, %d], \"ns\": [%llu, %llu, %llu], \"bytes\": %llu, "
           "\"last\": %lld, \"rejected\": %d, \"idle\": %d, \"busy\": %d}\n",
           count[0], count[1], count[2], (unsigned long long)taken[0], (unsigned long long)taken[1],
           (unsigned long long)taken[2], (unsigned long long)bytes, (long long)last, rejected, idle,
           busy);
}

/* Without NUL behind them, so that the length must count. */
static void note(const char* bytes, long length) {
    STAP_PROBE2(shop, note, bytes, length);
}

static void texts(const char* file) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *hole, *truncated, *cold;
    int fd;

    note("plain-and-more", 5);
    note("\xff\"\\\n{}=", 7);
    note("za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87", 10);
    note("", 0);
    /* Unmapped, not readable, and a text of which the end is not there. */
    note(NULL, 5);
    note((const char*)8, 5);
    hole = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(hole, 'h', 2 * page);
    mprotect(hole + page, page, PROT_NONE);
    note(hole + page, 5);
    note(hole + page - 3, 5);
    note(hole + page - 3, 3);
    /* A file that was never read through this mapping, and one that ends before the text. */
    fd = open(file, O_RDWR);
    cold = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    note(cold + 16, 4);
    truncated = mmap(NULL, 2 * page, PROT_READ, MAP_PRIVATE, fd, (off_t)page);
    note(truncated + page, 4);
    /* The same without a length. */
    STAP_PROBE1(shop, rejected, (const char*)8);
    STAP_PROBE1(shop, rejected, cold + 32);
    STAP_PROBE1(shop, rejected, hole + page - 3);
    printf("{\"read\": [\"plain\", \"\\ufffd\\\"\\\\\\n{}=\", \"za\\u017c\\u00f3\\u0142\\u0107\", "
           "\"\", \"hhh\", \"cold\"], \"unreadable\": 5, \"types\": [\"chill\"], "
           "\"unreadable_types\": 2}\n");
}

/* Memory whose page nobody brings until `release`: as if its file system hung. */
static struct {
    int fd;
    char* page;
    pthread_t reader;
} stalled;

static void* read_stalled(void* unused) {
    note(stalled.page, 4);
    return unused;
}

static int stall(void) {
    const size_t size = (size_t)sysconf(_SC_PAGESIZE);
    struct uffdio_api api = {.api = UFFD_API};
    struct uffdio_register memory = {.mode = UFFDIO_REGISTER_MODE_MISSING};

    stalled.page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory.range.start = (uintptr_t)stalled.page;
    memory.range.len = size;
    stalled.fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    if (stalled.fd < 0 || ioctl(stalled.fd, UFFDIO_API, &api) ||
        ioctl(stalled.fd, UFFDIO_REGISTER, &memory))
        return 0;
    return !pthread_create(&stalled.reader, NULL, read_stalled, NULL);
}

/* Whether the reader did wait, and was let go. */
static int release(void) {
    const size_t size = (size_t)sysconf(_SC_PAGESIZE);
    char* content = calloc(1, size);
    struct pollfd event = {.fd = stalled.fd, .events = POLLIN};
    struct uffd_msg fault;
    struct uffdio_copy copy = {.dst = (uintptr_t)stalled.page, .len = size};
    int done;

    memcpy(content, "late", 4);
    copy.src = (uintptr_t)content;
    done = poll(&event, 1, 5000) == 1 && read(stalled.fd, &fault, sizeof(fault)) == sizeof(fault) &&
           !ioctl(stalled.fd, UFFDIO_COPY, &copy) && !pthread_join(stalled.reader, NULL);
    free(content);
    return done;
}

static void semaphores(void) {
    printf("{\"hit\": %d, \"order_begin\": %d, \"order_end\": %d, \"size\": %d}\n",
           *(volatile unsigned short*)&shop_hit_semaphore,
           *(volatile unsigned short*)&shop_order_begin_semaphore,
           *(volatile unsigned short*)&shop_order_end_semaphore,
           *(volatile unsigned short*)&shop_size_semaphore);
}

int main(void) {
    char line[4096], word[64], argument[4000];
    int total, threads;

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("{\"ready\": true}\n");
    while (fgets(line, sizeof(line), stdin)) {
        if (sscanf(line, "hits %d %d", &total, &threads) == 2 && threads > 0 &&
            threads <= threads_at_most)
            hits(total, threads);
        else if (sscanf(line, "begin %d", &total) == 1) {
            STAP_PROBE2(shop, order_begin, 0, (long)total);
            printf("{\"begun\": %d}\n", total);
        } else if (sscanf(line, "end %d", &total) == 1) {
            STAP_PROBE1(shop, order_end, (long)total);
            printf("{\"ended\": %d}\n", total);
        } else if (sscanf(line, "texts %3999s", argument) == 1)
            texts(argument);
        else if (sscanf(line, "%63s", word) == 1 && !strcmp(word, "shapes"))
            shapes();
        else if (!strcmp(word, "semaphores"))
            semaphores();
        else if (!strcmp(word, "stall"))
            printf("{\"stalled\": %d}\n", stall());
        else if (!strcmp(word, "release"))
            printf("{\"released\": %d}\n", release());
        else
            printf("{\"error\": \"unknown command\"}\n");
    }
    return 0;
}
