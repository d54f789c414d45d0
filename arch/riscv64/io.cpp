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

}  // extern "C"
