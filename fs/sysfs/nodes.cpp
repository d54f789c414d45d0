// /sys/devices/system/node: the memory nodes, with the CPUs that are in them (Linux Documentation/ABI/stable/
// sysfs-devices-node).
#include "fs/sysfs/sysfs.hpp"
#include "fs/vfs/number_set.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/mm/node.hpp"
#include "kernel/sched/cpu.hpp"

namespace sysfs {
namespace {

using vfs::FileType;

// Children of nodeN keep its number in `key`.
u32 number_of(const Entry& self) { return static_cast<u32>(self.number()); }

bool has_memory(u32 node) { return mm::node(node).total_frames() != 0; }
bool has_cpu(u32 node) {
  for (u32 cpu = 0; cpu < sched::online_cpus(); ++cpu) {
    if (mm::node_of_cpu(cpu) == node) return true;
  }
  return false;
}

void print_all(Text& text) {
  vfs::print_list(text, mm::node_count(), [](u32) { return true; });
}
void print_with_memory(Text& text) { vfs::print_list(text, mm::node_count(), has_memory); }
void print_with_cpu(Text& text) { vfs::print_list(text, mm::node_count(), has_cpu); }

Status print_cpu_list(const Entry& self, Text& text) {
  vfs::print_list(text, sched::online_cpus(), [&](u32 cpu) { return mm::node_of_cpu(cpu) == number_of(self); });
  return {};
}
Status print_cpu_map(const Entry& self, Text& text) {
  vfs::print_mask(text, sched::online_cpus(), [&](u32 cpu) { return mm::node_of_cpu(cpu) == number_of(self); });
  return {};
}
Status print_distance(const Entry& self, Text& text) {
  for (u32 to = 0; to < mm::node_count(); ++to) {
    text.print(to == 0 ? "%u" : " %u", mm::node_distance(number_of(self), to));
  }
  text.add("\n");
  return {};
}
Status print_memory(const Entry& self, Text& text) {
  const u32 node = number_of(self);
  const mm::MemoryCounts counts = mm::count_node_frames(node);
  const auto line = [&](const char* name, u64 frames) {
    text.print("Node %u %-15s %8lu kB\n", node, name, frames * kPageSize / KiB);
  };
  line("MemTotal:", counts.total);
  line("MemFree:", counts.free);
  line("MemUsed:", counts.total - std::min(counts.free, counts.total));
  return {};
}
Status print_cpu_link(const Entry& self, Text& text) {
  text.print("../../cpu/%s", self.name);
  return {};
}

constexpr Attribute kAttributes[] = {
    {"cpulist", print_cpu_list}, {"cpumap", print_cpu_map}, {"distance", print_distance}, {"meminfo", print_memory}};

bool node_child(const Entry& self, usize index, Entry& child) {
  if (index < std::size(kAttributes)) return set_attribute(self, kAttributes[index], child), true;
  index -= std::size(kAttributes);
  for (u32 cpu = 0; cpu < sched::online_cpus(); ++cpu) {
    if (mm::node_of_cpu(cpu) != number_of(self) || index-- != 0) continue;
    set_attribute(self, {"cpu", print_cpu_link, FileType::Symlink}, child);
    child.set_name("cpu%u", cpu);
    return true;
  }
  return false;
}

bool nth_node(const Entry&, usize index, Entry& child) {
  if (index >= mm::node_count()) return false;
  child.set_name("node%zu", index);
  child.set_number(index);
  child.set_directory(node_child);
  return true;
}

class NodeFiles final : public kernel::Subsystem {
 public:
  const char* name() const override { return "sysfs-nodes"; }
  void on_early_init(kernel::Kernel&) override {
    Entry folder;
    folder.set_directory(nth_node);
    Status done = register_entry("devices/system/node", folder);
    struct {
      const char* path;
      Generate generate;
    } constexpr files[] = {{"devices/system/node/online", print_all},
                           {"devices/system/node/possible", print_all},
                           {"devices/system/node/has_memory", print_with_memory},
                           {"devices/system/node/has_normal_memory", print_with_memory},
                           {"devices/system/node/has_cpu", print_with_cpu}};
    for (const auto& file : files) {
      if (done) done = register_file(file.path, file.generate);
    }
    if (!done) LOG_ERROR("sysfs", "no memory for /sys/devices/system/node");
  }
};
REGISTER_SUBSYSTEM(NodeFiles);

}  // namespace
}  // namespace sysfs
