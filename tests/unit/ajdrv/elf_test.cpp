// The rules for a driver's code: what is accepted, and each way to break one.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/unit/ajdrv/sample_elf.hpp"

using namespace sample;
using tools::Bytes;

namespace {

std::string judge(const Elf& elf, std::uint16_t abi_major = 2, bool for_kernel = true) {
  ajdrv_elf_t result;
  return ajdrv_error_name(check_elf(make_elf(elf), elf.arch, &result, abi_major, for_kernel));
}
// The verdict on the sample after a change.
std::string with(const std::function<void(Elf&)>& change) {
  Elf elf;
  change(elf);
  return judge(elf);
}
std::string with_segments(const std::function<void(std::vector<ElfSegment>&)>& change) {
  return with([&](Elf& elf) { elf.change = change; });
}
std::string with_bytes(std::size_t at, unsigned size, std::uint64_t value) {
  Bytes file = make_elf({});
  ajdrv_store(&file.at(at), size, value);
  ajdrv_elf_t result;
  return ajdrv_error_name(check_elf(file, 0, &result));
}
std::string with_relocation(const ElfRelocation& relocation, std::uint16_t arch = 0) {
  return with([&](Elf& elf) { elf.arch = arch, elf.relocations = {relocation}; });
}
std::string with_symbol(const ElfSymbol& symbol) {
  return with([&](Elf& elf) { elf.symbols.push_back(symbol); });
}
std::string with_tag(std::uint64_t tag, std::uint64_t value) {
  return with([&](Elf& elf) { elf.more_tags = {{tag, value}}; });
}

constexpr std::uint32_t kLoad = 1, kRelro = 0x6474e552;

}  // namespace

TEST(Elf, TheSampleIsAcceptedOnEachArchitecture) {
  for (std::uint16_t arch = 0; arch < AJDRV_ARCH_COUNT; ++arch) {
    ajdrv_elf_t elf;
    Elf parts;
    parts.arch = arch;
    ASSERT_EQ(check_elf(make_elf(parts), arch, &elf), AJDRV_OK);
    EXPECT_EQ(elf.entry, kCodeAt);
    EXPECT_EQ(elf.image_size, 0x3000u);
    EXPECT_EQ(elf.segment_count, 3u);
    EXPECT_TRUE(ajdrv_elf_lies_in(&elf, kCodeAt, 1, AJDRV_ELF_EXECUTE));
    EXPECT_FALSE(ajdrv_elf_lies_in(&elf, kCodeAt, 1, AJDRV_ELF_WRITE));
    EXPECT_FALSE(ajdrv_elf_lies_in(&elf, kCodeAt, kData - kCode + 1, AJDRV_ELF_EXECUTE));
  }
}

TEST(Elf, Identification) {
  ajdrv_elf_t elf;
  const Bytes good = make_elf({});
  EXPECT_EQ(check_elf(Bytes(good.begin(), good.begin() + 63), 0, &elf), AJDRV_E_ELF_IDENT);
  EXPECT_EQ(with_bytes(0, 1, 0), "ELF_IDENT");
  EXPECT_EQ(with_bytes(4, 1, 1), "ELF_IDENT");  // 32 bits
  EXPECT_EQ(with_bytes(5, 1, 2), "ELF_IDENT");  // big-endian
  EXPECT_EQ(with_bytes(6, 1, 0), "ELF_IDENT");  // version
}

TEST(Elf, MachineAndType) {
  ajdrv_elf_t elf;
  EXPECT_EQ(check_elf(make_elf({}), 1, &elf), AJDRV_E_ELF_MACHINE);
  EXPECT_EQ(check_elf(make_elf({}), 3, &elf), AJDRV_E_ELF_MACHINE);
  EXPECT_EQ(with_bytes(18, 2, 3), "ELF_MACHINE");
  for (const std::uint16_t type : {0, 1, 2, 4}) EXPECT_EQ(with([&](Elf& e) { e.type = type; }), "ELF_TYPE") << type;
}

