// SPDX-License-Identifier: Apache-2.0
//
// What catalogue files come to in ELF files that are made here.
#include "loader/modules/file_plan.h"

#include "catch.h"
#include "elf/elf_builder.h"
#include "loader/modules/specification.h"
#include "loader/modules/specification_table.h"
#include "usdt/note_builder.h"

#include <cstdio>

namespace holter::modules {
namespace {

using test::Bytes;
using test::ElfBuilder;
using test::NoteOf;
using test::put;
using test::put_text;

constexpr std::uint64_t code = 0x1000;
constexpr std::uint64_t data = 0x3000;

struct Named {
    std::string name;
    std::uint64_t address = 0;
};

/// Code with `push %rbp; ret` everywhere but where something else is put, USDT notes, symbols.
struct Program {
    Program() : text(0x100, std::byte{0x90}) {}
    Program& instruction(std::uint64_t address, std::initializer_list<unsigned> bytes) {
        std::size_t at = address - code;
        for (const unsigned byte : bytes)
            text[at++] = static_cast<std::byte>(byte);
        return *this;
    }
    Program& note(const NoteOf& note) {
        test::put_note(notes, note);
        return *this;
    }
    Program& symbol(const std::string& name, std::uint64_t address) {
        symbols.push_back({name, address});
        return *this;
    }
    Bytes build() const {
        Bytes table, strings{std::byte{0}};
        put(table, Elf64_Sym{});
        for (const Named& named : symbols) {
            put(table, test::symbol(static_cast<std::uint32_t>(strings.size()), STB_GLOBAL,
                                    named.address, 16));
            put_text(strings, named.name + '\0');
        }
        ElfBuilder builder(ET_DYN);
        builder.load(PF_R | PF_X, code, text)
            .load(PF_R | PF_W, data, Bytes(0x20), 0x100)
            .extra(".symtab", SHT_SYMTAB, table, 2)
            .extra(".strtab", SHT_STRTAB, strings)
            .extra(".note.stapsdt", SHT_NOTE, notes);
        return builder.build();
    }
    Bytes text;
    Bytes notes;
    std::vector<Named> symbols;
};

struct Opened {
    explicit Opened(const Program& program)
        : image(program.build()), file(*elf::ElfFile::over(image)) {}
    Bytes image;
    elf::ElfFile file;
};

std::shared_ptr<const catalogue::Definition>
definition(const std::string& probes, const std::string& recognise = "{file: \"libshop.so*\"}") {
    return std::make_shared<const catalogue::Definition>(catalogue::parse_definition(
        "library: shop\nrecognise:\n  - " + recognise +
            "\nmetrics:\n  - {name: shop_total, type: counter, help: h}\n"
            "  - {name: shop_seconds, type: histogram, help: h, buckets: [1]}\n"
            "  - {name: shop_level, type: gauge, help: h, labels: [what]}\n"
            "groups:\n  - name: g\n    probes:\n" +
            probes,
        "shop.yaml"));
}

std::string count_at(const std::string& place, const std::string& name = "p",
                     const std::string& more = "") {
    return "      - {name: " + name + ", help: h, shape: count, at: " + place +
           ", metric: shop_total" + more + "}\n";
}

FilePlan plan_of(const Program& program, const std::string& probes) {
    const Opened elf(program);
    auto plan =
        plan_file(definition(probes), elf.file, "libshop.so.1", {"/nowhere", "/libshop.so.1"});
    REQUIRE(plan);
    return std::move(*plan);
}

std::string reason(const FilePlan& plan, std::size_t probe = 0) {
    const PlannedProbe& planned = plan.groups.at(0).probes.at(probe);
    CHECK(planned.failure.has_value() == planned.places.empty());
    return planned.failure ? planned.failure->reason : "";
}

bool is_recognised(const Program& program, const std::string& recognise,
                   const std::string& name = "libshop.so.1") {
    const Opened elf(program);
    return plan_file(definition(count_at("{function: f1}"), recognise), elf.file, name, {})
        .has_value();
}

Program shop() {
    return Program()
        .symbol("shop_main", code + 0x40)
        .instruction(code + 0x40, {0x55, 0xc3})
        .note({"shop", "order", "-4@%edi 8@8(%rsp) 1@$7", code + 0x10, 0, data + 0x10});
}

} // namespace

TEST_CASE("a file is recognised by all that an entry says", "[file_plan]") {
    CHECK(is_recognised(shop(), "{file: \"libshop.so*\"}"));
    CHECK_FALSE(is_recognised(shop(), "{file: \"libshop.so*\"}", "libshopper.so"));
    CHECK(is_recognised(shop(), "{symbol: shop_main}", "anything"));
    CHECK_FALSE(is_recognised(shop(), "{symbol: shop_mai}"));
    CHECK(is_recognised(shop(), "{usdt: shop}"));
    CHECK_FALSE(is_recognised(shop(), "{usdt: order}"));
    CHECK_FALSE(is_recognised(shop(), "{file: \"lib*\", symbol: shop_main, usdt: other}"));
    CHECK(is_recognised(shop(), "{file: x}\n  - {symbol: shop_main}"));
    CHECK_FALSE(is_recognised(Program(), "{usdt: shop}"));
}

TEST_CASE("a USDT probe is planned with all of its places and its semaphore", "[file_plan]") {
    const FilePlan plan =
        plan_of(shop().note({"shop", "order", "-4@%esi", code + 0x20, 0, data + 0x10}),
                count_at("{usdt: \"shop:order\"}"));
    REQUIRE(reason(plan).empty());
    const auto& places = plan.groups[0].probes[0].places;
    REQUIRE(places.size() == 2);
    CHECK(places[0].site.emulated);
    CHECK(places[1].file_offset - places[0].file_offset == 0x10);
    CHECK(places[0].semaphore_offset != 0);
    CHECK(places[0].semaphore_offset == places[1].semaphore_offset);
    CHECK(places[0].specification.role == HOLTER_ROLE_INSTANT);
    CHECK(program_of(places[0].specification) == std::string("catalogue"));
}

TEST_CASE("why a probe cannot be attached is its reason", "[file_plan]") {
    CHECK(reason(plan_of(shop(), count_at("{usdt: \"shop:ordr\"}"))) == "no_such_usdt_probe");
    CHECK(reason(plan_of(Program(), count_at("{usdt: \"shop:order\"}"))) == "no_usdt_probes");
    CHECK(reason(plan_of(shop(), count_at("{function: shop_mian}"))) == "no_such_function");
    CHECK(reason(plan_of(shop(), count_at("{usdt: \"shop:order\"}", "p", ", needs: [other]"))) ==
          "unsupported_version");
    CHECK(reason(plan_of(shop(), count_at("{usdt: \"shop:order\"}", "p",
                                          ", lacks: [shop_main]"))) == "unsupported_version");
    // A probe on a nop of five bytes, which is no function's entry.
    CHECK(reason(plan_of(Program()
                             .instruction(code + 0x10, {0x0f, 0x1f, 0x44, 0x00, 0x00})
                             .note({"shop", "order", "", code + 0x10}),
                         count_at("{usdt: \"shop:order\"}"))) == "unsafe_nop5");
    // Bytes that are no instruction.
    CHECK(reason(plan_of(Program()
                             .instruction(code + 0x10, {0x06, 0x06})
                             .note({"shop", "order", "", code + 0x10}),
                         count_at("{usdt: \"shop:order\"}"))) == "undecodable");
    // A location that is no code is no usable note.
    CHECK(reason(plan_of(Program().note({"shop", "order", "", data}),
                         count_at("{usdt: \"shop:order\"}"))) != "");
}

TEST_CASE("arguments that are missing or cannot be read fail the probe, unless nobody wants them",
          "[file_plan]") {
    const std::string reads = "      - {name: p, help: h, shape: value, at: {usdt: \"shop:order\", "
                              "fields: {n: {argument: NUMBER}}}, value: n, metric: shop_total}\n";
    const auto reading = [&](const std::string& arguments, const std::string& number) {
        std::string probe = reads;
        probe.replace(probe.find("NUMBER"), 6, number);
        return reason(plan_of(Program().note({"shop", "order", arguments, code + 0x10}), probe));
    };
    CHECK(reading("-4@%edi", "0").empty());
    CHECK(reading("-4@%edi", "1") == "unreadable_argument");
    CHECK(reading("", "0") == "unreadable_argument");
    for (const char* bad : {"-4@%foo", "4@", "@%edi", "5@%edi", "-4@%edi(", "8@8(%rsp", "4@%xmm0",
                            "8@(%rax,%rbx,3)", "8@99999999999999999999(%rax)"}) {
        INFO(bad);
        CHECK(reading(bad, "0") == "unreadable_argument");
        CHECK(reason(plan_of(Program().note({"shop", "order", bad, code + 0x10}),
                             count_at("{usdt: \"shop:order\"}")))
                  .empty());
    }
}

TEST_CASE("the arguments of copies that the compiler made are not read", "[file_plan]") {
    const std::string reads = "      - {name: p, help: h, shape: value, at: {function: shop_work, "
                              "fields: {n: {argument: 0}}}, value: n, metric: shop_total}\n";
    for (const char* suffix : {".isra.0", ".constprop.0.isra.1"}) {
        const Program program = Program().symbol(std::string("shop_work") + suffix, code + 0x40);
        CHECK(reason(plan_of(program, reads)) == "unreadable_argument");
        CHECK(reason(plan_of(program, count_at("{function: shop_work}"))).empty());
    }
    CHECK(reason(plan_of(Program().symbol("shop_work", code + 0x40), reads)).empty());
}

TEST_CASE("of the alternatives the first that can be attached is taken", "[file_plan]") {
    const std::string three =
        count_at("{usdt: \"shop:gone\"}", "p") + count_at("{function: shop_main}", "p") +
        count_at("{usdt: \"shop:order\"}", "p") + count_at("{usdt: \"shop:order\"}", "q");
    const FilePlan plan = plan_of(shop(), three);
    REQUIRE(plan.groups[0].probes.size() == 2);
    REQUIRE(reason(plan, 0).empty());
    CHECK(plan.groups[0].probes[0].places[0].function == "shop_main");
    CHECK(reason(plan, 1).empty());
    const FilePlan by_symbol =
        plan_of(shop(), count_at("{function: shop_main}", "p", ", lacks: [shop_main]") +
                            count_at("{usdt: \"shop:gone\"}", "p", ", needs: [shop_main]"));
    CHECK(reason(by_symbol) == "no_such_usdt_probe"); // the first that is meant for this file
}

TEST_CASE("what is read becomes numbers, texts and conditions", "[file_plan]") {
    const FilePlan plan = plan_of(shop(), R"(      - name: p
        help: h
        shape: value
        at:
          usdt: shop:order
          when: {field: {argument: 2}, is: [7, 8]}
          fields:
            n: {argument: 0}
            m: {argument: 1, path: [16, -8], type: s16}
            t: {argument: 1, as: text, length: 0}
            c: -5
        value: m
        metric: shop_level
        labels: {what: {field: t}}
)");
    REQUIRE(reason(plan).empty());
    const PlannedPlace& place = plan.groups[0].probes[0].places.at(0);
    const holter_specification& specification = place.specification;
    CHECK(program_of(specification) == std::string("catalogue_text"));
    CHECK(specification.condition_values == 2);
    CHECK(specification.condition_value[1] == 8);
    CHECK(specification.condition.argument.kind == HOLTER_ARGUMENT_CONSTANT);
    CHECK(specification.number[0].argument.kind == HOLTER_ARGUMENT_REGISTER);
    CHECK(specification.number[0].argument.size == 4);
    CHECK(specification.number[0].argument.flags == HOLTER_ARGUMENT_SIGNED);
    CHECK(specification.number[1].dereferences == 2);
    CHECK(specification.number[1].offsets[1] == -8);
    CHECK(specification.number[1].size == 2);
    CHECK(specification.number[1].is_signed == 1);
    CHECK(specification.number[2].argument.displacement == -5);
    CHECK(specification.text[0].length.argument.kind == HOLTER_ARGUMENT_REGISTER);
    CHECK(place.arguments.size() == 4);
}

TEST_CASE("spans whose begin has conditions are silent about ends without one", "[file_plan]") {
    const auto span = [&](const std::string& more, const std::string& begin) {
        return "      - {name: p, help: h, shape: span, begin: {usdt: \"shop:order\"" + begin +
               "}, end: {function: shop_main}, metric: shop_seconds" + more + "}\n";
    };
    const auto flags = [&](const FilePlan& plan) {
        return plan.groups[0].probes.back().places.back().specification.flags;
    };
    const FilePlan plain = plan_of(shop(), span("", ""));
    CHECK(flags(plain) == 0);
    REQUIRE(plain.groups[0].probes[0].places.size() == 2);
    CHECK(plain.groups[0].probes[0].places[0].specification.role == HOLTER_ROLE_BEGIN);
    CHECK(plain.groups[0].probes[0].places[1].specification.role == HOLTER_ROLE_END);
    CHECK(flags(plan_of(shop(), span("", ", when: {field: {argument: 0}, is: [1]}"))) ==
          HOLTER_SPECIFICATION_SILENT);
}

TEST_CASE("a probe has at most 256 places", "[file_plan]") {
    Program program;
    for (std::size_t i = 0; i <= max_places_of_probe; ++i)
        program.note({"shop", "order", "", code + i % 0x100});
    const std::string why = reason(plan_of(program, count_at("{usdt: \"shop:order\"}")));
    CHECK(why == "too_many_places");
}

TEST_CASE("numbers are given out to plans and come back as late as possible", "[file_plan]") {
    std::vector<std::uint32_t> defined, forgotten;
    SpecificationTable table(
        -1, {[&](std::uint32_t number, const auto&, const auto&) { defined.push_back(number); },
             [&](std::uint32_t number) { forgotten.push_back(number); }});
    const std::string two = count_at("{usdt: \"shop:order\"}", "p") +
                            count_at("{usdt: \"shop:gone\"}", "q") +
                            count_at("{function: shop_main}", "r");
    auto first = table.publish(plan_of(shop(), two));
    CHECK(first->number_of(0, 0) == 0u);
    CHECK(first->number_of(0, 1) == std::nullopt);
    CHECK(first->number_of(0, 2) == 1u);
    CHECK(defined == std::vector<std::uint32_t>{0, 1});
    first.reset();
    CHECK(forgotten == std::vector<std::uint32_t>{0, 1});
    // All others are given out before those two come again.
    std::vector<std::shared_ptr<const PublishedPlan>> plans;
    for (std::uint32_t i = 0; i < HOLTER_MAX_SPECIFICATIONS / 2; ++i)
        plans.push_back(table.publish(plan_of(shop(), two)));
    CHECK(plans.front()->number_of(0, 0) == 2u);
    CHECK(plans.back()->number_of(0, 0) == 0u);
    const auto none_left = table.publish(plan_of(shop(), two));
    CHECK(none_left->number_of(0, 0) == std::nullopt);
    CHECK(reason(none_left->plan) == "too_many_specifications");
    plans.pop_back();
    CHECK(table.publish(plan_of(shop(), two))->number_of(0, 0) == 0u);
}

} // namespace holter::modules
