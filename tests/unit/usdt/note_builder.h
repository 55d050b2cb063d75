// SPDX-License-Identifier: Apache-2.0
//
// USDT notes, right and wrong.
#pragma once

#include "elf/elf_builder.h"

#include <cstdint>
#include <string>

namespace holter::test {

struct NoteOf {
    std::string provider;
    std::string name;
    std::string arguments;
    std::uint64_t address = 0;
    std::uint64_t base = 0;
    std::uint64_t semaphore = 0;
    std::string owner = std::string("stapsdt\0", 8);
    std::size_t description_size = 0; ///< cut to this; 0: whole
};

inline void pad_to_word(Bytes& bytes) {
    bytes.resize((bytes.size() + 3) / 4 * 4);
}

inline void put_note(Bytes& notes, const NoteOf& note) {
    Bytes description;
    put(description, note.address);
    put(description, note.base);
    put(description, note.semaphore);
    for (const std::string* text : {&note.provider, &note.name, &note.arguments}) {
        put_text(description, *text + '\0');
    }
    if (note.description_size != 0) {
        description.resize(note.description_size);
    }
    put(notes, Elf64_Nhdr{static_cast<Elf64_Word>(note.owner.size()),
                          static_cast<Elf64_Word>(description.size()), 3});
    put_text(notes, note.owner);
    pad_to_word(notes);
    notes.insert(notes.end(), description.begin(), description.end());
    pad_to_word(notes);
}

} // namespace holter::test
