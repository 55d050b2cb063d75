// SPDX-License-Identifier: Apache-2.0
//
// Everything else that a process can write into its own /proc entries: the name in
// stat, the control group's path, environment and arguments. The first byte says
// how the rest is divided.
#include "loader/process/naming/foreign_text.h"
#include "loader/process/naming/resource_attributes.h"
#include "loader/process/naming/service_name.h"
#include "loader/process/procfs/cgroup.h"
#include "loader/process/procfs/procfs.h"
#include "loader/process/procfs/stat.h"
#include "loader/tcp/time_wait.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holter::process;
    const std::string_view text(reinterpret_cast<const char*>(data), size);

    parse_stat(text);

    const Cgroup cgroup = parse_cgroup(text);
    require(cgroup.container_id.empty() || cgroup.container_id.size() == 64);
    require(cgroup.systemd_unit.find('/') == std::string::npos);

    parse_resource_attributes(text);
    holter::tcp::time_waits_of_namespace(text);

    const std::size_t cut = text.empty() ? 0 : static_cast<std::uint8_t>(text.front()) % size;
    const std::string_view head = text.substr(0, cut);
    const std::string_view tail = text.substr(cut);
    environment_variable(tail, head);
    for (const std::string_view executable :
         {std::string_view("/usr/bin/java"), std::string_view("/usr/bin/python3.11"), head}) {
        const std::string name = service_name({head, cgroup.systemd_unit, tail, executable});
        require(name.size() <= 255);
        require(clean_text(name, name.size()) == name); // already clean
    }
    return 0;
}
