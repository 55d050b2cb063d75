// SPDX-License-Identifier: Apache-2.0
//
// Programs of an object that hang on the kernel's own tracepoints: attached once for the
// whole agent, whatever is traced.
#pragma once

#include "loader/attach/objects.h"
#include "loader/result.h"

#include <memory>
#include <vector>

struct bpf_link;

namespace holter::attach {

/// Owns the attachments; destroying it ends them. The object must outlive it.
class Tracepoints {
  public:
    Tracepoints() = default;

    /// Attaches every program of the object to what its section names. Error: `attach_failed`.
    static Result<Tracepoints> attach(const Object& object);

  private:
    struct Detach {
        void operator()(bpf_link* link) const;
    };
    std::vector<std::unique_ptr<bpf_link, Detach>> links_;
};

} // namespace holter::attach
