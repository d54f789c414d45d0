/* Mappings of the kernel's own address space, for those who need one at a given address. */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

enum {
  HAL_MMU_READ = 1,
  HAL_MMU_WRITE = 2,
  HAL_MMU_EXEC = 4,           /* never together with HAL_MMU_WRITE: HAL_INVALID */
  HAL_MMU_DEVICE = 8,         /* uncached, in order */
  HAL_MMU_WRITE_COMBINE = 16, /* uncached, writes may be merged: framebuffers */
};

/*
 * Maps `size` bytes at the kernel virtual address `vaddr` to `paddr`; all three are multiples of 4096. HAL_INVALID for
 * a misaligned or user address or for write with exec, HAL_BUSY where something is mapped already (nothing is changed
 * then), HAL_NO_MEMORY. May sleep.
 */
hal_status_t hal_mmu_map(uintptr_t vaddr, uint64_t paddr, size_t size, uint32_t flags);

/* Removes the mappings in the range and waits until no CPU can use them. May sleep. */
hal_status_t hal_mmu_unmap(uintptr_t vaddr, size_t size);

HAL_EXTERN_C_END
