// SPDX-License-Identifier: Apache-2.0
//
// A binary in miniature: the dozen runtime functions that are looked at, reduced to the
// instructions that say where the variables are.
#include "loader/golang/account/globals.h"

#include "catch.h"

#include <cstring>
#include <elf.h>
#include <string>

namespace holter::golang {
namespace {

constexpr std::uint64_t text = 0x401000;
constexpr std::uint64_t data = 0x501000;
constexpr std::uint64_t data_size = 0x10000;
constexpr std::uint64_t function_size = 0x80;
constexpr std::size_t header_size = 0x1000;

constexpr std::uint64_t memstats = data + 0x1000;
constexpr std::uint64_t gc_controller = data + 0x4000;
constexpr std::uint64_t work = data + 0x5000;
constexpr std::uint64_t sched = data + 0x6000;
constexpr std::uint64_t allp = data + 0x7000;
constexpr std::uint64_t allglen = data + 0x7100;
constexpr std::uint64_t allgptr = data + 0x7200;
constexpr std::uint64_t deadlock = data + 0x7300;

constexpr GlobalOffsets offsets{0x1e18, 0xe10, 0x1c0, 0x18};

/// Writes functions one after the other, each into its own function_size bytes.
class Writer {
  public:
    Writer() : code_(header_size) {}

    std::uint64_t begin(const std::string& name) {
        code_.resize(header_size + table_.functions.size() * function_size);
        table_.functions.push_back({name, here(), function_size});
        return here();
    }
    void lea_rax(std::uint64_t target) { relative({0x48, 0x8d, 0x05}, target); }
    void lea_rcx(std::uint64_t target) { relative({0x48, 0x8d, 0x0d}, target); }
    void load_rax(std::uint64_t target) { relative({0x48, 0x8b, 0x05}, target); }
    void load_rcx(std::uint64_t target) { relative({0x48, 0x8b, 0x0d}, target); }
    void inc(std::uint64_t target) { relative({0xff, 0x05}, target); }
    void add_rax(std::uint64_t target) { relative({0x48, 0x01, 0x05}, target); }
    void call(std::uint64_t target) { relative({0xe8}, target); }
    void call(const std::string& name) { call(table_.find(name)->address); }
    void xchg_rcx() { bytes({0x48, 0x87, 0x19}); }

    /// The file: one segment of code, one of variables without contents.
    std::vector<std::byte> image(std::uint16_t machine) {
        code_.resize(header_size + table_.functions.size() * function_size, std::byte{0xcc});
        Elf64_Ehdr header{};
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_ident[EI_VERSION] = EV_CURRENT;
        header.e_type = ET_EXEC;
        header.e_machine = machine;
        header.e_version = EV_CURRENT;
        header.e_ehsize = sizeof header;
        header.e_phoff = sizeof header;
        header.e_phentsize = sizeof(Elf64_Phdr);
        header.e_phnum = 2;
        Elf64_Phdr segments[2]{};
        segments[0].p_type = segments[1].p_type = PT_LOAD;
        segments[0].p_flags = PF_R | PF_X;
        segments[0].p_offset = header_size;
        segments[0].p_vaddr = text;
        segments[0].p_filesz = segments[0].p_memsz = code_.size() - header_size;
        segments[1].p_flags = PF_R | PF_W;
        segments[1].p_vaddr = data;
        segments[1].p_memsz = data_size;
        std::memcpy(code_.data(), &header, sizeof header);
        std::memcpy(code_.data() + sizeof header, segments, sizeof segments);
        return code_;
    }
    const FunctionTable& table() const { return table_; }

  private:
    std::uint64_t here() const { return text + (code_.size() - header_size); }
    void bytes(std::initializer_list<unsigned> values) {
        for (const unsigned value : values) {
            code_.push_back(static_cast<std::byte>(value));
        }
    }
    void relative(std::initializer_list<unsigned> opcode, std::uint64_t target) {
        bytes(opcode);
        const auto displacement = static_cast<std::uint32_t>(target - (here() + 4));
        for (unsigned shift = 0; shift < 32; shift += 8) {
            code_.push_back(static_cast<std::byte>(displacement >> shift));
        }
    }

