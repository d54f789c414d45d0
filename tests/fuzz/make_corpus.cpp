// make-corpus FOLDER: writes the inputs from which fuzzing starts (tests/fuzz/corpus), each behind its first byte.
// Deterministic: run again after a change of the formats.
#include <filesystem>

#include "tests/unit/ajdrv/sample.hpp"
#include "tests/unit/ajdrv/sample_elf.hpp"

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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  for (std::uint16_t arch = 0; arch < AJDRV_ARCH_COUNT; ++arch) {
    write(folder / "code" / std::to_string(arch), static_cast<std::uint8_t>(arch), sample::make_elf(code_for(arch)));
  }
  write_packages(folder / "package");
  write_bundles(folder / "bundle");
  return 0;
}
