// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace holter::aggregator {

struct Snapshot {};

} // namespace holter::aggregator