TEST(Elf, ProgramHeadersLieInTheFile) {
  EXPECT_EQ(with_bytes(32, 8, ~0ull), "ELF_PHDR");
  EXPECT_EQ(with_bytes(32, 8, kFileEnd - 56), "ELF_PHDR");
  EXPECT_EQ(with_bytes(54, 2, 32), "ELF_PHDR");
  EXPECT_EQ(with_bytes(56, 2, 0), "ELF_PHDR");
  EXPECT_EQ(with_bytes(56, 2, 17), "ELF_PHDR");
}

TEST(Elf, SegmentsLieInTheFileAndTheImage) {
  EXPECT_EQ(with_segments([](auto& s) { s[2].offset = ~0ull; }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s[2].file_size = s[2].memory_size = 0x1000; }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s[2].file_size = s[2].memory_size + 1; }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s[2].memory_size = AJDRV_MAX_SIZE + 1; }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s[2].memory_size = ~0ull; }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s[2].address = AJDRV_ELF_MAX_IMAGE + s[2].offset; }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s[2].address = 0xffffffff80000000 + s[2].offset; }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s[2].address += 8; }), "ELF_PHDR");  // not congruent to its offset
}

TEST(Elf, SegmentsShareNoPage) {
  EXPECT_EQ(with_segments([](auto& s) { s[1].address = kCode; }), "ELF_PHDR");  // right behind the first
  EXPECT_EQ(with_segments([](auto& s) { s[2].address = 0x1000 + kData; }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { std::swap(s[0], s[1]); }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s[0].memory_size = 0x3000; }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s.push_back(s[2]); }), "ELF_PHDR");
}

TEST(Elf, SegmentsAreFew) {
  const auto more = [](unsigned count) {
    return with_segments([=](auto& s) {
      for (unsigned i = 0; i < count; ++i) s.push_back({kLoad, 4, 0, 0x10000 + 0x1000 * i, 8, 8});
    });
  };
  EXPECT_EQ(more(5), "OK");
  EXPECT_EQ(more(6), "ELF_PHDR");
}

TEST(Elf, NothingIsWritableAndExecutable) {
  for (const std::size_t i : {0u, 1u, 2u}) {
    EXPECT_EQ(with_segments([=](auto& s) { s[i].flags = 7; }), "ELF_WX") << i;
    EXPECT_EQ(with_segments([=](auto& s) { s[i].flags = 3; }), "ELF_WX") << i;
  }
  EXPECT_EQ(with_segments([](auto& s) { s[0].flags = 12; }), "ELF_PHDR");  // a right that does not exist
}

TEST(Elf, WhatDriversMayNotHave) {
  EXPECT_EQ(with_segments([](auto& s) { s.push_back({3, 4, 0, 0, 8, 8}); }), "ELF_FORBIDDEN");  // interpreter
  EXPECT_EQ(with_segments([](auto& s) { s.push_back({7, 4, 0, 0, 8, 8}); }), "ELF_FORBIDDEN");  // threads
  // Needed, init, fini, REL, text relocations, the arrays, RELR.
  for (const std::uint64_t tag : {1, 12, 13, 17, 22, 25, 26, 32, 36}) {
    EXPECT_EQ(with_tag(tag, kCodeAt), "ELF_FORBIDDEN") << tag;
    EXPECT_EQ(with_tag(tag, 0), "ELF_FORBIDDEN") << tag;
  }
  EXPECT_EQ(with_tag(30, 4), "ELF_FORBIDDEN");                            // text relocations, by flag
  EXPECT_EQ(with_tag(30, 8), "OK");                                       // bound at once
  EXPECT_EQ(with_symbol({"chosen", 0x1a, 1, kCodeAt}), "ELF_FORBIDDEN");  // an indirect function
  EXPECT_EQ(with_symbol({"own", 0x16, 1, 0}), "ELF_FORBIDDEN");           // of a thread
}

