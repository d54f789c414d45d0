// What the boot CPU can do. Filled once before paging is set up, read-only afterwards; the other CPUs are taken to be
// alike, as firmware promises.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

struct Features {
  bool smep = false, smap = false, umip = false, fsgsbase = false;
  bool x2apic = false, tsc_deadline = false, rdrand = false, rdtscp = false;
  bool xsave = false, xsaveopt = false, giant_pages = false, invariant_tsc = false;
  bool la57 = false;     // 5-level paging, whether it is used or not
  u64 xcr0 = 0;          // state components that XSAVE handles here
  u32 xsave_size = 512;  // bytes of an FXSAVE or XSAVE area
  u32 leaf1_ecx = 0, leaf1_edx = 0, leaf7_ebx = 0, leaf7_ecx = 0, leaf7_edx = 0;
  u32 extended_ecx = 0, extended_edx = 0;
};
extern Features features;

// Runs at physical addresses: touches nothing that needs relocation.
void detect_features();
// Makes CLAC and STAC of the places that wait for them. Before the text is mapped read-only.
void enable_smap_instructions();

}  // namespace hal::arch
