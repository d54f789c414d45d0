#include "tests/models/machine.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
extern const driver_ops_v2_t* const __start_kset_drivers[];
extern const driver_ops_v2_t* const __stop_kset_drivers[];
}

namespace models {
namespace {

constexpr uint64_t kPage = 4096;
Machine* g_current = nullptr;

[[noreturn]] void give_up(const char* why) {
  std::fprintf(stderr, "driver model: %s\n", why);
  std::abort();
}

}  // namespace

Machine::Machine() {
  g_current = this;
  device.size = sizeof(device);
  device.handle = 1;
  device.bus = HAL_BUS_PCI;
  device.irq = kWiredLine;
  std::strcpy(device.name, "0000:00:03.0");
}

Machine::~Machine() {
  if (registers_ != nullptr) munmap(registers_, device.bar[0].size);
  for (const auto& [memory, what] : memory_) std::free(memory);
  g_current = nullptr;
}

Machine& Machine::current() {
  if (g_current == nullptr) give_up("a driver runs without a machine");
  return *g_current;
}

void Machine::attach(DeviceModel& model, uint64_t registers_size) {
  model_ = &model;
  device.bar[0] = {
      .base = 0xfe000000, .size = registers_size, .bus_base = 0xfe000000, .flags = HAL_RESOURCE_MEMORY, .reserved = 0};
}

// --- memory

void* Machine::allocate(size_t size, size_t alignment, uint64_t* device_address) {
  expect_may_sleep("an allocation");
  void* memory = nullptr;
  if (should_fail() || posix_memalign(&memory, std::max(alignment, sizeof(void*)), size) != 0) return nullptr;
  std::memset(memory, 0, size);
  memory_[memory] = {size, 0};
  if (device_address != nullptr) {
    *device_address = map_for_device(memory, size, 0, kDeviceReads | kDeviceWrites);
    memory_[memory].device_address = *device_address;
  }
  return memory;
}

void Machine::free(void* memory, size_t size_for_device) {
  expect_no_lock("freeing memory");
  if (memory == nullptr) return;
  const auto found = memory_.find(memory);
  if (found == memory_.end()) give_up("the driver frees what it does not have");
  const Memory what = found->second;
  EXPECT_EQ(what.device_address != 0, size_for_device != 0) << "freed by the wrong function";
  if (size_for_device != 0) {
    EXPECT_EQ(what.size, size_for_device);
  }
  if (what.device_address != 0) unmap_for_device(what.device_address);
  memory_.erase(found);
  std::free(memory);
}

uint64_t Machine::map_for_device(void* memory, uint64_t length, uint32_t offset, uint8_t access) {
  const uint64_t address = next_device_address_ + offset;
  regions_[address] = {static_cast<uint8_t*>(memory), length, access};
  // A page that is nobody's lies between.
  next_device_address_ = (address + length + kPage - 1) / kPage * kPage + kPage;
  return address;
}

void Machine::unmap_for_device(uint64_t address) { EXPECT_EQ(regions_.erase(address), 1u); }

bool Machine::device_access(uint64_t address, void* other, uint32_t length, uint8_t access) {
  if (is_gone || !is_bus_master) return false;
  auto found = regions_.upper_bound(address);
  const bool any = found != regions_.begin();
  if (any) --found;
  const uint64_t at = any ? address - found->first : 0;
  if (!any || at > found->second.length || length > found->second.length - at || (found->second.access & access) == 0) {
    ADD_FAILURE() << "the device " << (access == kDeviceReads ? "reads " : "writes ") << length << " bytes at 0x"
                  << std::hex << address << ", which was not mapped for that";
    return false;
  }
  uint8_t* place = found->second.memory + at;
  std::memcpy(access == kDeviceReads ? other : place, access == kDeviceReads ? place : other, length);
  return true;
}

// --- registers

volatile void* Machine::map_registers() {
  if (should_fail() || model_ == nullptr) return nullptr;
  if (registers_ == nullptr) {
    void* place = mmap(nullptr, device.bar[0].size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) give_up("no address space");
    registers_ = static_cast<uint8_t*>(place);
  }
  return registers_;
}

uint32_t Machine::offset_of(const volatile void* address, uint32_t width) const {
  const auto offset = reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(registers_);
  if (registers_ == nullptr || offset + width > device.bar[0].size) give_up("an access outside the registers");
  EXPECT_EQ(offset % width, 0u) << "an access across its alignment";
  return static_cast<uint32_t>(offset);
}

uint64_t Machine::register_read(const volatile void* address, uint32_t width) {
  const uint32_t offset = offset_of(address, width);
  advance_ns(200);
  return is_gone ? ~uint64_t{0} : model_->read(offset, width);
}

void Machine::register_write(volatile void* address, uint32_t width, uint64_t value) {
  const uint32_t offset = offset_of(address, width);
  if (!is_gone) model_->write(offset, width, value);
}

// --- time

void Machine::advance_ns(uint64_t nanoseconds) {
  now_ns_ += nanoseconds;
  if (now_ns_ > kMostVirtualNs) give_up("the driver waits without end");
  if (model_ == nullptr || is_gone || is_advancing_) return;
  is_advancing_ = true;
  model_->time_passed();
  is_advancing_ = false;
}

// --- interrupts

hal_status_t Machine::allocate_interrupts(uint32_t wanted, uint32_t* granted) {
  expect_may_sleep("hal_irq_allocate");
  if (granted_ != 0) return HAL_BUSY;
  if (should_fail()) return HAL_NOT_FOUND;
  uses_messages_ = messages != 0;
  granted_ = uses_messages_ ? std::min(wanted, messages) : 1;
  *granted = granted_;
  return HAL_OK;
}

void Machine::free_interrupts() {
  granted_ = 0;
  uses_messages_ = false;
}

uint32_t Machine::line_of(uint32_t index) const {
  if (index >= granted_) return HAL_NO_IRQ;
  return uses_messages_ ? kFirstMessage + index : kWiredLine;
}

hal_status_t Machine::add_handler(const Handler& handler) {
  expect_may_sleep("hal_irq_register");
  EXPECT_NE(handler.irq, HAL_NO_IRQ);
  if (should_fail()) return HAL_NO_MEMORY;
  handlers_.push_back(handler);
  return HAL_OK;
}

hal_status_t Machine::remove_handler(const Handler& handler) {
  expect_may_sleep("hal_irq_unregister");
  const auto found = std::ranges::find_if(handlers_, [&](const Handler& each) {
    return each.irq == handler.irq && each.function == handler.function && each.context == handler.context;
  });
  if (found == handlers_.end()) return HAL_NOT_FOUND;
  handlers_.erase(found);
  if (handlers_of(handler.irq) == 0) enabled_.erase(handler.irq);
  return HAL_OK;
}

size_t Machine::handlers_of(uint32_t irq) const {
  return std::ranges::count_if(handlers_, [&](const Handler& each) { return each.irq == irq; });
}

void Machine::set_enabled(uint32_t irq, bool enabled) {
  if (enabled) {
    enabled_.insert(irq);
  } else if (handlers_of(irq) <= 1) {
    enabled_.erase(irq);
  }
}

void Machine::send_message(uint32_t index) {
  EXPECT_LT(index, granted_) << "a message that was not granted";
  if (!is_gone && is_bus_master) pending_.insert(kFirstMessage + index);
}

void Machine::interrupt(uint32_t irq) {
  ++atomic_;
  const std::vector<Handler> now = handlers_;
  for (const Handler& each : now) {
    if (each.irq == irq) each.function(irq, each.context);
  }
  --atomic_;
}

bool Machine::deliver_one() {
  for (const uint32_t irq : pending_) {
    if (!enabled_.contains(irq)) continue;
    pending_.erase(irq);
    interrupt(irq);
    return true;
  }
  if (uses_messages_ || is_gone || !enabled_.contains(kWiredLine) || !model_->drives_line()) return false;
  interrupt(kWiredLine);
  return true;
}

void Machine::deliver() {
  constexpr int kStorm = 10'000;
  for (int i = 0; i < kStorm; ++i) {
    if (!deliver_one()) return;
  }
  ADD_FAILURE() << "the handler does not quiet the device";
}

// --- contexts

void Machine::lock(hal_lock_t* lock) {
  if (!locks_.insert(lock).second) give_up("a lock is taken twice");
}

void Machine::unlock(hal_lock_t* lock) { EXPECT_EQ(locks_.erase(lock), 1u) << "a lock is released that is free"; }

void Machine::expect_may_sleep(const char* what) const {
  EXPECT_EQ(atomic_, 0u) << what << " where the driver may not sleep";
  expect_no_lock(what);
}

void Machine::expect_no_lock(const char* what) const { EXPECT_TRUE(locks_.empty()) << what << " with a lock held"; }

bool Machine::logged(const std::string& part) const {
  return std::ranges::any_of(log, [&](const std::string& line) { return line.find(part) != line.npos; });
}

void Machine::expect_nothing_held() const {
  EXPECT_TRUE(memory_.empty()) << memory_.size() << " allocations are left";
  EXPECT_TRUE(regions_.empty()) << "the device still has memory";
  EXPECT_TRUE(handlers_.empty()) << handlers_.size() << " interrupt handlers are left";
  EXPECT_TRUE(locks_.empty());
}

const driver_ops_v2_t& driver_named(const std::string& name) {
  for (auto* at = __start_kset_drivers; at != __stop_kset_drivers; ++at) {
    if (name == (*at)->name) return **at;
  }
  give_up("no such driver");
}

}  // namespace models
