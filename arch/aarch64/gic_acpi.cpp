// By the MADT, which has addresses but no sizes: those are the architecture's (IHI 0069H 12.8, IHI 0048B 4.1).
#include "arch/aarch64/gic.hpp"
#include "arch/aarch64/gic_description.hpp"
#include "arch/aarch64/gic_v2m.hpp"
#include "arch/aarch64/its.hpp"
#include "arch/aarch64/registers.hpp"
#include "kernel/lib/acpi/gic.hpp"

namespace hal::arch {
namespace {

using namespace lib::acpi;

constexpr u64 kV3Distributor = 64 * KiB, kV2Registers = 4 * KiB, kItsFrames = 2 * 64 * KiB;

void add_frames(Bytes madt) {
  for_each_gic_message_frame(madt, [](const GicMessageFrame& frame) {
    FrameDescription description{.name = frame.id, .registers = frame.address, .first_line = {}, .line_count = {}};
    if (frame.line_count != 0) {
      description.first_line = frame.first_line;
      description.line_count = frame.line_count;
    }
    v2m_add(description);
  });
}

// In records of their own, or else each in its processor's.
void add_redistributors(Bytes madt) {
  bool found = false;
  for_each_gic_redistributors(madt, [&](const GicRedistributors& region) {
    gic_v3_add_redistributors({region.address.value, region.size}, 0);
    found = true;
  });
  if (found) return;
  for_each_gic_cpu(madt, [](const GicCpu& cpu) {
    if (cpu.enabled && cpu.redistributor.value != 0)
      gic_v3_add_redistributors({cpu.redistributor.value, 2 * gicr::kFrame}, 0);
  });
}

bool start_v3(const GicDistributor& distributor, Bytes madt) {
  if (!gic_v3_open({distributor.address.value, kV3Distributor})) return false;
  add_redistributors(madt);
  gic_v3_start();
  for_each_gic_its(madt, [](const GicIts& its) { its_add(its.id, {its.address.value, kItsFrames}); });
  return true;
}

// The interface's registers are at the same place for all CPUs.
bool start_v2(const GicDistributor& distributor, Bytes madt) {
  PhysAddr interface;
  for_each_gic_cpu(madt, [&](const GicCpu& cpu) {
    if (interface.value == 0) interface = cpu.interface;
  });
  if (interface.value == 0) return false;
  return gic_v2_start({distributor.address.value, kV2Registers}, {interface.value, kV2Registers});
}

// Where the table does not say, the CPUs decide.
bool is_v2(const GicDistributor& distributor) {
  constexpr u8 kLastV2 = 2;
  return distributor.version != 0 ? distributor.version <= kLastV2 : !cpu_has_gic_registers();
}

}  // namespace

GicVersion start_gic(Bytes madt) {
  const auto distributor = gic_distributor(madt);
  if (!distributor || distributor->address.value == 0) return GicVersion::None;
  const bool v2 = is_v2(*distributor);
  if (!(v2 ? start_v2(*distributor, madt) : start_v3(*distributor, madt))) return GicVersion::None;
  if (v2) {
    v2m_open({gic_v2_lines(), gic_v2_set_trigger, gic_v2_route});
  } else {
    v2m_open({gic_v3_lines(), gic_v3_set_trigger, gic_v3_route});
  }
  add_frames(madt);
  return v2 ? GicVersion::V2 : GicVersion::V3;
}

}  // namespace hal::arch
