// /sys/devices/system/cpu: which CPUs there are, and which memory node each is in.
#include "fs/sysfs/sysfs.hpp"
#include "fs/vfs/number_set.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/mm/node.hpp"
#include "kernel/sched/cpu.hpp"

namespace sysfs {
namespace {

using vfs::FileType;

// CPUs have the numbers from 0 on without gaps, and one that is online stays so.
void print_online(Text& text) {
  vfs::print_list(text, sched::online_cpus(), [](u32) { return true; });
}

Status print_node_link(const Entry& self, Text& text) {
  const u32 cpu = static_cast<u32>(self.number());
  text.print("../../node/node%u", mm::node_of_cpu(cpu));
  return {};
}

// In cpuN: the link to its node, which has the node's name.
bool cpu_child(const Entry& self, usize index, Entry& child) {
  if (index != 0) return false;
  const u32 cpu = static_cast<u32>(self.number());
  set_attribute(self, {"node", print_node_link, FileType::Symlink}, child);
  child.set_name("node%u", mm::node_of_cpu(cpu));
  return true;
}

bool nth_cpu(const Entry&, usize index, Entry& child) {
  if (index >= sched::online_cpus()) return false;
  child.set_name("cpu%zu", index);
  child.set_number(index);
  child.set_directory(cpu_child);
  return true;
}

class CpuFiles final : public kernel::Subsystem {
 public:
  const char* name() const override { return "sysfs-cpus"; }
  void on_early_init(kernel::Kernel&) override {
    Entry folder;
    folder.set_directory(nth_cpu);
    Status done = register_entry("devices/system/cpu", folder);
    for (const char* path :
         {"devices/system/cpu/online", "devices/system/cpu/possible", "devices/system/cpu/present"}) {
      if (done) done = register_file(path, print_online);
    }
    if (!done) LOG_ERROR("sysfs", "no memory for /sys/devices/system/cpu");
  }
};
REGISTER_SUBSYSTEM(CpuFiles);

}  // namespace
}  // namespace sysfs
