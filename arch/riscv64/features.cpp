#include "arch/riscv64/features.hpp"

#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/vector.hpp"
#include "arch_impl/pte.hpp"

namespace hal::arch {

constinit Features features;

void detect_features() {
  const lib::fdt::Tree tree = device_tree();
  bool f = false, d = false;
  tree.for_each_cpu([&](lib::fdt::Node cpu, u64 hart) {
    if (hart != early_boot.hart) return;
    for_each_extension(tree, cpu, [&](std::string_view name) {
      if (name == "f" || name == "g") f = true;
      if (name == "d" || name == "g") d = true;
      if (name == "v") features.vector = true;
      if (name == "sstc") features.sstc = true;
      if (name == "ssaia") features.ssaia = true;
      if (name == "svpbmt") features.svpbmt = true;
      if (name == "zkr") features.zkr = true;
    });
  });
  features.float_double = f && d;
  vector_init();
  if (features.svpbmt) {
    paging_mode.device = Pte::kStrictIo;
    paging_mode.write_combine = Pte::kNonCacheable;
  }
}

}  // namespace hal::arch