TEST(Elf, DynamicSection) {
  EXPECT_EQ(with_segments([](auto& s) { s.erase(s.begin() + 3); }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s.push_back(s[3]); }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s[3].address = 0x9000; }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s[3].file_size = ~0ull; }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s[3].file_size -= 16; }), "ELF_PHDR");  // its end is cut off
  for (const std::uint64_t table : {4, 5, 6}) {                                 // hash, strings, symbols
    EXPECT_EQ(with_tag(table, 0x9000), "ELF_PHDR") << table;
    EXPECT_EQ(with_tag(table, ~0ull), "ELF_PHDR") << table;
    EXPECT_EQ(with_tag(table, kFileEnd - 4), "ELF_PHDR") << table;
  }
  EXPECT_EQ(with_tag(10, ~0ull), "ELF_PHDR");  // size of the strings
  EXPECT_EQ(with_tag(11, 16), "ELF_PHDR");     // size of a symbol
  EXPECT_EQ(with_tag(9, 16), "ELF_PHDR");      // size of a relocation
  EXPECT_EQ(with_bytes(kHashAt + 4, 4, 0), "ELF_PHDR");
  EXPECT_EQ(with_bytes(kHashAt + 4, 4, 0xffffffff), "ELF_PHDR");
}

TEST(Elf, NamesEndInsideTheStrings) {
  EXPECT_EQ(with_bytes(kSymbolsAt + 24, 4, 0xffffffff), "ELF_PHDR");
  EXPECT_EQ(with_tag(10, 8), "ELF_PHDR");
}

TEST(Elf, RelocationsOfUnknownKinds) {
  const std::uint32_t unknown[3][5] = {
      {0, 2, 5, 18, 37}, {0, 258, 1024, 1030, 1032}, {0, 1, 4, 11, 58}};  // none, PC-relative, copy, threads, indirect
  for (std::uint16_t arch = 0; arch < AJDRV_ARCH_COUNT; ++arch) {
    for (const std::uint32_t type : unknown[arch]) {
      EXPECT_EQ(with_relocation({kWordsAt, type, 1, 0}, arch), "ELF_RELOC_TYPE") << arch << " " << type;
    }
    for (const std::uint32_t type : kRelocations[arch]) {
      const std::uint32_t symbol = type == kRelocations[arch][0] ? 0 : 1;
      EXPECT_EQ(with_relocation({kWordsAt, type, symbol, 0}, arch), "OK") << arch << " " << type;
    }
  }
}

TEST(Elf, RelocationsChangeDataAlone) {
  const auto at = [](std::uint64_t address) { return with_relocation({address, 8, 0, 0}); };
  constexpr std::uint64_t kEnd = 0x2000 + kFileEnd + 0x100;
  EXPECT_EQ(at(kEnd - 8), "OK");
  const std::uint64_t outside[] = {0,        kSymbolsAt, kCodeAt, kCodeAt + 8, kDataAt - 1, kDataAt - 8,
                                   kEnd - 7, kEnd,       0x3000,  ~0ull,       ~0ull - 7,   1ull << 63};
  for (const std::uint64_t bad : outside) {
    EXPECT_EQ(at(bad), "ELF_RELOC_TARGET") << std::hex << bad;
  }
}

TEST(Elf, RelocationsNameSymbolsThatExist) {
  EXPECT_EQ(with_relocation({kWordsAt, 6, 0, 0}), "ELF_RELOC_TARGET");  // by symbol, and none
  EXPECT_EQ(with_relocation({kWordsAt, 8, 1, 0}), "ELF_RELOC_TARGET");  // relative, and one
  EXPECT_EQ(with_relocation({kWordsAt, 6, 3, 0}), "ELF_RELOC_TARGET");
  EXPECT_EQ(with_relocation({kWordsAt, 6, 0xffffffff, 0}), "ELF_RELOC_TARGET");
}

TEST(Elf, RelocationTablesLieInTheFile) {
  EXPECT_EQ(with_tag(7, 0x9000), "ELF_PHDR");
  EXPECT_EQ(with([](Elf& e) { e.more_tags = {{7, kRelocationsAt}, {8, ~0ull}}; }), "ELF_PHDR");
  EXPECT_EQ(with([](Elf& e) { e.more_tags = {{7, kRelocationsAt}, {8, 25}}; }), "ELF_PHDR");
  EXPECT_EQ(with([](Elf& e) { e.more_tags = {{8, 24}}; }), "ELF_PHDR");  // a size, and no table
  // The table of the procedure linkage is of the other kind.
  EXPECT_EQ(with([](Elf& e) { e.more_tags = {{23, kRelocationsAt}, {2, 24}, {20, 17}}; }), "ELF_PHDR");
}

