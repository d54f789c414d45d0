#include "tests/unit/fake/disk.hpp"

#include <cstring>

namespace test {

lib::Ref<FakeDisk> FakeDisk::create(Image image) {
  block::Description description;
  std::memcpy(description.name, "fake", 5);
  description.number = {240, 0};
  description.sectors = image.size() / block::kSectorSize;
  return *lib::make_ref<FakeDisk>(description, std::move(image));
}

void FakeDisk::route(block::Request& request) {
  if (request.operation != block::Operation::Read && before_change) before_change();
  if (left_ == 0) {
    request.done(request, Err(Errno::EIO));
    return;
  }
  if (left_ > 0) --left_;
  if (request.operation == block::Operation::Flush) {
    ++flushes_;
    durable_ = current_;
    waiting_.clear();
    request.done(request, {});
    return;
  }
  u64 at = request.sector * block::kSectorSize;
  Write write{at, {}};
  for (const block::Segment& segment : request.segments) {
    if (request.operation == block::Operation::Read) {
      std::memcpy(segment.memory(), &current_[at], segment.length);
    } else {
      write.bytes.insert(write.bytes.end(), segment.memory(), segment.memory() + segment.length);
      std::memcpy(&current_[at], segment.memory(), segment.length);
    }
    at += segment.length;
  }
  if (request.operation == block::Operation::Write) {
    ++writes_;
    // Blocks are whole after a power cut, but a large write may be there in part.
    for (usize done = 0; done < write.bytes.size(); done += kPageSize) {
      const usize end = std::min(write.bytes.size(), done + kPageSize);
      waiting_.push_back(
          {write.at + done,
           {write.bytes.begin() + static_cast<isize>(done), write.bytes.begin() + static_cast<isize>(end)}});
    }
  }
  request.done(request, {});
}

FakeDisk::Image FakeDisk::after_power_cut(std::mt19937& random) const {
  Image result = durable_;
  const unsigned mode = random() % 4;  // none, all, half, few of them lost
  for (const Write& write : waiting_) {
    const bool kept = mode == 1 || (mode == 2 && random() % 2 == 0) || (mode == 3 && random() % 8 != 0);
    if (kept) std::memcpy(&result[write.at], write.bytes.data(), write.bytes.size());
  }
  return result;
}

}  // namespace test
