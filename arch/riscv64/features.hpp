// What the CPUs can do beyond RV64IMAC, by the device tree. Written once on the boot CPU, read-only afterwards.
#pragma once

#include <string_view>

#include "kernel/lib/fdt/tree.hpp"

namespace hal::arch {

struct Features {
  bool float_double = false;  // F and D
  bool vector = false;        // V
  bool sstc = false;          // stimecmp: the timer without the firmware
  bool ssaia = false;         // the registers of interrupt files
  bool svpbmt = false;        // memory types in page-table entries
  bool zkr = false;           // the seed register
};
extern Features features;

// The boot CPU's extensions stand for all CPUs'. After relocation; before the first device is mapped.
void detect_features();

// Calls fn(std::string_view extension) for each extension of a CPU: "i", "m", "zicsr", ...
template <class Fn>
void for_each_extension(const lib::fdt::Tree& tree, lib::fdt::Node cpu, Fn fn) {
  if (tree.has(cpu, "riscv,isa-extensions")) {
    for (usize i = 0;; ++i) {
      const std::string_view name = tree.text(cpu, "riscv,isa-extensions", i);
      if (name.empty()) return;
      fn(name);
    }
  }
  // "rv64imafdc_zicsr_...": letters, then words.
  std::string_view rest = tree.text(cpu, "riscv,isa");
  rest = rest.substr(rest.size() < 4 ? rest.size() : 4);
  while (!rest.empty() && rest[0] != '_') {
    fn(rest.substr(0, 1));
    rest.remove_prefix(1);
  }
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view word = rest.substr(0, rest.find('_'));
    if (!word.empty()) fn(word);
    rest.remove_prefix(word.size());
  }
}

}  // namespace hal::arch
