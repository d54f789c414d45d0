#include "arch/x86_64/pic.hpp"

#include "arch/x86_64/idt.hpp"
#include "arch/x86_64/instructions.hpp"

namespace hal::arch {
namespace {

// Intel 8259A data sheet.
constexpr u16 kMasterCommand = 0x20, kMasterData = 0x21, kSlaveCommand = 0xa0, kSlaveData = 0xa1;
constexpr u8 kInit = 0x11;  // ICW1: cascade, ICW4 follows
constexpr u8 k8086Mode = 0x01;
constexpr u8 kReadInService = 0x0b;
constexpr u8 kEndOfInterrupt = 0x20;
constexpr u32 kCascade = 2;

constinit u8 masks[2] = {0xff, 0xff};

void write_masks() {
  out8(kMasterData, masks[0]);
  out8(kSlaveData, masks[1]);
}

}  // namespace

void pic_init() {
  out8(kMasterCommand, kInit);
  out8(kSlaveCommand, kInit);
  out8(kMasterData, kLineVectorBase);
  out8(kSlaveData, kLineVectorBase + 8);
  out8(kMasterData, 1 << kCascade);
  out8(kSlaveData, kCascade);
  out8(kMasterData, k8086Mode);
  out8(kSlaveData, k8086Mode);
  masks[0] = static_cast<u8>(~(1 << kCascade));  // the slave's lines come through this one
  masks[1] = 0xff;
  write_masks();
}

bool pic_set_masked(u32 line, bool masked) {
  if (line >= kPicLines || line == kCascade) return false;
  const u8 bit = static_cast<u8>(1 << (line % 8));
  u8& mask = masks[line / 8];
  mask = static_cast<u8>(masked ? mask | bit : mask & ~bit);
  write_masks();
  return true;
}

// A line that fell again before the CPU asked shows up as the lowest priority of its controller without being in
// service.
bool pic_is_real(u32 line) {
  if (line % 8 != 7) return true;
  const u16 port = line < 8 ? kMasterCommand : kSlaveCommand;
  out8(port, kReadInService);
  if ((in8(port) & 0x80) != 0) return true;
  if (line >= 8) out8(kMasterCommand, kEndOfInterrupt);  // for the master it was real
  return false;
}

void pic_end_of_interrupt(u32 line) {
  if (line >= 8) out8(kSlaveCommand, kEndOfInterrupt);
  out8(kMasterCommand, kEndOfInterrupt);
}

}  // namespace hal::arch
