// SPDX-License-Identifier: Apache-2.0
//
// Fires one probe from places where the compiler is made to put the arguments into each kind of
// operand, and prints what it passed: the reader has to print the same.
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

#include <stdint.h>
#include <stdio.h>

unsigned short arguments_fired_semaphore __attribute__((section(".probes")));

int32_t global_counter = -7;
static uint64_t table[4] = {11, 22, 33, 44};
struct {
    int32_t first;
    int16_t second;
    uint8_t third;
} record = {1, -2, 200};

static void say(const char* form, long long a, long long b, long long c) {
    printf("%s %lld %lld %lld\n", form, a, b, c);
}

static __attribute__((noinline)) void in_registers(int32_t a, uint64_t b, uint8_t c) {
    __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c));
    STAP_PROBE3(arguments, fired, a, b, c);
}

static __attribute__((noinline)) void constants(void) {
    STAP_PROBE3(arguments, fired, -5, 4000000000u, (int8_t)-1);
}

static __attribute__((noinline)) void globals(void) {
    STAP_PROBE3(arguments, fired, global_counter, record.second, record.third);
}

static __attribute__((noinline)) void by_pointer(const uint64_t* values) {
    STAP_PROBE3(arguments, fired, values[0], values[1], (int32_t)values[2]);
}

static __attribute__((noinline)) void narrow(int8_t a, int16_t b, uint16_t c) {
    __asm__ volatile("" : "+q"(a), "+r"(b), "+r"(c));
    STAP_PROBE3(arguments, fired, a, b, c);
}

static __attribute__((noinline)) void on_stack(int64_t a, int64_t b, int64_t c) {
    volatile int64_t x = a, y = b;
    volatile int32_t z = (int32_t)c;

    STAP_PROBE3(arguments, fired, x, y, z);
}

#if defined(__x86_64__)
static __attribute__((noinline)) void written_by_hand(const uint64_t* values, long index) {
    /* The operands of sdt.h's own macro cannot be chosen, so the note is written out. */
    __asm__ volatile("990: nop\n"
                     ".pushsection .note.stapsdt,\"?\",\"note\"\n"
                     ".balign 4\n"
                     ".4byte 992f-991f, 994f-993f, 3\n"
                     "991: .asciz \"stapsdt\"\n"
                     "992: .balign 4\n"
                     "993: .8byte 990b\n"
                     ".8byte _.stapsdt.base\n"
                     ".8byte arguments_fired_semaphore\n"
                     ".asciz \"arguments\"\n"
                     ".asciz \"fired\"\n"
                     ".asciz \"8@(%%rdi,%%rsi,8) -1@%%ah 8@8(%%rdi,%%rsi,8)\"\n"
                     "994: .balign 4\n"
                     ".popsection\n"
                     :
                     : "D"(values), "S"(index), "a"(0x8000L));
}
#endif

int main(void) {
    uint64_t heap[3] = {1ull << 40, 5, (uint64_t)(int64_t)-9};

    if (!arguments_fired_semaphore)
        printf("the semaphore is down\n");
    in_registers(-42, 0xfedcba9876543210ull, 250);
    say("registers", -42, (long long)0xfedcba9876543210ull, 250);
    constants();
    say("constants", -5, 4000000000u, -1);
    globals();
    say("globals", global_counter, record.second, record.third);
    by_pointer(heap);
    say("pointer", (long long)heap[0], (long long)heap[1], (int32_t)heap[2]);
    narrow(-3, -300, 65000);
    say("narrow", -3, -300, 65000);
    on_stack(-1, 1ll << 50, -77);
    say("stack", -1, 1ll << 50, -77);
#if defined(__x86_64__)
    written_by_hand(table, 1);
    say("by-hand", (long long)table[1], -128, (long long)table[2]);
#endif
    return 0;
}
