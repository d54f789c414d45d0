#include "kernel/lib/chacha.hpp"

#include <bit>
#include <cstring>

namespace lib {
namespace {

void quarter_round(u32& a, u32& b, u32& c, u32& d) {
  a += b, d = std::rotl(d ^ a, 16);
  c += d, b = std::rotl(b ^ c, 12);
  a += b, d = std::rotl(d ^ a, 8);
  c += d, b = std::rotl(b ^ c, 7);
}

}  // namespace

void chacha20_block(const ChaChaKey& key, u32 counter, const u32 (&nonce)[3], u8 (&out)[64]) {
  u32 state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};  // "expand 32-byte k"
  std::memcpy(&state[4], key.words, sizeof(key.words));
  state[12] = counter;
  std::memcpy(&state[13], nonce, sizeof(nonce));
  u32 x[16];
  std::memcpy(x, state, sizeof(x));
  for (int i = 0; i < 10; ++i) {
    for (int column = 0; column < 4; ++column) quarter_round(x[column], x[4 + column], x[8 + column], x[12 + column]);
    for (int column = 0; column < 4; ++column) {
      quarter_round(x[column], x[4 + (column + 1) % 4], x[8 + (column + 2) % 4], x[12 + (column + 3) % 4]);
    }
  }
  for (int i = 0; i < 16; ++i) x[i] += state[i];
  std::memcpy(out, x, sizeof(out));
}

}  // namespace lib
