// make-corpus FOLDER: writes the inputs from which fuzzing starts (tests/fuzz/corpus), each behind its first byte.
// Deterministic: run again after a change of the formats.
#include <filesystem>

#include "tests/unit/acpi/sample_aml.hpp"
#include "tests/unit/acpi/sample_madt.hpp"
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

// Physical memory with tables in it; the root pointer is at its beginning.
class Memory {
 public:
  std::size_t put(const sample::AcpiTable& table) {
    const std::size_t at = (bytes_.size() + 15) / 16 * 16;
    bytes_.resize(at);
    bytes_.insert(bytes_.end(), table.begin(), table.end());
    return at;
  }
  // A FADT that leads to the DSDT.
  std::size_t put_fixed(const sample::AcpiTable& dsdt) {
    const std::size_t at = put(dsdt);
    sample::AcpiTable fadt = sample::header("FACP", 6);
    fadt.resize(268);
    fadt[40] = static_cast<std::uint8_t>(at & 255);
    fadt[41] = static_cast<std::uint8_t>(at >> 8);
    return put(sample::finish(fadt));
  }
  void write_to(const std::filesystem::path& file, const std::vector<std::size_t>& tables) {
    sample::AcpiTable root = sample::header("XSDT", 1);
    for (const u64 table : tables) sample::append(root, table);
    const sample::AcpiTable pointer = sample::rsdp(put(sample::finish(root)));
    std::copy(pointer.begin(), pointer.end(), bytes_.begin());
    write(file, bytes_.front(), {bytes_.begin() + 1, bytes_.end()});
  }

 private:
  Bytes bytes_ = Bytes(48);
};

using namespace sample::aml;

void write_pc(const std::filesystem::path& file) {
  sample::AcpiTable madt = sample::header("APIC", 5);
  madt.resize(44);
  madt.insert(madt.end(),
              {0, 8, 0, 0, 1, 0, 0, 0, 1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0, 2, 10, 0, 0, 2, 0, 0, 0, 5, 0});
  const Code virtio =
      device("VR00", join({name("_HID", string("LNRO0005")), name("_UID", byte(1)), name("_STA", byte(15)),
                           method("_CRS", 0, returned(buffer(memory_and_line(0xfeb0'0000, 512, 1, 16))))}));
  Memory memory;
  const std::size_t fadt =
      memory.put_fixed(dsdt(join({scope("\\_SB_", virtio), device("PCI0", name("_HID", dword(0x080a'd041)))})));
  memory.write_to(file, {fadt, memory.put(sample::finish(madt))});
}

Code route(u32 address, u8 pin, const Code& source, u8 index) {
  return join({{0x12}, block(join({{4}, dword(address), byte(pin), source, byte(index)}))});
}

void write_arm(const std::filesystem::path& file) {
  Code window{0x87, 23, 0, 0, 0x0c, 0};
  for (const u32 word : {0u, 0x1000'0000u, 0x3eff'ffffu, 0u, 0x2f00'0000u}) sample::append(window, word);
  const Code routes = join({byte(2), route(0xffff, 0, text("L000"), 0), route(0x1'ffff, 1, {0x00}, 36)});
  const Code bridge = device(
      "PCI0", join({name("_HID", string("PNP0A08")), name("_SEG", byte(0)), name("_BBN", byte(0)),
                    name("_PRT", join({{0x13}, block(routes)})), name("_CRS", buffer(join({window, {0x79, 0}})))}));
  const Code link = device("L000", name("_CRS", buffer(memory_and_line(0, 0, 1, 35))));
  sample::AcpiTable spcr = sample::header("SPCR", 2), gtdt = sample::header("GTDT", 2);
  spcr.resize(80);
  gtdt.resize(104);
  sample::Madt madt;
  madt.distributor(0x800'0000, 3).cpu(0, 0).cpu(1, 1).redistributors(0x80a'0000, 0xf6'0000);
  madt.its(0, 0x808'0000).message_frame(0, 0x802'0000, 1, 64, 80);
  Memory memory;
  const std::size_t fadt = memory.put_fixed(dsdt(scope("\\_SB_", join({link, bridge}))));
  memory.write_to(file, {fadt, memory.put(madt.table()), memory.put(sample::iort(0, 0, 0xffff, 0)),
                         memory.put(sample::finish(spcr)), memory.put(sample::finish(gtdt))});
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
  write_pc(folder / "acpi/pc");
  write_arm(folder / "acpi/arm");
  return 0;
}
