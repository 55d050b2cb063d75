// SPDX-License-Identifier: Apache-2.0
//
// Catalogue files, right and wrong. What is wrong is made from what is right by one
// change, and is said in one line with its place.
#include "loader/catalogue/definition.h"

#include "bpf/events.h"
#include "catch.h"
#include "loader/catalogue/catalogue.h"

#include <filesystem>
#include <fstream>

using namespace holter::catalogue;

namespace {

// Every shape and every key.
const std::string shop = R"yaml(runtime: shop
recognise:
  - {file: "shop-server*", symbol: main, usdt: shop}
metrics:
  - {name: order_seconds, type: histogram, help: Orders., labels: [kind, trigger], buckets: [0.001, 0.01, 1]}
  - {name: order_bytes_total, type: counter, help: Bytes.}
  - {name: queue_length, type: gauge, help: Queue., per_unit: 10}
  - {name: connections, type: gauge, help: Connections., labels: [pool, state]}
groups:
  - name: orders
    probes:
      - name: order
        help: an order is worked on
        needs: [shop_v2]
        lacks: [shop_v3]
        shape: span
        begin:
          usdt: shop:begin
          fields: {kind: {argument: 0, type: s32}, id: {argument: 1, path: [8, -16]}}
          when: {field: {argument: 2, type: u8}, is: [0, -1]}
        during:
          - {usdt: "shop:chosen", fields: {trigger: 7, id: {argument: 0}}}
        end: {function: "shop::done(int)", fields: {id: {argument: 0}}}
        key: id
        metric: order_seconds
        labels:
          kind: {field: kind, names: {0: retail, 1: wholesale}, otherwise: unknown, except: [whole*]}
          trigger: {field: trigger}
      - name: bytes
        help: bytes arrive
        shape: value
        at: {return_of: shop_read, fields: {size: {result: true, type: s64}}}
        value: size
        metric: order_bytes_total
      - name: rejected
        help: an order is rejected
        shape: error
        at: {function: reject, fields: {why: {argument: 0, as: text, length: 1}}}
        source: exception
        type: {field: why, only: ["*Error"]}
  - name: connections
    probes:
      - name: connection
        help: a connection changes
        shape: state
        at: {usdt: "shop:state", fields: {id: {argument: 0}, state: {argument: 1}}}
        object: id
        gone: [closed]
        metric: connections
        labels: {pool: main, state: {field: state, names: {0: idle, 1: busy, 2: closed}}}
      - name: outer
        help: outer
        shape: span
        begin: {function: outer}
        end: {return_of: outer}
        metric: holter_gc_pause_seconds
        labels: {kind: outer}
      - name: inner
        help: inner
        shape: span
        begin: {function: inner}
        end: {return_of: inner}
        outside: outer
        metric: holter_gc_pause_seconds
        labels: {kind: inner}
      - name: loaded
        help: loaded
        shape: count
        at: {function: loaded}
        metric: order_bytes_total
        looks_again: true
)yaml";

/// What is said of `text`; nothing when it is accepted.
std::string error_of(const std::string& text) {
    try {
        parse_definition(text, "shop.yaml");
    } catch (const YamlError& error) {
        return error.what();
    }
    return "";
}

std::string with(const std::string& what, const std::string& by) {
    std::string text = shop;
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

/// What is said when the first `what` of the file is replaced.
std::string changed(const std::string& what, const std::string& by) {
    return error_of(with(what, by));
}

/// `shop.yaml:line:column: ` and one line.
bool is_one_line_with_place(const std::string& error) {
    int line = 0, column = 0, used = 0;
    return std::sscanf(error.c_str(), "shop.yaml:%d:%d: %n", &line, &column, &used) == 2 &&
           used > 0 && line > 0 && column > 0 && error.find('\n') == std::string::npos;
}

} // namespace

