// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/account/globals.h"

#include "loader/golang/account/code_patterns.h"

#include <algorithm>
#include <map>
#include <span>
#include <string_view>

namespace holter::golang {

namespace {

using patterns::Address;
using Found = Result<Address>;

constexpr std::string_view prefix = "runtime.";

Error not_found(std::string what) {
    return {"not_found", std::move(what)};
}

/// The code of functions of one binary, by the name they have in package runtime.
class RuntimeCode {
  public:
    RuntimeCode(const elf::ElfFile& file, const FunctionTable& functions)
        : file_(file), functions_(functions) {}

    std::optional<Address> address(std::string_view name) const {
        const Function* function = functions_.find(std::string(prefix) + std::string(name));
        return function != nullptr ? std::optional(function->address) : std::nullopt;
    }

    /// No bytes (which no pattern is in) when there is no such function.
    site::Code code(std::string_view name) {
        const Function* function = functions_.find(std::string(prefix) + std::string(name));
        return function != nullptr ? code(*function) : site::Code{};
    }

    /// The closures of a function: gcStart.func1 and so on.
    std::vector<site::Code> closures(std::string_view name) {
        const std::string start = std::string(prefix) + std::string(name) + ".func";
        std::vector<site::Code> closures;
        for (const Function& function : functions_.functions) {
            if (function.name.compare(0, start.size(), start) == 0) {
                closures.push_back(code(function));
            }
        }
        return closures;
    }

  private:
    site::Code code(const Function& function) {
        constexpr std::uint64_t largest_function = 1 << 20;
        auto [entry, is_new] = read_.try_emplace(function.address);
        if (is_new) {
            const auto size = std::min(function.size, largest_function);
            if (std::optional<elf::Bytes> bytes =
                    file_.at_address(function.address, static_cast<std::size_t>(size))) {
                entry->second = std::move(*bytes);
            }
        }
        return {site::Machine::x86_64, function.address, entry->second};
    }

