/*
 * Memory for those below the kernel: architectures and drivers. The kernel implements it; usable from the moment that
 * the kernel calls hal_irq_init() on.
 */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

/*
 * `size` bytes, cleared, aligned to `alignment` (a power of two up to 4 MiB), contiguous in physical memory and part of
 * the direct map; at most 4 MiB. NULL where there is none. May sleep.
 */
void* hal_alloc(size_t size, size_t alignment);
/* Accepts NULL. Any context but non-maskable interrupts. */
void hal_free(void* memory);

/*
 * Makes physical memory that is not RAM reachable: device registers (flags HAL_MMU_READ | HAL_MMU_WRITE |
 * HAL_MMU_DEVICE, or HAL_MMU_WRITE_COMBINE for a framebuffer) or firmware tables (HAL_MMU_READ). Any alignment; returns
 * the address of the byte `paddr`, NULL where no address space or memory is left. May sleep.
 */
volatile void* hal_map_physical(uint64_t paddr, size_t size, uint32_t flags);
void hal_unmap_physical(volatile void* address, size_t size);

HAL_EXTERN_C_END
