// SPDX-License-Identifier: Apache-2.0
//
// A kill -9 of the agent must leave no breakpoint in a target, and the kernel does not
// see to that in one case: when the signal comes while a system call is putting
// breakpoints in or taking them out. The call then fails half-way, and taking out what
// is there already fails too, since the kernel does not write to another process' pages
// for a caller that is being killed ("failed to unregister, leaking uprobe" in its log).
// Such a breakpoint does the target no harm, but it stays until somebody attaches
// to the same place again and ends well.
//
// So these calls are made by a process of their own: one that shares memory and file
// descriptors with the agent, but is none of its threads, so that a signal to the agent
// does not reach it. When the agent is killed it finishes its call and ends, and with
// it the last user of the descriptors.
#pragma once

#include <functional>

namespace holter::attach {

/// Runs `work` where signals to the agent do not reach it, and returns when it has ended; here,
/// if there can be no other process. It must make system calls and little else: a lock whose
/// holder was killed with the agent would never be free.
void run_sheltered(const std::function<void()>& work);

} // namespace holter::attach