TEST_CASE("a file with every shape and key is read as it is written", "[definition]") {
    const Definition read = parse_definition(shop, "shop.yaml");
    CHECK(read.name == "shop");
    CHECK_FALSE(read.is_library);
    CHECK_FALSE(read.is_companion());
    REQUIRE(read.recognise.size() == 1);
    CHECK(read.recognise[0].usdt == "shop");
    REQUIRE(read.metrics.size() == 4);
    CHECK(read.metrics[0].per_unit == 1e9);
    CHECK(read.metrics[1].per_unit == 1);
    CHECK(read.metrics[2].per_unit == 10);
    REQUIRE(read.groups.size() == 2);
    REQUIRE(read.groups[0].probes.size() == 3);

    const DeclaredProbe& order = read.groups[0].probes[0];
    CHECK(order.shape == Shape::span);
    CHECK(order.source == "shop.yaml:12:9");
    CHECK(order.needs == std::vector<std::string>{"shop_v2"});
    CHECK(order.lacks == std::vector<std::string>{"shop_v3"});
    CHECK(order.numbers == std::vector<std::string>{"kind", "id", "trigger"});
    REQUIRE(order.places.size() == 3);
    const Place& begin = order.places[0];
    CHECK(begin.text() == "usdt shop:begin");
    CHECK(begin.role == Place::Role::begin);
    REQUIRE(begin.fields.size() == 2);
    CHECK(begin.fields[0].type->size == 4);
    CHECK(begin.fields[0].type->is_signed);
    CHECK(begin.fields[1].path == std::vector<std::int32_t>{8, -16});
    CHECK(begin.condition->argument == 2);
    CHECK(begin.condition_values == std::vector<std::int64_t>{0, -1});
    CHECK(order.places[1].role == Place::Role::during);
    CHECK(order.places[1].fields[0].constant == 7);
    CHECK(order.places[2].text() == "function shop::done(int)");
    CHECK(order.key == "id");
    REQUIRE(order.labels.size() == 2);
    CHECK(order.labels[0].names.at(1) == "wholesale");
    CHECK(order.labels[0].otherwise == "unknown");
    CHECK(order.labels[0].except == std::vector<std::string>{"whole*"});

    const DeclaredProbe& bytes = read.groups[0].probes[1];
    CHECK(bytes.places[0].text() == "return of shop_read");
    CHECK(bytes.places[0].fields[0].result);
    CHECK(bytes.value == "size");

    const DeclaredProbe& rejected = read.groups[0].probes[2];
    CHECK(rejected.texts == std::vector<std::string>{"why"});
    CHECK(rejected.places[0].fields[0].length == 1);
    CHECK(rejected.labels[0].only == std::vector<std::string>{"*Error"});

    const DeclaredProbe& connection = read.groups[1].probes[0];
    CHECK(connection.object == "id");
    CHECK(connection.gone == std::vector<std::string>{"closed"});
    CHECK(connection.labels[0].constant == "main");
    CHECK(read.groups[1].probes[2].outside == "outer");
    CHECK(read.groups[1].probes[3].looks_again);
}

