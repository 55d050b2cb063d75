// SPDX-License-Identifier: Apache-2.0
//
// What the kernel does with the instruction under a uprobe: it emulates some inside the trap
// (under a microsecond), copies most others out and single-steps them (five and more), and refuses
// a few. Read from arch/x86/kernel/uprobes.c and arch/arm64/kernel/probes/decode-insn.c. Where
// kernels differ, the older one counts:
//
//   x86     since 4.16  push of a register (one byte, or two with REX 0x41)
//           before 5.17 a branch-like instruction with prefix 0x66, even `xchg ax, ax`: refused
//           since 6.16  multi-byte nops are emulated; stepped before
//           since 6.18  a five-byte nop is rewritten to a call, which overwrites the red zone
//   arm64   until 6.12  ldr (literal) is accepted, and simulated wrongly on big pages; refused
//   since
//           since 6.14  nop is simulated; stepped before
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
