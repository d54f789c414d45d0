// From firmware of the test's own to what the kernel is handed: a device tree, or ACPI tables where there is none.
#include "kernel/lib/efi/handover.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "kernel/lib/fdt/tree.hpp"
#include "tests/unit/acpi/sample_madt.hpp"
#include "tests/unit/fdt/sample_tree.hpp"

namespace {

using namespace lib::efi;

// Pages that are given back in the end.
struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Pages = std::unique_ptr<void, Free>;

class Firmware;
Firmware* current = nullptr;

// One at a time: what the firmware offers are plain functions.
class Firmware {
 public:
  Firmware() {
    current = this;
    boot_.allocate_pages = [](Allocate, MemoryType, usize pages, u64* address) {
      *address = current->take(pages);
      return kSuccess;
    };
    boot_.get_memory_map = [](usize* size, void* map, usize* key, usize* step, u32*) {
      const auto& entries = current->map_;
      if (*size < entries.size() * sizeof(MemoryDescriptor)) return kBufferTooSmall;
      *size = entries.size() * sizeof(MemoryDescriptor);
      *step = sizeof(MemoryDescriptor);
      *key = entries.size();
      std::memcpy(map, entries.data(), *size);
      return kSuccess;
    };
    boot_.handle_protocol = [](Handle, const Guid*, void**) { return kError; };
    boot_.locate_device_path = [](const Guid*, DevicePath**, Handle*) { return kError; };
    boot_.exit_boot_services = [](Handle, usize key) {
      current->has_ended_ = key == current->map_.size();
      return current->has_ended_ ? kSuccess : kError;
    };
    runtime_.get_time = [](Time* time, void*) {
      *time = {.year = 2000, .month = 1, .day = 1, .zone = 2047};
      return kSuccess;
    };
    output_.output = [](TextOutput*, const Char* text) {
      for (; *text != 0; ++text) current->said_ += static_cast<char>(*text);
      return kSuccess;
    };
    system_.output = &output_;
    system_.boot = &boot_;
    system_.runtime = &runtime_;
  }

  // Memory that the map has.
  u64 take(usize pages) {
    void* memory = std::aligned_alloc(kPageSize, pages * kPageSize);
    std::memset(memory, 0xa5, pages * kPageSize);
    pages_.emplace_back(memory);
    const u64 address = reinterpret_cast<u64>(memory);
    map_.push_back({.type = MemoryType::LoaderData, .base = address, .pages = pages, .attributes = kWriteBack});
    return address;
  }
  u64 put(const std::vector<u8>& bytes) {
    const u64 address = take(1 + bytes.size() / kPageSize);
    std::memcpy(reinterpret_cast<void*>(address), bytes.data(), bytes.size());
    return address;
  }
  void add_table(const Guid& kind, u64 address) { tables_.push_back({kind, reinterpret_cast<const void*>(address)}); }
  void add_acpi(std::initializer_list<sample::AcpiTable> tables, bool spoil_root = false) {
    sample::AcpiTable root = sample::header("XSDT", 1);
    for (const auto& table : tables) sample::append(root, put(table));
    root = sample::finish(root);
    add_table(kAcpi, put(sample::rsdp(put(spoil_root ? sample::spoiled(root) : root))));
  }

  Handover start() {
    system_.table_count = tables_.size();
    system_.tables = tables_.data();
    static const u8 kernel[64] = {1, 2, 3};
    return hand_over(nullptr, system_, {kernel, sizeof(kernel), 8192});
  }
  const std::string& said() const { return said_; }
  bool has_ended() const { return has_ended_; }

