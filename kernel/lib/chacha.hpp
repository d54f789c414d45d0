// The ChaCha20 block function (RFC 8439, section 2.3).
#pragma once

#include "kernel/lib/types.hpp"

namespace lib {

struct ChaChaKey {
  u32 words[8];
};

// One 64-byte block of key stream.
void chacha20_block(const ChaChaKey& key, u32 counter, const u32 (&nonce)[3], u8 (&out)[64]);

}  // namespace lib
