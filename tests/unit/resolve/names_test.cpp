// SPDX-License-Identifier: Apache-2.0
//
// What stands for a number is looked for again while it cannot be found, but not all the time.
#include "loader/resolve/names.h"

#include "catch.h"
#include "elf/elf_builder.h"
#include "process/fake_procfs.h"
#include "resolve/fake_jvm.h"

namespace holter::resolve {
namespace {

constexpr pid_t jvm_pid = 7;
constexpr std::uint32_t a_class = 16;
constexpr const char* mapped = "10000-20000 r-xp 00000000 00:2a 4711       /usr/lib/libjvm.so\n";

/// A JVM as files: its memory begins with libjvm, which is linked to where it is loaded.
struct Jvm {
    Jvm() {
        memory.tables();
        memory.add_class(a_class, "java/lang/Error");
        procfs.run(jvm_pid, {});
        procfs.write(jvm_pid, "maps", "");
        test::Bytes texts{std::byte{0}}, symbols;
        test::put(symbols, Elf64_Sym{});
        for (const auto& [name, address] : memory.addresses) {
            test::put(symbols, test::symbol(static_cast<std::uint32_t>(texts.size()), STB_GLOBAL,
                                            address, 8));
            test::put_text(texts, name + '\0');
        }
        test::Bytes code(0x100, std::byte{0x90});
        test::ElfBuilder builder(ET_DYN);
        // Behind the headers, which are in the same page.
        constexpr std::uint64_t start = test::FakeJvm::at + sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
        builder.load(PF_R | PF_X, start, code)
            .section(".text", start, code.size())
            .extra(".symtab", SHT_SYMTAB, symbols, 3)
            .extra(".strtab", SHT_STRTAB, texts);
        image = builder.build();
    }
    void map_library() {
        procfs.write("libjvm", {reinterpret_cast<const char*>(image.data()), image.size()});
        procfs.write(jvm_pid, "maps", mapped);
        procfs.link(jvm_pid, "map_files/10000-20000", procfs.root() + "/libjvm");
    }
    void fill_memory() {
        std::string all(test::FakeJvm::at, '\0');
        const auto& bytes = memory.bytes();
        all.append(bytes.data(), bytes.size());
        procfs.write(jvm_pid, "mem", all);
    }
    std::string name() { return names.of(catalogue::Field::As::hotspot_class, a_class, {}); }

    test::FakeJvm memory;
    test::Bytes image;
    process::FakeProcfs procfs;
    process::Procfs seen{procfs.root()};
    Names::Clock::time_point now{};
    Names names{seen, {jvm_pid, process::FakeProcess{}.start_time}, [this] { return now; }};
};

} // namespace

TEST_CASE("a JVM that was looked at too early is looked at again") {
    Jvm jvm;
    CHECK(jvm.name().empty()); // no memory to be read, nothing mapped
    jvm.map_library();
    jvm.fill_memory();
    CHECK(jvm.name().empty());
    jvm.now += Names::first_pause;
    CHECK(jvm.name() == "java.lang.Error");
}

TEST_CASE("a JVM without tables is looked at seldom") {
    Jvm jvm;
    std::chrono::seconds waited{0};
    for (auto pause = Names::first_pause; pause <= Names::longest_pause; pause *= 2) {
        CHECK(jvm.name().empty());
        jvm.now += pause - std::chrono::milliseconds(1);
        CHECK(jvm.name().empty());
        jvm.now += std::chrono::milliseconds(1);
        waited += pause;
    }
    CHECK(jvm.name().empty());
    jvm.map_library();
    jvm.fill_memory();
    jvm.now += Names::longest_pause - std::chrono::milliseconds(1);
    CHECK(jvm.name().empty());
    jvm.now += std::chrono::milliseconds(1);
    CHECK(jvm.name() == "java.lang.Error");
    CHECK(waited == 2 * Names::longest_pause - Names::first_pause);
}

} // namespace holter::resolve
