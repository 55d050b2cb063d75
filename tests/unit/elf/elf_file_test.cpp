// SPDX-License-Identifier: Apache-2.0
#include "loader/elf/elf_file.h"

#include "catch.h"
#include "elf/elf_builder.h"
#include "loader/elf/printable.h"
#include "loader/elf/strings.h"
#include "loader/elf/window.h"

#include <algorithm>
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>

using namespace holter;
using elf::ElfFile;
using test::Bytes;
using test::ElfBuilder;
using test::put;
using test::put_text;

namespace {

Bytes numbers(std::size_t count) {
    Bytes bytes;
    for (std::size_t i = 0; i < count; ++i) {
        bytes.push_back(static_cast<std::byte>(i));
    }
    return bytes;
}

ElfBuilder two_segments() {
    ElfBuilder builder;
    builder.load(PF_R | PF_X, 0x401000, numbers(64));
    builder.load(PF_R | PF_W, 0x500000, numbers(32), 100);
    builder.section(".text", 0x401010, 16);
    return builder;
}

/// A file that is gone at the end of the test.
class TemporaryFile {
  public:
    explicit TemporaryFile(const Bytes& contents) {
        const int fd = ::mkstemp(path_.data());
        REQUIRE(fd >= 0);
        REQUIRE(::write(fd, contents.data(), contents.size()) ==
                static_cast<ssize_t>(contents.size()));
        ::close(fd);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { ::unlink(path_.c_str()); }

    const std::string& path() const { return path_; }

  private:
    std::string path_ = "/tmp/elf_file_test.XXXXXX";
};

std::string reason(const Bytes& image) {
    return ElfFile::over(image).error().reason;
}

} // namespace

TEST_CASE("addresses and offsets follow the loaded segments") {
    const Bytes image = two_segments().build();
    const auto file = ElfFile::over(image);
    REQUIRE(file);
    CHECK(file->machine() == elf::Machine::x86_64);
    CHECK_FALSE(file->is_pie());
    REQUIRE(file->segments().size() == 2);
    REQUIRE(file->writable_segments().size() == 1);
    CHECK(file->writable_segments()[0].address == 0x500000);

    const std::uint64_t text = file->segments()[0].offset;
    CHECK(file->offset_of(0x401004) == text + 4);
    CHECK(file->address_of(text + 4) == 0x401004);
    CHECK_FALSE(file->offset_of(0x400fff));
    CHECK_FALSE(file->offset_of(0x401040));
    CHECK_FALSE(file->address_of(0));
    CHECK(file->contiguous_from(0x401030) == 16);

    const auto bytes = file->at_address(0x401004, 2);
    REQUIRE(bytes);
    CHECK((*bytes)[1] == std::byte{5});
    CHECK_FALSE(file->at_address(0x40103f, 2));
    CHECK(file->at_address(0x50001f, 1));
    CHECK_FALSE(file->at_address(0x500020, 1)); // .bss
    CHECK_FALSE(file->at_offset(image.size(), 1));
    CHECK_FALSE(file->at_offset(UINT64_MAX, 2));
}

TEST_CASE("where segments share a page of the file, code is meant") {
    Bytes image = two_segments().build();
    // Let the writable segment begin with the bytes of the code.
    Elf64_Phdr first{};
    std::memcpy(&first, image.data() + sizeof(Elf64_Ehdr), sizeof first);
    std::swap_ranges(image.begin() + sizeof(Elf64_Ehdr),
                     image.begin() + sizeof(Elf64_Ehdr) + sizeof first,
                     image.begin() + sizeof(Elf64_Ehdr) + sizeof first);
    test::overwrite(image, sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_offset), first.p_offset);
    const auto file = ElfFile::over(image);
    REQUIRE(file);
    CHECK(file->address_of(first.p_offset) == 0x401000);
}

