#include "kernel/random/random.hpp"

#include <algorithm>
#include <cstring>

#include "hal/cpu.hpp"
#include "hal/timer.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/chacha.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace entropy {
namespace {

constexpr u32 kNeededBits = 256;

struct Pool {
  lib::ChaChaKey key{};
  u64 blocks = 0;
  u32 bits = 0;

  // The key becomes a function of itself and the input: input is added to the key, and a block of it is the next key.
  void mix(const u8* bytes, usize size) {
    while (size != 0) {
      const usize piece = std::min(size, sizeof(key.words));
      u8* raw = reinterpret_cast<u8*>(key.words);
      for (usize i = 0; i < piece; ++i) raw[i] ^= bytes[i];
      u8 block[64];
      next_block(block);
      std::memcpy(key.words, block, sizeof(key.words));
      bytes += piece;
      size -= piece;
    }
  }
  void next_block(u8 (&block)[64]) {
    const u64 number = blocks++;
    const u32 nonce[3] = {static_cast<u32>(number), static_cast<u32>(number >> 32), 0x48616c79};
    lib::chacha20_block(key, 0, nonce, block);
  }
};

sync::Locked<Pool, sync::LockClass::RandomPool> g_pool;
sync::WaitQueue g_seeded;
std::atomic<bool> g_is_seeded = false;

}  // namespace

void init(const hal::BootInfo& boot) {
  stir(boot.random_seed, boot.random_seed_size, static_cast<u32>(boot.random_seed_size * 8));
  u64 words[8];
  usize count = 0;
  while (count < 8 && hal::hardware_random(&words[count])) ++count;
  stir(words, count * sizeof(u64), static_cast<u32>(count * 64));
  const u64 times[2] = {hal::monotonic_ns(), hal::cycle_counter()};
  stir(times, sizeof(times), 1);
  if (!is_seeded()) LOG_INFO("random", "waiting for enough unpredictable events");
}

void stir(const void* bytes, usize size, u32 bits) {
  if (size == 0) return;
  const bool now_seeded = g_pool.with([&](Pool& pool) {
    pool.mix(static_cast<const u8*>(bytes), size);
    const bool before = pool.bits >= kNeededBits;
    pool.bits = std::min(pool.bits + std::min<u32>(bits, static_cast<u32>(size * 8)), kNeededBits);
    return !before && pool.bits >= kNeededBits;
  });
  if (!now_seeded) return;
  g_is_seeded.store(true, std::memory_order_release);
  g_seeded.wake_all();
}

void fill(void* to, usize size) {
  u8* bytes = static_cast<u8*>(to);
  while (size != 0) {
    // Half of each block is output, half the next key.
    u8 block[64];
    g_pool.with([&](Pool& pool) {
      pool.next_block(block);
      std::memcpy(pool.key.words, block, sizeof(pool.key.words));
    });
    const usize piece = std::min<usize>(size, 32);
    std::memcpy(bytes, block + 32, piece);
    bytes += piece;
    size -= piece;
  }
}

u64 below(u64 limit) {
  u64 value = 0;
  fill(&value, sizeof(value));
  return static_cast<u64>((static_cast<unsigned __int128>(value) * limit) >> 64);
}

bool is_seeded() { return g_is_seeded.load(std::memory_order_acquire); }

void note_interrupt() {
  if (is_seeded()) return;
  const u64 times[2] = {hal::cycle_counter(), hal::monotonic_ns()};
  stir(times, sizeof(times), 1);
}

// An idle machine has few interrupts: whoever waits makes some, by sleeping for a moment again and again. What counts
// is when exactly they come.
Status wait_until_seeded() {
  constexpr u64 kNapNs = 500'000;
  while (!is_seeded()) {
    const Status slept =
        g_seeded.wait([] { return is_seeded(); }, sync::WaitMode::Interruptible, hal::monotonic_ns() + kNapNs);
    if (!slept && slept.error() != Errno::ETIMEDOUT) return slept;
  }
  return {};
}

}  // namespace entropy