TEST_CASE("every mistake is one line that says where and names the nearest", "[definition]") {
    struct Mistake {
        const char* what;
        const char* by;
        const char* said;
    };
    static const Mistake mistakes[] = {
        // keys
        {"runtime: shop", "runtme: shop",
         "1:1: either `runtime: NAME` or `library: NAME` is needed"},
        {"runtime: shop", "library: shop\nruntime: shop",
         "1:1: either `runtime: NAME` or `library: NAME` is needed"},
        {"runtime: shop", "runtime: go",
         "1:10: `runtime`: Go has a form of its own (probes/go.yaml)"},
        {"runtime: shop", "runtime: the shop",
         "1:10: `runtime`: `the shop` is no name: letters, digits and _ only, at most 100"},
        {"recognise:", "recognize:",
         "2:1: key `recognise` is missing (is `recognize` meant to be it?)"},
        {"{file: \"shop-server*\", symbol: main, usdt: shop}", "{}",
         "3:5: `recognise`: at least one of `file`, `symbol` and `usdt` is needed"},
        {"symbol: main", "symbl: main", "3:28: unknown key `symbl` (did you mean `symbol`?)"},
        {"        shape: span", "        shap: span",
         "16:9: key `shape` is missing (is `shap` meant to be it?)"},
        {"shape: span", "shape: spam",
         "16:16: `shape`: `spam` is none of span, count, value, state, error (did you mean "
         "`span`?)"},
        {"        key: id\n", "        kye: id\n", "24:9: unknown key `kye` (did you mean `key`?)"},
        {"otherwise: unknown", "otherwize: unknown",
         "27:65: unknown key `otherwize` (did you mean `otherwise`?)"},
        {"looks_again: true", "looks_again: perhaps",
         "71:22: `looks_again`: expected true or false, found `perhaps`"},
        {"  - name: connections\n", "  - name: orders\n",
         "41:11: `name`: group `orders` appears twice"},
        {"          when: {field", "          when: {is: [1], field",
         "20:59: key `is` appears twice"},
        // places
        {"usdt: shop:begin", "usdt: shop begin",
         "18:17: `usdt`: `shop begin` is no USDT probe; write PROVIDER:NAME"},
        {"usdt: shop:begin", "usdt: shop:begin\n          function: f",
         "18:11: `begin`: exactly one of `usdt`, `function` and `return_of` is needed"},
        {"{usdt: \"shop:chosen\", ", "{",
         "22:13: `during`: exactly one of `usdt`, `function` and `return_of` is needed"},
        {"function: reject", "function: r",
         "38:24: `function`: a function's name has 2 to 4096 characters"},
        // fields
        {"argument: 0, type: s32", "argument: 12, type: s32",
         "19:37: `argument`: 12 is outside 0 … 11"},
        {"argument: 0, type: s32", "argument: 0, type: int",
         "19:46: `type`: `int` is none of u8, s8, u16, s16, u32, s32, u64, s64"},
        {"argument: 0, type: s32", "type: s32",
         "19:26: `kind`: one of `argument: NUMBER` and `result: true` is needed"},
        {"result: true, type: s64", "argument: 0",
         "32:62: `argument`: a function's arguments are gone when it returns; read them at its "
         "entry"},
        {"argument: 0, type: s32", "result: true",
         "19:35: `result`: only a place with `return_of` has a result"},
        {"path: [8, -16]", "path: [1, 2, 3, 4, 5]", "19:76: `path`: at most 4 steps"},
        {"path: [8, -16]", "path: [4294967296]",
         "19:77: `path`: 4294967296 is outside -2147483648 … 2147483647"},
        {"path: [8, -16]", "length: 1", "19:78: `length`: only a text has a length"},
        {"as: text, length", "as: texts, length",
         "38:64: `as`: `texts` is none of number, text, cpp_type, hotspot_class (did you mean "
         "`text`?)"},
        {"as: text, length: 1", "as: text, type: u32", "38:46: `why`: a text has no `type`"},
        {"trigger: 7", "trigger: {argument: 1, as: text}",
         "12:9: `probes`: field `trigger`: a span's texts are read at its end"},
        {"is: [0, -1]", "is: []", "20:54: `is`: 1 to 8 numbers"},
        {"is: [0, -1]", "is: [0, x]", "20:58: `is`: expected a whole number, found `x`"},
        {"field: {argument: 2, type: u8}", "field: {argument: 2, as: text}",
         "20:17: `when`: a condition is on a number that is read"},
        // metrics
        {"order_seconds, type: histogram", "Order-seconds, type: histogram",
         "5:12: `name`: `Order-seconds` is no name of a metric: a-z, 0-9 and _ only"},
        {"order_bytes_total, type", "order_bytes, type",
         "6:12: `name`: a counter's name ends in _total, and no other's does"},
        {"queue_length, type", "queue_count, type",
         "7:12: `name`: names that end in _count are Prometheus' own"},
        {"help: Bytes.", "help: \"two\\nlines\"",
         "6:52: `help`: must be one line of text without backslashes"},
        {"labels: [kind, trigger]", "labels: [kind, le]",
         "5:74: `labels`: this name is Prometheus' own"},
        {"labels: [kind, trigger]", "labels: [kind, pod]",
         "5:74: `labels`: every metric has this label, of the process's service"},
        {"labels: [kind, trigger]", "labels: [kind, kind]",
         "5:74: `labels`: label `kind` appears twice"},
        {", buckets: [0.001, 0.01, 1]", "",
         "5:5: `metrics`: a histogram has `buckets`, and nothing else has"},
        {"help: Bytes.", "help: Bytes., buckets: [1]",
         "6:5: `metrics`: a histogram has `buckets`, and nothing else has"},
        {"[0.001, 0.01, 1]", "[0.01, 0.001]",
         "5:93: `buckets`: 1 to 64 numbers, each larger than the one before"},
        {"[0.001, 0.01, 1]", "[0.001, 0.01, .nan]", ""},
        {"[0.001, 0.01, 1]", "[0.0000000001]",
         "5:94: `buckets`: is no whole number of what is read, with this `per_unit`"},
        {"[0.001, 0.01, 1]", "[1e10]",
         "5:94: `buckets`: is more than can be read, with this `per_unit`"},
        {"queue_length", "connections", "8:5: `metrics`: metric `connections` appears twice"},
        {"metric: order_seconds", "metric: order_secnds",
         "25:17: `metric`: `order_secnds` is declared neither here under `metrics` nor by "
         "Holter (did you mean `order_seconds`?)"},
        {"metric: order_seconds", "metric: queue_length",
         "25:17: `metric`: a span cannot feed a gauge"},
        // labels
        {"          trigger: {field: trigger}\n", "",
         "25:17: `metric`: order_seconds has a label `trigger`, which is missing"},
        {"          trigger: {field: trigger}\n", "          trigger: x\n          knd: x\n",
         "25:17: `metric`: order_seconds has no label `knd` (did you mean `kind`?)"},
        {"{field: kind, names", "{field: knid, names",
         "12:9: `probes`: no place reads a field `knid` (did you mean `kind`?)"},
        {"only: [\"*Error\"]", "names: {0: x}",
         "40:15: `error_type`: field `why` is a text; `names` and `otherwise` are for numbers"},
        {"names: {0: retail", "names: {zero: retail",
         "27:39: `names`: expected a whole number, found `zero`"},
        // shapes
        {"value: size", "value: sise",
         "29:9: `probes`: no place reads a field `sise` (did you mean `size`?)"},
        {"        value: size\n", "", "29:9: `probes`: key `value` is missing"},
        {"source: exception", "source: exeption",
         "39:17: `source`: `exeption` is none of exception, panic"},
        {"        source: exception\n", "        source: exception\n        labels: {a: b}\n",
         "40:9: unknown key `labels`"},
        {"state: {field: state, names: {0: idle, 1: busy, 2: closed}}", "state: busy",
         "43:9: `probes`: the last label of a state is the state, read from a field"},
        {"gone: [closed]", "gone: [busy, clsoed]",
         "48:22: `gone`: label `state` is never `clsoed` (did you mean `closed`?)"},
        {"gone: [closed]", "gone: [2]", "48:16: `gone`: label `state` is never `2`"},
        {"2: closed}}", "2: closed}, except: [clo*]}",
         "48:16: `gone`: hits with `closed` are not counted, by `only` or `except`"},
        {"fields: {id: {argument: 0}}}\n        key", "fields: {}}\n        key",
         "12:9: `probes`: `key`: function shop::done(int) does not read the field `id`"},
        {"outside: outer", "outside: outr",
         "58:9: `outside`: the group has no span `outr` of a thread"},
        {"outside: outer", "outside: connection",
         "58:9: `outside`: the group has no span `connection` of a thread"},
        {"        key: id\n", "        key: id\n        outside: order\n",
         "12:9: `probes`: `outside`: spans that a `key` joins are on no thread"},
    };
    for (const Mistake& mistake : mistakes) {
        const std::string said = changed(mistake.what, mistake.by);
        INFO(mistake.what << " -> " << mistake.by);
        CHECK(is_one_line_with_place(said));
        CHECK(said.substr(0, 10 + std::string(mistake.said).size()) ==
              std::string("shop.yaml:") + mistake.said);
    }
}

