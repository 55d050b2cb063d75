// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/types/error_links.h"

#include "loader/elf/bytes.h"
#include "loader/elf/window.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>
#include <string_view>

namespace holter::golang {

namespace {

// Behind the descriptor: a pointer's and a slice's element; a struct's package, then its fields
// (address, length, capacity); an interface's package, then its methods.
constexpr std::uint64_t offset_element = 48, offset_fields = 56, offset_methods = 56;
// The uncommon part: package (4 bytes), count of methods (2), of exported ones (2), where (4).
constexpr std::uint64_t uncommon_of_struct = 80, uncommon_of_others = 56;
constexpr std::size_t uncommon_bytes = 16, method_bytes = 16;
constexpr std::size_t field_words = 3; // name, type, offset
constexpr std::uint64_t most_methods = 4096, most_fields = 256, most_imethods = 64;
constexpr std::uint64_t highest_offset = 0xffff; // what the kernel side can hold
constexpr std::size_t most_candidates = 4096;

constexpr std::string_view unwrap = "Unwrap";
constexpr std::size_t name_head = 2; // before it: flags, of which the lowest says exported; length

constexpr std::array<std::string_view, 6> usual_names = {"err",  "Err",     "error",
                                                         "errs", "wrapped", "cause"};

/// Words of the program at many addresses, as a process sees them, minus the load bias: one pass
/// over the relocations serves all.
class Words {
  public:
    void want(std::uint64_t address) { words_[address]; }
    void read(const elf::ElfFile& file) {
        for (auto& [address, word] : words_)
            if (const auto bytes = file.at_address(address, sizeof(std::uint64_t)))
                word = elf::load<std::uint64_t>(*bytes, 0);
        file.for_each_relative([&](std::uint64_t where, std::uint64_t addend) {
            if (const auto found = words_.find(where); found != words_.end())
                found->second = addend;
            return true;
        });
    }
    std::uint64_t at(std::uint64_t address) const { return words_.at(address); }

  private:
    std::map<std::uint64_t, std::uint64_t> words_;
};

class Finder {
  public:
    Finder(const TypeReader& types, const GoVersion& version)
        : types_(types), file_(types.file()), version_(version) {}

    std::vector<ErrorLink> find() {
        find_unwrap_names();
        if (unwrap_.empty())
            return {};
        find_candidates();
        find_structs();
        find_fields();
        judge_field_types();
        std::vector<ErrorLink> links;
        for (const Candidate& candidate : candidates_)
            if (const auto link = link_of(candidate))
                links.push_back(*link);
        std::sort(links.begin(), links.end());
        return links;
    }

  private:
    /// A type with a method Unwrap.
    struct Candidate {
        std::uint64_t type;
        TypeKind kind;
        std::uint64_t structure = 0; ///< itself, or what it points to
    };
    struct Field {
        std::uint64_t name, type, offset;
    };
    enum class Holds { nothing, error, errors };

    template <typename Visit> void over_types(std::size_t step_back, const Visit& visit) {
        const auto begin = file_.offset_of(types_.begin());
        if (!begin)
            return;
        const std::uint64_t length =
            std::min(types_.end() - types_.begin(), file_.contiguous_from(types_.begin()));
        elf::Window window(file_, *begin, *begin + length);
        for (std::uint64_t offset = *begin; offset < *begin + length;) {
            const auto bytes = window.from(offset);
            if (bytes.size() <= step_back)
                return;
            visit(bytes, offset - *begin);
            // What a chunk cuts in two is looked at again, whole.
            offset += (bytes.size() - step_back + 7) / 8 * 8;
        }
    }

    void find_unwrap_names() {
        over_types(name_head + unwrap.size() + 8, [&](std::span<const std::byte> bytes,
                                                      std::uint64_t offset) {
            for (std::size_t at = name_head; at < bytes.size(); ++at) {
                const void* found =
                    ::memmem(bytes.data() + at, bytes.size() - at, unwrap.data(), unwrap.size());
                if (!found)
                    return;
                at = static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data());
                if ((bytes[at - 2] & std::byte{1}) != std::byte{0} &&
                    bytes[at - 1] == std::byte{unwrap.size()})
                    unwrap_.insert(static_cast<std::uint32_t>(offset + at - name_head));
            }
        });
    }

