// Subsystems: parts of the kernel that start and stop as units, and find each other by type.
//
//   class PipeSubsystem final : public kernel::Subsystem { ... };
//   REGISTER_SUBSYSTEM(PipeSubsystem);
//
// A subsystem names what it needs; the kernel orders all of them as a graph (a cycle or an unknown name is a panic at
// boot, with both names), runs on_early_init() for each, then on_late_init() for each, and on_shutdown() in reverse.
// The graph can be read in /proc/subsystems. Early: no other CPU runs and nothing may sleep. Late: threads, timers and
// interrupts work.
#pragma once

#include <span>

#include "kernel/lib/kernel.hpp"

namespace kernel {

// Who the code belongs to; recorded for the graph and for policy, not enforced by hardware here.
enum class PrivilegeLevel : u8 { Kernel, Driver, User };

class Subsystem {
 public:
  virtual const char* name() const = 0;
  virtual PrivilegeLevel privilege_level() const { return PrivilegeLevel::Kernel; }
  // Names of subsystems that start before this one.
  virtual std::span<const char* const> needs() const { return {}; }
  virtual void on_early_init(Kernel&) {}
  virtual void on_late_init(Kernel&) {}
  virtual void on_shutdown(Kernel&) {}

 protected:
  ~Subsystem() = default;
};

// All registered subsystems, those needed before those that need them. At boot, before the first use.
void order_subsystems();
std::span<Subsystem* const> ordered_subsystems();

void run_early_init(Kernel& kernel);
void run_late_init(Kernel& kernel);
void run_shutdown(Kernel& kernel);

}  // namespace kernel

// A linker set: each registration is one pointer in the section, found between __start_ and __stop_ symbols.
#define REGISTER_SUBSYSTEM(Type)                                                                       \
  namespace {                                                                                          \
  Type g_subsystem_##Type;                                                                             \
  [[gnu::used, gnu::section("kset_subsystems")]] ::kernel::Subsystem* const g_subsystem_entry_##Type = \
      &g_subsystem_##Type;                                                                             \
  }