TEST_CASE("an object is gone in states that can be told", "[definition]") {
    CHECK(changed("gone: [closed]", "gone: [7, -1]").empty()); // numbers without a name
    CHECK(changed("2: closed}}", "2: done}, otherwise: closed}").empty());
    CHECK(changed("names: {0: idle, 1: busy, 2: closed}", "except: [x]").empty());
    CHECK(changed("state: {argument: 1}", "state: {argument: 1, as: text}")
              .find("`names` and `otherwise` are for numbers") != std::string::npos);
}

TEST_CASE("what does not fit into an event is refused", "[definition]") {
    CHECK(changed("fields: {id: {argument: 0}, state: {argument: 1}}",
                  "fields: {id: {argument: 0}, state: {argument: 1}, a: 1, b: 2, c: 3}")
              .find("at most 4 numbers and 2 texts") != std::string::npos);
    CHECK(changed("why: {argument: 0, as: text, length: 1}",
                  "why: {argument: 0, as: text}, b: {argument: 1, as: text}, "
                  "c: {argument: 2, as: text}")
              .find("at most 4 numbers and 2 texts") != std::string::npos);
}

TEST_CASE("a file has at most 512 probes", "[definition]") {
    std::string text = "library: many\nrecognise: [{file: x}]\nmetrics:\n"
                       "  - {name: m_total, type: counter, help: h}\ngroups:\n"
                       "  - name: g\n    probes:\n";
    const std::string probe =
        "      - {name: p, help: h, shape: count, at: {function: f1}, metric: m_total}\n";
    for (std::size_t i = 0; i < max_probes_of_file; ++i)
        text += probe;
    CHECK(error_of(text).empty());
    CHECK(error_of(text + probe) == "shop.yaml:520:9: `probes`: a file may have 512 probes");
}

