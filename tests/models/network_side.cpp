#include "tests/models/network_side.hpp"

#include <cstring>

namespace models {
namespace {

NetworkSide* g_network = nullptr;
constexpr driver_handle_t kHandle = 7;

// What a shared line's handler may do before the interface is known, and after: handles are checked by the kernel.
bool knows(driver_handle_t handle) { return handle == kHandle && g_network->is_known; }

}  // namespace

NetworkSide::NetworkSide() { g_network = this; }
NetworkSide::~NetworkSide() { g_network = nullptr; }

hal_status_t NetworkSide::start() {
  const hal_status_t status = ops->start(context);
  is_up = status == HAL_OK;
  return status;
}

void NetworkSide::stop() {
  is_up = false;
  ops->stop(context);
  EXPECT_TRUE(lent_.empty()) << lent_.size() << " buffers are not given back";
  EXPECT_TRUE(frames_.empty()) << frames_.size() << " frames have not ended";
  Machine::current().advance_ns(10'000'000);
}

hal_status_t NetworkSide::transmit(const Bytes& frame, uint32_t number) {
  auto memory = std::make_unique<uint8_t[]>(frame.size());
  std::memcpy(memory.get(), frame.data(), frame.size());
  const auto length = static_cast<uint32_t>(frame.size());
  const uint64_t tag = next_tag_++, address = Machine::current().map_for_device(memory.get(), length, 66, kDeviceReads);
  const hal_segment_t segment = {memory.get(), address, length, 0};
  const network_frame_t passed = {.tag = tag,
                                  .flags = 0,
                                  .checksum_start = 0,
                                  .checksum_offset = 0,
                                  .segment_count = 1,
                                  .length = length,
                                  .segments = &segment};
  frames_[tag] = {std::move(memory), address, number};
  hal_status_t status;
  {
    const Machine::Atomic atomic;
    status = ops->transmit(context, 0, &passed);
  }
  Machine::current().expect_no_lock("the end of transmit");
  if (status != HAL_OK) {
    Machine::current().unmap_for_device(address);
    frames_.erase(tag);
  }
  return status;
}

void NetworkSide::kick() {
  const Machine::Atomic atomic;
  ops->kick(context, 0);
}

void NetworkSide::poll(uint32_t budget) {
  uint32_t done = 0;
  int rounds = 0;
  do {
    is_poll_wanted = false;
    done = ops->poll(context, 0, budget);
    ASSERT_LE(done, budget);
    ASSERT_LT(++rounds, 1000) << "there is no end of frames";
  } while (done == budget);
}

void NetworkSide::settle() {
  for (int i = 0; i < 50; ++i) {
    Machine::current().advance_ns(1'000'000);
    Machine::current().deliver();
    if (is_poll_wanted && is_up) poll();
  }
}

hal_status_t NetworkSide::take(network_buffer_t* buffer) {
  if (buffers_left == 0) return HAL_NO_MEMORY;
  --buffers_left;
  auto memory = std::make_unique<uint8_t[]>(info.receive_buffer_size);
  const uint64_t tag = next_tag_++;
  const uint64_t address = Machine::current().map_for_device(memory.get(), info.receive_buffer_size, 0, kDeviceWrites);
  *buffer = {.tag = tag, .segment = {memory.get(), address, info.receive_buffer_size, 0}};
  lent_[tag] = {std::move(memory), address, 0};
  return HAL_OK;
}

void NetworkSide::give_back(uint64_t tag) {
  const auto found = lent_.find(tag);
  ASSERT_NE(found, lent_.end()) << "a buffer comes back that is not lent";
  Machine::current().unmap_for_device(found->second.address);
  lent_.erase(found);
  ++buffers_left;
}

void NetworkSide::receive(uint64_t tag, uint32_t offset, uint32_t length) {
  const auto found = lent_.find(tag);
  ASSERT_NE(found, lent_.end()) << "a frame in a buffer that is not lent";
  EXPECT_TRUE(offset <= info.receive_buffer_size && length <= info.receive_buffer_size - offset)
      << length << " bytes at " << offset << " are more than the buffer has";
  const uint8_t* from = found->second.memory.get() + offset;
  received.emplace_back(from, from + length);
  give_back(tag);
}

void NetworkSide::end_frame(uint64_t tag, hal_status_t status) {
  const auto found = frames_.find(tag);
  ASSERT_NE(found, frames_.end()) << "a frame ends that is not under way";
  sent.emplace_back(found->second.number, status);
  Machine::current().unmap_for_device(found->second.address);
  frames_.erase(found);
}

}  // namespace models

using namespace models;

extern "C" {

hal_status_t network_add(hal_device_t*, const network_info_t* info, const network_ops_t* ops, void* context,
                         driver_handle_t* interface) {
  Machine::current().expect_may_sleep("network_add");
  if (Machine::current().should_fail()) return HAL_NO_MEMORY;
  if (info->max_mtu < 1500 || info->max_segments == 0 || info->receive_buffer_size > 4096) return HAL_INVALID;
  g_network->info = *info;
  g_network->ops = ops;
  g_network->context = context;
  g_network->is_known = true;
  *interface = kHandle;
  return HAL_OK;
}

void network_remove(driver_handle_t handle) {
  Machine::current().expect_may_sleep("network_remove");
  EXPECT_TRUE(knows(handle)) << "an interface is removed that is not there";
  if (g_network->is_up) g_network->stop();
  g_network->is_known = false;
}

hal_status_t network_buffer_take(driver_handle_t handle, network_buffer_t* buffer) {
  Machine::current().expect_may_sleep("network_buffer_take");
  return knows(handle) ? g_network->take(buffer) : HAL_INVALID;
}

void network_buffer_return(driver_handle_t handle, uint64_t tag) {
  Machine::current().expect_no_lock("network_buffer_return");
  EXPECT_TRUE(knows(handle));
  g_network->give_back(tag);
}

void network_received(driver_handle_t handle, uint64_t tag, uint32_t offset, uint32_t length, uint32_t) {
  Machine::current().expect_may_sleep("network_received");
  EXPECT_TRUE(knows(handle));
  g_network->receive(tag, offset, length);
}

void network_sent(driver_handle_t handle, uint32_t, uint64_t tag, hal_status_t status) {
  Machine::current().expect_no_lock("network_sent");
  EXPECT_TRUE(knows(handle));
  g_network->end_frame(tag, status);
}

void network_poll_wanted(driver_handle_t handle, uint32_t) {
  Machine::current().expect_no_lock("network_poll_wanted");
  if (knows(handle)) g_network->is_poll_wanted = true;
}

void network_link(driver_handle_t handle, bool up, uint32_t megabits_per_second) {
  Machine::current().expect_no_lock("network_link");
  if (!knows(handle)) return;
  g_network->link = up ? 1 : 0;
  g_network->megabits = megabits_per_second;
}

}  // extern "C"