 private:
  std::vector<Pages> pages_;
  std::vector<MemoryDescriptor> map_;
  std::vector<ConfigurationTable> tables_;
  std::string said_;
  bool has_ended_ = false;
  BootServices boot_{};
  RuntimeServices runtime_{};
  TextOutput output_{};
  SystemTable system_{};
};

sample::AcpiTable named(const char* name) { return sample::finish(sample::header(name, 1)); }
sample::AcpiTable madt() { return sample::Madt().distributor(0x800'0000, 3).cpu(0, 0).table(); }

int make_empty_tree(void* tree, int size) {
  for (const int status : {fdt_create(tree, size), fdt_finish_reservemap(tree), fdt_begin_node(tree, ""),
                           fdt_end_node(tree), fdt_finish(tree)}) {
    if (status != 0) return status;
  }
  return fdt_open_into(tree, tree, size);
}

lib::fdt::Tree tree_of(const Handover& result) {
  return {reinterpret_cast<const void*>(result.device_tree), result.device_tree_size};
}

TEST(EfiHandover, AcpiWhereThereIsNoDeviceTree) {
  Firmware firmware;
  firmware.add_acpi({madt(), named("FACP"), named("SPCR")});
  const Handover result = firmware.start();
  ASSERT_NE(result.kernel, 0u) << firmware.said();
  EXPECT_TRUE(firmware.has_ended());
  EXPECT_EQ(result.kernel % (2 * MiB), 0u);
  EXPECT_EQ(*reinterpret_cast<const u8*>(result.kernel + 2), 3);
  EXPECT_NE(result.acpi_rsdp, 0u);
  const lib::fdt::Tree tree = tree_of(result);
  ASSERT_TRUE(tree.valid());
  const auto chosen = tree.find("/chosen");
  EXPECT_EQ(tree.number(chosen, kRsdpProperty), result.acpi_rsdp);
  EXPECT_EQ(tree.number(chosen, kWallClockProperty), 946'684'800u);
  EXPECT_EQ(tree.number(chosen, "linux,uefi-mmap-size"), result.memory_map.bytes.size());
  EXPECT_EQ(tree.number(chosen, "linux,uefi-mmap-desc-size"), sizeof(MemoryDescriptor));
  EXPECT_TRUE(covers(result.memory_map, result.acpi_rsdp, 36));
}

TEST(EfiHandover, TheDeviceTreeIsPreferred) {
  Firmware firmware;
  sample::TreeWriter writer;
  writer.memory(0, GiB, {});
  const std::vector<u64> blob = writer.finish();
  const auto* bytes = reinterpret_cast<const u8*>(blob.data());
  firmware.add_acpi({madt(), named("FACP"), named("SPCR")});
  firmware.add_table(kDeviceTree, firmware.put({bytes, bytes + blob.size() * sizeof(u64)}));
  const Handover result = firmware.start();
  ASSERT_NE(result.kernel, 0u) << firmware.said();
  EXPECT_EQ(result.acpi_rsdp, 0u);
  EXPECT_EQ(tree_of(result).number(tree_of(result).find("/chosen"), kRsdpProperty), 0u);
  EXPECT_EQ(tree_of(result).number(tree_of(result).find("/chosen"), kWallClockProperty), 946'684'800u);
  EXPECT_TRUE(tree_of(result).find("/memory@0"));
}

TEST(EfiHandover, ATreeThatALoaderMadeIsNoDescription) {
  Firmware firmware;
  std::vector<u64> blob(128);
  void* tree = blob.data();
  ASSERT_EQ(make_empty_tree(tree, 1024), 0);
  ASSERT_EQ(fdt_setprop_u64(tree, fdt_add_subnode(tree, 0, "chosen"), "linux,initrd-start", 0x4800'0000), 0);
  const auto* bytes = reinterpret_cast<const u8*>(tree);
  firmware.add_acpi({madt(), named("FACP"), named("SPCR")});
  firmware.add_table(kDeviceTree, firmware.put({bytes, bytes + 1024}));
  const Handover result = firmware.start();
  ASSERT_NE(result.kernel, 0u) << firmware.said();
  EXPECT_NE(result.acpi_rsdp, 0u);
  const lib::fdt::Tree made = tree_of(result);
  EXPECT_EQ(made.number(made.find("/chosen"), "linux,initrd-start"), 0x4800'0000u);
  EXPECT_EQ(made.number(made.find("/chosen"), kRsdpProperty), result.acpi_rsdp);
}

// What is said then; nothing must have ended.
std::string refusal(Firmware& firmware) {
  EXPECT_EQ(firmware.start().kernel, 0u);
  EXPECT_FALSE(firmware.has_ended());
  return firmware.said();
}

TEST(EfiHandover, WhatCannotBeStartedIsSaidWhileThereIsAConsole) {
  Firmware none;
  EXPECT_EQ(refusal(none), "halyard: cannot boot: the firmware has neither a device tree nor ACPI tables\r\n");
  Firmware damaged;
  damaged.add_acpi({madt(), named("FACP")}, true);
  EXPECT_NE(refusal(damaged).find("the root of the ACPI tables is damaged"), std::string::npos);
  Firmware nowhere;
  nowhere.add_table(kAcpi, 0x7fff'0000'0000);
  EXPECT_NE(refusal(nowhere).find("the root of the ACPI tables is damaged"), std::string::npos);
  Firmware no_madt;
  no_madt.add_acpi({named("FACP"), named("SPCR")});
  EXPECT_NE(refusal(no_madt).find("(MADT)"), std::string::npos);
  Firmware bad_madt;
  bad_madt.add_acpi({sample::spoiled(madt()), named("FACP"), named("SPCR")});
  EXPECT_NE(refusal(bad_madt).find("(MADT)"), std::string::npos);
  Firmware no_fadt;
  no_fadt.add_acpi({madt(), named("SPCR")});
  EXPECT_NE(refusal(no_fadt).find("(FADT)"), std::string::npos);
}

TEST(EfiHandover, WithoutAConsoleItGoesOnAndSaysSo) {
  Firmware firmware;
  firmware.add_acpi({madt(), named("FACP")});
  EXPECT_NE(firmware.start().kernel, 0u);
  EXPECT_NE(firmware.said().find("no console"), std::string::npos);
}

}  // namespace
