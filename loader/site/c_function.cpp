// SPDX-License-Identifier: Apache-2.0
#include "loader/site/c_function.h"

#include "loader/site/decoder.h"
#include "loader/site/emulation.h"
#include "loader/site/machine.h"

#include <algorithm>
#include <vector>

namespace holter::site {
namespace {

/// No compiled function is near this; it bounds the work on what only claims to be one.
constexpr std::size_t largest_function = 1 << 20;

/// How many instructions a probe may move from the entry.
constexpr int longest_walk = 8;

constexpr std::size_t nop5 = 5;

bool is_nop5(Machine machine, const Instruction& instruction) {
    return machine == Machine::x86_64 && instruction.size() == nop5 && is_nop(instruction);
}

/// May a probe move across it? It does nothing but compute into registers no caller passes
/// anything in.
bool is_harmless(const Decoder& decoder, const Instruction& instruction) {
    return decoder.machine() == Machine::x86_64 ? x86_64::keeps_arguments(decoder, instruction)
                                                : arm64::keeps_arguments(decoder, instruction);
}

struct Step {
    std::uint64_t address = 0;
    std::string text;
    bool nop5 = false;
    Handling handling = Handling::stepped;
};

/// The instructions from the entry on that a probe could stand on.
Result<std::vector<Step>> walk(const Code& code, Decoder& decoder) {
    std::vector<Step> steps;
    for (int i = 0; i < longest_walk; ++i) {
        const std::optional<Instruction> instruction = decoder.next();
        if (!instruction || !instruction->known()) {
            break;
        }
        steps.push_back({instruction->address, instruction->text(),
                         is_nop5(code.machine, *instruction),
                         handling(code.machine, *instruction)});
        if (!is_harmless(decoder, *instruction)) {
            break;
        }
    }
    if (steps.empty()) {
        return Error{"undecodable", "no instruction at the function's entry"};
    }
    return steps;
}

/// The lowest address behind the entry that the function jumps to, and whether it jumps to the
/// entry itself. Code that cannot be decoded to its end proves nothing about jumps.
struct Jumps {
    bool to_entry = false;
    std::uint64_t lowest = UINT64_MAX;
    bool complete = false;
};

Jumps find_jumps(const Code& code, Decoder& decoder) {
    Jumps jumps;
    decoder.seek(code.address);
    while (const std::optional<Instruction> instruction = decoder.next()) {
        const bool jumps_somewhere =
            instruction->flow == Flow::jump || instruction->flow == Flow::conditional;
        if (!jumps_somewhere || !instruction->target) {
            continue;
        }
        jumps.to_entry |= *instruction->target == code.address;
        if (*instruction->target > code.address) {
            jumps.lowest = std::min(jumps.lowest, *instruction->target);
        }
    }
    jumps.complete = decoder.at_end();
    return jumps;
}

} // namespace

Result<Site> c_entry_site(const Code& code) {
    if (code.bytes.size() > largest_function) {
        return Error{"undecodable", "the function has " + std::to_string(code.bytes.size()) +
                                        " bytes, more than any real one"};
    }
    Decoder decoder(code);
    const Result<std::vector<Step>> walked = walk(code, decoder);
    if (!walked) {
        return walked.error();
    }
    const Step& entry = walked->front();
    const Jumps jumps = find_jumps(code, decoder);
    if (jumps.to_entry) {
        return Error{"entry_in_loop",
                     "the function jumps back to its first instruction, `" + entry.text + "`"};
    }
    for (const Step& step : *walked) {
        const bool reached_once =
            step.address == code.address || (jumps.complete && step.address < jumps.lowest);
        if (!reached_once) {
            break;
        }
        if (step.handling == Handling::emulated) {
            return Site{step.address, Kind::entry, true, step.text};
        }
    }
    if (entry.handling == Handling::unsafe && !entry.nop5) {
        return Error{"unsafe_instruction",
                     "no probe can be put on `" + entry.text + "` without harm"};
    }
    return Site{entry.address, Kind::stepped, false, entry.text};
}

Result<Site> usdt_site(const Code& code, const std::optional<Code>& function) {
    Decoder decoder(code);
    const std::optional<Instruction> instruction = decoder.next();
    if (!instruction || !instruction->known()) {
        return Error{"undecodable", "no instruction where the note says"};
    }
    Site site{instruction->address, Kind::usdt, false, instruction->text()};
    if (is_nop5(code.machine, *instruction)) {
        bool at_entry = false;
        if (function) {
            Decoder entry(*function);
            const Result<std::vector<Step>> walked = walk(*function, entry);
            at_entry = walked && std::any_of(walked->begin(), walked->end(), [&](const Step& s) {
                           return s.address == site.address;
                       });
        }
        if (!at_entry) {
            return Error{"unsafe_nop5", "newer kernels rewrite `" + site.instruction +
                                            "` to a call, which destroys what the function keeps "
                                            "below the stack pointer"};
        }
        return site;
    }
    const Handling handled = handling(code.machine, *instruction);
    if (handled == Handling::unsafe) {
        return Error{"unsafe_instruction",
                     "no probe can be put on `" + site.instruction + "` without harm"};
    }
    site.emulated = handled == Handling::emulated;
    return site;
}

} // namespace holter::site
