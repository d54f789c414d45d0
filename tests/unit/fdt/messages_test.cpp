// Where a device tree sends the messages of a bus's devices.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "kernel/lib/fdt/tree.hpp"
#include "tests/unit/fdt/sample_tree.hpp"

namespace {

using sample::TreeWriter;

constexpr u32 kFirst = 7, kSecond = 8;

// What becomes of an id: "first:5", or "nowhere".
std::string target_of(u32 id, const std::function<void(TreeWriter&)>& bus) {
  TreeWriter writer;
  writer.node("first", {{"phandle", {kFirst}}}).node("second", {{"phandle", {kSecond}}});
  bus(writer);
  const std::vector<u64> blob = writer.finish();
  const lib::fdt::Tree tree(blob.data(), blob.size() * sizeof(u64));
  EXPECT_TRUE(tree.valid());
  const auto found = tree.message_target(tree.find("/pci"), id);
  if (!found) return "nowhere";
  return std::string(tree.name(found->controller)) + ":" + std::to_string(found->device);
}

TEST(FdtMessages, MapHasRanges) {
  const auto bus = [](TreeWriter& tree) {
    tree.node("pci", {{"msi-map", {0x100, kFirst, 0, 0x100, 0x200, kSecond, 0x1000, 2}}});
  };
  EXPECT_EQ(target_of(0xff, bus), "nowhere");
  EXPECT_EQ(target_of(0x100, bus), "first:0");
  EXPECT_EQ(target_of(0x1ff, bus), "first:255");
  EXPECT_EQ(target_of(0x201, bus), "second:4097");
  EXPECT_EQ(target_of(0x202, bus), "nowhere");
}

TEST(FdtMessages, MaskHidesFunctions) {
  const auto bus = [](TreeWriter& tree) {
    tree.node("pci", {{"msi-map", {0, kFirst, 0, 0x10000}}, {"msi-map-mask", {0xfff8}}});
  };
  EXPECT_EQ(target_of(0x0d, bus), "first:8");
}

TEST(FdtMessages, ParentTakesAll) {
  EXPECT_EQ(target_of(9, [](TreeWriter& tree) { tree.node("pci", {{"msi-parent", {kSecond}}}); }), "second:9");
  EXPECT_EQ(target_of(9, [](TreeWriter& tree) { tree.node("pci", {}); }), "nowhere");
}

TEST(FdtMessages, WhatIsMalformedLeadsNowhere) {
  const auto map = [](const std::vector<u32>& cells) {
    return [cells](TreeWriter& tree) { tree.node("pci", {{"msi-map", cells}}); };
  };
  EXPECT_EQ(target_of(0, map({0, kFirst, 0})), "nowhere");
  EXPECT_EQ(target_of(0, map({0, 99, 0, 1})), "nowhere");
  EXPECT_EQ(target_of(0, map({})), "nowhere");
  EXPECT_EQ(target_of(1, map({0, kFirst, 0, 0, 0, kSecond, 5, ~u32{0}})), "second:6");
  EXPECT_EQ(target_of(0, [](TreeWriter& tree) { tree.node("pci", {{"msi-parent", {99}}}); }), "nowhere");
}

}  // namespace
