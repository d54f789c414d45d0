/*
 * Memory that a device reads and writes. The only memory that a driver may let its device touch, besides the buffers
 * that come with requests. Coherent: no cache maintenance; hal_mmio_barrier() orders accesses to it with registers.
 */
#pragma once

#include "hal/bus.h"

HAL_EXTERN_C_BEGIN

/*
 * `size` bytes, contiguous for the device, cleared, aligned to 4096; at most 4 MiB. `*device_address` gets where the
 * device finds them. NULL where there is no memory. May sleep.
 */
void* hal_dma_alloc(hal_device_t* device, size_t size, uint64_t* device_address);
/* The device no longer uses it. `size` as at the allocation. Accepts NULL. May sleep. */
void hal_dma_free(hal_device_t* device, void* memory, size_t size);

/* A piece of a buffer: what the CPU calls it (NULL where the driver's address space does not show it), and the device.
 */
typedef struct {
  void* memory;
  uint64_t device_address;
  uint32_t length; /* bytes, at least 1 */
  uint32_t reserved;
} hal_segment_t;

HAL_EXTERN_C_END
