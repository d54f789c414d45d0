// /sys/devices/system: which CPUs there are, and the one memory node that they are all on.
#include "fs/sysfs/sysfs.hpp"
#include "hal/cpu.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/sched/cpu.hpp"

namespace sysfs {
namespace {

// CPUs have the numbers from 0 on without gaps, and one that is online stays so.
void print_range(Text& text, u32 count) {
  if (count <= 1)
    text.add("0\n");
  else
    text.print("0-%u\n", count - 1);
}
void print_online(Text& text) { print_range(text, sched::online_cpus()); }
void print_nodes(Text& text) { text.add("0\n"); }
void print_distance(Text& text) { text.add("10\n"); }

class CpuFiles final : public kernel::Subsystem {
 public:
  const char* name() const override { return "sysfs-cpus"; }
  void on_early_init(kernel::Kernel&) override {
    struct {
      const char* path;
      Generate generate;
    } constexpr files[] = {
        {"devices/system/cpu/online", print_online},           {"devices/system/cpu/possible", print_online},
        {"devices/system/cpu/present", print_online},          {"devices/system/node/online", print_nodes},
        {"devices/system/node/possible", print_nodes},         {"devices/system/node/node0/cpulist", print_online},
        {"devices/system/node/node0/distance", print_distance}};
    for (const auto& file : files) {
      if (!register_file(file.path, file.generate)) LOG_ERROR("sysfs", "no memory for /sys/%s", file.path);
    }
  }
};
REGISTER_SUBSYSTEM(CpuFiles);

}  // namespace
}  // namespace sysfs
