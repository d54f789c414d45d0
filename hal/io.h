/*
 * Registers of devices. `address` is a pointer that hal_bus_map_bar() (or the kernel's device mapping) returned, with
 * the natural alignment of the access. Each access happens exactly once, in program order with respect to other device
 * accesses of the same CPU; hal_mmio_barrier() orders them with ordinary memory as well. Any context.
 */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

uint8_t hal_mmio_read8(const volatile void* address);
uint16_t hal_mmio_read16(const volatile void* address);
uint32_t hal_mmio_read32(const volatile void* address);
uint64_t hal_mmio_read64(const volatile void* address);
void hal_mmio_write8(volatile void* address, uint8_t value);
void hal_mmio_write16(volatile void* address, uint16_t value);
void hal_mmio_write32(volatile void* address, uint32_t value);
void hal_mmio_write64(volatile void* address, uint64_t value);
void hal_mmio_barrier(void);

/*
 * I/O ports: the x86's, and what a PCI bridge of another machine shows in their place. Where a machine has none, reads
 * are all ones and writes are lost; hal_port_available() says so. Any context.
 */
bool hal_port_available(void);
uint8_t hal_port_read8(uint16_t port);
uint16_t hal_port_read16(uint16_t port);
uint32_t hal_port_read32(uint16_t port);
void hal_port_write8(uint16_t port, uint8_t value);
void hal_port_write16(uint16_t port, uint16_t value);
void hal_port_write32(uint16_t port, uint32_t value);

HAL_EXTERN_C_END
