// Who maps an object: the address spaces that a truncation, a write-back or reclaim has to reach.
//
// mapping_added() and mapping_removed() are called with the address space's lock held; the others take it, so they are
// called without.
#pragma once

#include "kernel/lib/vector.hpp"
#include "kernel/mm/vm_object.hpp"
#include "kernel/sync/locked.hpp"

namespace mm {

class ObjectMappers {
 public:
  void add(AddressSpace& space);
  void remove(AddressSpace& space);
  bool empty() const { return count_.load(std::memory_order_acquire) == 0; }

  // Takes the pages [first, first + count) out of all page tables; private copies stay. May sleep.
  void unmap(VmObject& object, u64 first, u64 count);
  // Takes the right to write from shared mappings of the pages: the next store is noticed. May sleep.
  void write_protect(VmObject& object, u64 first, u64 count);

 private:
  struct Mappers {
    struct Mapper {
      AddressSpace* space;
      u32 count;
    };
    lib::Vector<Mapper> list;
  };
  lib::Vector<lib::Ref<AddressSpace>> snapshot();

  sync::Locked<Mappers, sync::LockClass::MappedObject> mappers_;
  std::atomic<u32> count_ = 0;
};

}  // namespace mm
