#include "userland/ajdrv/writer.hpp"

#include <algorithm>
#include <cstring>

#include "kernel/lib/ajdrv/bytes.h"
#include "kernel/lib/ajdrv/format.h"

namespace tools {
namespace {

struct Section {
  std::uint32_t type, count;
  Bytes contents;
};

void pad(Bytes& bytes) { bytes.resize(ajdrv_align(bytes.size())); }

void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

Bytes meta_of(const std::map<std::string, std::string>& meta) {
  Bytes bytes;
  for (const auto& [key, value] : meta) {
    const std::string pair = key + "=" + value;
    bytes.insert(bytes.end(), pair.begin(), pair.end());
    bytes.push_back(0);
  }
  return bytes;
}

Bytes dependencies_of(const std::vector<Dependency>& dependencies) {
  Bytes bytes;
  for (const Dependency& dependency : dependencies) {
    Bytes record(AJDRV_DEPENDENCY_SIZE);
    std::copy(dependency.lineage.begin(), dependency.lineage.end(), record.begin());
    std::copy(dependency.name.begin(), dependency.name.end(), record.begin() + 16);
    ajdrv_store(&record[48], 8, dependency.min_version);
    ajdrv_store(&record[56], 4, 1);
    append(bytes, record);
  }
  return bytes;
}

std::vector<Section> sections_of(const PackageParts& parts) {
  Bytes matches, strings;
  for (const std::string& text : parts.matches) {
    const Record record = parse_match(text, strings);
    matches.insert(matches.end(), record.begin(), record.end());
  }
  std::vector<Section> sections;
  const auto count = [](std::size_t number) { return static_cast<std::uint32_t>(number); };
  sections.push_back({AJDRV_SECTION_CODE, 1, parts.code});
  sections.push_back({AJDRV_SECTION_MATCH, count(parts.matches.size()), matches});
  sections.push_back({AJDRV_SECTION_META, count(parts.meta.size()), meta_of(parts.meta)});
  if (!parts.dependencies.empty()) {
    sections.push_back({AJDRV_SECTION_DEPS, count(parts.dependencies.size()), dependencies_of(parts.dependencies)});
  }
  if (!strings.empty()) sections.push_back({AJDRV_SECTION_STR, 1, strings});
  if (!parts.provenance.empty()) sections.push_back({AJDRV_SECTION_PROV, 1, parts.provenance});
  return sections;
}

void write_header(Bytes& file, const PackageParts& parts, std::size_t section_count) {
  const auto put = [&](unsigned at, unsigned size, std::uint64_t value) { ajdrv_store(&file[at], size, value); };
  put(AJDRV_AT_MAGIC, 4, AJDRV_MAGIC);
  put(AJDRV_AT_MAJOR, 2, AJDRV_MAJOR);
  put(AJDRV_AT_HEADER_SIZE, 4, AJDRV_HEADER_SIZE);
  put(AJDRV_AT_FLAGS, 4, parts.flags);
  put(AJDRV_AT_ARCH, 2, parts.arch);
  put(AJDRV_AT_CATEGORY, 2, parts.category);
  put(AJDRV_AT_ABI_MAJOR, 2, parts.abi_major);
  put(AJDRV_AT_ABI_MINOR, 2, parts.abi_minor);
  put(AJDRV_AT_CAPS, 4, parts.caps);
  put(AJDRV_AT_SECTION_COUNT, 4, section_count);
  put(AJDRV_AT_VERSION, 8, parts.version);
  put(AJDRV_AT_EPOCH, 4, parts.epoch);
  put(AJDRV_AT_MIN_OS, 4, parts.min_os);
  put(AJDRV_AT_BUILD_TIME, 8, parts.build_time);
  std::copy(parts.lineage.begin(), parts.lineage.end(), file.begin() + AJDRV_AT_LINEAGE);
  std::copy(parts.name.begin(), parts.name.end(), file.begin() + AJDRV_AT_NAME);
}

}  // namespace

Bytes default_lineage(const std::string& name) {
  std::string text("HALY/lineage/v1\0", 16);
  text += name;
  Bytes hash(32);
  shared::sodium_crypto().sha256(text.data(), text.size(), hash.data());
  hash.resize(AJDRV_LINEAGE_SIZE);
  return hash;
}

Bytes make_package(const PackageParts& parts) {
  if (parts.name.size() >= AJDRV_NAME_SIZE) throw Failure("the name '" + parts.name + "' is longer than 31 characters");
  const std::vector<Section> sections = sections_of(parts);
  Bytes file(AJDRV_HEADER_SIZE + sections.size() * AJDRV_SECTION_SIZE);
  write_header(file, parts, sections.size());
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::size_t entry = AJDRV_HEADER_SIZE + i * AJDRV_SECTION_SIZE;
    ajdrv_store(&file[entry], 4, sections[i].type);
    ajdrv_store(&file[entry + 4], 4, sections[i].type <= AJDRV_SECTION_MATCH ? 1 : 0);
    ajdrv_store(&file[entry + 8], 8, file.size());
    ajdrv_store(&file[entry + 16], 8, sections[i].contents.size());
    ajdrv_store(&file[entry + 24], 4, sections[i].count);
    append(file, sections[i].contents);
    pad(file);
  }
  // How many signatures there will be is signed as well: none can be taken away, and the file is no package before all
  // are there.
  const std::uint64_t block = AJDRV_SIGNATURE_HEADER_SIZE + std::uint64_t{parts.signatures} * AJDRV_SIGNATURE_SIZE;
  ajdrv_store(&file[AJDRV_AT_TOTAL_SIZE], 8, file.size() + block);
  ajdrv_store(&file[AJDRV_AT_SIGNED_SIZE], 8, file.size());
  return file;
}

