// A disk in memory with a volatile cache: a write is durable only after the next flush. It can fail, and it can tell
// what would be on it after a power cut.
#pragma once

#include <functional>
#include <random>
#include <vector>

#include "kernel/block/device.hpp"

namespace test {

class FakeDisk final : public block::Device {
 public:
  using Image = std::vector<u8>;
  static lib::Ref<FakeDisk> create(Image image);

  const Image& image() const { return current_; }
  // What a power cut leaves now: each write since the last flush is there or not.
  Image after_power_cut(std::mt19937& random) const;
  // Called before each write and each flush.
  std::function<void()> before_change;
  // The next `count` transfers succeed, all later ones fail; negative: none fails.
  void fail_after(int count) { left_ = count; }
  u64 writes() const { return writes_; }
  u64 flushes() const { return flushes_; }

  FakeDisk(const block::Description& description, Image image)
      : Device(description), current_(image), durable_(std::move(image)) {}

 protected:
  void route(block::Request& request) override;

 private:
  struct Write {
    u64 at;
    std::vector<u8> bytes;
  };
  Image current_, durable_;
  std::vector<Write> waiting_;
  int left_ = -1;
  u64 writes_ = 0, flushes_ = 0;
};

}  // namespace test
