#include "kernel/lib/subsystem.hpp"

#include <cstring>

#include "kernel/diag/assert.hpp"
#include "kernel/diag/log.hpp"

extern "C" {
extern kernel::Subsystem* const __start_kset_subsystems[] __attribute__((weak));
extern kernel::Subsystem* const __stop_kset_subsystems[] __attribute__((weak));
}

namespace kernel {
namespace {

enum class Mark : u8 { New, Open, Done };

lib::Vector<Subsystem*> g_ordered;
lib::Vector<Mark> g_marks;

std::span<Subsystem* const> registered() { return {__start_kset_subsystems, __stop_kset_subsystems}; }

usize index_of(const char* name, const Subsystem& wanted_by) {
  const auto all = registered();
  for (usize i = 0; i < all.size(); ++i) {
    if (std::strcmp(all[i]->name(), name) == 0) return i;
  }
  diag::panic("subsystem %s needs %s, which does not exist", wanted_by.name(), name);
}

void visit(usize index) {
  Subsystem& subsystem = *registered()[index];
  if (g_marks[index] == Mark::Done) return;
  if (g_marks[index] == Mark::Open) diag::panic("subsystem %s needs itself, through others", subsystem.name());
  g_marks[index] = Mark::Open;
  for (const char* needed : subsystem.needs()) visit(index_of(needed, subsystem));
  g_marks[index] = Mark::Done;
  K_ASSERT(g_ordered.push(&subsystem).has_value(), "no memory for the subsystem graph");
}

}  // namespace

void order_subsystems() {
  K_ASSERT(g_marks.resize(registered().size()).has_value(), "no memory for the subsystem graph");
  for (usize i = 0; i < registered().size(); ++i) visit(i);
}

std::span<Subsystem* const> ordered_subsystems() { return g_ordered; }

void run_early_init(Kernel& kernel) {
  for (Subsystem* subsystem : g_ordered) subsystem->on_early_init(kernel);
}

void run_late_init(Kernel& kernel) {
  for (Subsystem* subsystem : g_ordered) {
    LOG_DEBUG("init", "starting %s", subsystem->name());
    subsystem->on_late_init(kernel);
  }
}

void run_shutdown(Kernel& kernel) {
  for (usize i = g_ordered.size(); i-- > 0;) g_ordered[i]->on_shutdown(kernel);
}

}  // namespace kernel
