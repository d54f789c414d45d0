// Device registers. Device mappings may be weakly ordered where no Svpbmt says otherwise, so that each access is fenced
// against the device accesses before it (unprivileged specification 20240411, 2.7).
#include "hal/io.h"

template <class T>
static T load(const volatile void* address) {
  asm volatile("fence io, i" : : : "memory");
  return *static_cast<const volatile T*>(address);
}
template <class T>
static void store(volatile void* address, T value) {
  asm volatile("fence io, o" : : : "memory");
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
void hal_mmio_barrier(void) { asm volatile("fence iorw, iorw" : : : "memory"); }

// This machine has no ports of its own; a PCI bridge's window for them is not used.
bool hal_port_available(void) { return false; }
uint8_t hal_port_read8(uint16_t /*port*/) { return 0xff; }
uint16_t hal_port_read16(uint16_t /*port*/) { return 0xffff; }
uint32_t hal_port_read32(uint16_t /*port*/) { return 0xffff'ffff; }
void hal_port_write8(uint16_t /*port*/, uint8_t /*value*/) {}
void hal_port_write16(uint16_t /*port*/, uint16_t /*value*/) {}
void hal_port_write32(uint16_t /*port*/, uint32_t /*value*/) {}

}  // extern "C"
