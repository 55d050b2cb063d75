// SPDX-License-Identifier: Apache-2.0
//
// The BPF objects, loaded. An object is known by its name, the name of its
// source file in bpf/; those that probes are attached with hold one program of
// that same name.
#pragma once

#include "loader/attach/link.h"
#include "loader/result.h"

#include <cstdint>
#include <memory>
#include <string>

struct bpf_object;
struct bpf_program;

namespace holter::attach {

/// One loaded BPF object.
class Object {
  public:
    /// Loads the object so that its program can be attached by `method`.
    /// Errors: `permission_denied`, `load_failed`, with the kernel's reason.
    static Result<Object> load(const std::string& name, Method method);

    /// The program that is named like the object.
    bpf_program* program() const;
    /// File descriptor of a map; -1 if the object has none of that name.
    int map(const std::string& name) const;
    /// Writes zeroes over one element of an array map.
    void clear_element(const std::string& map, std::uint32_t index) const;

  private:
    struct Close {
        void operator()(bpf_object* object) const;
    };
    explicit Object(std::string name, bpf_object* object);
    std::string name_;
    std::unique_ptr<bpf_object, Close> object_;
};

/// Routes libbpf's own messages to `sink(level, text)`; level as in libbpf (0 warn, 1 info, 2
/// debug).
void route_libbpf_messages(void (*sink)(int level, const std::string& text));

} // namespace holter::attach
