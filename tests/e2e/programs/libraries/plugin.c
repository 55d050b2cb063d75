// SPDX-License-Identifier: Apache-2.0
//
// A library with a probe, whose argument says which build of it this is.
#include <sys/sdt.h>

__attribute__((visibility("default"), noinline)) void plugin_work(int times) {
    for (int i = 0; i < times; i++)
        STAP_PROBE2(plugin, work, VERSION, i);
}
