#include "arch/aarch64/its.hpp"

#include "arch/aarch64/gic.hpp"
#include "arch/aarch64/its_device.hpp"
#include "arch/aarch64/its_queue.hpp"
#include "arch/aarch64/its_table.hpp"
#include "arch/aarch64/lpi.hpp"
#include "arch/aarch64/probe.hpp"
#include "hal/layout.hpp"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/mmu.h"
#include "kernel/lib/spin.hpp"

namespace hal::arch {

// GITS_TYPER (IHI 0069H 12.19.13).
struct ItsType {
  bool has_physical = false;
  bool targets_are_addresses = false;  // PTA
  usize event_entry = 0;               // bytes of an ITT for each event
  unsigned event_bits = 0, device_bits = 0, collection_bits = 0;
  u32 own_collections = 0;  // that it holds without a table
};

struct Its : lib::ListNode {
  Its() = default;
  Its(const Its&) = delete;
  Its& operator=(const Its&) = delete;
  ~Its() { hal_unmap_physical(registers, gits::kFrame); }  // it is off

  u32 name = 0;
  PhysAddr translater;
  volatile u8* registers = nullptr;
  ItsType type;
  ItsTable collection_table;
  u32 collections = 0;  // ids below this may be used

  // Under the lock.
  ItsTable device_table;
  ItsQueue queue;
  bool reaches[kMaxCpus] = {};  // the CPU's collection is mapped
};

namespace {

constexpr u32 kEnabled = 1 << 0, kQuiescent = u32{1} << 31;  // GITS_CTLR

lib::List<Its> services;  // constant after boot

lib::RawSpinLock lock;
ItsDevices devices;  // under the lock, with what is in them

class LockGuard {
 public:
  LockGuard() { lock.lock(); }
  ~LockGuard() { lock.unlock(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  const InterruptGuard interrupts_;
};

ItsType read_type(volatile u8* registers) {
  const u64 value = hal_mmio_read64(registers + gits::kType);
  const auto field = [&](unsigned lowest, u64 mask) { return static_cast<unsigned>(value >> lowest & mask); };
  const bool says_collection_bits = field(36, 1) != 0;
  return {.has_physical = field(0, 1) != 0,
          .targets_are_addresses = field(19, 1) != 0,
          .event_entry = field(4, 0xf) + 1,
          .event_bits = field(8, 0x1f) + 1,
          .device_bits = field(13, 0x1f) + 1,
          .collection_bits = says_collection_bits ? field(32, 0xf) + 1 : 16,
          .own_collections = field(24, 0xff)};
}

// Firmware may have used it.
bool turn_off(volatile u8* registers) {
  hal_mmio_write32(registers + gits::kControl, hal_mmio_read32(registers + gits::kControl) & ~kEnabled);
  for (int tries = 0; tries < 100000; ++tries) {
    if ((hal_mmio_read32(registers + gits::kControl) & kQuiescent) != 0) return true;
    relax();
  }
  return false;
}

Status create_tables(Its& its) {
  const u64 cpus = gic_v3_cpus();
  its.collections = its.type.own_collections;
  for (usize i = 0; i < gits::kTableCount; ++i) {
    volatile u8* at = its.registers + gits::kTables + i * sizeof(u64);
    const ItsTableKind kind = its_table_kind(at);
    hal_mmio_write64(at, 0);  // firmware's
    if (kind == ItsTableKind::Devices) TRY(its.device_table.create(at, u64{1} << its.type.device_bits));
    if (kind != ItsTableKind::Collections) continue;
    TRY(its.collection_table.create(at, cpus));
    its.collections = static_cast<u32>(cpus);
  }
  const u32 most = u32{1} << its.type.collection_bits;
  if (its.collections > most) its.collections = most;
  return its.collections != 0 && its.device_table.is_within(0) ? Status() : Err(Errno::EIO);
}

Status start(Its& its) {
  its.type = read_type(its.registers);
  if (!its.type.has_physical) return Err(Errno::EOPNOTSUPP);
  if (!turn_off(its.registers)) return Err(Errno::EIO);
  TRY(create_tables(its));
  TRY(its.queue.create(its.registers));
  hal_mmio_write32(its.registers + gits::kControl, hal_mmio_read32(its.registers + gits::kControl) | kEnabled);
  return {};
}

Status add_service(u32 name, lib::fdt::Region region) {
  constexpr usize kSize = 2 * gits::kFrame;
  if (region.size < kSize) return Err(Errno::EINVAL);
  auto its = TRY(lib::make_own<Its>());
  its->name = name;
  its->translater = PhysAddr{region.base + gits::kTranslater};
  // Messages are not ours to send: the second frame is not mapped.
  its->registers = map_registers(region.base, gits::kFrame, gits::kControl);
  if (its->registers == nullptr) return Err(Errno::ENXIO);
  TRY(start(*its));
  hal_log(HAL_LOG_INFO, "its", "ITS: %u bits of devices, %u of events, messages at %#lx", its->type.device_bits,
          its->type.event_bits, its->translater.value);
  services.push_back(*its.release());
  return {};
}

Its* find_service(u32 name) {
  for (Its& its : services) {
    if (its.name == name) return &its;
  }
  return nullptr;
}

// The redistributor of a CPU as this ITS names it, in its place of a command (5.3, RDbase).
u64 target_of(const Its& its, const CpuLocal& local) {
  if (its.type.targets_are_addresses) return local.redistributor_base.value & ~u64{0xffff};
  constexpr unsigned kNumberShift = 8, kPlace = 16;  // GICR_TYPER.Processor_Number
  return (hal_mmio_read64(local.redistributor + gicr::kType) >> kNumberShift & 0xffff) << kPlace;
}

// How large a page the table of devices needs for a device; 0: none.
Result<usize> missing_page(Its& its, u32 device) {
  const LockGuard guard;
  if (!its.device_table.is_within(device)) return Err(Errno::ENOSPC);
  return its.device_table.missing(device);
}

// Under the lock. The device has no events any more.
void remove_device(ItsDevice& device) {
  const ItsCommand commands[] = {its_command::unmap_device(device.id)};
  devices.erase(devices.iterator_to(device));
  // An ITS that does not answer may still write to the table.
  if (!device.its->queue.run(commands)) device.table = nullptr;
  lib::destroy(&device);
}

// Under the lock. The source's device: the known one, or `fresh`.
Result<ItsDevice*> add_device(Its& its, lib::Own<ItsDevice>& fresh, void*& page) {
  if (ItsDevice* known = find_device(devices, its, fresh->id)) return known;
  if (its.device_table.missing(fresh->id) != 0) {
    if (page == nullptr) return Err(Errno::ENOMEM);
    its.device_table.add_page(fresh->id, page);
    page = nullptr;
  }
  TRY(insert_device(devices, *fresh));
  ItsDevice* added = fresh.release();
  const ItsCommand commands[] = {
      its_command::map_device(added->id, virt_to_phys(added->table).value, added->event_bits)};
  const Status status = its.queue.run(commands);
  if (status) return added;
  remove_device(*added);
  return Err(status.error());
}

// Under the lock.
Result<u32> map_event(ItsDevice& device, u32 index, u32 cpu) {
  if (index >= device.events.size()) return Err(Errno::EINVAL);
  if (device.events[index].is_mapped) return Err(Errno::EBUSY);
  const u32 line = device.first_line + index;
  lpi_write_masked(line, true);
  const ItsCommand commands[] = {its_command::map_event(device.id, index, line, cpu),
                                 its_command::invalidate(device.id, index),
                                 its_command::sync(target_of(*device.its, *cpu_locals[cpu]))};
  TRY(device.its->queue.run(commands));
  device.events[index] = {.is_mapped = true, .cpu = cpu};
  ++device.mapped;
  return line;
}

Result<u32> map(Its& its, lib::Own<ItsDevice>& fresh, void*& page, u32 index, u32 cpu) {
  const LockGuard guard;
  if (cpu >= its.collections || !its.reaches[cpu]) return Err(Errno::EOPNOTSUPP);
  ItsDevice* device = TRY(add_device(its, fresh, page));
  const auto line = map_event(*device, index, cpu);
  if (!line && device->mapped == 0) remove_device(*device);
  return line;
}

}  // namespace

void its_add(u32 name, lib::fdt::Region region) {
  const Status lpis = lpi_end() == kFirstLpi ? lpi_init() : Status();
  const Status status = lpis ? add_service(name, region) : lpis;
  if (!status) hal_log(HAL_LOG_WARNING, "its", "an ITS is not used: error %d", static_cast<int>(status.error()));
}

void its_init_cpu(const CpuLocal& local) {
  const u32 cpu = current_cpu()->id;
  if (!local.takes_lpis) return;
  for (Its& its : services) {
    const LockGuard guard;
    if (cpu >= its.collections) continue;
    const u64 target = target_of(its, local);
    const ItsCommand commands[] = {its_command::map_collection(cpu, target), its_command::invalidate_all(cpu),
                                   its_command::sync(target)};
    its.reaches[cpu] = its.queue.run(commands).has_value();
  }
}

Result<Message> its_allocate(u32 name, u32 device, const MessageSource& source, u32 index, u32 cpu) {
  Its* its = find_service(name);
  if (its == nullptr || cpu >= kMaxCpus) return Err(Errno::EOPNOTSUPP);
  if (index >= source.count || source.count > u64{1} << its->type.event_bits) return Err(Errno::EINVAL);
  // Memory first, whether the device is known or not: nothing is allocated under the lock.
  auto fresh = TRY(ItsDevice::create(*its, device, source.count, its->type.event_entry));
  const usize missing = TRY(missing_page(*its, device));
  void* page = missing == 0 ? nullptr : hal_alloc(missing, missing);
  const auto line = map(*its, fresh, page, index, cpu);
  hal_free(page);  // if it was not needed
  if (!line) return Err(line.error());
  return Message{.line = *line, .data = index, .address = its->translater};
}

void its_free(u32 line) {
  const LockGuard guard;
  ItsDevice* device = find_owner(devices, line);
  if (device == nullptr) return;
  const u32 index = line - device->first_line;
  ItsEvent& event = device->events[index];
  if (!event.is_mapped) return;
  const ItsCommand commands[] = {its_command::discard(device->id, index),
                                 its_command::sync(target_of(*device->its, *cpu_locals[event.cpu]))};
  // What fails is in the log; an ITS that fails once takes no more commands, so that nobody gets the line again there.
  static_cast<void>(device->its->queue.run(commands));
  event.is_mapped = false;
  if (--device->mapped == 0) remove_device(*device);
}

Status its_set_masked(u32 line, bool masked) {
  const LockGuard guard;
  ItsDevice* device = find_owner(devices, line);
  if (device == nullptr) return Err(Errno::ENXIO);
  const u32 index = line - device->first_line;
  const ItsEvent& event = device->events[index];
  if (!event.is_mapped) return Err(Errno::ENXIO);
  lpi_write_masked(line, masked);
  const ItsCommand commands[] = {its_command::invalidate(device->id, index),
                                 its_command::sync(target_of(*device->its, *cpu_locals[event.cpu]))};
  return device->its->queue.run(commands);
}

}  // namespace hal::arch
