/* Imports, and the one export that counts. */
#include <string.h>

#include "kernel/lib/ajdrv/bytes.h"
#include "kernel/lib/ajdrv/elf_parts.h"

enum { kInfo = 4, kSection = 6, kValue = 8 };
enum { kFunction = 2, kThreadLocal = 6, kIndirect = 10, kLocal = 0 };

const char* ajdrv_elf_symbol_name(const ajdrv_elf_t* elf, const uint8_t* symbol) {
  const uint64_t offset = ajdrv_u32(symbol);
  if (offset >= elf->strings_size) return NULL;
  const uint64_t left = elf->strings_size - offset;
  const char* name = (const char*)ajdrv_elf_at(elf, elf->strings + offset, left);
  return name != NULL && memchr(name, 0, left) != NULL ? name : NULL;
}

/* 1 and 2: the interface whose entry this is; 0: neither. */
static uint16_t interface_of(const char* name) {
  if (strcmp(name, "ajdrv_entry") == 0) return 1;
  return strcmp(name, "ajdrv_entry_v2") == 0 ? 2 : 0;
}

static ajdrv_error_t check_symbol(ajdrv_elf_t* elf, const uint8_t* symbol, uint16_t abi_major, ajdrv_resolve_t resolve,
                                  void* context) {
  const unsigned type = symbol[kInfo] & 15, binding = symbol[kInfo] >> 4;
  if (type == kIndirect || type == kThreadLocal) return AJDRV_E_ELF_FORBIDDEN;
  const char* name = ajdrv_elf_symbol_name(elf, symbol);
  if (name == NULL) return AJDRV_E_ELF_PHDR;
  uint64_t address = 0;
  if (ajdrv_u16(symbol + kSection) == 0) {
    return resolve(context, name, &address) ? AJDRV_OK : AJDRV_E_ELF_IMPORT;
  }
  const uint16_t interface = binding == kLocal ? 0 : interface_of(name);
  if (interface == 0) return AJDRV_OK;
  address = ajdrv_u64(symbol + kValue);
  if (interface != abi_major || type != kFunction || elf->entry != 0 ||
      !ajdrv_elf_lies_in(elf, address, 1, AJDRV_ELF_EXECUTE)) {
    return AJDRV_E_ELF_ENTRY;
  }
  elf->entry = address;
  return AJDRV_OK;
}

ajdrv_error_t ajdrv_elf_check_symbols(ajdrv_elf_t* elf, uint16_t abi_major, ajdrv_resolve_t resolve, void* context) {
  const uint8_t* symbol = ajdrv_elf_at(elf, elf->symbols, elf->symbol_count * AJDRV_SYMBOL_SIZE);
  for (uint64_t i = 1; i < elf->symbol_count; ++i) {
    const ajdrv_error_t error = check_symbol(elf, symbol + i * AJDRV_SYMBOL_SIZE, abi_major, resolve, context);
    if (error != AJDRV_OK) return error;
  }
  return elf->entry != 0 ? AJDRV_OK : AJDRV_E_ELF_ENTRY;
}
