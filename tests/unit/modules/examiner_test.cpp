// SPDX-License-Identifier: Apache-2.0
//
// Files are looked at once, whoever maps them, and again only when what is said of them
// has changed.
#include "loader/modules/examiner.h"

#include "catch.h"
#include "elf/elf_builder.h"
#include "process/fake_procfs.h"
#include "usdt/note_builder.h"

#include <fstream>

namespace holter::modules {
namespace {

std::string shop_text(const std::string& help = "h", const std::string& file = "libshop.so*") {
    return "library: shop\nrecognise: [{file: \"" + file +
           "\"}]\nmetrics:\n  - {name: shop_total, type: counter, help: h}\ngroups:\n"
           "  - name: g\n    probes:\n      - {name: p, help: " +
           help + ", shape: count, at: {usdt: \"shop:order\"}, metric: shop_total}\n";
}

catalogue::Definition definition(const std::string& text, const std::string& source = "shop.yaml") {
    return catalogue::parse_definition(text, source);
}

/// Processes of a machine that is made of files.
struct Machine {
    Machine() {
        test::Bytes notes;
        test::put_note(notes, {"shop", "order", "", 0x1010});
        test::ElfBuilder builder(ET_DYN);
        builder.load(PF_R | PF_X, 0x1000, test::Bytes(0x100, std::byte{0x90}))
            .extra(".note.stapsdt", SHT_NOTE, notes);
        image = builder.build();
        write("files/libshop.so.1", image);
    }
    void write(const std::string& name, const test::Bytes& bytes) {
        procfs.write(name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    /// The process has mapped `file`, which it knows as `path`.
    void map(pid_t pid, const std::string& file, const std::string& path) {
        procfs.run(pid, {});
        const std::string mapping =
            "7f0000001000-7f0000002000 r-xp 00001000 00:2a 4711                       " + path +
            "\n";
        procfs.write(pid, "maps",
                     "7f0000000000-7f0000001000 r--p 00000000 00:2a 4711                       " +
                         path + "\n" + mapping +
                         "7ffc00000000-7ffc00001000 r-xp 00000000 00:00 0                      "
                         "    [vdso]\n");
        procfs.link(pid, "map_files/7f0000001000-7f0000002000", procfs.root() + "/" + file);
    }
    std::vector<KnownFile> known(pid_t pid) {
        auto files = examiner.examine(pid);
        REQUIRE(files);
        unreadable = std::move(files->unreadable);
        return std::move(files->files);
    }
    process::FakeProcfs procfs;
    test::Bytes image;
    int defined = 0, forgotten = 0;
    std::vector<Error> unreadable; ///< what the last known() could not look at
    SpecificationTable table{
        -1, {[this](auto, const auto&, const auto&) { ++defined; }, [this](auto) { ++forgotten; }}};
    process::Procfs seen{procfs.root()};
    Examiner examiner{seen, table};
};

std::vector<catalogue::Definition> list(catalogue::Definition one) {
    std::vector<catalogue::Definition> all;
    all.push_back(std::move(one));
    return all;
}

} // namespace

TEST_CASE("processes that share a file share its plan", "[examiner]") {
    Machine machine;
    machine.examiner.set_definitions(list(definition(shop_text())));
    for (pid_t pid = 100; pid < 200; ++pid)
        machine.map(pid, "files/libshop.so.1", "/usr/lib/libshop.so.1");
    const auto first = machine.known(100);
    REQUIRE(first.size() == 1);
    CHECK(first[0].file.path == "/usr/lib/libshop.so.1");
    REQUIRE(first[0].plans.size() == 1);
    for (pid_t pid = 101; pid < 200; ++pid) {
        const auto other = machine.known(pid);
        REQUIRE(other.size() == 1);
        CHECK(other[0].plans[0] == first[0].plans[0]);
    }
    CHECK(machine.defined == 1);
    CHECK(runtime_of(first) == "shop");
}

TEST_CASE("a file that was deleted, or has another name, is still known by what it was",
          "[examiner]") {
    Machine machine;
    machine.examiner.set_definitions(list(definition(shop_text())));
    machine.map(1, "files/libshop.so.1", "/usr/lib/libshop.so.1 (deleted)");
    REQUIRE(machine.known(1).size() == 1);
    CHECK(machine.known(1)[0].file.path == "/usr/lib/libshop.so.1");
    machine.map(2, "files/libshop.so.1", "/usr/lib/other.so");
    CHECK(machine.known(2).empty());
}

TEST_CASE("a replaced file is another file", "[examiner]") {
    Machine machine;
    machine.examiner.set_definitions(list(definition(shop_text())));
    machine.map(1, "files/libshop.so.1", "/usr/lib/libshop.so.1");
    machine.write("files/new", machine.image);
    machine.map(2, "files/new", "/usr/lib/libshop.so.1");
    CHECK(machine.known(1)[0].plans[0] != machine.known(2)[0].plans[0]);
    CHECK_FALSE(machine.known(1)[0].identity == machine.known(2)[0].identity);
}

TEST_CASE("definitions that stay as they are keep their plans", "[examiner]") {
    Machine machine;
    machine.map(1, "files/libshop.so.1", "/usr/lib/libshop.so.1");
    const auto both = [&](const std::string& help) {
        auto all = list(definition(shop_text()));
        all.push_back(definition(shop_text(help), "other.yaml"));
        return all;
    };
    machine.examiner.set_definitions(both("one"));
    auto before = machine.known(1);
    REQUIRE(before[0].plans.size() == 2);
    machine.examiner.set_definitions(both("one"));
    CHECK(machine.known(1)[0].plans == before[0].plans);
    CHECK(machine.defined == 2);

    machine.examiner.set_definitions(both("two"));
    const auto after = machine.known(1);
    CHECK(after[0].plans[0] == before[0].plans[0]);
    CHECK(after[0].plans[1] != before[0].plans[1]);
    CHECK(machine.defined == 3);
    CHECK(machine.forgotten == 0); // somebody still has it
    before.clear();
    CHECK(machine.forgotten == 1);
    machine.examiner.set_definitions({});
    CHECK(machine.known(1).empty());
}

TEST_CASE("what is no file, no ELF or gone is passed over", "[examiner]") {
    Machine machine;
    machine.examiner.set_definitions(list(definition(shop_text())));
    machine.procfs.write("files/text", "#!/bin/sh\n");
    machine.map(1, "files/text", "/usr/lib/libshop.so.1");
    CHECK(machine.known(1).empty());
    machine.map(2, "files", "/usr/lib/libshop.so.1");
    CHECK(machine.known(2).empty());
    CHECK(machine.unreadable.empty());
    machine.map(3, "files/nothing", "/usr/lib/libshop.so.1");
    CHECK(machine.known(3).empty());
    CHECK(machine.unreadable.empty());
    CHECK_FALSE(machine.examiner.examine(4));
}

TEST_CASE("a file that cannot be opened is named, and looked at as soon as it can be",
          "[examiner]") {
    Machine machine;
    machine.examiner.set_definitions(list(definition(shop_text())));
    machine.procfs.link(1, "loop", machine.procfs.root() + "/1/loop");
    machine.map(1, "1/loop", "/usr/lib/libshop.so.1");
    CHECK(machine.known(1).empty());
    REQUIRE(machine.unreadable.size() == 1);
    CHECK(machine.unreadable[0].reason == "not_readable");
    CHECK(machine.unreadable[0].message.find("/usr/lib/libshop.so.1: ") == 0);
    machine.map(1, "1/loop", "/usr/lib/libother.so.1"); // nobody asks for it
    CHECK(machine.known(1).empty());
    CHECK(machine.unreadable.empty());
    machine.map(1, "files/libshop.so.1", "/usr/lib/libshop.so.1");
    CHECK(machine.known(1).size() == 1);
    CHECK(machine.unreadable.empty());
}

} // namespace holter::modules
