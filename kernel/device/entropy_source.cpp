// Devices that give random bytes.
#include "kernel/diag/log.hpp"
#include "kernel/driver_loader.h"
#include "kernel/lib/types.hpp"
#include "kernel/random/random.hpp"

void entropy_add(const void* bytes, uint32_t size) {
  constexpr u32 kMost = 4096;
  if (size == 0) return;
  const u32 used = size < kMost ? size : kMost;
  entropy::stir(bytes, used, used * 8);
  LOG_INFO("random", "%u bytes from a device", used);
}
