// One T for each CPU.
//
// The boot CPU's is inside the object, so that it works from the first instruction on; grow() adds the others once
// their number is known. mine() is stable only while preemption is off.
#pragma once

#include <new>

#include "hal/cpu.hpp"
#include "kernel/lib/allocate.hpp"

namespace lib {

template <class T>
class PerCpu {
 public:
  // `cpus` is the machine's number. Once, before another CPU starts.
  [[nodiscard]] Status grow(u32 cpus) {
    if (cpus <= 1) return {};
    T* memory = static_cast<T*>(allocate(sizeof(T) * (cpus - 1)));
    if (memory == nullptr) return Err(Errno::ENOMEM);
    for (u32 i = 0; i + 1 < cpus; ++i) ::new (&memory[i]) T();
    others_ = memory;
    return {};
  }
  T& of(u32 cpu) { return cpu == 0 ? first_ : others_[cpu - 1]; }
  T& mine() { return of(hal::current_cpu()->id); }

 private:
  alignas(64) T first_;
  T* others_ = nullptr;
};

}  // namespace lib
