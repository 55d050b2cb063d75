// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/environment.h"

#include "catch.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace holter::attach {
namespace {

struct Machine {
    std::filesystem::path folder;
    EnvironmentSources sources;

    Machine() {
        std::string name = (std::filesystem::temp_directory_path() / "holter-XXXXXX").string();
        folder = ::mkdtemp(name.data());
        sources.self_status = (folder / "status").string();
        sources.btf = (folder / "btf").string();
        sources.lockdown = (folder / "lockdown").string();
        sources.kernel_release = "6.1.0-18-amd64";
        write("status", "Name:\tx\nCapEff:\t000001ffffffffff\n");
        write("btf", "x");
    }
    ~Machine() { std::filesystem::remove_all(folder); }
    void write(const std::string& name, const std::string& content) const {
        std::ofstream(folder / name) << content;
    }
    std::vector<std::string> reasons() const {
        std::vector<std::string> found;
        for (const Error& problem : environment_problems(sources)) {
            CHECK(problem.message.find('\n') == std::string::npos);
            found.push_back(problem.reason);
        }
        return found;
    }
};

using Reasons = std::vector<std::string>;

TEST_CASE("environment: nothing in the way") {
    Machine machine;
    CHECK(machine.reasons().empty());
    machine.write("lockdown", "none [integrity] confidentiality\n");
    CHECK(machine.reasons().empty());
}

TEST_CASE("environment: capabilities") {
    Machine machine;
    const auto with = [&](const std::string& mask) {
        machine.write("status", "CapInh:\t000001ffffffffff\nCapEff:\t" + mask + "\n");
        return machine.reasons();
    };
    CHECK(with("0000000000000000") == Reasons{"no_permission"});
    CHECK(with("000000c000080000").empty());                     // BPF, PERFMON, PTRACE
    CHECK(with("0000000000280000").empty());                     // SYS_ADMIN, PTRACE
    CHECK(with("0000008000080000") == Reasons{"no_permission"}); // PERFMON is missing
    CHECK(with("000000c000000000") == Reasons{"no_permission"}); // PTRACE is missing
    CHECK(environment_problems(machine.sources)[0].message.find("missing CAP_SYS_PTRACE;") == 0);
    CHECK(with("nonsense") == Reasons{"no_permission"});
    std::filesystem::remove(machine.folder / "status");
    CHECK(machine.reasons() == Reasons{"no_permission"});
}

TEST_CASE("environment: the kernel") {
    Machine machine;
    for (const char* release : {"5.15.0", "5.15", "6.0-rc1", "10.0.0"}) {
        machine.sources.kernel_release = release;
        CHECK(machine.reasons().empty());
    }
    for (const char* release : {"5.14.99", "4.19.0", "nonsense", "6", "6."}) {
        machine.sources.kernel_release = release;
        CHECK(machine.reasons() == Reasons{"old_kernel"});
    }
}

TEST_CASE("environment: BTF and lockdown") {
    Machine machine;
    machine.write("lockdown", "none integrity [confidentiality]\n");
    std::filesystem::remove(machine.sources.btf);
    CHECK(machine.reasons() == Reasons{"no_btf", "lockdown"});
}

TEST_CASE("environment: the memlock limit matters to old kernels only") {
    Machine machine;
    CHECK(lift_limits(machine.sources));
}

} // namespace
} // namespace holter::attach
