// Registers, queues and their doorbells (NVM Express Base 2.0, 3.1.3, 3.3).
#include "tests/models/nvme_model.hpp"

#include <algorithm>
#include <cstring>

namespace models {
namespace {

enum Register : uint32_t {
  kCapabilities = 0x00,
  kVersion = 0x08,
  kMaskSet = 0x0c,
  kMaskClear = 0x10,
  kConfiguration = 0x14,
  kStatus = 0x1c,
  kAdminSizes = 0x24,
  kAdminCommands = 0x28,
  kAdminAnswers = 0x30,
  kDoorbells = 0x1000,
};
constexpr uint32_t kEnable = 1, kReady = 1, kFatal = 2, kShutdownDone = 8;
constexpr uint32_t kEntrySizes = 6 << 16 | 4 << 20, kEntrySizesMask = 0xff << 16;

uint32_t half(uint64_t value, uint32_t offset) { return static_cast<uint32_t>(offset % 8 == 0 ? value : value >> 32); }

void set_half(uint64_t& value, uint32_t offset, uint64_t part) {
  value = offset % 8 == 0 ? (value & ~uint64_t{0xffffffff}) | part : (value & 0xffffffff) | part << 32;
}

}  // namespace

NvmeModel::NvmeModel(Machine& machine, uint64_t registers_size) : machine_(machine) {
  NvmeNamespace& first = namespaces.emplace_back();
  first.contents.resize(first.blocks << first.block_shift);
  machine.device.class_code = 0x010802;
  machine.attach(*this, registers_size);
}

uint64_t NvmeModel::read(uint32_t offset, uint32_t width) {
  EXPECT_EQ(width, 4u);
  const uint64_t capabilities = most_entries | uint64_t{1} << 16 | uint64_t{timeout_units} << 24 |
                                uint64_t{doorbell_shift} << 32 | uint64_t{has_nvm_commands} << 37 |
                                uint64_t{smallest_page} << 48 | uint64_t{smallest_page} << 52;
  switch (offset & ~uint32_t{4}) {
    case kCapabilities: return half(capabilities, offset);
    default: break;
  }
  switch (offset) {
    case kVersion: return 2 << 16;
    case kConfiguration: return configuration_;
    case kStatus: return status_ | (is_fatal ? kFatal : 0);
    case kAdminSizes: return admin_sizes_;
    default: break;
  }
  ADD_FAILURE() << "a register is read that is not modelled: 0x" << std::hex << offset;
  return 0;
}

void NvmeModel::write(uint32_t offset, uint32_t width, uint64_t value) {
  EXPECT_EQ(width, 4u);
  if (offset >= kDoorbells) return ring((offset - kDoorbells) >> (2 + doorbell_shift), static_cast<uint32_t>(value));
  switch (offset) {
    case kMaskSet:
      EXPECT_FALSE(machine_.has_messages()) << "not with MSI-X";
      is_masked_ |= value != 0;
      return;
    case kMaskClear:
      EXPECT_FALSE(machine_.has_messages()) << "not with MSI-X";
      is_masked_ &= value == 0;
      return;
    case kConfiguration: return configure(static_cast<uint32_t>(value));
    case kAdminSizes: admin_sizes_ = static_cast<uint32_t>(value); return;
    case kAdminCommands:
    case kAdminCommands + 4: return set_half(admin_commands_, offset - kAdminCommands, value);
    case kAdminAnswers:
    case kAdminAnswers + 4: return set_half(admin_answers_, offset - kAdminAnswers, value);
    default: ADD_FAILURE() << "a register is written that is not modelled: 0x" << std::hex << offset;
  }
}

void NvmeModel::configure(uint32_t value) {
  const uint32_t before = std::exchange(configuration_, value);
  if ((value >> 14 & 3) != 0) {
    was_shut_down = true;
    status_ |= kShutdownDone;
  }
  if (((before ^ value) & kEnable) == 0) return;
  changes_at_ns_ = machine_.now_ns() + ready_ms * 1'000'000;
  if ((value & kEnable) == 0) return;
  EXPECT_EQ(value & kEntrySizesMask, kEntrySizes);
  EXPECT_EQ(admin_commands_ % 4096, 0u);
  EXPECT_EQ(admin_answers_ % 4096, 0u);
  commands_[0] = {.address = admin_commands_, .size = (admin_sizes_ & 0xfff) + 1};
  answers_[0] = {.address = admin_answers_, .size = (admin_sizes_ >> 16 & 0xfff) + 1, .interrupts = true};
}

void NvmeModel::forget_queues() {
  commands_.clear();
  answers_.clear();
  under_way_.clear();
  waiting_.clear();
}

void NvmeModel::time_passed() {
  const bool wanted = (configuration_ & kEnable) != 0, is = (status_ & kReady) != 0;
  const bool moves = wanted ? !never_ready && !is_fatal : !never_stops;
  if (wanted != is && moves && machine_.now_ns() >= changes_at_ns_) {
    status_ ^= kReady;
    if (!wanted) {
      forget_queues();
      is_fatal = is_masked_ = false;
      status_ &= ~kShutdownDone;
    }
  }
  while (is_ready() && !holds && !waiting_.empty()) release();
}

bool NvmeModel::drives_line() const {
  return !is_masked_ && std::ranges::any_of(answers_, [](const auto& each) {
    return each.second.interrupts && each.second.head != each.second.tail;
  });
}

void NvmeModel::ring(uint32_t doorbell, uint32_t value) {
  const uint32_t queue = doorbell / 2;
  if (is_fatal) return;
  ASSERT_TRUE((configuration_ & kEnable) != 0 && is_ready()) << "a doorbell of a controller that is off";
  if (doorbell % 2 != 0) {
    ASSERT_TRUE(answers_.contains(queue)) << "no such queue: " << queue;
    Answers& answers = answers_[queue];
    const uint32_t size = answers.size;
    ASSERT_LT(value, size);
    ASSERT_LE((value + size - answers.head) % size, (answers.tail + size - answers.head) % size)
        << "more answers are taken than there were";
    answers.head = value;
    return;
  }
  ASSERT_TRUE(commands_.contains(queue)) << "no such queue: " << queue;
  Commands& commands = commands_[queue];
  const uint32_t size = commands.size;
  ASSERT_LT(value, size);
  // The head does not move before the doorbell is through, so a ring that was run over shows.
  ASSERT_LE((value + size - commands.tail) % size, size - 1 - (commands.tail + size - commands.head) % size)
      << "more commands than the ring has room for";
  commands.tail = value;
  fetch(static_cast<uint16_t>(queue));
}

void NvmeModel::fetch(uint16_t queue) {
  Commands& commands = commands_[queue];
  while (commands.head != commands.tail) {
    uint32_t words[16];
    if (!machine_.device_read(commands.address + 64 * commands.head, words, sizeof(words))) return;
    commands.head = (commands.head + 1) % commands.size;
    const NvmeCommand command = {.queue = queue,
                                 .id = static_cast<uint16_t>(words[0] >> 16),
                                 .opcode = static_cast<uint8_t>(words[0]),
                                 .namespace_id = words[1],
                                 .page1 = words[6] | uint64_t{words[7]} << 32,
                                 .page2 = words[8] | uint64_t{words[9]} << 32,
                                 .word10 = words[10],
                                 .word11 = words[11],
                                 .word12 = words[12]};
    EXPECT_EQ(words[0] >> 8 & 0xff, 0u) << "neither fused nor SGLs";
    EXPECT_TRUE(under_way_.emplace(queue, command.id).second) << "two commands have one name";
    if (queue == 0) {
      carry_out(command);
    } else {
      waiting_.push_back(command);
    }
  }
}

void NvmeModel::release(size_t which) {
  const NvmeCommand command = waiting_.at(which);
  waiting_.erase(waiting_.begin() + static_cast<ptrdiff_t>(which));
  carry_out(command);
}

void NvmeModel::release_all() {
  while (!waiting_.empty()) release();
}

void NvmeModel::carry_out(const NvmeCommand& command) {
  if (command.queue == 0) {
    if (lost_admin.contains(command.opcode)) return;
    uint32_t result = 0;
    const auto fails = admin_status.find(command.opcode);
    const uint16_t status = fails != admin_status.end() ? fails->second : admin(command, &result);
    if (wrong_admin_id) return put_answer(0, command.id ^ 0x5555, status, result);
    return answer(command, status, result);
  }
  history.push_back(command);
  if (lose > 0) {
    --lose;
    return;
  }
  uint16_t status = kSuccess;
  if (!statuses.empty()) {
    status = statuses.front();
    statuses.pop_front();
  }
  if (status == kSuccess) status = input_output(command);
  if (wrong_id > 0) {
    --wrong_id;
    return put_answer(command.queue, command.id ^ 0x8000, status, 0);
  }
  answer(command, status);
  if (repeat > 0) {
    --repeat;
    put_answer(command.queue, command.id, status, 0);
  }
}

void NvmeModel::answer(const NvmeCommand& command, uint16_t status, uint32_t result) {
  under_way_.erase({command.queue, command.id});
  put_answer(command.queue, command.id, status, result);
}

void NvmeModel::put_answer(uint16_t queue, uint16_t id, uint16_t status, uint32_t result) {
  const Commands& commands = commands_[queue];
  Answers& answers = answers_[commands.answers];
  ASSERT_NE((answers.tail + 1) % answers.size, answers.head) << "no room for an answer";
  const uint16_t phase = stuck_phase.value_or(answers.phase);
  const uint32_t words[4] = {result, 0, commands.head | uint32_t{queue} << 16,
                             id | uint32_t{static_cast<uint16_t>(status << 1 | phase)} << 16};
  machine_.device_write(answers.address + 16 * answers.tail, words, sizeof(words));
  answers.tail = (answers.tail + 1) % answers.size;
  if (answers.tail == 0) answers.phase ^= 1;
  if (answers.interrupts && machine_.has_messages()) machine_.send_message(answers.message);
  // The CPU hears of it before who asked for it looks.
  if (commands.answers == 0) machine_.deliver();
}

}  // namespace models