    void find_candidates() {
        const std::uint64_t names = types_.end() - types_.begin();
        over_types(
            TypeDescriptor::bytes + 8, [&](std::span<const std::byte> bytes, std::uint64_t offset) {
                for (std::size_t at = (8 - (types_.begin() + offset) % 8) % 8;
                     at + TypeDescriptor::bytes <= bytes.size(); at += 8) {
                    if (!TypeDescriptor::may_have_methods(&bytes[at]))
                        continue;
                    const auto type =
                        TypeDescriptor::parse(bytes.subspan(at, TypeDescriptor::bytes), names);
                    if (!type || !type->has_methods || candidates_.size() >= most_candidates)
                        continue;
                    const std::uint64_t address = types_.begin() + offset + at;
                    if (type->kind != TypeKind::structure && type->kind != TypeKind::pointer &&
                        type->kind != TypeKind::slice)
                        continue;
                    if (has_unwrap(address, type->kind, bytes, types_.begin() + offset) &&
                        (candidates_.empty() || candidates_.back().type < address))
                        candidates_.push_back({address, type->kind});
                }
            });
    }

    /// The methods of a type lie close behind it: they are in the chunk at hand, as good as always.
    bool has_unwrap(std::uint64_t type, TypeKind kind, std::span<const std::byte> chunk,
                    std::uint64_t chunk_address) const {
        elf::Bytes copy;
        const auto read = [&](std::uint64_t address, std::size_t length) {
            const std::uint64_t start = address - chunk_address;
            if (start <= chunk.size() && length <= chunk.size() - start)
                return chunk.subspan(static_cast<std::size_t>(start), length);
            copy = file_.at_address(address, length).value_or(elf::Bytes{});
            return std::span<const std::byte>(copy);
        };
        const std::uint64_t uncommon =
            type + (kind == TypeKind::structure ? uncommon_of_struct : uncommon_of_others);
        const auto head = read(uncommon, uncommon_bytes);
        if (head.empty())
            return false;
        const auto count = elf::load<std::uint16_t>(head, 4);
        const auto where = elf::load<std::uint32_t>(head, 8);
        if (count == 0 || count > most_methods || where >= types_.end() - types_.begin())
            return false;
        const auto methods = read(uncommon + where, count * method_bytes);
        for (std::size_t at = 0; at < methods.size(); at += method_bytes)
            if (unwrap_.count(elf::load<std::uint32_t>(methods, at)) != 0)
                return true;
        return false;
    }

    void find_structs() {
        Words elements;
        for (const Candidate& candidate : candidates_)
            if (candidate.kind == TypeKind::pointer)
                elements.want(candidate.type + offset_element);
        elements.read(file_);
        for (Candidate& candidate : candidates_) {
            if (candidate.kind == TypeKind::structure)
                candidate.structure = candidate.type;
            else if (candidate.kind == TypeKind::pointer)
                candidate.structure = elements.at(candidate.type + offset_element);
            const auto type = types_.descriptor(candidate.structure);
            if (!type || type->kind != TypeKind::structure)
                candidate.structure = 0;
            else
                fields_[candidate.structure];
        }
    }

    void find_fields() {
        Words lists;
        for (const auto& [structure, fields] : fields_) {
            lists.want(structure + offset_fields);
            lists.want(structure + offset_fields + 8);
        }
        lists.read(file_);
        Words contents;
        const auto each = [&](const auto& visit) {
            for (auto& [structure, fields] : fields_) {
                const std::uint64_t list = lists.at(structure + offset_fields);
                const std::uint64_t count = lists.at(structure + offset_fields + 8);
                for (std::uint64_t i = 0; count <= most_fields && i < count; ++i)
                    visit(fields, list + i * field_words * 8);
            }
        };
        each([&](auto&, std::uint64_t at) {
            for (std::uint64_t word = 0; word < field_words; ++word)
                contents.want(at + word * 8);
        });
        contents.read(file_);
        each([&](std::vector<Field>& fields, std::uint64_t at) {
            // Until Go 1.18 the lowest bit says that the field is embedded.
            const int shift = version_.minor <= 18 ? 1 : 0;
            fields.push_back({contents.at(at), contents.at(at + 8), contents.at(at + 16) >> shift});
        });
    }

