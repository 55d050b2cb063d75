// SPDX-License-Identifier: Apache-2.0
//
// The BPF objects, loaded. An object is known by its name, the name of its
// source file in bpf/; those that probes are attached with hold one program of
// that same name. Objects that are loaded together share their maps: a map of the
// same name is the same map, so that all write into one ring and know the same
// targets.
#pragma once

#include "loader/attach/link.h"
#include "loader/result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

struct bpf_object;
struct bpf_program;

namespace holter::attach {

/// Maps by name; the descriptors belong to the objects that were loaded first.
using SharedMaps = std::map<std::string, int>;

/// One loaded BPF object.
class Object {
  public:
    /// Loads the object so that its program can be attached by `method`. Maps that are among
    /// `shared` are taken from there. Errors: `permission_denied`, `load_failed`, with the kernel's
    /// reason.
    static Result<Object> load(const std::string& name, Method method,
                               const SharedMaps& shared = {});

    /// The program that is named like the object.
    bpf_program* program() const;
    /// For what attaches programs of other kinds.
    bpf_object* raw() const { return object_.get(); }
    /// File descriptor of a map; -1 if the object has none of that name.
    int map(const std::string& name) const;
    /// Its maps by name, but those that hold its global variables.
    SharedMaps maps() const;

  private:
    struct Close {
        void operator()(bpf_object* object) const;
    };
    explicit Object(std::string name, bpf_object* object);
    std::string name_;
    std::unique_ptr<bpf_object, Close> object_;
};

/// Objects that share their maps.
class Objects {
  public:
    explicit Objects(Method method) : method_(method) {}

    /// Loads the object unless it is loaded already. Errors: those of Object::load.
    Result<const Object*> load(const std::string& name);
    /// An object that was loaded.
    const Object& at(const std::string& name) const { return objects_.at(name); }

    /// File descriptor of a map that any of them has; -1 if none has it.
    int map(const std::string& name) const;
    /// Writes zeroes over the element of `slot` in every array that has one for each target, which
    /// is every array of HOLTER_MAX_TARGETS elements.
    void clear_slot(std::uint32_t slot) const;

  private:
    Method method_;
    std::map<std::string, Object> objects_;
    SharedMaps maps_;
};

/// Routes libbpf's own messages to `sink(level, text)`; level as in libbpf (0 warn, 1 info, 2
/// debug).
void route_libbpf_messages(void (*sink)(int level, const std::string& text));

} // namespace holter::attach
