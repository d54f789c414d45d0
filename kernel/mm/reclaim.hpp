// Memory back from the page cache.
//
// Pages of files stand on one list, oldest first; a page that was used since it was last looked at gets another round.
// reclaim() is called by the frame allocator when it has nothing left and its caller could sleep, and by the write-back
// thread when memory runs low, which takes mappings away as well. Those who allocate under a spinning lock get ENOMEM;
// the low-memory mark keeps something back for them.
#pragma once

#include "kernel/mm/frame.hpp"

namespace mm {

// Pages of the cache enter and leave; the object's page lock is held.
void reclaim_enter(PageFrame* frame);
void reclaim_leave(PageFrame* frame);

// Tries to free `wanted` frames of clean pages; how many went. With `unmap` mapped ones too: no lock may be held then.
// Otherwise no spinning lock may be held.
u64 reclaim(u64 wanted, bool unmap);

// Frames below which the write-back thread is asked to make room.
u64 low_memory_mark();
// Called, where its caller could sleep, when there are fewer free frames than that.
void set_low_memory_listener(void (*listener)());
void memory_is_low();

}  // namespace mm
