// Linux Documentation/devicetree/bindings/interrupt-controller/arm,gic.yaml, arm,gic-v3.yaml.
#include <initializer_list>

#include "arch/aarch64/gic.hpp"
#include "arch/aarch64/gic_description.hpp"
#include "arch/aarch64/gic_v2m.hpp"
#include "arch/aarch64/its.hpp"
#include "hal/log.h"

namespace hal::arch {
namespace {

using lib::fdt::Node;
using lib::fdt::Tree;

u32 name_of(Node node) { return static_cast<u32>(node.offset); }

template <class Fn>
void for_each_compatible(const Tree& tree, const char* name, Fn fn) {
  for (Node node = tree.find_compatible(name); node; node = tree.find_compatible(name, node)) fn(node);
}

std::optional<u32> number(const Tree& tree, Node node, const char* property) {
  const auto value = tree.number(node, property);
  return value ? std::optional(static_cast<u32>(*value)) : std::nullopt;
}

void add_frames(const Tree& tree) {
  for_each_compatible(tree, "arm,gic-v2m-frame", [&](Node node) {
    const auto region = tree.reg(node);
    if (!region || region->size < kPageSize)
      return hal_log(HAL_LOG_WARNING, "gic", "a frame of GICv2m without registers");
    v2m_add({.name = name_of(node),
             .registers = {region->base},
             .first_line = number(tree, node, "arm,msi-base-spi"),
             .line_count = number(tree, node, "arm,msi-num-spis")});
  });
}

bool start_v3(const Tree& tree) {
  const Node node = tree.find_compatible("arm,gic-v3");
  const auto registers = tree.reg(node);
  if (!registers || !gic_v3_open(*registers)) return false;
  const u64 regions = tree.number(node, "#redistributor-regions").value_or(1);
  const u64 stride = tree.number(node, "redistributor-stride").value_or(0);
  for (u64 i = 0; i < regions; ++i) {
    if (const auto region = tree.reg(node, 1 + i)) gic_v3_add_redistributors(*region, stride);
  }
  gic_v3_start();
  for_each_compatible(tree, "arm,gic-v3-its",
                      [&](Node its) { its_add(name_of(its), tree.reg(its).value_or(lib::fdt::Region{})); });
  return true;
}

bool start_v2(const Tree& tree) {
  Node node;
  for (const char* name : {"arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic", "arm,cortex-a9-gic"}) {
    if (!node) node = tree.find_compatible(name);
  }
  const auto distributor = tree.reg(node, 0), interface = tree.reg(node, 1);
  return distributor && interface && gic_v2_start(*distributor, *interface);
}

}  // namespace

GicVersion start_gic(const Tree& tree) {
  if (start_v3(tree)) {
    v2m_open({gic_v3_lines(), gic_v3_set_trigger, gic_v3_route});
    add_frames(tree);
    return GicVersion::V3;
  }
  if (!start_v2(tree)) return GicVersion::None;
  v2m_open({gic_v2_lines(), gic_v2_set_trigger, gic_v2_route});
  add_frames(tree);
  return GicVersion::V2;
}

}  // namespace hal::arch
