// SPDX-License-Identifier: Apache-2.0
//
// What the programs that see HTTP requests and gRPC calls must know of a binary: where the fields
// lie that they read.
#pragma once

#include "bpf/events.h"
#include "loader/golang/binary.h"

namespace holter::golang {

holter_http_target http_facts(const Binary& binary);

/// `load_bias` is of the process.
holter_grpc_target grpc_facts(const Binary& binary, std::uint64_t load_bias);

} // namespace holter::golang