// As the linker for RISC-V writes it for a driver that needs no relocation.
TEST(Elf, ARelocationTableMayBeOfNothing) {
  EXPECT_EQ(with([](Elf& e) { e.more_tags = {{7, 0}, {8, 0}, {9, 24}}; }), "OK");
  EXPECT_EQ(with([](Elf& e) { e.more_tags = {{7, 0}, {8, 24}, {9, 24}}; }), "ELF_PHDR");
}

TEST(Elf, ImportsAreOfTheInterface) {
  EXPECT_EQ(with_symbol({"hal_timer_ms", 0x12, 0, 0}), "OK");
  for (const char* name : {"printk", "", "hal", "HAL_log", " hal_log"}) {
    EXPECT_EQ(with_symbol({name, 0x12, 0, 0}), "ELF_IMPORT") << name;
  }
  EXPECT_EQ(with_symbol({"weak", 0x22, 0, 0}), "ELF_IMPORT");  // nothing is optional
}

TEST(Elf, OneEntryOfItsInterface) {
  const auto entry = [](const ElfSymbol& symbol, std::uint16_t abi = 2) {
    Elf elf;
    elf.symbols = {symbol};
    elf.notes[0].abi = abi;
    return judge(elf, abi);
  };
  EXPECT_EQ(entry({"ajdrv_entry", 0x12, 1, kCodeAt}, 1), "OK");
  EXPECT_EQ(entry({"ajdrv_entry", 0x12, 1, kCodeAt}), "ELF_ENTRY");  // the other interface's
  EXPECT_EQ(entry({"other", 0x12, 1, kCodeAt}), "ELF_ENTRY");
  EXPECT_EQ(entry({"ajdrv_entry_v2", 0x02, 1, kCodeAt}), "ELF_ENTRY");  // local
  EXPECT_EQ(entry({"ajdrv_entry_v2", 0x11, 1, kCodeAt}), "ELF_ENTRY");  // an object
  const std::uint64_t outside[] = {0, kSymbolsAt, kDataAt, kCodeAt + kData - kCode, ~0ull};
  for (const std::uint64_t bad : outside) {
    EXPECT_EQ(entry({"ajdrv_entry_v2", 0x12, 1, bad}), "ELF_ENTRY") << std::hex << bad;
  }
  EXPECT_EQ(with_symbol({"ajdrv_entry_v2", 0x12, 1, kCodeAt + 4}), "ELF_ENTRY");  // two
  EXPECT_EQ(with_symbol({"ajdrv_entry", 0x12, 1, kCodeAt + 4}), "ELF_ENTRY");     // and the other's
}

TEST(Elf, TheNoteSaysThatItIsForTheKernel) {
  const auto notes = [](const std::vector<ElfNote>& list, bool for_kernel = true) {
    Elf elf;
    elf.notes = list;
    return judge(elf, 2, for_kernel);
  };
  EXPECT_EQ(notes({}), "ELF_NOTE");
  EXPECT_EQ(notes({}, false), "OK");  // an isolated host takes what any compiler made
  EXPECT_EQ(notes({{.flags = 0}}), "ELF_NOTE");
  EXPECT_EQ(notes({{.flags = 0}}, false), "OK");
  EXPECT_EQ(notes({{.abi = 1}}), "ELF_NOTE");
  EXPECT_EQ(notes({{.abi = 1}}, false), "ELF_NOTE");
  EXPECT_EQ(notes({{.type = 2}}), "ELF_NOTE");
  EXPECT_EQ(notes({{}, {}}), "ELF_NOTE");  // two
  EXPECT_EQ(notes({{.owner = "GNU", .type = 3}, {}}), "OK");
  EXPECT_EQ(with_segments([](auto& s) { s[4].offset = ~0ull; }), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) { s[4].file_size = 27; }), "ELF_NOTE");  // cut off
  EXPECT_EQ(with_bytes(kNoteAt, 4, 0xffffffff), "ELF_NOTE");
  EXPECT_EQ(with_bytes(kNoteAt + 4, 4, 0xffffffff), "ELF_NOTE");
}

