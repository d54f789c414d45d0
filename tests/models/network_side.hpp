// The kernel's side of network drivers: the interface that was announced, the buffers it lent and the frames it sent. A
// buffer or a frame that comes back twice, or that nobody gave away, is a failed test; a buffer is as large as the
// driver wants it and no larger.
#pragma once

#include <deque>
#include <memory>

#include "tests/models/machine.hpp"

namespace models {

using Bytes = std::vector<uint8_t>;

class NetworkSide {
 public:
  NetworkSide();
  ~NetworkSide();

  // --- what was announced
  network_info_t info{};
  const network_ops_t* ops = nullptr;
  void* context = nullptr;
  bool is_known = false, is_up = false;
  int link = -1;  // as last reported; -1: never
  uint32_t megabits = 0;

  // --- what happened
  std::deque<Bytes> received;
  uint32_t returned = 0;                                // buffers that came back unused
  std::vector<std::pair<uint32_t, hal_status_t>> sent;  // number of a frame, and how it ended
  bool is_poll_wanted = false;
  uint32_t buffers_left = 100'000;  // how many more there are to lend
  size_t lent() const { return lent_.size(); }
  size_t under_way() const { return frames_.size(); }

  hal_status_t start();
  void stop();
  // HAL_OK: the frame, whose number is `number`, will be sent.
  hal_status_t transmit(const Bytes& frame, uint32_t number);
  void kick();
  // As the kernel's receive thread does: until the driver has nothing more.
  void poll(uint32_t budget = 64);
  // Lets time pass, interrupts come, and polls as long as that is wanted.
  void settle();

  // --- for the functions of driver_loader.h
  hal_status_t take(network_buffer_t* buffer);
  void give_back(uint64_t tag);
  void receive(uint64_t tag, uint32_t offset, uint32_t length);
  void end_frame(uint64_t tag, hal_status_t status);

 private:
  struct Piece {
    std::unique_ptr<uint8_t[]> memory;
    uint64_t address;
    uint32_t number;
  };
  std::map<uint64_t, Piece> lent_, frames_;  // by tag
  uint64_t next_tag_ = 1;
};

}  // namespace models
