/*
 * The code of a driver package: one ELF64 shared object under narrow rules (docs/packages.md), checked as a whole
 * before a byte of it is loaded, and relocated.
 *
 * ajdrv_elf_check() trusts nothing and writes nothing; what it accepted, ajdrv_elf_relocate() can apply without a
 * further check. The file's bytes stay the caller's and must not change in between. Addresses are offsets in the image,
 * which begins at 0 and is whole pages.
 */
#pragma once

#include "kernel/lib/ajdrv/format.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  AJDRV_ELF_PAGE = 4096,
  AJDRV_ELF_MAX_SEGMENTS = 8,
  AJDRV_ELF_MAX_IMAGE = 32 << 20, /* bytes of address space: linkers leave gaps between segments */
  AJDRV_NOTE_TYPE = 1,
  AJDRV_NOTE_FOR_KERNEL = 1, /* built with the kernel's flags: no vector registers, no red zone */
};
enum { AJDRV_ELF_EXECUTE = 1, AJDRV_ELF_WRITE = 2, AJDRV_ELF_READ = 4 };

typedef struct {
  uint64_t address, offset, file_size, memory_size;
  uint32_t flags;
} ajdrv_segment_t;

typedef struct {
  const uint8_t* file;
  uint64_t size;
  uint64_t image_size; /* a multiple of AJDRV_ELF_PAGE */
  uint64_t entry;      /* where the function of the header's interface is */
  uint32_t segment_count, note_flags;
  ajdrv_segment_t segments[AJDRV_ELF_MAX_SEGMENTS];
  uint64_t relro_start, relro_end; /* whole pages that are read-only once relocated; equal: none */
  uint64_t symbols, symbol_count;
  uint64_t strings, strings_size;
  uint64_t relocations[2], relocation_counts[2];
  uint16_t arch;
} ajdrv_elf_t;

/* Sets `*address` to that of an imported symbol; false: it is not part of the interface. */
typedef bool (*ajdrv_resolve_t)(void* context, const char* name, uint64_t* address);

/* Errors 70 to 80. `for_kernel`: the note must say that the code may run there. `elf` is set on AJDRV_OK alone. */
ajdrv_error_t ajdrv_elf_check(const void* code, size_t size, uint16_t arch, uint16_t abi_major, bool for_kernel,
                              ajdrv_resolve_t resolve, void* context, ajdrv_elf_t* elf);

/* Copies the segments into a cleared image. */
void ajdrv_elf_copy(const ajdrv_elf_t* elf, uint8_t* image);
/* Relocates a copied image that will run at the address `base`. */
void ajdrv_elf_relocate(const ajdrv_elf_t* elf, uint8_t* image, uint64_t base, ajdrv_resolve_t resolve, void* context);

/* True if [address, address + size) lies in one segment that has all of these flags. */
bool ajdrv_elf_lies_in(const ajdrv_elf_t* elf, uint64_t address, uint64_t size, uint32_t flags);

#ifdef __cplusplus
}
#endif
