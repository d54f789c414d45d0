// A machine for one driver and the model of its device: what hal/*.h offers a driver, on the host.
//
// Registers go to the model, in a mapping that nothing else can read. Memory for the device has addresses of its own,
// never used twice, and a model reaches no other: what the driver has freed, or never offered, is a failed test.
// Time is virtual and moves when the driver waits; a driver that waits for ever ends the program. Interrupts come when
// the test or a sleeping driver lets them. A driver that sleeps where it may not, or calls out with a lock held, fails
// the test. Everything is on one thread. One machine at a time.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "kernel/driver_loader.h"

namespace models {

class DeviceModel {
 public:
  virtual ~DeviceModel() = default;
  virtual uint64_t read(uint32_t offset, uint32_t width) = 0;
  virtual void write(uint32_t offset, uint32_t width, uint64_t value) = 0;
  virtual void time_passed() {}
  // The wired interrupt line, where the driver has no messages.
  virtual bool drives_line() const { return false; }
};

// What a device may do with a piece of memory.
enum DeviceAccess : uint8_t { kDeviceReads = 1, kDeviceWrites = 2 };

class Machine {
 public:
  static constexpr uint32_t kWiredLine = 10, kFirstMessage = 100;
  static constexpr uint64_t kMostVirtualNs = 900ull * 1'000'000'000;

  Machine();
  ~Machine();
  Machine(const Machine&) = delete;
  static Machine& current();

  // --- for the test
  hal_device_t device{};
  uint32_t messages = 9;  // how many message-signalled interrupts there are; 0: the wired line alone
  uint32_t cpus = 2;
  bool is_gone = false;   // pulled out: all registers are ones and no memory is reached
  uint32_t fail_at = 0;   // the so-manieth thing that may fail does, counting from 1; 0: none
  uint32_t failable = 0;  // how many there were
  std::vector<std::string> log;
  void attach(DeviceModel& model, uint64_t registers_size);
  // Calls handlers until nothing is pending.
  void deliver();
  // One interrupt that the device did not ask for.
  void interrupt(uint32_t irq);
  uint64_t now_ns() const { return now_ns_; }
  void advance_ns(uint64_t nanoseconds);
  bool logged(const std::string& part) const;
  // Everything that a driver takes has been given back.
  void expect_nothing_held() const;

  // --- for the kernel's side
  // Lets the device reach `memory`, whose address in its first page is `offset`.
  uint64_t map_for_device(void* memory, uint64_t length, uint32_t offset, uint8_t access);
  void unmap_for_device(uint64_t address);
  bool should_fail() { return ++failable == fail_at; }
  void expect_may_sleep(const char* what) const;
  void expect_no_lock(const char* what) const;
  // While the kernel holds its own lock around a driver's function.
  struct Atomic {
    Atomic() { ++current().atomic_; }
    ~Atomic() { --current().atomic_; }
  };

  // --- for models: false where the access did not happen
  bool device_read(uint64_t address, void* to, uint32_t length) {
    return device_access(address, to, length, kDeviceReads);
  }
  bool device_write(uint64_t address, const void* from, uint32_t length) {
    return device_access(address, const_cast<void*>(from), length, kDeviceWrites);
  }
  void send_message(uint32_t index);
  bool has_messages() const { return uses_messages_; }

  // --- for hal.cpp
  struct Memory {
    size_t size;
    uint64_t device_address;  // 0: not for the device
  };
  struct Handler {
    uint32_t irq;
    hal_irq_handler_t function;
    void* context;
  };
  void* allocate(size_t size, size_t alignment, uint64_t* device_address);
  void free(void* memory, size_t size_for_device);
  volatile void* map_registers();
  uint64_t register_read(const volatile void* address, uint32_t width);
  void register_write(volatile void* address, uint32_t width, uint64_t value);
  hal_status_t allocate_interrupts(uint32_t wanted, uint32_t* granted);
  void free_interrupts();
  uint32_t line_of(uint32_t index) const;
  hal_status_t add_handler(const Handler& handler);
  hal_status_t remove_handler(const Handler& handler);
  void set_enabled(uint32_t irq, bool enabled);
  void lock(hal_lock_t* lock);
  void unlock(hal_lock_t* lock);
  bool is_bus_master = false;

 private:
  struct Region {
    uint8_t* memory;
    uint64_t length;
    uint8_t access;
  };
  bool device_access(uint64_t address, void* other, uint32_t length, uint8_t access);
  uint32_t offset_of(const volatile void* address, uint32_t width) const;
  bool deliver_one();
  size_t handlers_of(uint32_t irq) const;

  DeviceModel* model_ = nullptr;
  uint8_t* registers_ = nullptr;  // reserved and inaccessible
  std::map<void*, Memory> memory_;
  std::map<uint64_t, Region> regions_;
  uint64_t next_device_address_ = 0x4'0000'0000;
  uint64_t now_ns_ = 1'000'000'000;
  bool is_advancing_ = false;
  std::vector<Handler> handlers_;
  std::set<uint32_t> enabled_, pending_;
  uint32_t granted_ = 0;
  bool uses_messages_ = false;
  std::set<hal_lock_t*> locks_;
  uint32_t atomic_ = 0;
};

// The operations of a driver that is linked in.
const driver_ops_v2_t& driver_named(const std::string& name);

}  // namespace models
