// An NVM Express controller (NVM Express Base Specification 2.0, NVM Command Set 1.0) in memory, and its faults.
//
// Commands are fetched when their doorbell is rung and carried out as time goes by, or when the test says so. What a
// host may not do - ring beyond a queue's end, give a command the name of another that is under way, pages that are
// none - is a failed test.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "tests/models/machine.hpp"

namespace models {

struct NvmeNamespace {
  uint32_t id = 1;
  uint32_t block_shift = 9;
  uint64_t blocks = 4096;
  std::vector<uint8_t> contents;
};

struct NvmeCommand {
  uint16_t queue;
  uint16_t id;
  uint8_t opcode;
  uint32_t namespace_id;
  uint64_t page1, page2;
  uint32_t word10, word11, word12;
};

class NvmeModel final : public DeviceModel {
 public:
  enum Status : uint16_t {
    kSuccess = 0,
    kInvalidOpcode = 1,
    kInvalidField = 2,
    kDataTransferError = 4,
    kInvalidNamespace = 0x0b,
    kOutOfRange = 0x80,
    kUnrecoveredRead = 0x281,
  };
  static constexpr uint32_t kRegisters = 0x2000;
  explicit NvmeModel(Machine& machine, uint64_t registers_size = kRegisters);

  // --- what it is; before probe
  uint16_t most_entries = 1023;
  uint32_t doorbell_shift = 0;  // CAP.DSTRD
  uint32_t smallest_page = 0;   // CAP.MPSMIN
  uint32_t timeout_units = 4;   // CAP.TO: 500 ms each
  bool has_nvm_commands = true;
  uint32_t most_queues = 16;
  uint8_t transfer_limit = 0;  // MDTS
  std::deque<NvmeNamespace> namespaces;
  std::function<void(uint32_t what, uint32_t namespace_id, uint8_t* page)> edit_identify;
  uint64_t ready_ms = 3;

  // --- faults
  bool never_ready = false, never_stops = false;
  bool is_fatal = false;                     // CSTS.CFS
  std::set<uint8_t> lost_admin;              // opcodes that are never answered
  std::map<uint8_t, uint16_t> admin_status;  // and those that fail
  bool wrong_admin_id = false;
  int lose = 0;                   // so many I/O commands are never answered
  int wrong_id = 0, repeat = 0;   // answered under another name; twice
  std::deque<uint16_t> statuses;  // of the next I/O commands
  std::optional<uint16_t> stuck_phase;
  bool holds = false;  // I/O commands wait for release()

  // --- what the test sees
  std::vector<NvmeCommand> history;  // I/O commands that were carried out
  uint32_t flushes = 0;
  bool is_ready() const { return (status_ & 1) != 0 && !is_fatal; }
  bool was_shut_down = false;
  size_t waiting() const { return waiting_.size(); }
  // Carries out one of the held commands; the first is 0.
  void release(size_t which = 0);
  void release_all();

  uint64_t read(uint32_t offset, uint32_t width) override;
  void write(uint32_t offset, uint32_t width, uint64_t value) override;
  void time_passed() override;
  bool drives_line() const override;
  // As firmware leaves it.
  void enable_by_firmware() { configuration_ = 1, status_ = 1; }

 private:
  struct Commands {
    uint64_t address = 0;
    uint32_t size = 0, head = 0, tail = 0, answers = 0;
  };
  struct Answers {
    uint64_t address = 0;
    uint32_t size = 0, head = 0, tail = 0, message = 0;
    uint16_t phase = 1;
    bool interrupts = false;
  };
  void configure(uint32_t value);
  void ring(uint32_t doorbell, uint32_t value);
  void fetch(uint16_t queue);
  void carry_out(const NvmeCommand& command);
  void answer(const NvmeCommand& command, uint16_t status, uint32_t result = 0);
  void put_answer(uint16_t queue, uint16_t id, uint16_t status, uint32_t result);
  void forget_queues();
  // nvme_commands.cpp
  uint16_t admin(const NvmeCommand& command, uint32_t* result);
  uint16_t identify(const NvmeCommand& command);
  uint16_t create_answers(const NvmeCommand& command);
  uint16_t create_commands(const NvmeCommand& command);
  uint16_t transfer(const NvmeCommand& command);
  uint16_t discard(const NvmeCommand& command);
  uint16_t input_output(const NvmeCommand& command);
  NvmeNamespace* find(uint32_t id);
  // The pages of a command's data (4.1.1); nothing where they are wrong.
  std::optional<std::vector<std::pair<uint64_t, uint32_t>>> pages_of(const NvmeCommand& command, uint64_t length);

  Machine& machine_;
  uint32_t configuration_ = 0, status_ = 0, admin_sizes_ = 0;
  bool is_masked_ = false;
  uint64_t admin_commands_ = 0, admin_answers_ = 0;
  uint64_t changes_at_ns_ = 0;  // when ready becomes what enable says
  std::map<uint32_t, Commands> commands_;
  std::map<uint32_t, Answers> answers_;
  std::set<std::pair<uint16_t, uint16_t>> under_way_;  // queue, id
  std::deque<NvmeCommand> waiting_;
};

}  // namespace models
