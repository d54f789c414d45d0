// The thread that writes dirty pages out, and makes room when memory is short.
//
// It wakes every few seconds and lets each file system (and each disk's own cache) write what has been dirty for long;
// at once, and everything, when there are too many dirty pages or too few free frames. Then it also drops clean pages
// and cached names.
#pragma once

#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"

namespace vfs {

// How long something may stay dirty, and how often is looked, in nanoseconds.
inline constexpr u64 kDirtyAgeNs = 5'000'000'000;
inline constexpr u64 kWriteBackPeriodNs = 1'000'000'000;

// After write(2): wakes the thread when there are many dirty pages, and waits for it when there are far too many. May
// sleep.
void balance_dirty_pages();

// Somebody besides the mounted file systems has dirty pages: the disks' own caches. One, at boot.
void set_extra_write_back(void (*write_back)(bool all));
// The same for sync(2).
void set_extra_sync(Status (*sync)());
Status sync_extra();

}  // namespace vfs
