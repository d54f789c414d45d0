// What a kernel does with code that it accepted.
#pragma once

#include <cstdlib>
#include <cstring>

#include "tests/unit/ajdrv/sample_elf.hpp"

namespace fuzz {

// Checks, and loads into an image of exactly the size that was promised.
inline void load_code(const uint8_t* code, size_t size, uint16_t arch, uint16_t abi_major) {
  ajdrv_elf_t elf;
  if (ajdrv_elf_check(code, size, arch, abi_major, true, sample::resolve_hal, nullptr, &elf) != AJDRV_OK) return;
  if (elf.image_size == 0 || elf.image_size % AJDRV_ELF_PAGE != 0 || elf.image_size > AJDRV_ELF_MAX_IMAGE) std::abort();
  if (!ajdrv_elf_lies_in(&elf, elf.entry, 1, AJDRV_ELF_EXECUTE)) std::abort();
  for (uint32_t i = 0; i < elf.segment_count; ++i) {
    const uint32_t both = AJDRV_ELF_WRITE | AJDRV_ELF_EXECUTE;
    if ((elf.segments[i].flags & both) == both) std::abort();
  }
  auto* image = static_cast<uint8_t*>(std::calloc(1, elf.image_size));
  ajdrv_elf_copy(&elf, image);
  ajdrv_elf_relocate(&elf, image, 0x10000000, sample::resolve_hal, nullptr);
  std::free(image);
}

}  // namespace fuzz
