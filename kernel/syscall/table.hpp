// The dispatch table that scripts/lib/gen_syscalls.py makes from calls.txt.
#pragma once

#include "hal/trap.hpp"
#include "kernel/lib/result.hpp"

namespace syscall {

struct Entry {
  Result<i64> (*call)(const hal::TrapFrame& frame);  // null: no such call
  const char* name;
  u8 parameters;
};
extern const Entry kTable[];
extern const usize kTableSize;

}  // namespace syscall
