// One of the tables that an ITS keeps in memory of ours, by device or by collection (IHI 0069H 5.2, 12.19.1).
//
// Flat where that is small, else in two levels whose second pages come with the ids that need them, and stay. The ITS
// owns what is in the entries; a pointer of the first level, once set, is never changed. Whoever has an ItsTable locks
// it.
#pragma once

#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"

namespace hal::arch {

enum class ItsTableKind : u8 { None = 0, Devices = 1, Collections = 4 };  // GITS_BASER<n>.Type

ItsTableKind its_table_kind(volatile u8* base_register);

// Owns its first level; the ITS must be off when it goes, and have no second pages yet.
class ItsTable {
 public:
  ItsTable() = default;
  ItsTable(const ItsTable&) = delete;
  ItsTable& operator=(const ItsTable&) = delete;
  ~ItsTable();

  // For ids below `count`, or as many as its form allows. ENOMEM, EIO where the ITS does not take it. May sleep.
  Status create(volatile u8* base_register, u64 count);

  bool is_within(u64 id) const { return id < capacity_; }
  // How large a page the id still needs, aligned to itself; 0: none. The id is within.
  usize missing(u64 id) const;
  // Gives it that page, cleared; the table owns it then.
  void add_page(u64 id, void* page);

 private:
  Status install(volatile u8* base_register, u64 value, u64 pages);

  u64 capacity_ = 0;
  usize page_size_ = 0;
  u64 ids_per_page_ = 0;  // of the second level
  void* memory_ = nullptr;
  u64* first_level_ = nullptr;  // the same; null: flat
};

}  // namespace hal::arch
