// SPDX-License-Identifier: Apache-2.0
//
// Before anything else is touched, Holter attaches to itself. That answers what
// no version number does: whether uprobe_multi works here for all threads of a
// process (with a process filter it saw only the main thread in some kernels of
// 2023 and 2024), and what one hit costs on this machine.
#pragma once

#include "loader/attach/link.h"
#include "loader/result.h"

#include <string>

namespace holter::attach {

struct SelfTest {
    Method method = Method::multi;
    std::string why;             ///< why not multi; empty if it is
    double emulated_seconds = 0; ///< cost of one hit on an emulated instruction
    double stepped_seconds = 0;  ///< and on one that is single-stepped
};

/// Attaches to two small functions of our own. With `multi_allowed` false only perf events are
/// considered. Takes some 20 ms. Errors: those of Object::load and Link::create,
/// `self_test_failed`.
Result<SelfTest> run_self_test(bool multi_allowed, bool perf_allowed);

} // namespace holter::attach
