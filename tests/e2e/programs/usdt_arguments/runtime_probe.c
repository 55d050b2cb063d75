// SPDX-License-Identifier: Apache-2.0
//
// What libraries like libstapsdt make at run time: a shared object with one function, which is a
// probe and nothing else.
#include <sys/sdt.h>

__attribute__((noinline)) void fire(long number, const char* text, int flag) {
    STAP_PROBE3(runtime, fired, number, text, flag);
}
