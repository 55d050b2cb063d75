// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/procfs.h"
#include "loader/process/procfs/resource_use.h"

#include "catch.h"
#include "process/fake_procfs.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

namespace holter::process {
namespace {

TEST_CASE("procfs: lists processes and nothing else") {
    FakeProcfs fake;
    fake.run(7, {});
    fake.run(4194304, {});
    fake.write("sys/kernel/x", "");
    fake.write("12x/stat", "");
    fake.write("99999999999/stat", "");
    auto pids = Procfs(fake.root()).pids();
    REQUIRE(pids);
    std::sort(pids->begin(), pids->end());
    CHECK(*pids == std::vector<pid_t>{7, 4194304});
}

TEST_CASE("procfs: the network namespace of a process") {
    const Procfs procfs;
    const auto inode = procfs.network_namespace(::getpid());
    REQUIRE(inode);
    struct stat status {};
    REQUIRE(::stat("/proc/self/ns/net", &status) == 0);
    CHECK(*inode == status.st_ino);
    REQUIRE(procfs.open_network_namespace(::getpid()));

    FakeProcfs fake;
    fake.write(7, "net/sockstat", "TCP: inuse 1\n");
    const auto statistics = Procfs(fake.root()).socket_statistics(7);
    REQUIRE(statistics);
    CHECK(*statistics == "TCP: inuse 1\n");
    CHECK(Procfs(fake.root()).socket_statistics(8).error().reason == "vanished");
    CHECK(Procfs(fake.root()).network_namespace(8).error().reason == "vanished");
    CHECK(Procfs(fake.root()).open_network_namespace(8).error().reason == "vanished");
}

TEST_CASE("procfs: a root that is none says so") {
    const Procfs procfs("/nonexistent");
    REQUIRE_FALSE(procfs.pids());
    CHECK(procfs.pids().error().reason == "no_procfs");
    CHECK(procfs.own_pid().error().reason == "no_procfs");
    CHECK(procfs.boot_time().error().reason == "no_procfs");
}

TEST_CASE("procfs: the PID namespace is that of process 1, or ours") {
    FakeProcfs fake;
    const Procfs procfs(fake.root());
    const auto inode = [&](pid_t pid) {
        struct stat status {};
        REQUIRE(::stat((fake.root() + "/" + std::to_string(pid) + "/ns/pid").c_str(), &status) ==
                0);
        return static_cast<std::uint32_t>(status.st_ino);
    };
    const pid_t own = ::getpid();
    CHECK(procfs.pid_namespace() == 0);
    fake.write(own, "ns/pid", "");
    fake.write(own + 1, "ns/pid", "");
    const std::string self = fake.root() + "/self";
    REQUIRE(::symlink(std::to_string(own + 1).c_str(), self.c_str()) == 0);
    CHECK(procfs.pid_namespace() == 0); // the procfs of another namespace: our number means nothing
    REQUIRE(::unlink(self.c_str()) == 0);
    REQUIRE(::symlink(std::to_string(own).c_str(), self.c_str()) == 0);
    CHECK(procfs.pid_namespace() == inode(own));
    fake.write(1, "ns/pid", "");
    CHECK(procfs.pid_namespace() == inode(1));
}

TEST_CASE("procfs: identity is pid and start time") {
    FakeProcfs fake;
    fake.run(7, {.start_time = 4711, .name = "a) (b"});
    const Procfs procfs(fake.root());
    REQUIRE(procfs.identity(7));
    CHECK(*procfs.identity(7) == Identity{7, 4711});
    CHECK(procfs.identity(8).error().reason == "vanished");
}

TEST_CASE("procfs: the path of a deleted executable loses its mark") {
    FakeProcfs fake;
    fake.link(7, "exe", "/opt/app (deleted)");
    const Procfs procfs(fake.root());
    REQUIRE(procfs.executable_path(7));
    CHECK(*procfs.executable_path(7) == "/opt/app");

    fake.write(7, "root/opt/app (deleted)", ""); // a file that is called so
    CHECK(*procfs.executable_path(7) == "/opt/app (deleted)");
}

TEST_CASE("procfs: when the main thread ended first, another one shows the image") {
    FakeProcfs fake;
    fake.run(7, {});
    fake.write(7, "cmdline", "");
    fake.link(7, "task/9/exe", "/opt/app");
    fake.write(7, "task/9/cmdline", std::string_view("app\0-v\0", 7));
    const Procfs procfs(fake.root());
    REQUIRE(procfs.executable_path(7));
    CHECK(*procfs.executable_path(7) == "/opt/app");
    CHECK(*procfs.command_line(7) == std::string_view("app\0-v\0", 7));
    CHECK(*procfs.executable_link(7) == fake.root() + "/7/task/9/exe");
}

TEST_CASE("procfs: reads are bounded") {
    FakeProcfs fake;
    fake.link(7, "exe", "/opt/app");
    fake.write(7, "cmdline", std::string(100'000, 'x'));
    fake.write(7, "environ", std::string(3'000'000, 'x'));
    const Procfs procfs(fake.root());
    CHECK(procfs.command_line(7)->size() == 32U << 10U);
    CHECK(procfs.environment(7)->size() == 1U << 20U);
}

TEST_CASE("procfs: an executable's identity changes with its content") {
    FakeProcfs fake;
    fake.write("program", "one");
    fake.link(7, "exe", fake.root() + "/program");
    const Procfs procfs(fake.root());
    const auto before = procfs.executable_identity(7);
    REQUIRE(before);
    const auto opened = procfs.open_executable(7);
    REQUIRE(opened);
    CHECK(*file_identity(*opened) == *before);

    fake.write("program", "other");
    const auto after = procfs.executable_identity(7);
    REQUIRE(after);
    CHECK(*before != *after);
    CHECK(after->inode == before->inode);
    CHECK(procfs.executable_identity(8).error().reason == "vanished");
}

std::string auxv(std::uint64_t entry) {
    Elf64_auxv_t items[3] = {};
    items[0].a_type = AT_PAGESZ;
    items[0].a_un.a_val = 4096;
    items[1].a_type = AT_ENTRY;
    items[1].a_un.a_val = entry;
    std::string bytes(sizeof(items), '\0');
    std::memcpy(bytes.data(), items, sizeof(items));
    return bytes;
}

TEST_CASE("procfs: load bias") {
    FakeProcfs fake;
    fake.write("program", "elf");
    fake.link(7, "exe", fake.root() + "/program");
    const Procfs procfs(fake.root());
    const std::uint64_t inode = procfs.executable_identity(7)->inode;
    const std::string other = "1000-2000 r--p 00000000 fe:01 1 /lib\n";
    const LinkedImage image{0x2a80, 0x1000, 0x1000};

    SECTION("from the entry point") {
        fake.write(7, "auxv", auxv(0x555500002a80));
        CHECK(*procfs.load_bias(7, image) == 0x555500000000);
    }
    SECTION("of an executable that is not relocated") {
        fake.write(7, "auxv", auxv(0x2a80));
        CHECK(*procfs.load_bias(7, image) == 0);
    }
    SECTION("from the mappings when the entry point cannot be true") {
        fake.write(7, "auxv", auxv(0x555500002a81));
        fake.write(7, "maps",
                   other + "555500001000-555500002000 r--p 00001000 fe:01 " +
                       std::to_string(inode) +
                       " /program\n555500009000-55550000a000 r-xp 00008000 "
                       "fe:01 " +
                       std::to_string(inode) + " /program\n");
        CHECK(*procfs.load_bias(7, image) == 0x555500000000);
    }
    SECTION("from the mappings when the first segment does not begin a page") {
        fake.write(7, "auxv", "");
        fake.write(7, "maps",
                   "555500001000-555500002000 r--p 00000000 fe:01 " + std::to_string(inode) +
                       " /program\n");
        CHECK(*procfs.load_bias(7, {0x2a80, 0x1040, 0x40}) == 0x555500000000);
    }
    SECTION("not found") {
        fake.write(7, "auxv", "short");
        fake.write(7, "maps", other);
        CHECK(procfs.load_bias(7, image).error().reason == "no_load_address");
    }
    SECTION("gone") {
        CHECK(procfs.load_bias(8, image).error().reason == "vanished");
    }
}

TEST_CASE("procfs: variables of an environment block") {
    const std::string block("PATH=/bin\0NAME\0NAMES=x\0NAME=a=b\0EMPTY=\0LAST=z", 46);
    CHECK(environment_variable(block, "PATH") == "/bin");
    CHECK(environment_variable(block, "NAME") == "a=b");
    CHECK(environment_variable(block, "EMPTY").empty());
    CHECK(environment_variable(block, "LAST") == "z");
    CHECK(environment_variable(block, "AST").empty());
    CHECK(environment_variable("", "PATH").empty());
}

TEST_CASE("procfs: what Holter itself uses") {
    FakeProcfs fake;
    fake.run(7, {.start_time = 200, .threads = 3});
    fake.write("7/fd/0", "");
    fake.write("7/fd/5", "");
    fake.write("stat", "cpu 1 2 3\nbtime 1700000000\nprocesses 5\n");
    ::symlink("7", (fake.root() + "/self").c_str());
    const auto use = own_resource_use(Procfs(fake.root()));
    REQUIRE(use);
    const auto hertz = static_cast<double>(::sysconf(_SC_CLK_TCK));
    CHECK(use->cpu_seconds == 300 / hertz);
    CHECK(use->resident_bytes == 3U * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
    CHECK(use->virtual_bytes == 8192);
    CHECK(use->open_files == 2);
    CHECK(use->open_files_limit > 0);
    CHECK(use->threads == 3);
    CHECK(use->start_time_seconds == 1700000000 + 200 / hertz);
}

TEST_CASE("procfs: the running system agrees") {
    const Procfs procfs;
    REQUIRE(procfs.own_pid());
    const pid_t own = ::getpid();
    CHECK(*procfs.own_pid() == own);
    const auto pids = procfs.pids();
    REQUIRE(pids);
    CHECK(std::find(pids->begin(), pids->end(), own) != pids->end());
    CHECK(procfs.executable_path(own)->ends_with("unit_tests"));
    CHECK(procfs.cpu_seconds(own));
    CHECK(procfs.cgroup(own));
    CHECK_FALSE(procfs.stat(own)->dead());
    CHECK_FALSE(procfs.stat(own)->kernel_thread());
}

} // namespace
} // namespace holter::process
