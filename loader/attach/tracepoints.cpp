// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/tracepoints.h"

#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <string>

namespace holter::attach {

void Tracepoints::Detach::operator()(bpf_link* link) const {
    bpf_link__destroy(link);
}

Result<Tracepoints> Tracepoints::attach(const Object& object) {
    Tracepoints attached;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object.raw()) {
        bpf_link* link = bpf_program__attach(program);
        if (!link)
            return Error{"attach_failed",
                         std::string("cannot attach ") + bpf_program__name(program) + " to " +
                             bpf_program__section_name(program) + ": " + std::strerror(errno)};
        attached.links_.emplace_back(link);
    }
    return attached;
}

} // namespace holter::attach
