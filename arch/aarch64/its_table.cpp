#include "arch/aarch64/its_table.hpp"

#include <algorithm>

#include "arch/aarch64/gic_memory.hpp"
#include "hal/mem.h"

namespace hal::arch {
namespace {

// GITS_BASER<n> (12.19.1).
constexpr u64 kValid = u64{1} << 63, kIndirect = u64{1} << 62;
constexpr unsigned kInnerCache = 59, kTypeShift = 56, kEntryShift = 48, kPageSizeShift = 8;
constexpr u64 kMostPages = 256;
constexpr u64 kLargestMemory = 4 * MiB;  // of hal_alloc()
// From here on, two levels are worth an access more.
constexpr u64 kLargestFlat = 64 * KiB;

u64 entry_size(u64 value) { return (value >> kEntryShift & 0x1f) + 1; }

// The smallest page that the ITS takes for the table, as the register's field. Some have only one.
u64 choose_page(volatile u8* base_register) {
  constexpr u64 kField = 3, kReserved = 3;
  for (u64 field = 0; field < kReserved; ++field) {
    hal_mmio_write64(base_register, field << kPageSizeShift);
    if ((hal_mmio_read64(base_register) >> kPageSizeShift & kField) == field) return field;
  }
  return kReserved - 1;
}

bool can_be_indirect(volatile u8* base_register, u64 page_field) {
  hal_mmio_write64(base_register, kIndirect | page_field << kPageSizeShift);
  return (hal_mmio_read64(base_register) & kIndirect) != 0;
}

u64 divide_up(u64 a, u64 b) { return (a + b - 1) / b; }

}  // namespace

ItsTableKind its_table_kind(volatile u8* base_register) {
  const u64 type = hal_mmio_read64(base_register) >> kTypeShift & 7;
  if (type == static_cast<u64>(ItsTableKind::Devices)) return ItsTableKind::Devices;
  return type == static_cast<u64>(ItsTableKind::Collections) ? ItsTableKind::Collections : ItsTableKind::None;
}

ItsTable::~ItsTable() { hal_free(memory_); }

Status ItsTable::create(volatile u8* base_register, u64 count) {
  constexpr usize kPageSizes[] = {4 * KiB, 16 * KiB, 64 * KiB};
  if (memory_ != nullptr) return Err(Errno::EIO);  // an ITS with two of the kind
  const u64 size = entry_size(hal_mmio_read64(base_register));
  const u64 field = choose_page(base_register);
  page_size_ = kPageSizes[field];
  const u64 most_pages = std::min(kMostPages, kLargestMemory / page_size_);
  const bool indirect = count * size > kLargestFlat && can_be_indirect(base_register, field);
  ids_per_page_ = page_size_ / size;
  const u64 wanted = indirect ? divide_up(count, ids_per_page_) * sizeof(u64) : count * size;
  const u64 pages = std::min(divide_up(wanted, page_size_), most_pages);
  const u64 ids = indirect ? pages * page_size_ / sizeof(u64) * ids_per_page_ : pages * page_size_ / size;
  TRY(install(base_register, (indirect ? kIndirect : 0) | field << kPageSizeShift, pages));
  capacity_ = std::min(ids, count);
  return {};
}

Status ItsTable::install(volatile u8* base_register, u64 value, u64 pages) {
  void* memory = hal_alloc(pages * page_size_, page_size_);
  if (memory == nullptr) return Err(Errno::ENOMEM);
  clean_to_memory(memory, pages * page_size_);
  value |= kValid | (pages - 1);
  const u64 kept = write_table_register(base_register, value, memory, kInnerCache);
  constexpr u64 kForm = kValid | kIndirect | u64{3} << kPageSizeShift | (kMostPages - 1);
  if ((kept & kForm) != (value & kForm)) {
    hal_mmio_write64(base_register, 0);
    hal_free(memory);
    return Err(Errno::EIO);
  }
  memory_ = memory;
  if ((value & kIndirect) != 0) first_level_ = static_cast<u64*>(memory);
  return {};
}

usize ItsTable::missing(u64 id) const {
  return first_level_ == nullptr || first_level_[id / ids_per_page_] != 0 ? 0 : page_size_;
}

// A pointer of the first level: valid, and the address (IHI 0069H 5.2.1).
void ItsTable::add_page(u64 id, void* page) {
  clean_to_memory(page, page_size_);
  u64& pointer = first_level_[id / ids_per_page_];
  pointer = kValid | virt_to_phys(page).value;
  clean_to_memory(&pointer, sizeof(pointer));
}

}  // namespace hal::arch