Bytes with_signature(const Bytes& file, std::uint64_t signed_size, ajdrv_role_t role, const Key& seed) {
  Bytes body(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(signed_size));
  Key hash, id;
  shared::sodium_crypto().sha256(body.data(), body.size(), hash.data());
  std::array<std::uint8_t, AJDRV_STATEMENT_SIZE> statement;
  ajdrv_statement(role, signed_size, hash.data(), statement.data());
  ajdrv_key_id(&shared::sodium_crypto(), public_key_of(seed).data(), id.data());
  Bytes fresh(AJDRV_SIGNATURE_SIZE);
  fresh[0] = 1;
  fresh[1] = static_cast<std::uint8_t>(role);
  std::copy(id.begin(), id.end(), fresh.begin() + 8);
  const Signature signature = sign(seed, statement);
  std::copy(signature.begin(), signature.end(), fresh.begin() + 48);

  std::vector<Bytes> entries = {fresh};
  for (std::size_t at = signed_size + AJDRV_SIGNATURE_HEADER_SIZE; at + AJDRV_SIGNATURE_SIZE <= file.size();
       at += AJDRV_SIGNATURE_SIZE) {
    Bytes entry(file.begin() + static_cast<std::ptrdiff_t>(at),
                file.begin() + static_cast<std::ptrdiff_t>(at) + AJDRV_SIGNATURE_SIZE);
    if (!std::equal(id.begin(), id.end(), entry.begin() + 8)) entries.push_back(entry);
  }
  if (entries.size() > AJDRV_MAX_SIGNATURES) throw Failure("there is no room for another signature");
  std::sort(entries.begin(), entries.end(),
            [](const Bytes& a, const Bytes& b) { return std::memcmp(&a[8], &b[8], AJDRV_HASH_SIZE) < 0; });
  Bytes block(AJDRV_SIGNATURE_HEADER_SIZE);
  ajdrv_store(&block[0], 4, AJDRV_SIGNATURE_MAGIC);
  ajdrv_store(&block[4], 2, entries.size());
  ajdrv_store(&block[6], 2, AJDRV_SIGNATURE_SIZE);
  for (const Bytes& entry : entries) append(block, entry);
  append(body, block);
  return body;
}

}  // namespace tools
