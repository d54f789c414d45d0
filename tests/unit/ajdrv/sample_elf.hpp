// A small ELF64 shared object that keeps every rule for a driver's code, and may be made to break one.
//
// Three segments: headers and tables (read), code (read, execute), data (read, write: the dynamic section, then words
// for relocations). The file has no gaps; each segment has a page of its own in memory.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kernel/lib/ajdrv/bytes.h"
#include "kernel/lib/ajdrv/elf.h"
#include "userland/ajdrv/files.hpp"

namespace sample {

struct ElfSegment {
  std::uint32_t type, flags;
  std::uint64_t offset, address, file_size, memory_size;
};
struct ElfSymbol {
  std::string name;
  std::uint8_t info;  // binding << 4 | type
  std::uint16_t section;
  std::uint64_t value;
};
struct ElfRelocation {
  std::uint64_t at;
  std::uint32_t type, symbol;
  std::uint64_t addend;
};
struct ElfNote {
  std::string owner = "Halyard";
  std::uint32_t type = 1, abi = 2, flags = 1;
};

// Kinds of relocations by architecture: relative, global, slot, absolute.
inline constexpr std::uint32_t kRelocations[3][4] = {{8, 6, 7, 1}, {1027, 1025, 1026, 257}, {3, 2, 5, 2}};
inline constexpr std::uint16_t kMachines[3] = {62, 183, 243};

enum ElfPlace : std::uint64_t {
  kTables = 0x000,  // the tables' segment: headers to 0x300, then what they lead to
  kNoteAt = 0x300,  // notes
  kSymbolsAt = 0x380,
  kStringsAt = 0x480,
  kHashAt = 0x580,
  kRelocationsAt = 0x600,
  kCode = 0x800,   // offset; the address is a page further on
  kData = 0x840,   // offset; the address is two pages further on
  kWords = 0xa00,  // likewise
  kFileEnd = 0xb00,
};
inline constexpr std::uint64_t kCodeAt = 0x1000 + kCode, kDataAt = 0x2000 + kData, kWordsAt = 0x2000 + kWords;

struct Elf {
  std::uint16_t arch = 0, type = 3;
  std::vector<ElfSymbol> symbols = {{"ajdrv_entry_v2", 0x12, 1, kCodeAt}, {"hal_log", 0x12, 0, 0}};
  std::vector<ElfRelocation> relocations;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> more_tags;
  std::vector<ElfNote> notes = {{}};
  std::function<void(std::vector<ElfSegment>&)> change = [](auto&) {};  // of the program headers, at the end
};

class ElfWriter {
 public:
  explicit ElfWriter(const Elf& elf) : elf_(elf), file_(kFileEnd) {
    put_symbols();
    put_relocations();
    put_notes();
    put_dynamic();
    put_headers();
  }
  tools::Bytes take() { return std::move(file_); }

 private:
  void put(std::uint64_t at, unsigned size, std::uint64_t value) {
    ajdrv_store(&file_.at(at + size - 1) - size + 1, size, value);
  }
  void put_text(std::uint64_t at, const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) put(at + i, 1, static_cast<std::uint8_t>(text[i]));
  }

  void put_symbols() {
    std::uint64_t text = 1;  // the first string is the empty one
    for (std::size_t i = 0; i < elf_.symbols.size(); ++i) {
      const ElfSymbol& symbol = elf_.symbols[i];
      const std::uint64_t at = kSymbolsAt + 24 * (i + 1);
      put(at, 4, text);
      put(at + 4, 1, symbol.info);
      put(at + 6, 2, symbol.section);
      put(at + 8, 8, symbol.value);
      put_text(kStringsAt + text, symbol.name);
      text += symbol.name.size() + 1;
    }
    strings_size_ = text;
    put(kHashAt + 4, 4, elf_.symbols.size() + 1);
  }
  void put_relocations() {
    for (std::size_t i = 0; i < elf_.relocations.size(); ++i) {
      const ElfRelocation& relocation = elf_.relocations[i];
      put(kRelocationsAt + 24 * i, 8, relocation.at);
      put(kRelocationsAt + 24 * i + 8, 8, static_cast<std::uint64_t>(relocation.symbol) << 32 | relocation.type);
      put(kRelocationsAt + 24 * i + 16, 8, relocation.addend);
    }
  }
  void put_notes() {
    for (const ElfNote& note : elf_.notes) {
      const std::uint64_t at = kNoteAt + notes_size_;
      put(at, 4, note.owner.size() + 1);
      put(at + 4, 4, 8);
      put(at + 8, 4, note.type);
      put_text(at + 12, note.owner);
      const std::uint64_t text = at + 12 + ((note.owner.size() + 1 + 3) & ~std::uint64_t{3});
      put(text, 4, note.abi);
      put(text + 4, 4, note.flags);
      notes_size_ = text + 8 - kNoteAt;
    }
  }
  void put_dynamic() {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> tags = {
        {4, kHashAt}, {5, kStringsAt}, {6, kSymbolsAt}, {10, strings_size_}, {11, 24}};
    if (!elf_.relocations.empty()) {
      tags.insert(tags.end(), {{7, kRelocationsAt}, {8, 24 * elf_.relocations.size()}, {9, 24}});
    }
    tags.insert(tags.end(), elf_.more_tags.begin(), elf_.more_tags.end());
    tags.push_back({0, 0});
    for (const auto& [tag, value] : tags) {
      put(kData + dynamic_size_, 8, tag);
      put(kData + dynamic_size_ + 8, 8, value);
      dynamic_size_ += 16;
    }
  }
  void put_headers() {
    std::vector<ElfSegment> segments = {
        {1, 4, kTables, 0, kCode, kCode},
        {1, 5, kCode, kCodeAt, kData - kCode, kData - kCode},
        {1, 6, kData, kDataAt, kFileEnd - kData, kFileEnd - kData + 0x100},
        {2, 6, kData, kDataAt, dynamic_size_, dynamic_size_},
        {4, 4, kNoteAt, kNoteAt, notes_size_, notes_size_},
    };
    elf_.change(segments);
    put_text(0,
             "\x7f"
             "ELF\x02\x01\x01");
    put(16, 2, elf_.type);
    put(18, 2, kMachines[elf_.arch]);
    put(32, 8, 64);
    put(54, 2, 56);
    put(56, 2, segments.size());
    std::uint64_t at = 64;
    for (const ElfSegment& segment : segments) {
      put(at, 4, segment.type);
      put(at + 4, 4, segment.flags);
      put(at + 8, 8, segment.offset);
      put(at + 16, 8, segment.address);
      put(at + 32, 8, segment.file_size);
      put(at + 40, 8, segment.memory_size);
      at += 56;
    }
  }

  const Elf& elf_;
  tools::Bytes file_;
  std::uint64_t strings_size_ = 0, notes_size_ = 0, dynamic_size_ = 0;
};

inline tools::Bytes make_elf(const Elf& elf) { return ElfWriter(elf).take(); }

// The interface of the samples: names that begin with "hal_", at addresses that tell them apart.
inline bool resolve_hal(void* /*context*/, const char* name, std::uint64_t* address) {
  const std::string text = name;
  if (!text.starts_with("hal_")) return false;
  *address = 0xffff000000000000 + text.size() * 0x1000;
  return true;
}

inline ajdrv_error_t check_elf(const tools::Bytes& code, std::uint16_t arch, ajdrv_elf_t* elf,
                               std::uint16_t abi_major = 2, bool for_kernel = true) {
  return ajdrv_elf_check(code.data(), code.size(), arch, abi_major, for_kernel, resolve_hal, nullptr, elf);
}

}  // namespace sample
