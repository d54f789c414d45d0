// The functions of hal/*.h that drivers call, on the machine of the test.
#include <cstdarg>
#include <cstdio>

#include "hal/cpu.h"
#include "tests/models/machine.hpp"

using models::Machine;

extern "C" {

void* hal_alloc(size_t size, size_t alignment) { return Machine::current().allocate(size, alignment, nullptr); }
void hal_free(void* memory) { Machine::current().free(memory, 0); }

void* hal_dma_alloc(hal_device_t*, size_t size, uint64_t* device_address) {
  return Machine::current().allocate(size, 4096, device_address);
}
void hal_dma_free(hal_device_t*, void* memory, size_t size) { Machine::current().free(memory, size); }

hal_status_t hal_bus_pci_enable(hal_device_t*) {
  Machine::current().expect_may_sleep("hal_bus_pci_enable");
  if (Machine::current().should_fail()) return HAL_INVALID;
  Machine::current().is_bus_master = true;
  return HAL_OK;
}
void hal_bus_pci_disable(hal_device_t*) {
  Machine::current().expect_no_lock("hal_bus_pci_disable");
  Machine::current().is_bus_master = false;
}
volatile void* hal_bus_map_bar(hal_device_t*, uint32_t index) {
  Machine::current().expect_may_sleep("hal_bus_map_bar");
  return index == 0 ? Machine::current().map_registers() : nullptr;
}

uint32_t hal_mmio_read32(const volatile void* address) {
  return static_cast<uint32_t>(Machine::current().register_read(address, 4));
}
uint64_t hal_mmio_read64(const volatile void* address) { return Machine::current().register_read(address, 8); }
void hal_mmio_write32(volatile void* address, uint32_t value) { Machine::current().register_write(address, 4, value); }
void hal_mmio_write64(volatile void* address, uint64_t value) { Machine::current().register_write(address, 8, value); }
void hal_mmio_barrier(void) {}

hal_status_t hal_irq_allocate(hal_device_t*, uint32_t wanted, uint32_t* granted) {
  return Machine::current().allocate_interrupts(wanted, granted);
}
void hal_irq_free(hal_device_t*) { Machine::current().free_interrupts(); }
uint32_t hal_irq_of(const hal_device_t*, uint32_t index) { return Machine::current().line_of(index); }
bool hal_irq_is_msix(const hal_device_t*) { return Machine::current().has_messages(); }
hal_status_t hal_irq_register(uint32_t irq, hal_irq_handler_t handler, void* context) {
  return Machine::current().add_handler({irq, handler, context});
}
hal_status_t hal_irq_unregister(uint32_t irq, hal_irq_handler_t handler, void* context) {
  return Machine::current().remove_handler({irq, handler, context});
}
hal_status_t hal_irq_enable(uint32_t irq) {
  Machine::current().set_enabled(irq, true);
  return HAL_OK;
}
hal_status_t hal_irq_disable(uint32_t irq) {
  Machine::current().set_enabled(irq, false);
  return HAL_OK;
}

void hal_lock_acquire(hal_lock_t* lock) { Machine::current().lock(lock); }
void hal_lock_release(hal_lock_t* lock) { Machine::current().unlock(lock); }

uint64_t hal_timer_ns(void) {
  Machine::current().advance_ns(50);
  return Machine::current().now_ns();
}
uint64_t hal_timer_ms(void) { return hal_timer_ns() / 1'000'000; }
void hal_timer_delay_us(uint64_t microseconds) {
  EXPECT_LE(microseconds, 10'000u) << "too long to wait without sleeping";
  Machine::current().advance_ns(microseconds * 1000);
}
void hal_sleep_ms(uint64_t milliseconds) {
  Machine::current().expect_may_sleep("hal_sleep_ms");
  Machine::current().advance_ns(milliseconds * 1'000'000);
  Machine::current().deliver();
}
uint32_t hal_cpu_count(void) { return Machine::current().cpus; }

void hal_log(hal_log_level_t, const char* module, const char* format, ...) {
  Machine::current().expect_no_lock("hal_log");
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  Machine::current().log.push_back(std::string(module) + ": " + line);
}

}  // extern "C"
