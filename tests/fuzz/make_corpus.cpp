// make-corpus FOLDER: writes the inputs from which fuzzing starts (tests/fuzz/corpus), each behind its first byte.
// Deterministic: run again after a change of the formats.
#include <filesystem>

#include "tests/unit/acpi/sample_aml.hpp"
#include "tests/unit/acpi/sample_tables.hpp"
#include "tests/unit/ajdrv/sample.hpp"
#include "tests/unit/ajdrv/sample_elf.hpp"
#include "tests/unit/fdt/sample_tree.hpp"

namespace {

using tools::Bytes;

void write(const std::filesystem::path& file, std::uint8_t first, Bytes bytes) {
  std::filesystem::create_directories(file.parent_path());
  bytes.insert(bytes.begin(), first);
  tools::write_file(file, bytes);
}

sample::Elf code_for(std::uint16_t arch) {
  sample::Elf elf;
  elf.arch = arch;
  const auto& kinds = sample::kRelocations[arch];
  elf.relocations = {{sample::kWordsAt, kinds[0], 0, sample::kCodeAt}, {sample::kWordsAt + 8, kinds[1], 2, 0}};
  return elf;
}

void write_packages(const std::filesystem::path& folder) {
  tools::PackageParts parts = sample::parts();
  write(folder / "small", 1, sample::package());
  parts.code = sample::make_elf(code_for(0));
  parts.matches = {"pci:v1234d5678sv0001sd0002bc02sc00i00", "virtio:4", "of:acme,thing", "acpi:PNP0501"};
  parts.dependencies = {{tools::default_lineage("other"), "other", 1}};
  parts.provenance = Bytes(20, 7);
  write(folder / "all-sections", 1, sample::signed_by(tools::make_package(parts), sample::kPublisher, sample::kStore));
}

void write_bundles(const std::filesystem::path& folder) {
  write(folder / "small", 1, sample::bundle());
  tools::BundleParts parts = sample::bundle_parts();
  parts.version = 2;
  parts.policies = {{.category = 0, .kernel_pub = 2}, {.category = 6, .places = 3, .kernel_qa = 1, .caps = 7}};
  parts.floors = {{tools::default_lineage("sample"), 1, 1}};
  parts.revoked_keys = {Bytes(32, 1)};
  parts.revoked_packages = {Bytes(32, 2)};
  parts.keys[0].lineage_bits = 12;
  parts.keys[0].lineage = tools::default_lineage("sample");
  write(folder / "all-tables", 1, sample::bundle(parts));
}

void write_table(const std::filesystem::path& file, const sample::Srat& srat, const sample::AcpiTable& slit) {
  Bytes bytes = srat.table();
  const auto size = static_cast<std::uint16_t>(bytes.size());
  bytes.insert(bytes.begin(), static_cast<std::uint8_t>(size >> 8));
  bytes.insert(bytes.end(), slit.begin(), slit.end());
  write(file, static_cast<std::uint8_t>(size), std::move(bytes));
}

void write_tables(const std::filesystem::path& folder) {
  sample::Srat two, four;
  two.memory(0, 0, 3 * GiB).memory(1, 4 * GiB, 5 * GiB).apic(0, 0).x2apic(1, 1);
  write_table(folder / "two-nodes", two, sample::slit({{10, 20}, {20, 10}}));
  four.memory(0, 0, GiB).memory(2, GiB, 2 * GiB).memory(3, 4 * GiB, 5 * GiB);
  four.apic(0, 0).gicc(1, 1).rintc(2, 2).unknown(5, 32);
  write_table(folder / "four-nodes", four,
              sample::slit({{10, 20, 30, 40}, {20, 10, 22, 23}, {30, 22, 10, 24}, {41, 23, 24, 10}}));
}

// Physical memory with all tables in it; the root pointer is at its beginning.
void write_machine(const std::filesystem::path& file) {
  constexpr std::size_t kRoot = 64, kFadt = 256, kMadt = 640, kDsdt = 768;
  Bytes memory;
  const auto put = [&](std::size_t at, const sample::AcpiTable& table) {
    if (memory.size() < at + table.size()) memory.resize(at + table.size());
    std::copy(table.begin(), table.end(), memory.begin() + static_cast<std::ptrdiff_t>(at));
  };
  sample::AcpiTable fadt = sample::header("FACP", 6), madt = sample::header("APIC", 5);
  fadt.resize(268);
  fadt[40] = static_cast<std::uint8_t>(kDsdt & 255);
  fadt[41] = static_cast<std::uint8_t>(kDsdt >> 8);
  madt.resize(44);
  madt.insert(madt.end(),
              {0, 8, 0, 0, 1, 0, 0, 0, 1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0, 2, 10, 0, 0, 2, 0, 0, 0, 5, 0});
  using namespace sample::aml;
  const Code virtio =
      device("VR00", join({name("_HID", string("LNRO0005")), name("_UID", byte(1)), name("_STA", byte(15)),
                           method("_CRS", 0, returned(buffer(memory_and_line(0xfeb0'0000, 512, 1, 16))))}));
  put(0, sample::rsdp(kRoot));
  put(kRoot, sample::xsdt({kFadt, kMadt}));
  put(kFadt, sample::finish(fadt));
  put(kMadt, sample::finish(madt));
  put(kDsdt, dsdt(join({scope("\\_SB_", virtio), device("PCI0", name("_HID", dword(0x080a'd041)))})));
  const std::uint8_t first = memory.front();
  memory.erase(memory.begin());
  write(file, first, std::move(memory));
}

void write_tree(const std::filesystem::path& file, sample::TreeWriter& writer) {
  const std::vector<u64> words = writer.finish();
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(words.data());
  write(file, 0, Bytes(bytes, bytes + words.size() * sizeof(u64)));
}

void write_trees(const std::filesystem::path& folder) {
  sample::TreeWriter two, four;
  two.memory(0, GiB, {0}).memory(GiB, GiB, {1}).cpus({{0, {0}}, {1, {1}}});
  two.distances({0, 0, 10, 0, 1, 20, 1, 0, 20, 1, 1, 10});
  write_tree(folder / "two-nodes", two);
  four.memory(0, GiB, {10}).memory(GiB, GiB, {20}).memory(4 * GiB, 2 * GiB, {40});
  four.cpus({{0, {10}}, {1, {30}}, {2, {20}}, {3, {}}});
  four.distances({10, 20, 15, 10, 30, 20, 10, 40, 25, 20, 30, 30, 20, 40, 35, 30, 40, 45});
  write_tree(folder / "four-nodes", four);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  for (std::uint16_t arch = 0; arch < AJDRV_ARCH_COUNT; ++arch) {
    write(folder / "code" / std::to_string(arch), static_cast<std::uint8_t>(arch), sample::make_elf(code_for(arch)));
  }
  write_packages(folder / "package");
  write_bundles(folder / "bundle");
  write_tables(folder / "srat");
  write_trees(folder / "tree");
  write_machine(folder / "acpi/machine");
  return 0;
}
