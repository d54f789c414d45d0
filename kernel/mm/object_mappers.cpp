#include "kernel/mm/object_mappers.hpp"

#include "kernel/mm/address_space.hpp"

namespace mm {

void ObjectMappers::add(AddressSpace& space) {
  count_.fetch_add(1, std::memory_order_acq_rel);
  mappers_.with([&](Mappers& mappers) {
    for (auto& mapper : mappers.list) {
      if (mapper.space == &space) {
        ++mapper.count;
        return;
      }
    }
    static_cast<void>(mappers.list.push({&space, 1}));
  });
}

void ObjectMappers::remove(AddressSpace& space) {
  mappers_.with([&](Mappers& mappers) {
    for (usize i = 0; i < mappers.list.size(); ++i) {
      if (mappers.list[i].space != &space) continue;
      if (--mappers.list[i].count == 0) mappers.list.remove_at(i);
      return;
    }
  });
  count_.fetch_sub(1, std::memory_order_acq_rel);
}

lib::Vector<lib::Ref<AddressSpace>> ObjectMappers::snapshot() {
  lib::Vector<lib::Ref<AddressSpace>> spaces;
  if (empty()) return spaces;
  mappers_.with([&](Mappers& mappers) {
    for (auto& mapper : mappers.list) static_cast<void>(spaces.push(lib::Ref<AddressSpace>(mapper.space)));
  });
  return spaces;
}

void ObjectMappers::unmap(VmObject& object, u64 first, u64 count) {
  for (auto& space : snapshot()) space->unmap_object(object, first, count, true);
}

void ObjectMappers::write_protect(VmObject& object, u64 first, u64 count) {
  for (auto& space : snapshot()) space->write_protect_object(object, first, count);
}

}  // namespace mm
