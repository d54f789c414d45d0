// Device registers: plain accesses. Device mappings are uncached, which the CPU keeps in program order (Intel SDM vol.
// 3A 9.2.2 and 12.3).
#include "hal/io.h"

#include "arch/x86_64/instructions.hpp"

template <class T>
static T load(const volatile void* address) {
  return *static_cast<const volatile T*>(address);
}
template <class T>
static void store(volatile void* address, T value) {
  *static_cast<volatile T*>(address) = value;
}

extern "C" {

uint8_t hal_mmio_read8(const volatile void* address) { return load<uint8_t>(address); }
uint16_t hal_mmio_read16(const volatile void* address) { return load<uint16_t>(address); }
uint32_t hal_mmio_read32(const volatile void* address) { return load<uint32_t>(address); }
uint64_t hal_mmio_read64(const volatile void* address) { return load<uint64_t>(address); }
void hal_mmio_write8(volatile void* address, uint8_t value) { store(address, value); }
void hal_mmio_write16(volatile void* address, uint16_t value) { store(address, value); }
void hal_mmio_write32(volatile void* address, uint32_t value) { store(address, value); }
void hal_mmio_write64(volatile void* address, uint64_t value) { store(address, value); }
void hal_mmio_barrier(void) { asm volatile("mfence" : : : "memory"); }

bool hal_port_available(void) { return true; }
uint8_t hal_port_read8(uint16_t port) { return hal::arch::in8(port); }
uint16_t hal_port_read16(uint16_t port) { return hal::arch::in16(port); }
uint32_t hal_port_read32(uint16_t port) { return hal::arch::in32(port); }
void hal_port_write8(uint16_t port, uint8_t value) { hal::arch::out8(port, value); }
void hal_port_write16(uint16_t port, uint16_t value) { hal::arch::out16(port, value); }
void hal_port_write32(uint16_t port, uint32_t value) { hal::arch::out32(port, value); }

}  // extern "C"