    const elf::ElfFile& file_;
    const FunctionTable& functions_;
    std::map<Address, elf::Bytes> read_; ///< spans into it stay valid
};

bool contains(std::span<const Address> addresses, Address address) {
    return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

/// The one variable whose address is passed in all calls of `callee` from `caller`.
Found only_first_argument(RuntimeCode& code, std::string_view caller, std::string_view callee) {
    const std::optional<Address> target = code.address(callee);
    const auto arguments = target ? patterns::first_arguments(code.code(caller), *target)
                                  : std::vector<std::optional<Address>>();
    if (arguments.empty() || !arguments.front() ||
        std::count(arguments.begin(), arguments.end(), arguments.front()) !=
            static_cast<std::ptrdiff_t>(arguments.size())) {
        return not_found(std::string(caller) + " passes no one variable to " + std::string(callee));
    }
    return *arguments.front();
}

Found find_gc_controller(RuntimeCode& code) {
    Found at_start = only_first_argument(code, "gcStart", "(*gcControllerState).startCycle");
    if (!at_start) {
        return at_start;
    }
    const Found at_end = only_first_argument(code, "gcMarkDone", "(*gcControllerState).endCycle");
    if (!at_end || *at_end != *at_start) {
        return not_found("startCycle and endCycle are not called on the same variable");
    }
    return at_start;
}

/// gcMarkTermination counts `if work.userForced { numforcedgc++ }`, then `numgc++`; numforcedgc
/// lies behind numgc.
Found find_memstats(RuntimeCode& code, const GlobalOffsets& offsets) {
    if (!offsets.memstats_numgc) {
        return not_found("the offset of mstats.numgc is not known");
    }
    const site::Code function = code.code("gcMarkTermination");
    const std::vector<Address> counters = patterns::counted_up(function);
    std::vector<Address> numgc;
    for (std::size_t i = 1; i < counters.size(); ++i) {
        if (counters[i] + sizeof(std::uint32_t) == counters[i - 1]) {
            numgc.push_back(counters[i]);
        }
    }
    if (numgc.size() != 1) {
        return not_found("gcMarkTermination does not count up numforcedgc and numgc");
    }
    const Address memstats = numgc.front() - *offsets.memstats_numgc;
    if (offsets.memstats_pause_total_ns &&
        !contains(patterns::added_to(function), memstats + *offsets.memstats_pause_total_ns)) {
        return not_found("gcMarkTermination does not add to pause_total_ns where it should be");
    }
    return memstats;
}

/// gcStart's closure that starts the world, and gcMarkTermination, add the pause to work.pauseNS.
Found find_work(RuntimeCode& code, const GlobalOffsets& offsets) {
    const std::optional<Address> start = code.address("startTheWorldWithSema");
    if (!offsets.work_pause_ns || !start) {
        return not_found("the offset of work.pauseNS or startTheWorldWithSema is not known");
    }
    std::vector<Address> pause_ns;
    for (const site::Code& closure : code.closures("gcStart")) {
        const std::vector<Address> added = patterns::added_to(closure, start);
        if (!added.empty()) {
            pause_ns.push_back(added.front());
        }
    }
    if (pause_ns.size() != 1 ||
        !contains(patterns::added_to(code.code("gcMarkTermination")), pause_ns.front())) {
        return not_found("gcStart and gcMarkTermination do not add to the same variable");
    }
    return pause_ns.front() - *offsets.work_pause_ns;
}

Found find_sched(RuntimeCode& code, const GlobalOffsets& offsets) {
    const std::optional<Address> lock2 = code.address("lock2");
    if (!offsets.sched_lock || !lock2) {
        return not_found("the offset of schedt.lock or the function lock2 is not known");
    }
    const Found lock = only_first_argument(code, "startTheWorldWithSema", "lock2");
    if (!lock) {
        return lock;
    }
    const auto locks = patterns::first_arguments(code.code("stopTheWorldWithSema"), *lock2);
    if (std::find(locks.begin(), locks.end(), std::optional(*lock)) == locks.end()) {
        return not_found("stopping and starting the world do not take the same lock");
    }
    return *lock - *offsets.sched_lock;
}

/// stopTheWorldWithSema and checkdead range over all Ps, and over no other slice.
Found find_allp(RuntimeCode& code) {
    const std::vector<Address> slices = patterns::slices_loaded(code.code("stopTheWorldWithSema"));
    if (slices.size() != 1 || slices != patterns::slices_loaded(code.code("checkdead"))) {
        return not_found("stopTheWorldWithSema and checkdead do not range over one slice");
    }
    return slices.front();
}

/// allgadd stores allgptr and then allglen; forEachGRace loads them the other way round.
Found find_allglen(RuntimeCode& code) {
    const std::vector<Address> stored = patterns::exchanged(code.code("allgadd"));
    const std::vector<Address> loaded = patterns::loaded(code.code("forEachGRace"));
    if (stored.size() != 2 || loaded.size() < 2 || loaded[0] != stored[1] ||
        loaded[1] != stored[0]) {
        return not_found("allgadd and forEachGRace do not use the same two variables");
    }
    return stored[1];
}

bool is_variable(const elf::ElfFile& file, Address address) {
    constexpr Address alignment = 8;
    const std::vector<elf::Segment> segments = file.writable_segments();
    return address % alignment == 0 &&
           std::any_of(segments.begin(), segments.end(), [&](const elf::Segment& segment) {
               return address - segment.address < segment.memory_size;
           });
}

void set(Global& global, const elf::ElfFile& file, const Found& found, std::string how) {
    if (!found) {
        global.how = found.error().message;
    } else if (!is_variable(file, *found)) {
        global.how = "what the code mentions is not in writable memory";
    } else {
        global = {*found, std::move(how)};
    }
}

} // namespace

std::vector<std::string> globals_functions() {
    return {"runtime.gcStart",
            "runtime.gcStart.func*",
            "runtime.gcMarkDone",
            "runtime.gcMarkTermination",
            "runtime.(*gcControllerState).startCycle",
            "runtime.(*gcControllerState).endCycle",
            "runtime.stopTheWorldWithSema",
            "runtime.startTheWorldWithSema",
            "runtime.lock2",
            "runtime.checkdead",
            "runtime.allgadd",
            "runtime.forEachGRace"};
}

Globals locate_globals(const elf::ElfFile& file, const FunctionTable& functions,
                       const GlobalOffsets& offsets) {
    Globals globals;
    const std::pair<const char*, Global*> wanted[] = {
        {"runtime.memstats", &globals.memstats}, {"runtime.gcController", &globals.gc_controller},
        {"runtime.work", &globals.work},         {"runtime.sched", &globals.sched},
        {"runtime.allp", &globals.allp},         {"runtime.allglen", &globals.allglen}};
    std::vector<std::string> names;
    for (const auto& [name, global] : wanted) {
        names.emplace_back(name);
    }
    const std::map<std::string, elf::Symbol> symbols = file.find_symbols(names);
    bool all_found = true;
    for (const auto& [name, global] : wanted) {
        if (const auto symbol = symbols.find(name); symbol != symbols.end()) {
            set(*global, file, symbol->second.address, "symbol");
        }
        all_found = all_found && global->address;
    }
    if (all_found) {
        return globals;
    }
    if (file.machine() != elf::Machine::x86_64) {
        for (const auto& [name, global] : wanted) {
            if (!global->address) {
                global->how = "no symbol, and code is searched on x86-64 only";
            }
        }
        return globals;
    }

    RuntimeCode code(file, functions);
    const auto search = [&](Global& global, auto find, std::string how) {
        if (!global.address) {
            set(global, file, find(), std::move(how));
        }
    };
    search(
        globals.memstats, [&] { return find_memstats(code, offsets); },
        "code of gcMarkTermination");
    search(
        globals.gc_controller, [&] { return find_gc_controller(code); },
        "code of gcStart and gcMarkDone");
    search(
        globals.work, [&] { return find_work(code, offsets); },
        "code of gcStart and gcMarkTermination");
    search(
        globals.sched, [&] { return find_sched(code, offsets); },
        "code of startTheWorldWithSema and stopTheWorldWithSema");
    search(
        globals.allp, [&] { return find_allp(code); },
        "code of stopTheWorldWithSema and checkdead");
    search(
        globals.allglen, [&] { return find_allglen(code); }, "code of allgadd and forEachGRace");
    return globals;
}

} // namespace holter::golang
