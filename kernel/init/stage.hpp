// The six boot stages on the log, with the time each took.
#pragma once

namespace kernel {

// Logs `text` with the milliseconds since the previous stage was done and since boot.
void stage_done(const char* text);

}  // namespace kernel