    /// Which of the fields' types are those of errors or of slices of them.
    void judge_field_types() {
        std::set<std::uint64_t> slices, interfaces;
        const auto sort = [&](std::uint64_t type, bool of_slice) {
            const auto descriptor = types_.descriptor(type);
            if (!descriptor)
                return;
            if (descriptor->kind == TypeKind::interface)
                interfaces.insert(type);
            else if (descriptor->kind == TypeKind::slice && !of_slice)
                slices.insert(type);
        };
        for (const auto& [structure, fields] : fields_)
            for (const Field& field : fields)
                sort(field.type, false);
        for (const Candidate& candidate : candidates_)
            if (candidate.kind == TypeKind::slice)
                slices.insert(candidate.type);
        Words elements;
        for (const std::uint64_t slice : slices)
            elements.want(slice + offset_element);
        elements.read(file_);
        for (const std::uint64_t slice : slices)
            sort(elements.at(slice + offset_element), true);
        keep_errors(interfaces);
        for (const std::uint64_t type : interfaces)
            holds_[type] = Holds::error;
        for (const std::uint64_t slice : slices)
            if (interfaces.count(elements.at(slice + offset_element)) != 0)
                holds_[slice] = Holds::errors;
    }

    /// Of these interfaces, the ones that have a method Error.
    void keep_errors(std::set<std::uint64_t>& interfaces) {
        Words lists;
        for (const std::uint64_t type : interfaces) {
            lists.want(type + offset_methods);
            lists.want(type + offset_methods + 8);
        }
        lists.read(file_);
        std::erase_if(interfaces, [&](std::uint64_t type) {
            const std::uint64_t count = lists.at(type + offset_methods + 8);
            const auto methods = count <= most_imethods
                                     ? file_.at_address(lists.at(type + offset_methods),
                                                        static_cast<std::size_t>(count) * 8)
                                     : std::nullopt;
            for (std::size_t i = 0; methods && i < count; ++i)
                if (types_.text(elf::load<std::uint32_t>(*methods, i * 8)) == "Error")
                    return false;
            return true;
        });
    }

    std::optional<ErrorLink> link_of(const Candidate& candidate) const {
        const auto held = [&](std::uint64_t type) {
            const auto found = holds_.find(type);
            return found == holds_.end() ? Holds::nothing : found->second;
        };
        if (candidate.kind == TypeKind::slice) // its value is the slice itself
            return held(candidate.type) == Holds::errors
                       ? std::optional(ErrorLink{candidate.type, 0, true})
                       : std::nullopt;
        const auto fields = fields_.find(candidate.structure);
        if (fields == fields_.end())
            return std::nullopt;
        std::vector<const Field*> holders;
        for (const Field& field : fields->second)
            if (held(field.type) != Holds::nothing && field.offset <= highest_offset)
                holders.push_back(&field);
        if (holders.empty())
            return std::nullopt;
        const Field* chosen = holders.front();
        if (holders.size() > 1) {
            chosen = nullptr;
            for (const std::string_view usual : usual_names)
                for (const Field* field : holders)
                    if (!chosen && name_of(*field) == usual)
                        chosen = field;
            if (!chosen)
                return std::nullopt;
        }
        return ErrorLink{candidate.type, chosen->offset, held(chosen->type) == Holds::errors};
    }

    std::optional<std::string> name_of(const Field& field) const {
        if (field.name < types_.begin() || field.name >= types_.end())
            return std::nullopt;
        return types_.text(static_cast<std::uint32_t>(field.name - types_.begin()));
    }

    const TypeReader& types_;
    const elf::ElfFile& file_;
    const GoVersion& version_;
    std::set<std::uint32_t> unwrap_; ///< offsets of the name
    std::vector<Candidate> candidates_;
    std::map<std::uint64_t, std::vector<Field>> fields_; ///< by struct
    std::map<std::uint64_t, Holds> holds_;               ///< by type
};

} // namespace

std::vector<ErrorLink> find_error_links(const TypeReader& types, const GoVersion& version,
                                        std::size_t limit) {
    auto links = Finder(types, version).find();
    if (links.size() > limit)
        links.resize(limit);
    return links;
}

} // namespace holter::golang
