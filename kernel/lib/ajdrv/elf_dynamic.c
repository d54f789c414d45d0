/* The dynamic section, and how many symbols there are. */
#include "kernel/lib/ajdrv/bytes.h"
#include "kernel/lib/ajdrv/elf_parts.h"

enum {
  kEnd = 0,
  kNeeded = 1,
  kPltRelaSize = 2,
  kHash = 4,
  kStrings = 5,
  kSymbols = 6,
  kRela = 7,
  kRelaSize = 8,
  kRelaEntry = 9,
  kStringsSize = 10,
  kSymbolEntry = 11,
  kInit = 12,
  kFini = 13,
  kRel = 17,
  kPltRelaKind = 20,
  kTextRelocations = 22,
  kPltRela = 23,
  kInitArray = 25,
  kFiniArray = 26,
  kFlags = 30,
  kPreinitArray = 32,
  kRelr = 36,
  kCommon = 40,
  kGnuHash = 0x6ffffef5,
  kFlagTextRelocations = 4,
};

typedef struct {
  uint64_t value[kCommon]; /* 0 where the tag is not there */
  bool is_there[kCommon];
  uint64_t gnu_hash;
} tags_t;

static ajdrv_error_t read_tags(const ajdrv_elf_t* elf, uint64_t address, uint64_t size, tags_t* tags) {
  const uint8_t* at = ajdrv_elf_at(elf, address, size);
  if (at == NULL) return AJDRV_E_ELF_PHDR;
  for (; size >= 16; at += 16, size -= 16) {
    const uint64_t tag = ajdrv_u64(at);
    if (tag == kEnd) return AJDRV_OK;
    if (tag < kCommon) {
      tags->value[tag] = ajdrv_u64(at + 8);
      tags->is_there[tag] = true;
    }
    if (tag == kGnuHash) tags->gnu_hash = ajdrv_u64(at + 8);
  }
  return AJDRV_E_ELF_PHDR; /* it has no end */
}

static bool has_forbidden(const tags_t* tags) {
  static const uint8_t forbidden[] = {kNeeded,    kInit,      kFini,         kRel, kTextRelocations,
                                      kInitArray, kFiniArray, kPreinitArray, kRelr};
  for (unsigned i = 0; i < sizeof(forbidden); ++i) {
    if (tags->is_there[forbidden[i]]) return true;
  }
  return (tags->value[kFlags] & kFlagTextRelocations) != 0;
}

/* The highest symbol that a GNU hash table names, plus one; 0 where the table is broken. */
static uint64_t count_by_gnu_hash(const ajdrv_elf_t* elf, uint64_t table) {
  const uint8_t* header = ajdrv_elf_at(elf, table, 16);
  if (header == NULL) return 0;
  const uint64_t buckets = ajdrv_u32(header), first = ajdrv_u32(header + 4), filter = ajdrv_u32(header + 8);
  const uint64_t bucket_at = table + 16 + filter * 8, chain_at = bucket_at + buckets * 4;
  uint64_t last = 0;
  for (uint64_t i = 0; i < buckets; ++i) {
    const uint8_t* bucket = ajdrv_elf_at(elf, bucket_at + i * 4, 4);
    if (bucket == NULL) return 0;
    if (ajdrv_u32(bucket) > last) last = ajdrv_u32(bucket);
  }
  if (last < first) return first; /* nothing is exported */
  for (;; ++last) {
    const uint8_t* link = ajdrv_elf_at(elf, chain_at + (last - first) * 4, 4);
    if (link == NULL) return 0;
    if ((link[0] & 1) != 0) return last + 1;
  }
}

static uint64_t count_symbols(const ajdrv_elf_t* elf, const tags_t* tags) {
  if (tags->value[kHash] == 0) return tags->gnu_hash == 0 ? 0 : count_by_gnu_hash(elf, tags->gnu_hash);
  const uint8_t* header = ajdrv_elf_at(elf, tags->value[kHash], 8);
  return header == NULL ? 0 : ajdrv_u32(header + 4);
}

/* A linker may say that there is a table of nothing at address 0. */
static bool set_relocations(ajdrv_elf_t* elf, int table, uint64_t address, uint64_t size) {
  if (address == 0) return size == 0;
  elf->relocations[table] = address;
  elf->relocation_counts[table] = size / AJDRV_RELA_SIZE;
  return size % AJDRV_RELA_SIZE == 0 && ajdrv_elf_at(elf, address, size) != NULL;
}

ajdrv_error_t ajdrv_elf_read_dynamic(ajdrv_elf_t* elf, uint64_t address, uint64_t size) {
  tags_t tags = {0};
  const ajdrv_error_t error = read_tags(elf, address, size, &tags);
  if (error != AJDRV_OK) return error;
  const uint64_t* value = tags.value;
  if (has_forbidden(&tags)) return AJDRV_E_ELF_FORBIDDEN;
  if ((value[kRelaEntry] != 0 && value[kRelaEntry] != AJDRV_RELA_SIZE) || value[kSymbolEntry] != AJDRV_SYMBOL_SIZE ||
      (value[kPltRela] != 0 && value[kPltRelaKind] != kRela)) {
    return AJDRV_E_ELF_PHDR;
  }
  elf->strings = value[kStrings];
  elf->strings_size = value[kStringsSize];
  elf->symbols = value[kSymbols];
  elf->symbol_count = count_symbols(elf, &tags);
  if (elf->symbol_count == 0 || elf->symbol_count > AJDRV_MAX_SIZE / AJDRV_SYMBOL_SIZE ||
      ajdrv_elf_at(elf, elf->symbols, elf->symbol_count * AJDRV_SYMBOL_SIZE) == NULL ||
      ajdrv_elf_at(elf, elf->strings, elf->strings_size) == NULL) {
    return AJDRV_E_ELF_PHDR;
  }
  return set_relocations(elf, 0, value[kRela], value[kRelaSize]) &&
                 set_relocations(elf, 1, value[kPltRela], value[kPltRelaSize])
             ? AJDRV_OK
             : AJDRV_E_ELF_PHDR;
}
