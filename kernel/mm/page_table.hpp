// Page tables after boot: reached through the direct map, made of frames.
#pragma once

#include "hal/page_table.hpp"
#include "hal/pte.hpp"
#include "kernel/mm/frame.hpp"

namespace mm {

using hal::Pte;

struct DirectMapAccess {
  u64* table(PhysAddr address) const { return hal::phys_to<u64>(address); }
  PhysAddr allocate() const {
    const auto frame = allocate_frame(FrameKind::PageTable, Allocate::Zeroed);
    return frame ? address_of(*frame) : PhysAddr{};
  }
};

using PageTable = hal::PageTableWalker<Pte, DirectMapAccess>;

}  // namespace mm