TEST(Elf, WhatIsSealedIsOfOneWritableSegment) {
  const auto relro = [](std::uint64_t start, std::uint64_t size) {
    return with_segments([=](auto& s) { s.push_back({kRelro, 4, kData, start, size, size}); });
  };
  EXPECT_EQ(relro(kDataAt, 0x10), "OK");  // less than a page: nothing is sealed
  EXPECT_EQ(relro(0x2000, 0x1000), "OK");
  EXPECT_EQ(relro(0x1000, 0x1000), "ELF_PHDR");  // the code's
  EXPECT_EQ(relro(0x2000, 0x2000), "ELF_PHDR");  // beyond the end
  EXPECT_EQ(relro(0x1000, 0x2000), "ELF_PHDR");  // of two
  EXPECT_EQ(relro(~0ull, 1), "ELF_PHDR");
  EXPECT_EQ(relro(0x2000, ~0ull), "ELF_PHDR");
  EXPECT_EQ(with_segments([](auto& s) {
              s.push_back({kRelro, 4, 0, 0x2000, 0x1000, 0x1000});
              s.push_back({kRelro, 4, 0, 0x2000, 0x1000, 0x1000});
            }),
            "ELF_PHDR");
}

TEST(Elf, RelocatedAsTheArchitectureSays) {
  constexpr std::uint64_t kBase = 0xffffffff90000000;
  std::uint64_t log = 0;
  ASSERT_TRUE(resolve_hal(nullptr, "hal_log", &log));
  for (std::uint16_t arch = 0; arch < AJDRV_ARCH_COUNT; ++arch) {
    const auto& kinds = kRelocations[arch];
    Elf parts;
    parts.arch = arch;
    parts.relocations = {{kWordsAt, kinds[0], 0, kCodeAt},        // relative
                         {kWordsAt + 8, kinds[1], 1, 0},          // its own function
                         {kWordsAt + 16, kinds[2], 2, 0},         // an import
                         {kWordsAt + 24, kinds[3], 2, 0x10},      // an import and so many bytes
                         {kWordsAt + 33, kinds[0], 0, kDataAt}};  // at an odd address
    ajdrv_elf_t elf;
    const Bytes file = make_elf(parts);
    ASSERT_EQ(check_elf(file, arch, &elf), AJDRV_OK);
    Bytes image(elf.image_size);
    ajdrv_elf_copy(&elf, image.data());
    ajdrv_elf_relocate(&elf, image.data(), kBase, resolve_hal, nullptr);
    EXPECT_EQ(ajdrv_u64(&image[kWordsAt]), kBase + kCodeAt);
    EXPECT_EQ(ajdrv_u64(&image[kWordsAt + 8]), kBase + kCodeAt);
    EXPECT_EQ(ajdrv_u64(&image[kWordsAt + 16]), log);
    EXPECT_EQ(ajdrv_u64(&image[kWordsAt + 24]), log + 0x10);
    EXPECT_EQ(ajdrv_u64(&image[kWordsAt + 33]), kBase + kDataAt);
    EXPECT_EQ(std::memcmp(&image[kCodeAt], &file[kCode], kData - kCode), 0);
    EXPECT_TRUE(ajdrv_all_zero(&image[0x2000 + kFileEnd], 0x3000 - 0x2000 - kFileEnd));
  }
}

// Whatever is accepted can be loaded without leaving the image; the sanitizers watch.
TEST(Elf, NoBitLeadsOutOfTheImage) {
  Elf parts;
  parts.relocations = {{kWordsAt, 8, 0, kCodeAt}, {kWordsAt + 8, 6, 2, 0}};
  const Bytes good = make_elf(parts);
  unsigned accepted = 0;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes file = good;
    file[bit / 8] = static_cast<std::uint8_t>(file[bit / 8] ^ 1u << bit % 8);
    ajdrv_elf_t elf;
    if (check_elf(file, 0, &elf) != AJDRV_OK) continue;
    ++accepted;
    Bytes image(elf.image_size);
    ajdrv_elf_copy(&elf, image.data());
    ajdrv_elf_relocate(&elf, image.data(), 0x1000000, resolve_hal, nullptr);
  }
  EXPECT_GT(accepted, 0u);
}

TEST(Elf, NoTruncationReadsBeyondTheEnd) {
  const Bytes good = make_elf({});
  for (std::size_t size = 0; size < good.size(); ++size) {
    ajdrv_elf_t elf;
    // A copy of exactly that size, so that a read beyond it is seen.
    ASSERT_NE(check_elf(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)), 0, &elf), AJDRV_OK)
        << size;
  }
}