TEST_CASE("sections are optional") {
    const Bytes with = two_segments().build();
    const auto file = ElfFile::over(with);
    REQUIRE(file);
    REQUIRE(file->section(".text") != nullptr);
    CHECK(file->section(".text")->address == 0x401010);
    CHECK(file->section(".data") == nullptr);

    const Bytes without = two_segments().without_sections().build();
    const auto bare = ElfFile::over(without);
    REQUIRE(bare);
    CHECK(bare->sections().empty());
    CHECK(bare->offset_of(0x401000));

    Bytes corrupt = with;
    test::overwrite(corrupt, offsetof(Elf64_Ehdr, e_shoff), std::uint64_t{1} << 60U);
    REQUIRE(ElfFile::over(corrupt));
    CHECK(ElfFile::over(corrupt)->sections().empty());
    corrupt = with;
    test::overwrite(corrupt, offsetof(Elf64_Ehdr, e_shstrndx), std::uint16_t{999});
    REQUIRE(ElfFile::over(corrupt));
    CHECK(ElfFile::over(corrupt)->sections().empty());
}

TEST_CASE("what is not a usable ELF is refused with its reason") {
    CHECK(reason({}) == "not_elf");
    CHECK(reason(numbers(100)) == "not_elf");

    const Bytes good = two_segments().build();
    CHECK(reason(Bytes(good.begin(), good.begin() + 20)) == "malformed_elf");
    CHECK(reason(Bytes(good.begin(), good.begin() + 70)) == "malformed_elf");

    Bytes bad = good;
    bad[EI_CLASS] = std::byte{ELFCLASS32};
    CHECK(reason(bad) == "unsupported_machine");
    bad = good;
    test::overwrite(bad, offsetof(Elf64_Ehdr, e_machine), std::uint16_t{EM_PPC64});
    CHECK(reason(bad) == "unsupported_machine");
    bad = good;
    test::overwrite(bad, offsetof(Elf64_Ehdr, e_phentsize), std::uint16_t{1});
    CHECK(reason(bad) == "malformed_elf");
    bad = good;
    test::overwrite(bad, offsetof(Elf64_Ehdr, e_phoff), UINT64_MAX - 8);
    CHECK(reason(bad) == "malformed_elf");

    ElfBuilder repeated;
    for (int i = 0; i < 4; ++i) {
        repeated.load(PF_R, 0x1000, Bytes(4096));
    }
    bad = repeated.build();
    REQUIRE(ElfFile::over(bad));
    for (std::size_t i = 0; i < 4; ++i) { // each loads all of the file
        const std::size_t header = sizeof(Elf64_Ehdr) + i * sizeof(Elf64_Phdr);
        test::overwrite(bad, header + offsetof(Elf64_Phdr, p_offset), std::uint64_t{0});
        test::overwrite(bad, header + offsetof(Elf64_Phdr, p_filesz), UINT64_MAX);
    }
    CHECK(reason(bad) == "malformed_elf");
}

TEST_CASE("opening a path tells why it cannot be had") {
    CHECK(ElfFile::open("/nonexistent/file").error().reason == "vanished");
    CHECK(ElfFile::open("/proc/self/status").error().reason == "not_elf");
    CHECK(ElfFile::open("/tmp").error().reason == "not_elf");
    CHECK(ElfFile::open("/dev/null").error().reason == "not_elf");
    const auto self = ElfFile::open("/proc/self/exe");
    REQUIRE(self);
    CHECK(self->identity().inode != 0);
    CHECK(self->size() > 10000);
}

TEST_CASE("a fifo does not hang the reader") {
    const std::string path = "/tmp/elf_file_test." + std::to_string(::getpid()) + ".fifo";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(ElfFile::open(path).error().reason == "not_elf");
    ::unlink(path.c_str());
}

TEST_CASE("a file that is truncated while open has fewer bytes, nothing worse") {
    const TemporaryFile temporary(two_segments().build());
    const auto file = ElfFile::open(temporary.path());
    REQUIRE(file);
    REQUIRE(file->at_address(0x401000, 64));
    REQUIRE(::truncate(temporary.path().c_str(), 32) == 0);
    CHECK_FALSE(file->at_address(0x401000, 64));
    elf::Window window(*file, 0, file->size());
    CHECK(window.at(0, 64).empty());
    CHECK(window.at(0, 16).empty()); // the window does not know how much there is
}

