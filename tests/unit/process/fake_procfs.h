// SPDX-License-Identifier: Apache-2.0
//
// A procfs of plain files in a temporary folder, with only what a test puts there.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/types.h>
#include <unistd.h>

namespace holter::process {

struct FakeProcess {
    std::uint64_t start_time = 100;
    std::uint64_t image = 0x7ffc0000;
    std::uint32_t flags = 0x400000;
    std::uint64_t threads = 1;
    std::string name = "program";
};

class FakeProcfs {
  public:
    FakeProcfs() {
        std::string name = (std::filesystem::temp_directory_path() / "holter-XXXXXX").string();
        root_ = ::mkdtemp(name.data());
    }
    FakeProcfs(const FakeProcfs&) = delete;
    FakeProcfs& operator=(const FakeProcfs&) = delete;
    ~FakeProcfs() { std::filesystem::remove_all(root_); }

    std::string root() const { return root_.string(); }

    void run(pid_t pid, const FakeProcess& process) {
        write(pid, "stat",
              std::to_string(pid) + " (" + process.name + ") S 1 1 1 0 -1 " +
                  std::to_string(process.flags) + " 10 0 0 0 250 50 0 0 20 0 " +
                  std::to_string(process.threads) + " 0 " + std::to_string(process.start_time) +
                  " 8192 3 18446744073709551615 1 1 " + std::to_string(process.image) + " 0 0\n");
    }
    void write(pid_t pid, const std::string& name, std::string_view content) {
        write(std::to_string(pid) + "/" + name, content);
    }
    void write(const std::string& name, std::string_view content) {
        std::filesystem::create_directories((root_ / name).parent_path());
        std::ofstream(root_ / name, std::ios::binary) << content;
    }
    void link(pid_t pid, const std::string& name, const std::string& target) {
        const auto path = root_ / std::to_string(pid) / name;
        std::filesystem::create_directories(path.parent_path());
        std::filesystem::remove(path);
        std::filesystem::create_symlink(target, path);
    }
    void end(pid_t pid) { std::filesystem::remove_all(root_ / std::to_string(pid)); }

  private:
    std::filesystem::path root_;
};

} // namespace holter::process
