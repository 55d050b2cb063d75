// SPDX-License-Identifier: Apache-2.0
#include "loader/site/site.h"

#include "loader/site/emulation.h"
#include "loader/site/machine.h"

#include <algorithm>

namespace holter::site {

namespace {

/// No compiled function is near this; it bounds the work on what only claims to be one.
constexpr std::size_t largest_function = 1 << 20;

/// All argument registers saved, with some room.
constexpr int longest_spill = 64;

/// Between a call and the branch on its result stand a few moves and one test.
constexpr int longest_result_use = 16;

Error undecodable(const Code& code, const Decoder& decoder) {
    return {"undecodable", "no instruction at byte " +
                               std::to_string(decoder.position() - code.address) + " of " +
                               std::to_string(code.bytes.size())};
}

Error too_large(const Code& code) {
    return {"undecodable", "the function has " + std::to_string(code.bytes.size()) +
                               " bytes, more than any real one"};
}

Result<Site> make_site(const Code& code, const Instruction& instruction, Kind kind) {
    if (!instruction.known()) {
        return Error{"undecodable", "no instruction at byte " +
                                        std::to_string(instruction.address - code.address)};
    }
    const Handling handled = handling(code.machine, instruction);
    if (handled == Handling::unsafe) {
        return Error{"unsafe_instruction",
                     "no probe can be put on `" + instruction.text() + "` without harm"};
    }
    return Site{instruction.address, kind, handled == Handling::emulated, instruction.text()};
}

FoundCheck find_stack_check(Decoder& decoder, std::span<const std::uint64_t> morestack) {
    return decoder.machine() == Machine::x86_64 ? x86_64::find_stack_check(decoder, morestack)
                                                : arm64::find_stack_check(decoder, morestack);
}

bool is_push(const Code& code, const Instruction& instruction) {
    return code.machine == Machine::x86_64 && x86_64::is_push(instruction);
}

bool keeps_results(const Code& code, const Decoder& decoder, const Instruction& instruction) {
    return code.machine == Machine::x86_64 ? x86_64::keeps_results(decoder, instruction)
                                           : arm64::keeps_results(decoder, instruction);
}

Result<Site> site_at(const Code& code, Decoder& decoder, std::uint64_t address, Kind kind) {
    if (!decoder.seek(address)) {
        return undecodable(code, decoder);
    }
    const std::optional<Instruction> instruction = decoder.next();
    if (!instruction) {
        return undecodable(code, decoder);
    }
    return make_site(code, *instruction, kind);
}

/// Is the first instruction the target of a jump? Looks as far as the code can be decoded.
bool is_entry_in_loop(const Code& code, Decoder& decoder) {
    decoder.seek(code.address);
    while (const std::optional<Instruction> instruction = decoder.next()) {
        const bool jumps =
            instruction->flow == Flow::jump || instruction->flow == Flow::conditional;
        if (jumps && instruction->target == code.address) {
            return true;
        }
    }
    return false;
}

/// The first conditional branch from where `decoder` stands, which is just after a call.
std::optional<Instruction> branch_on_result(const Code& code, Decoder& decoder) {
    for (int i = 0; i < longest_result_use; ++i) {
        std::optional<Instruction> instruction = decoder.next();
        if (!instruction || instruction->flow == Flow::conditional) {
            return instruction;
        }
        if (!keeps_results(code, decoder, *instruction)) {
            break;
        }
    }
    return std::nullopt;
}

} // namespace

bool leads_to_morestack(Decoder& decoder, std::uint64_t target,
                        std::span<const std::uint64_t> morestack) {
    const std::uint64_t position = decoder.position();
    bool leads = false;
    bool seeking = decoder.seek(target);
    for (int i = 0; seeking && i < longest_spill; ++i) {
        const std::optional<Instruction> instruction = decoder.next();
        if (!instruction) {
            break;
        }
        if (instruction->flow == Flow::call && instruction->target) {
            leads = std::find(morestack.begin(), morestack.end(), *instruction->target) !=
                    morestack.end();
        }
        seeking = decoder.machine() == Machine::x86_64 ? x86_64::is_spill(*instruction)
                                                       : arm64::is_spill(*instruction);
    }
    decoder.seek(position);
    return leads;
}

std::string_view to_string(Kind kind) {
    switch (kind) {
    case Kind::push:
        return "push";
    case Kind::jbe:
        return "jbe";
    case Kind::call:
        return "call";
    case Kind::result:
        return "result";
    case Kind::entry:
        return "entry";
    case Kind::stepped:
        return "stepped";
    case Kind::usdt:
        return "usdt";
    }
    return "unknown";
}

Result<Site> entry_site(const Code& code, std::span<const std::uint64_t> morestack) {
    if (code.bytes.size() > largest_function) {
        return too_large(code);
    }
    Decoder decoder(code);
    FoundCheck found = find_stack_check(decoder, morestack);
    if (!found) {
        return found.error();
    }
    const std::optional<StackCheck>& check = *found;
    if (!decoder.seek(check ? check->body : code.address)) {
        return undecodable(code, decoder);
    }
    const std::optional<Instruction> body = decoder.next();
    if (!body) {
        return undecodable(code, decoder);
    }
    if (is_push(code, *body)) {
        return make_site(code, *body, Kind::push);
    }
    if (check) {
        return site_at(code, decoder, check->branch, Kind::jbe);
    }
    Result<Site> site = make_site(code, *body, Kind::stepped);
    if (site && site->emulated) {
        site->kind = Kind::entry;
    }
    if (site && is_entry_in_loop(code, decoder)) {
        return Error{"entry_in_loop", "the function jumps back to its first instruction, `" +
                                          site->instruction + "`"};
    }
    return site;
}

Result<std::vector<Site>> call_sites(const Code& code, std::uint64_t callee) {
    if (code.bytes.size() > largest_function) {
        return too_large(code);
    }
    std::vector<Site> sites;
    Decoder decoder(code);
    while (const std::optional<Instruction> instruction = decoder.next()) {
        if (instruction->flow == Flow::call && instruction->target == callee) {
            Result<Site> site = make_site(code, *instruction, Kind::call);
            if (!site) {
                return site.error();
            }
            sites.push_back(std::move(*site));
        }
    }
    if (!decoder.at_end()) {
        return undecodable(code, decoder);
    }
    return sites;
}

Result<std::vector<Site>> result_sites(const Code& code, std::uint64_t callee) {
    Result<std::vector<Site>> calls = call_sites(code, callee);
    if (!calls) {
        return calls;
    }
    std::vector<Site> sites;
    Decoder decoder(code);
    for (const Site& call : *calls) {
        decoder.seek(call.address);
        decoder.next();
        const std::optional<Instruction> branch = branch_on_result(code, decoder);
        if (!branch) {
            return Error{"no_result_site", "the results of the call at byte " +
                                               std::to_string(call.address - code.address) +
                                               " are not tested before they are overwritten"};
        }
        Result<Site> site = make_site(code, *branch, Kind::result);
        if (!site) {
            return site.error();
        }
        sites.push_back(std::move(*site));
    }
    return sites;
}

} // namespace holter::site