TEST_CASE("bombs and what hides in a file are refused", "[definition]") {
    CHECK(error_of("a: &a [x]\nb: *a\n") ==
          "shop.yaml:2:4: aliases (`*name`) are not allowed; write the value out");
    CHECK(error_of(shop + "---\nruntime: other\n") ==
          "shop.yaml:72:1: a second document begins; there can be only one");
    CHECK(error_of(std::string((1 << 20) + 1, '#')) == "shop.yaml: is larger than a MiB");
    CHECK_FALSE(error_of(std::string(1 << 19, '[')).empty());
    CHECK_FALSE(error_of(std::string(1 << 19, '{')).empty());
    CHECK_FALSE(error_of("").empty());
    CHECK_FALSE(error_of("runtime: [").empty());
    CHECK(error_of("- a") == "shop.yaml:1:1: expected a mapping, found a list");
    CHECK(error_of("runtime: shop\n\"two\\nlines\": 1\n").find('\n') == std::string::npos);
    const std::string long_name(1 << 19, 'a');
    CHECK(error_of("runtime: " + long_name).substr(0, 16) == "shop.yaml:1:10: ");
    CHECK(changed("usdt: shop:begin", "usdt: " + long_name + ":x").substr(0, 17) ==
          "shop.yaml:18:17: ");
}

TEST_CASE("globs", "[definition]") {
    CHECK(glob_matches("libjvm.so", "libjvm.so"));
    CHECK(glob_matches("libpython3.*.so*", "libpython3.11.so.1.0"));
    CHECK(glob_matches("php[78]", "php8"));
    CHECK_FALSE(glob_matches("php[78]", "php9"));
    CHECK_FALSE(glob_matches("a?c", "ac"));
}

TEST_CASE("a library whose probes only look again is no reason to trace a process",
          "[definition]") {
    const Definition loader =
        parse_definition("library: l\nrecognise: [{file: x}]\nmetrics:\n"
                         "  - {name: m_total, type: counter, help: h}\ngroups:\n"
                         "  - {name: g, probes: [{name: p, help: h, shape: count, at: {function: "
                         "f1}, metric: m_total, looks_again: true}]}\n",
                         "l.yaml");
    CHECK(loader.is_library);
    CHECK(loader.is_companion());
}

namespace {

struct Folder {
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "holter-XXXXXX").string();
        path = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path / name) << text;
    }
    std::filesystem::path path;
};

std::string error_of_folder(const Folder& folder) {
    try {
        read_catalogue(folder.path.string());
    } catch (const YamlError& error) {
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE("a folder adds files and replaces those of the same name", "[definition]") {
    const Folder folder;
    const std::size_t built_in = read_catalogue().definitions.size();
    folder.write("shop.yaml", shop);
    folder.write("notes.txt", "not read");
    CHECK(read_catalogue(folder.path.string()).definitions.size() == built_in + 1);
    folder.write("dynamic_loader.yaml", with("runtime: shop", "runtime: other"));
    const auto read = read_catalogue(folder.path.string()).definitions;
    CHECK(read.size() == built_in + 1);
    CHECK(std::count_if(read.begin(), read.end(), [&](const Definition& definition) {
              return definition.source == folder.path.string() + "/dynamic_loader.yaml";
          }) == 1);
}

TEST_CASE("a file is one of the catalogue by its keys, also by misspelt ones", "[definition]") {
    const Folder folder;
    const auto is_one = [&](const std::string& text) {
        folder.write("file.yaml", text);
        return is_catalogue_file((folder.path / "file.yaml").string());
    };
    CHECK(is_one(shop));
    CHECK(is_one("runtime: shop\n"));
    CHECK(is_one("recognize: []\ngruops: []\n"));
    CHECK_FALSE(is_one(""));
    CHECK_FALSE(is_one("# nothing\n"));
    CHECK_FALSE(is_one("[groups]\n"));
    // All keys of a configuration.
    CHECK_FALSE(is_one("{web: 1, log: 1, select: 1, attach: 1, probes: 1, path: 1, processes: 1, "
                       "limits: 1, errors: 1}\n"));
}

TEST_CASE("files agree about what a metric is", "[definition]") {
    const Folder folder;
    folder.write("a.yaml", shop);
    folder.write("b.yaml", with("help: Bytes.", "help: Other bytes."));
    const std::string said = error_of_folder(folder);
    CHECK(said.find("metric `order_bytes_total` is declared differently at ") != std::string::npos);
    CHECK(said.find("/b.yaml:6:5: ") != std::string::npos);
    std::filesystem::remove(folder.path / "b.yaml");
    std::filesystem::remove_all(folder.path / "a.yaml");
    CHECK(error_of_folder(folder).empty());
    std::filesystem::remove(folder.path);
    CHECK(error_of_folder(folder).find("cannot be read: ") != std::string::npos);
}
