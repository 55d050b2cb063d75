// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/cgroup.h"

#include <cstddef>

namespace holter::process {
namespace {

constexpr std::size_t container_id_length = 64;

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_word(char c) {
    return is_hex(c) || (c >= 'g' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// `<id>`, `docker-<id>.scope`, `kubepods-….slice:cri-containerd:<id>` …
std::string_view container_id_in(std::string_view component) {
    // cri-o and podman give the monitor of a container, which runs outside of it, a group too.
    if (component.find("conmon") != std::string_view::npos) {
        return {};
    }
    std::size_t begin = 0;
    while (begin < component.size()) {
        std::size_t end = begin;
        bool hex = true;
        while (end < component.size() && is_word(component[end])) {
            hex = hex && is_hex(component[end]);
            ++end;
        }
        if (hex && end - begin == container_id_length) {
            return component.substr(begin, end - begin);
        }
        begin = end + 1;
    }
    return {};
}

/// Calls `visit` with each component, innermost first, until it returns false.
template <typename Visit> void inside_out(std::string_view path, Visit visit) {
    while (!path.empty()) {
        const std::size_t slash = path.rfind('/');
        const std::string_view component =
            slash == std::string_view::npos ? path : path.substr(slash + 1);
        if (!component.empty() && !visit(component)) {
            return;
        }
        path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    }
}

std::string_view container_id_of(std::string_view path) {
    std::string_view id;
    inside_out(path, [&](std::string_view component) {
        id = container_id_in(component);
        return id.empty();
    });
    return id;
}

std::string_view unit_of(std::string_view path) {
    constexpr std::string_view service = ".service";
    std::string_view unit;
    inside_out(path, [&](std::string_view component) {
        if (component.ends_with(".scope") || !container_id_in(component).empty()) {
            return false; // a session, or a container that a service runs: not the service itself
        }
        if (!component.ends_with(service)) {
            return true; // a service may have groups of its own below its unit
        }
        if (!component.starts_with("user@")) {
            unit = component.substr(0, component.size() - service.size());
        }
        return false;
    });
    return unit;
}

} // namespace

Cgroup parse_cgroup(std::string_view content) {
    Cgroup cgroup;
    while (!content.empty()) {
        const std::size_t newline = content.find('\n');
        const std::string_view line = content.substr(0, newline);
        content =
            newline == std::string_view::npos ? std::string_view() : content.substr(newline + 1);
        // hierarchy:controllers:path
        const std::size_t first = line.find(':');
        const std::size_t second =
            first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos) {
            continue;
        }
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        const std::string_view path = line.substr(second + 1);
        if (cgroup.container_id.empty()) {
            cgroup.container_id = container_id_of(path);
        }
        // v2, or the v1 hierarchy that systemd keeps for itself
        if (cgroup.systemd_unit.empty() && (controllers.empty() || controllers == "name=systemd")) {
            cgroup.systemd_unit = unit_of(path);
        }
    }
    return cgroup;
}

} // namespace holter::process
