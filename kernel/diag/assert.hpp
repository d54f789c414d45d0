// Assertions and panic.
//
// A panic is for broken invariants of the kernel only: nothing that a program, a disk image or a packet does leads
// here. K_ASSERT is checked in every build; DEBUG_ASSERT where a debug build can afford more.
#pragma once

namespace diag {

// Prints the message, registers, stacks of all CPUs and the newest log lines, then stops or reboots (`panic=`). Any
// context.
[[noreturn]] void panic(const char* format, ...) __attribute__((format(printf, 1, 2)));

[[noreturn]] void assertion_failed(const char* expression, const char* message, const char* file, int line);

}  // namespace diag

#define K_ASSERT(expression, message)                                   \
  do {                                                                  \
    if (!(expression)) [[unlikely]]                                     \
      diag::assertion_failed(#expression, message, __FILE__, __LINE__); \
  } while (false)

#if HALYARD_DEBUG
#define DEBUG_ASSERT(expression, message) K_ASSERT(expression, message)
#else
#define DEBUG_ASSERT(expression, message) static_cast<void>(0)
#endif
