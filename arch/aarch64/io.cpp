// Device registers. Each access is one load or store with a plain base address, the form that a hypervisor can emulate
// (Arm ARM D17.2.40: ISV). Device mappings are nGnRE: the accesses to one device stay in order.
#include "hal/io.h"

extern "C" {

uint8_t hal_mmio_read8(const volatile void* address) {
  uint32_t value;
  asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
  return static_cast<uint8_t>(value);
}

uint16_t hal_mmio_read16(const volatile void* address) {
  uint32_t value;
  asm volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
  return static_cast<uint16_t>(value);
}

uint32_t hal_mmio_read32(const volatile void* address) {
  uint32_t value;
  asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
  return value;
}

uint64_t hal_mmio_read64(const volatile void* address) {
  uint64_t value;
  asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
  return value;
}

void hal_mmio_write8(volatile void* address, uint8_t value) {
  asm volatile("strb %w1, [%0]" : : "r"(address), "r"(value) : "memory");
}

void hal_mmio_write16(volatile void* address, uint16_t value) {
  asm volatile("strh %w1, [%0]" : : "r"(address), "r"(value) : "memory");
}

void hal_mmio_write32(volatile void* address, uint32_t value) {
  asm volatile("str %w1, [%0]" : : "r"(address), "r"(value) : "memory");
}

void hal_mmio_write64(volatile void* address, uint64_t value) {
  asm volatile("str %1, [%0]" : : "r"(address), "r"(value) : "memory");
}

void hal_mmio_barrier(void) { asm volatile("dsb sy" : : : "memory"); }

// This machine has no ports of its own; a PCI bridge's window for them is not used.
bool hal_port_available(void) { return false; }
uint8_t hal_port_read8(uint16_t /*port*/) { return 0xff; }
uint16_t hal_port_read16(uint16_t /*port*/) { return 0xffff; }
uint32_t hal_port_read32(uint16_t /*port*/) { return 0xffff'ffff; }
void hal_port_write8(uint16_t /*port*/, uint8_t /*value*/) {}
void hal_port_write16(uint16_t /*port*/, uint16_t /*value*/) {}
void hal_port_write32(uint16_t /*port*/, uint32_t /*value*/) {}

}  // extern "C"
