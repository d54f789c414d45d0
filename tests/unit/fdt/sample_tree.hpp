// Small device trees for tests, written by libfdt.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "kernel/lib/types.hpp"

extern "C" {
#include <libfdt.h>
}

namespace sample {

class TreeWriter {
 public:
  TreeWriter() : blob_(kSize / sizeof(u64)) {
    need(fdt_create(blob_.data(), kSize));
    need(fdt_finish_reservemap(blob_.data()));
    begin("");
    cells("#address-cells", {2});
    cells("#size-cells", {2});
  }

  // `node_id` as the cells of numa-node-id; none: the property is not there.
  TreeWriter& memory(u64 base, u64 size, const std::vector<u32>& node_id) {
    char name[32];
    std::snprintf(name, sizeof(name), "memory@%lx", static_cast<unsigned long>(base));
    begin(name);
    text("device_type", "memory");
    cells("reg",
          {static_cast<u32>(base >> 32), static_cast<u32>(base), static_cast<u32>(size >> 32), static_cast<u32>(size)});
    if (!node_id.empty()) cells("numa-node-id", node_id);
    return end();
  }

  struct Cpu {
    u32 id = 0;
    std::vector<u32> node_id;
  };
  TreeWriter& cpus(const std::vector<Cpu>& all) {
    begin("cpus");
    cells("#address-cells", {1});
    cells("#size-cells", {0});
    for (const Cpu& cpu : all) {
      char name[32];
      std::snprintf(name, sizeof(name), "cpu@%x", cpu.id);
      begin(name);
      text("device_type", "cpu");
      cells("reg", {cpu.id});
      if (!cpu.node_id.empty()) cells("numa-node-id", cpu.node_id);
      end();
    }
    return end();
  }

  TreeWriter& distances(const std::vector<u32>& triples) {
    begin("distance-map");
    text("compatible", "numa-distance-map-v1");
    cells("distance-matrix", triples);
    return end();
  }

  struct Property {
    const char* name;
    std::vector<u32> cells;
  };
  TreeWriter& node(const char* name, const std::vector<Property>& properties) {
    begin(name);
    for (const Property& property : properties) cells(property.name, property.cells);
    return end();
  }

  // As words, because a tree must be aligned. Once.
  std::vector<u64> finish() {
    end();
    need(fdt_finish(blob_.data()));
    blob_.resize((fdt_totalsize(blob_.data()) + sizeof(u64) - 1) / sizeof(u64));
    return std::move(blob_);
  }

 private:
  static constexpr int kSize = 64 * 1024;
  static void need(int result) {
    if (result != 0) std::abort();
  }
  void begin(const char* name) { need(fdt_begin_node(blob_.data(), name)); }
  TreeWriter& end() {
    need(fdt_end_node(blob_.data()));
    return *this;
  }
  void text(const char* name, const char* value) { need(fdt_property_string(blob_.data(), name, value)); }
  void cells(const char* name, const std::vector<u32>& values) {
    std::vector<u8> bytes;
    for (const u32 value : values) {
      for (int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<u8>(value >> shift));
    }
    need(fdt_property(blob_.data(), name, bytes.data(), static_cast<int>(bytes.size())));
  }
  std::vector<u64> blob_;
};

}  // namespace sample
