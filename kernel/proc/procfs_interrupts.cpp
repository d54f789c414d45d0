// /proc/interrupts: lines that somebody listens to, how often each CPU had them, how they come, and whose they are.

#include "fs/procfs/procfs.hpp"
#include "kernel/device/device.hpp"
#include "kernel/device/interrupt.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/sched/cpu.hpp"

namespace proc {
namespace {

using device::Delivery;
using procfs::Text;

const char* word_for(Delivery delivery) {
  switch (delivery) {
    case Delivery::Msi: return "MSI";
    case Delivery::Msix: return "MSI-X";
    default: return "wired";
  }
}

void print_header(Text& text, u32 cpus) {
  text.add("      ");
  for (u32 cpu = 0; cpu < cpus; ++cpu) {
    char name[16];
    lib::format_into(name, sizeof(name), "CPU%u", cpu);
    text.print(" %10s", name);
  }
  text.add("\n");
}

// Several devices share a wired line; the console's device has a line that no driver asked for.
void print_users(Text& text, u32 line) {
  Delivery delivery = Delivery::None;
  Text names;
  device::for_each([&](const device::Device& user) {
    const Delivery found = device::delivery_of(user, line);
    if (found == Delivery::None) return;
    char driver[device::kDriverName];
    const bool has_driver = device::driver_name(user, driver);
    names.print("%s%s[%s]", delivery == Delivery::None ? "" : ", ", has_driver ? driver : "", user.info.name);
    delivery = found;
  });
  text.print("  %-6s ", word_for(delivery));
  text.add(names.view());
  text.add("\n");
}

void interrupts(Text& text) {
  const u32 cpus = sched::online_cpus();
  lib::Vector<u64> counts;
  if (!counts.resize(cpus)) return;
  print_header(text, cpus);
  for (u32 from = 0;;) {
    const auto line = device::next_line(from, counts);
    if (!line) return;
    text.print("%5u:", *line);
    for (const u64 count : counts) text.print(" %10lu", count);
    print_users(text, *line);
    from = *line + 1;
  }
}

class InterruptFileSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "interrupt-file"; }
  void on_early_init(kernel::Kernel&) override {
    if (!procfs::register_file("interrupts", interrupts)) LOG_ERROR("procfs", "no memory for /proc/interrupts");
  }
};
REGISTER_SUBSYSTEM(InterruptFileSubsystem);

}  // namespace
}  // namespace proc
