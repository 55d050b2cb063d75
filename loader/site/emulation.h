// SPDX-License-Identifier: Apache-2.0
//
// What the kernel does with the instruction under a uprobe: it emulates some inside the trap
// (under a microsecond), copies most others out and single-steps them (five and more), and refuses
// a few. Read from arch/x86/kernel/uprobes.c and arch/arm64/kernel/probes/decode-insn.c. Where
// kernels differ, the older one counts:
//
//   x86     push of a register (one byte, or two with REX 0x41) is emulated since 4.16 or so: not
//           in 4.15, but in 4.18 and in every kernel that has BPF rings
//           prefix 0x66 on a jump or call is refused, and until 5.16 even on `xchg ax, ax`
//           multi-byte nops are emulated since 2025, and stepped before
//           5-byte nops are rewritten to a call by 6.18, which overwrites the red zone
//   arm64   ldr (literal) is refused by newer kernels, and simulated wrongly by older ones
//           nop is simulated by newer kernels, and stepped by older ones
#pragma once

#include "loader/site/decoder.h"

namespace holter::site {

enum class Handling {
    emulated,
    stepped,
    unsafe, ///< refused by the kernel, or rewritten at the cost of the target: no probe goes here
};

Handling handling(Machine machine, const Instruction& instruction);

} // namespace holter::site
