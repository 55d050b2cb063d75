// SPDX-License-Identifier: Apache-2.0
//
// Probes as no compiler writes them: on a nop of five bytes in the middle of a leaf
// function that keeps data below its stack pointer, and with arguments that make no
// sense. It works all the time, and says when a result is not what it must be.
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define STRANGE(nop, name, arguments)                                                              \
    "990: " nop "\n"                                                                               \
    ".pushsection .note.stapsdt,\"\",\"note\"\n"                                                   \
    ".balign 4\n.4byte 992f-991f, 994f-993f, 3\n"                                                  \
    "991: .asciz \"stapsdt\"\n992: .balign 4\n"                                                    \
    "993: .8byte 990b, 0, 0\n"                                                                     \
    ".asciz \"strange\"\n.asciz \"" name "\"\n.asciz \"" arguments "\"\n"                          \
    "994: .balign 4\n.popsection\n"

#define NOP5 ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00"

/* Keeps its argument in the red zone across the probe. */
__attribute__((noinline, naked)) static uint64_t leaf(uint64_t value __attribute__((unused))) {
    __asm__("mov %rdi, -8(%rsp)\n" STRANGE(NOP5, "nop5", "8@%rdi") "mov -8(%rsp), %rax\nret\n");
}

__attribute__((noinline)) static void bad(void) {
    __asm__ volatile(STRANGE("nop", "unreadable", "-4@%foo"));
    __asm__ volatile(STRANGE("nop", "counted", "-4@%foo"));
}

int main(void) {
    uint64_t wrong = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("{\"ready\": true}\n");
    for (int line; (line = getchar()) != EOF;) {
        if (line != '\n')
            continue;
        for (uint64_t i = 0; i < 1000; i++) {
            wrong += leaf(i * 77) != i * 77;
            bad();
        }
        printf("{\"rounds\": 1000, \"wrong\": %llu}\n", (unsigned long long)wrong);
    }
    return 0;
}
