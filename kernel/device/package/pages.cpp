#include "kernel/device/package/pages.hpp"

#include "hal/tlb.hpp"
#include "kernel/mm/frame.hpp"
#include "kernel/mm/kernel_map.hpp"

namespace device {
namespace {

constexpr hal::PageFlags kData = hal::PageFlags::Read | hal::PageFlags::Write;

}  // namespace

Result<Pages> Pages::create(usize size) {
  Pages pages;
  const usize count = pages_for(size);
  TRY(pages.frames_.reserve(count));
  pages.base_ = TRY(mm::reserve_range(count));
  pages.reserved_ = count;
  for (usize i = 0; i < count; ++i) {
    const auto frame = TRY(mm::allocate_frame(mm::FrameKind::Kernel, mm::Allocate::Zeroed));
    TRY(pages.frames_.push(mm::address_of(frame)));
  }
  TRY(pages.seal(0, count * kPageSize, kData));
  return pages;
}

Pages::Pages(Pages&& other) noexcept
    : base_(std::exchange(other.base_, 0)),
      reserved_(std::exchange(other.reserved_, 0)),
      frames_(std::move(other.frames_)) {}

Pages& Pages::operator=(Pages&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(reserved_, other.reserved_);
  std::swap(frames_, other.frames_);
  return *this;
}

Pages::~Pages() {
  if (reserved_ != 0) mm::release_range(base_, reserved_);
  for (const PhysAddr frame : frames_) mm::release_frame(mm::frame_of(frame));
}

Status Pages::seal(usize offset, usize size, hal::PageFlags rights) {
  if (size == 0) return {};
  const VirtAddr start = base_ + offset;
  mm::unmap_pages(start, size);
  if (rights == hal::PageFlags::None) return {};
  for (usize at = 0; at < size; at += kPageSize) {
    const PhysAddr frame = frames_[(offset + at) / kPageSize];
    TRY(mm::map_pages(start + at, frame, kPageSize, rights | hal::PageFlags::Global));
  }
  hal::tlb_flush_local(start, start + size);
  if (hal::has(rights, hal::PageFlags::Exec)) hal::sync_instructions(start, start + size);
  return {};
}

}  // namespace device
