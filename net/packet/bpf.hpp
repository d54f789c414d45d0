// Classic BPF: programs that decide which packets a socket gets (Linux include/uapi/linux/filter.h).
//
// check() accepts only programs that end: jumps go forward and stay inside, the last instruction returns, no division
// by a constant 0, no scratch word beyond the 16. run() then needs no other limit; what it reads beyond the packet's
// end makes it answer 0. Pure code: no lock, no allocation.
#pragma once

#include <span>

#include "kernel/lib/types.hpp"

namespace net::bpf {

struct Instruction {
  u16 code;
  u8 if_true, if_false;
  u32 k;
};
static_assert(sizeof(Instruction) == 8);
inline constexpr usize kMostInstructions = 4096;  // BPF_MAXINSNS

// What a packet is besides its bytes: the loads beyond SKF_AD_OFF.
struct Facts {
  u16 protocol = 0;  // host byte order
  u32 packet_type = 0;
  u32 interface = 0;
  u32 hardware_type = 0;
};

bool check(std::span<const Instruction> program);
// How many bytes of the packet pass; 0: it is not wanted. `program` was checked.
u32 run(std::span<const Instruction> program, std::span<const u8> packet, const Facts& facts);

}  // namespace net::bpf
