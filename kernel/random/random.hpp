// Random numbers: a ChaCha20 generator whose key is fed by whatever unpredictable things happen.
//
// Seeds come from the boot loader, the CPU's instruction where there is one, interrupt times and what programs write to
// /dev/random. The pool counts as seeded after 256 bits that deserve the name; until then fill() gives what it has
// (early boot needs no secrets), and fill_when_seeded() waits. Each request makes a new key, so that a later leak of
// the pool says nothing about earlier output.
#pragma once

#include "hal/boot_info.hpp"
#include "kernel/lib/result.hpp"

namespace entropy {

void init(const hal::BootInfo& boot);

// Any context.
void fill(void* to, usize size);
// 0 .. limit - 1, `limit` at least 1. Any context.
u64 below(u64 limit);

bool is_seeded();
// Waits until the pool is seeded. ERESTARTSYS. May sleep.
Status wait_until_seeded();

// An interrupt came: until the pool is seeded its time is stirred in, and counts as one bit. Interrupt context.
void note_interrupt();

// Stirs bytes in; `bits` of them count as unpredictable. Any context.
void stir(const void* bytes, usize size, u32 bits);

}  // namespace entropy
