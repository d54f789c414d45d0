// Waiting for a page's flags: by wait queues that many pages share.
#pragma once

#include "kernel/mm/frame.hpp"

namespace mm {

// Returns when none of `flags` is set. May sleep.
void wait_for_page(PageFrame* frame, u8 flags);
// Clears flags and wakes those who wait for that. Any context.
void clear_page_flags(PageFrame* frame, u8 flags);

}  // namespace mm
