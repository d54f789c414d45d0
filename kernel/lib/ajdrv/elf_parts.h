/* The parts of ajdrv_elf_check(), each in a file of its own. */
#pragma once

#include "kernel/lib/ajdrv/elf.h"

/* Offsets and sizes in ELF64's structures (System V gABI, chapters 4 and 5). */
enum { AJDRV_SYMBOL_SIZE = 24, AJDRV_RELA_SIZE = 24 };

/* The bytes of the file behind an address of the image; NULL where the file has not all of them. */
const uint8_t* ajdrv_elf_at(const ajdrv_elf_t* elf, uint64_t address, uint64_t size);

/* Reads PT_DYNAMIC: where symbols, strings and relocations are. */
ajdrv_error_t ajdrv_elf_read_dynamic(ajdrv_elf_t* elf, uint64_t address, uint64_t size);
/* Imports and the entry. */
ajdrv_error_t ajdrv_elf_check_symbols(ajdrv_elf_t* elf, uint16_t abi_major, ajdrv_resolve_t resolve, void* context);
ajdrv_error_t ajdrv_elf_check_relocations(const ajdrv_elf_t* elf);
/* The name of a symbol; NULL where it does not end inside the strings. */
const char* ajdrv_elf_symbol_name(const ajdrv_elf_t* elf, const uint8_t* symbol);
