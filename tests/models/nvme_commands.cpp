// What the commands do (NVM Express Base 2.0, 5; NVM Command Set 1.0, 3.2).
#include <algorithm>
#include <cstring>

#include "tests/models/nvme_model.hpp"

namespace models {
namespace {

constexpr uint32_t kPage = 4096;

void put(uint8_t* at, uint64_t value, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i) at[i] = static_cast<uint8_t>(value >> (8 * i));
}

void put_text(uint8_t* at, const char* text, size_t room) {
  std::memset(at, ' ', room);
  std::memcpy(at, text, std::min(room, std::strlen(text)));
}

}  // namespace

NvmeNamespace* NvmeModel::find(uint32_t id) {
  const auto found = std::ranges::find(namespaces, id, &NvmeNamespace::id);
  return found == namespaces.end() ? nullptr : &*found;
}

uint16_t NvmeModel::admin(const NvmeCommand& command, uint32_t* result) {
  switch (command.opcode) {
    case 0x01: return create_commands(command);
    case 0x05: return create_answers(command);
    case 0x06: return identify(command);
    case 0x09: {  // Set Features: the number of queues (5.27.1.5)
      if ((command.word10 & 0xff) != 7) return kInvalidField;
      const uint32_t given = std::min(most_queues - 1, command.word11 & 0xffff);
      *result = given | given << 16;
      return kSuccess;
    }
    default: return kInvalidOpcode;
  }
}

uint16_t NvmeModel::identify(const NvmeCommand& command) {
  uint8_t page[kPage] = {};
  const uint32_t what = command.word10 & 0xff;
  if (what == 1) {
    put_text(page + 4, "S-0815", 20);
    put_text(page + 24, "Model of a controller", 40);
    put_text(page + 64, "1.0", 8);
    page[77] = transfer_limit;
    page[520] = 4;
    page[525] = 1;
  } else if (what == 2) {
    for (size_t i = 0; i < namespaces.size(); ++i) put(page + 4 * i, namespaces[i].id, 4);
  } else if (what == 0) {
    const NvmeNamespace* space = find(command.namespace_id);
    if (space == nullptr) return kInvalidNamespace;
    for (const uint32_t at : {0, 8, 16}) put(page + at, space->blocks, 8);
    put(page + 128, space->block_shift << 16, 4);
  } else {
    return kInvalidField;
  }
  if (edit_identify) edit_identify(what, command.namespace_id, page);
  const auto pages = pages_of(command, kPage);
  if (!pages) return kInvalidField;
  uint32_t at = 0;
  for (const auto& [address, length] : *pages) {
    machine_.device_write(address, page + at, length);
    at += length;
  }
  return kSuccess;
}

uint16_t NvmeModel::create_answers(const NvmeCommand& command) {
  const uint32_t id = command.word10 & 0xffff, size = (command.word10 >> 16) + 1;
  EXPECT_EQ(command.page1 % kPage, 0u);
  EXPECT_EQ(command.word11 & 1, 1u) << "contiguous";
  if (id == 0 || answers_.contains(id) || size > most_entries + 1u) return kInvalidField;
  answers_[id] = {
      .address = command.page1, .size = size, .message = command.word11 >> 16, .interrupts = (command.word11 & 2) != 0};
  return kSuccess;
}

uint16_t NvmeModel::create_commands(const NvmeCommand& command) {
  const uint32_t id = command.word10 & 0xffff, answers = command.word11 >> 16;
  EXPECT_EQ(command.page1 % kPage, 0u);
  if (id == 0 || commands_.contains(id) || answers == 0 || !answers_.contains(answers)) return kInvalidField;
  commands_[id] = {.address = command.page1, .size = (command.word10 >> 16) + 1, .answers = answers};
  return kSuccess;
}

std::optional<std::vector<std::pair<uint64_t, uint32_t>>> NvmeModel::pages_of(const NvmeCommand& command,
                                                                              uint64_t length) {
  std::vector<std::pair<uint64_t, uint32_t>> pages;
  EXPECT_EQ(command.page1 % 4, 0u);
  const uint64_t first = std::min<uint64_t>(length, kPage - command.page1 % kPage);
  pages.emplace_back(command.page1, first);
  uint64_t left = length - first;
  if (left == 0) return pages;
  if (left <= kPage) {
    EXPECT_EQ(command.page2 % kPage, 0u);
    pages.emplace_back(command.page2, left);
    return pages;
  }
  uint64_t entry_at = command.page2;
  EXPECT_EQ(entry_at % 8, 0u);
  while (left > 0) {
    uint64_t entry = 0;
    if (!machine_.device_read(entry_at, &entry, sizeof(entry))) return std::nullopt;
    EXPECT_EQ(entry % kPage, 0u) << "a page of a list with an offset";
    if (entry_at % kPage == kPage - 8 && left > kPage) {  // the last of a page leads to the next one
      entry_at = entry;
      continue;
    }
    pages.emplace_back(entry, std::min<uint64_t>(left, kPage));
    left -= pages.back().second;
    entry_at += 8;
  }
  return pages;
}

uint16_t NvmeModel::input_output(const NvmeCommand& command) {
  if (find(command.namespace_id) == nullptr) return kInvalidNamespace;
  switch (command.opcode) {
    case 0x00: ++flushes; return kSuccess;
    case 0x01:
    case 0x02: return transfer(command);
    case 0x09: return discard(command);
    default: return kInvalidOpcode;
  }
}

uint16_t NvmeModel::transfer(const NvmeCommand& command) {
  NvmeNamespace& space = *find(command.namespace_id);
  const uint64_t first = command.word10 | uint64_t{command.word11} << 32, blocks = (command.word12 & 0xffff) + 1;
  if (first >= space.blocks || blocks > space.blocks - first) return kOutOfRange;
  const uint64_t length = blocks << space.block_shift;
  if (transfer_limit != 0 && length > uint64_t{kPage} << transfer_limit) return kInvalidField;
  const auto pages = pages_of(command, length);
  if (!pages) return kDataTransferError;
  uint8_t* at = space.contents.data() + (first << space.block_shift);
  for (const auto& [address, bytes] : *pages) {
    const bool done =
        command.opcode == 1 ? machine_.device_read(address, at, bytes) : machine_.device_write(address, at, bytes);
    if (!done) return kDataTransferError;
    at += bytes;
  }
  return kSuccess;
}

uint16_t NvmeModel::discard(const NvmeCommand& command) {
  EXPECT_EQ(command.word10 & 0xff, 0u) << "one range";
  EXPECT_EQ(command.word11, 4u);
  uint64_t range[2];
  if (!machine_.device_read(command.page1, range, sizeof(range))) return kDataTransferError;
  NvmeNamespace& space = *find(command.namespace_id);
  const uint64_t blocks = range[0] >> 32;
  if (range[1] >= space.blocks || blocks > space.blocks - range[1]) return kOutOfRange;
  std::memset(space.contents.data() + (range[1] << space.block_shift), 0, blocks << space.block_shift);
  return kSuccess;
}

}  // namespace models