    std::vector<std::byte> code_;
    FunctionTable table_;
};

/// What a test changes of the binary.
struct Changes {
    std::uint64_t end_cycle_on = gc_controller;
    std::uint64_t numforcedgc = memstats + 0x1e1c;
    std::uint64_t second_slice = allp;
    std::uint64_t lock_taken_by_stop = sched + 0x18;
    std::uint64_t pause_of_mark = work + 0x1c0;
    std::uint64_t first_loaded = allglen;
    std::uint64_t variables_moved_by = 0;
    std::uint16_t machine = EM_X86_64;
    GlobalOffsets known = offsets;
};

Globals locate(const Changes& changes) {
    Writer writer;
    const std::uint64_t moved = changes.variables_moved_by;
    writer.begin("runtime.(*gcControllerState).startCycle");
    writer.begin("runtime.(*gcControllerState).endCycle");
    writer.begin("runtime.lock2");
    writer.begin("runtime.startTheWorldWithSema");
    writer.lea_rax(sched + 0x18 + moved);
    writer.call("runtime.lock2");
    writer.begin("runtime.stopTheWorldWithSema");
    writer.lea_rax(changes.lock_taken_by_stop + moved);
    writer.call("runtime.lock2");
    writer.lea_rax(deadlock);
    writer.call("runtime.lock2");
    writer.load_rax(allp);
    writer.load_rcx(allp + 8);
    writer.begin("runtime.checkdead");
    writer.load_rcx(changes.second_slice + 8);
    writer.load_rax(changes.second_slice);
    writer.begin("runtime.gcStart");
    writer.lea_rax(gc_controller);
    writer.call("runtime.(*gcControllerState).startCycle");
    writer.begin("runtime.gcStart.func1");
    writer.call("runtime.stopTheWorldWithSema");
    writer.begin("runtime.gcStart.func2");
    writer.call("runtime.startTheWorldWithSema");
    writer.add_rax(work + 0x1c0);
    writer.begin("runtime.gcMarkDone");
    writer.lea_rax(changes.end_cycle_on);
    writer.call("runtime.(*gcControllerState).endCycle");
    writer.begin("runtime.gcMarkTermination");
    writer.add_rax(changes.pause_of_mark);
    writer.add_rax(memstats + 0xe10);
    writer.inc(changes.numforcedgc);
    writer.inc(memstats + 0x1e18);
    writer.begin("runtime.allgadd");
    writer.lea_rcx(allgptr);
    writer.xchg_rcx();
    writer.lea_rcx(allglen);
    writer.xchg_rcx();
    writer.begin("runtime.forEachGRace");
    writer.load_rax(changes.first_loaded);
    writer.load_rcx(allgptr);

    const std::vector<std::byte> image = writer.image(changes.machine);
    const Result<elf::ElfFile> file = elf::ElfFile::over(image);
    REQUIRE(file);
    return locate_globals(*file, writer.table(), changes.known);
}

TEST_CASE("all variables of a binary without symbols") {
    const Globals globals = locate({});
    CHECK(globals.memstats.address == memstats);
    CHECK(globals.gc_controller.address == gc_controller);
    CHECK(globals.work.address == work);
    CHECK(globals.sched.address == sched);
    CHECK(globals.allp.address == allp);
    CHECK(globals.allglen.address == allglen);
    CHECK(globals.memstats.how == "code of gcMarkTermination");
}

TEST_CASE("a variable on which two functions do not agree is not given") {
    const auto is_missing = [](const Global& global) {
        return !global.address && !global.how.empty();
    };
    Changes changes;
    SECTION("gcController") {
        changes.end_cycle_on = gc_controller + 8;
        CHECK(is_missing(locate(changes).gc_controller));
    }
    SECTION("memstats") {
        changes.numforcedgc += 4;
        CHECK(is_missing(locate(changes).memstats));
    }
    SECTION("memstats by offsets of another release") {
        changes.known.memstats_numgc = 0x1e00;
        CHECK(is_missing(locate(changes).memstats));
    }
    SECTION("work") {
        changes.pause_of_mark += 8;
        CHECK(is_missing(locate(changes).work));
    }
    SECTION("sched") {
        changes.lock_taken_by_stop += 8;
        CHECK(is_missing(locate(changes).sched));
    }
    SECTION("allp") {
        changes.second_slice += 16;
        CHECK(is_missing(locate(changes).allp));
    }
    SECTION("allglen") {
        changes.first_loaded += 8;
        CHECK(is_missing(locate(changes).allglen));
    }
    SECTION("outside of writable memory") {
        changes.variables_moved_by = data_size;
        const Globals globals = locate(changes);
        CHECK(is_missing(globals.sched));
        CHECK(globals.work.address == work);
    }
}

TEST_CASE("without offsets only the variables that need none are found") {
    Changes changes;
    changes.known = {};
    const Globals globals = locate(changes);
    CHECK_FALSE(globals.memstats.address);
    CHECK_FALSE(globals.work.address);
    CHECK_FALSE(globals.sched.address);
    CHECK(globals.gc_controller.address == gc_controller);
    CHECK(globals.allp.address == allp);
    CHECK(globals.allglen.address == allglen);
}

TEST_CASE("without functions nothing is found, and every variable says why") {
    Writer writer;
    writer.begin("main.main");
    const std::vector<std::byte> image = writer.image(EM_X86_64);
    const Result<elf::ElfFile> file = elf::ElfFile::over(image);
    REQUIRE(file);
    const Globals globals = locate_globals(*file, writer.table(), offsets);
    for (const Global* global : {&globals.memstats, &globals.gc_controller, &globals.work,
                                 &globals.sched, &globals.allp, &globals.allglen}) {
        CHECK_FALSE(global->address);
        CHECK_FALSE(global->how.empty());
    }
}

TEST_CASE("functions that lie outside of the file are no code") {
    FunctionTable table;
    for (const std::string& name : globals_functions()) {
        table.functions.push_back({name, 0xffffffffffff0000, std::uint64_t{1} << 40});
    }
    Writer writer;
    writer.begin("main.main");
    const std::vector<std::byte> image = writer.image(EM_X86_64);
    const Result<elf::ElfFile> file = elf::ElfFile::over(image);
    REQUIRE(file);
    CHECK_FALSE(locate_globals(*file, table, offsets).memstats.address);
}

TEST_CASE("on arm64 code is not searched") {
    Changes changes;
    changes.machine = EM_AARCH64;
    const Globals globals = locate(changes);
    CHECK_FALSE(globals.memstats.address);
    CHECK(globals.memstats.how.find("x86-64 only") != std::string::npos);
}

} // namespace
} // namespace holter::golang
