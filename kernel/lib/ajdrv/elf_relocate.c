/* Relocations: checked all at once, then applied. */
#include <string.h>

#include "kernel/lib/ajdrv/bytes.h"
#include "kernel/lib/ajdrv/elf_parts.h"

/* The kinds that exist, by architecture (the psABI documents). RISC-V has no GLOB_DAT. */
typedef struct {
  uint32_t relative, global, slot, absolute;
} kinds_t;
static const kinds_t kinds[AJDRV_ARCH_COUNT] = {{8, 6, 7, 1}, {1027, 1025, 1026, 257}, {3, 2, 5, 2}};

static ajdrv_error_t check_one(const ajdrv_elf_t* elf, const uint8_t* entry) {
  const kinds_t* kind = &kinds[elf->arch];
  const uint64_t info = ajdrv_u64(entry + 8);
  const uint32_t type = (uint32_t)info, symbol = (uint32_t)(info >> 32);
  const bool by_symbol = type == kind->global || type == kind->slot || type == kind->absolute;
  if (!by_symbol && type != kind->relative) return AJDRV_E_ELF_RELOC_TYPE;
  if (symbol >= elf->symbol_count || (by_symbol ? symbol == 0 : symbol != 0)) return AJDRV_E_ELF_RELOC_TARGET;
  return ajdrv_elf_lies_in(elf, ajdrv_u64(entry), 8, AJDRV_ELF_WRITE) ? AJDRV_OK : AJDRV_E_ELF_RELOC_TARGET;
}

ajdrv_error_t ajdrv_elf_check_relocations(const ajdrv_elf_t* elf) {
  for (int table = 0; table < 2; ++table) {
    for (uint64_t i = 0; i < elf->relocation_counts[table]; ++i) {
      const uint64_t at = elf->relocations[table] + i * AJDRV_RELA_SIZE;
      const ajdrv_error_t error = check_one(elf, ajdrv_elf_at(elf, at, AJDRV_RELA_SIZE));
      if (error != AJDRV_OK) return error;
    }
  }
  return AJDRV_OK;
}

static uint64_t value_of(const ajdrv_elf_t* elf, uint32_t index, uint64_t base, ajdrv_resolve_t resolve,
                         void* context) {
  const uint8_t* symbol = ajdrv_elf_at(elf, elf->symbols + (uint64_t)index * AJDRV_SYMBOL_SIZE, AJDRV_SYMBOL_SIZE);
  if (ajdrv_u16(symbol + 6) != 0) return base + ajdrv_u64(symbol + 8);
  uint64_t address = 0;
  resolve(context, ajdrv_elf_symbol_name(elf, symbol), &address);
  return address;
}

void ajdrv_elf_relocate(const ajdrv_elf_t* elf, uint8_t* image, uint64_t base, ajdrv_resolve_t resolve, void* context) {
  for (int table = 0; table < 2; ++table) {
    for (uint64_t i = 0; i < elf->relocation_counts[table]; ++i) {
      const uint8_t* entry = ajdrv_elf_at(elf, elf->relocations[table] + i * AJDRV_RELA_SIZE, AJDRV_RELA_SIZE);
      const uint64_t info = ajdrv_u64(entry + 8), addend = ajdrv_u64(entry + 16);
      const bool is_relative = (uint32_t)info == kinds[elf->arch].relative;
      const uint64_t start = is_relative ? base : value_of(elf, (uint32_t)(info >> 32), base, resolve, context);
      ajdrv_store(image + ajdrv_u64(entry), 8, start + addend);
    }
  }
}

void ajdrv_elf_copy(const ajdrv_elf_t* elf, uint8_t* image) {
  for (uint32_t i = 0; i < elf->segment_count; ++i) {
    const ajdrv_segment_t* segment = &elf->segments[i];
    memcpy(image + segment->address, elf->file + segment->offset, segment->file_size);
  }
}
