// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/objects.h"

#include "bpf/events.h"
#include "bpf_objects.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <vector>

namespace holter::attach {

namespace {

constexpr auto trace_uprobe_multi = static_cast<bpf_attach_type>(48); // BPF_TRACE_UPROBE_MULTI, 6.6

void (*message_sink)(int, const std::string&) = nullptr;

int print_message(libbpf_print_level level, const char* format, va_list arguments) {
    char line[4096];
    const int length = std::vsnprintf(line, sizeof(line), format, arguments);
    if (message_sink && length > 0) {
        std::string text(line);
        while (!text.empty() && text.back() == '\n')
            text.pop_back();
        message_sink(static_cast<int>(level), text);
    }
    return length;
}

} // namespace

void route_libbpf_messages(void (*sink)(int, const std::string&)) {
    message_sink = sink;
    libbpf_set_print(print_message);
}

void Object::Close::operator()(bpf_object* object) const {
    bpf_object__close(object);
}

Object::Object(std::string name, bpf_object* object) : name_(std::move(name)), object_(object) {}

Result<Object> Object::load(const std::string& name, Method method, const SharedMaps& shared) {
    std::size_t size = 0;
    const void* bytes = bpf_object_bytes(name.c_str(), &size);
    if (!bytes)
        return Error{"load_failed", "no BPF object `" + name + "` is built in"};
    bpf_object* opened = bpf_object__open_mem(bytes, size, nullptr);
    if (!opened)
        return Error{"load_failed", "BPF object " + name + ": " + std::strerror(errno)};
    Object object(name, opened);
    if (method == Method::multi && object.program())
        bpf_program__set_expected_attach_type(object.program(), trace_uprobe_multi);
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, opened) {
        const auto found = shared.find(bpf_map__name(map));
        if (found != shared.end() && !bpf_map__is_internal(map) &&
            bpf_map__reuse_fd(map, found->second) != 0)
            return Error{"load_failed", "BPF object " + name + ": map " + found->first +
                                            " cannot be shared: " + std::strerror(errno)};
    }
    if (bpf_object__load(opened) != 0) {
        const int code = errno;
        return Error{code == EPERM ? "permission_denied" : "load_failed",
                     "the kernel refused BPF object " + name + ": " + std::strerror(code) +
                         "; --log.level=debug shows its reasons"};
    }
    return object;
}

bpf_program* Object::program() const {
    return bpf_object__find_program_by_name(object_.get(), name_.c_str());
}

int Object::map(const std::string& name) const {
    return bpf_object__find_map_fd_by_name(object_.get(), name.c_str());
}

SharedMaps Object::maps() const {
    SharedMaps maps;
    const bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object_.get()) if (!bpf_map__is_internal(map))
        maps.emplace(bpf_map__name(map), bpf_map__fd(map));
    return maps;
}

Result<const Object*> Objects::load(const std::string& name) {
    const auto known = objects_.find(name);
    if (known != objects_.end())
        return &known->second;
    auto object = Object::load(name, method_, maps_);
    if (!object)
        return object.error();
    maps_.merge(object->maps());
    return &objects_.emplace(name, std::move(*object)).first->second;
}

int Objects::map(const std::string& name) const {
    const auto found = maps_.find(name);
    return found == maps_.end() ? -1 : found->second;
}

void Objects::clear_slot(std::uint32_t slot) const {
    for (const auto& [name, fd] : maps_) {
        bpf_map_info info{};
        std::uint32_t size = sizeof(info);
        if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0 || info.type != BPF_MAP_TYPE_ARRAY ||
            info.max_entries != HOLTER_MAX_TARGETS)
            continue;
        const std::vector<std::byte> zeroes(info.value_size);
        bpf_map_update_elem(fd, &slot, zeroes.data(), BPF_ANY);
    }
}

} // namespace holter::attach