TEST_CASE("a window slides over its range only") {
    const Bytes image = two_segments().build();
    const auto file = ElfFile::over(image);
    REQUIRE(file);
    const std::uint64_t begin = file->segments()[0].offset;
    elf::Window window(*file, begin, begin + 40, 16);
    CHECK(window.at(begin + 3, 4)[0] == std::byte{3});
    CHECK(window.at(begin + 24, 16)[15] == std::byte{39});
    CHECK(window.at(begin + 1, 2)[1] == std::byte{2});
    CHECK(window.at(begin + 39, 2).empty());
    CHECK(window.at(begin, 17).empty());
    CHECK(window.at(begin - 1, 1).empty());
    CHECK(window.at(UINT64_MAX, 1).empty());
    CHECK(window.from(begin + 30).size() == 10);
    CHECK(window.from(begin + 40).empty());
    elf::Window outside(*file, image.size() + 5, image.size() + 50);
    CHECK(outside.from(image.size() + 5).empty());
}

TEST_CASE("strings are found whole across window borders") {
    Bytes text;
    put_text(text, std::string_view("alpha\0beta\0\0a-name-longer-than-a-window\0last\0cut", 48));
    const Bytes image = ElfBuilder().load(PF_R, 0x1000, text).build();
    const auto file = ElfFile::over(image);
    REQUIRE(file);
    const std::uint64_t begin = file->segments()[0].offset;
    elf::Window window(*file, begin, begin + text.size(), 12);
    std::vector<std::pair<std::string, std::uint64_t>> seen;
    elf::for_each_string(
        window, 6, [&](std::string_view s, std::uint64_t offset) { seen.emplace_back(s, offset); });
    REQUIRE(seen.size() == 5);
    CHECK(seen[0] == std::pair<std::string, std::uint64_t>("alpha", 0));
    CHECK(seen[1] == std::pair<std::string, std::uint64_t>("beta", 6));
    CHECK(seen[2] == std::pair<std::string, std::uint64_t>("", 11));
    CHECK(seen[3].first.ends_with("window"));
    CHECK(seen[4] == std::pair<std::string, std::uint64_t>("last", 40));
}

TEST_CASE("the build id is read from the notes") {
    Bytes notes;
    put(notes, Elf64_Nhdr{4, 2, 7});
    put_text(notes, std::string_view("Go\0\0ab\0\0", 8));
    put(notes, Elf64_Nhdr{4, 3, NT_GNU_BUILD_ID});
    put_text(notes, std::string_view("GNU\0\x01\xab\xff\0", 8));
    const auto build = [](const Bytes& bytes) {
        return ElfBuilder().load(PF_R, 0x1000, bytes).view(PT_NOTE, 0x1000, bytes.size()).build();
    };
    const Bytes image = build(notes);
    CHECK(ElfFile::over(image)->build_id() == "01abff");

    Bytes damaged = notes;
    test::overwrite(damaged, 4, std::uint32_t{0xffffffff}); // size of the first note
    const Bytes bad = build(damaged);
    CHECK_FALSE(ElfFile::over(bad)->build_id());
}

TEST_CASE("foreign text is made printable") {
    CHECK(elf::printable("net/http.(*conn).serve·1 Grüße 漢 😀") ==
          "net/http.(*conn).serve·1 Grüße 漢 😀");
    CHECK(elf::printable("a\nb\x1b[31m\x7f") == "a\ufffdb\ufffd[31m\ufffd");
    CHECK(elf::printable("\xff\xc0\x80\xed\xa0\x80") == "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd");
    CHECK(elf::printable("\xe6\xbc") == "\ufffd\ufffd");
    CHECK(elf::printable("\xc2\x85") == "\ufffd\ufffd"); // a C1 control character
}
