#include "kernel/sched/run_queue.hpp"

#include <algorithm>
#include <bit>

namespace sched {
namespace {

constexpr u64 kMinimumQuantumNs = 1'000'000;

}  // namespace

u8 slot_of(const Thread& thread) {
  const Priority& priority = thread.priority;
  switch (class_of(priority)) {
    case Class::Realtime: return static_cast<u8>(99 - priority.realtime);
    case Class::Idle: return static_cast<u8>(kSlots - 1);
    case Class::Normal: {
      // The feedback moves a thread inside its class only.
      const int level = std::clamp(priority.nice + 20 + thread.interactivity, 10, 29);
      return static_cast<u8>(kRealtimeSlots + static_cast<usize>(level));
    }
    default: return static_cast<u8>(static_cast<int>(kRealtimeSlots) + 20 + priority.nice);
  }
}

u64 quantum_of(const Thread& thread) {
  if (class_of(thread.priority) == Class::Realtime) return kQuantumNs;
  const int weight = 20 - thread.priority.nice;  // 1 .. 40, 20 at nice 0
  return std::max(kMinimumQuantumNs, kQuantumNs * static_cast<u64>(weight) / 20);
}

usize PriorityArray::first_slot() const {
  for (usize word = 0;; ++word) {
    if (bits_[word] != 0) return word * 64 + static_cast<usize>(std::countr_zero(bits_[word]));
  }
}

void PriorityArray::push_back(Thread& thread) {
  queues_[thread.slot].push_back(thread);
  bits_[thread.slot / 64] |= u64{1} << (thread.slot % 64);
}

void PriorityArray::push_front(Thread& thread) {
  queues_[thread.slot].push_front(thread);
  bits_[thread.slot / 64] |= u64{1} << (thread.slot % 64);
}

void PriorityArray::remove(Thread& thread) {
  auto& queue = queues_[thread.slot];
  queue.erase(queue.iterator_to(thread));
  if (queue.empty()) bits_[thread.slot / 64] &= ~(u64{1} << (thread.slot % 64));
}

Thread* PriorityArray::find_for(u32 cpu) {
  for (auto& queue : queues_) {
    for (Thread& thread : queue) {
      if (thread.affinity.allows(cpu)) return &thread;
    }
  }
  return nullptr;
}

void RunQueue::insert(PriorityArray& array, Thread& thread, bool at_front) {
  thread.slot = slot_of(thread);
  thread.on_queue = true;
  thread.queue_array = &array;
  waiting_.fetch_add(1, std::memory_order_relaxed);
  if (at_front) {
    array.push_front(thread);
  } else {
    array.push_back(thread);
  }
}

void RunQueue::enqueue(Thread& thread, bool at_front) { insert(*active_, thread, at_front); }

void RunQueue::enqueue_expired(Thread& thread) { insert(*expired_, thread, false); }

void RunQueue::dequeue(Thread& thread) {
  thread.queue_array->remove(thread);
  thread.queue_array = nullptr;
  thread.on_queue = false;
  waiting_.fetch_sub(1, std::memory_order_relaxed);
}

Thread* RunQueue::take_next() {
  if (active_->empty()) std::swap(active_, expired_);
  if (active_->empty()) return nullptr;
  Thread& next = active_->front();
  dequeue(next);
  return &next;
}

Thread* RunQueue::take_for(u32 cpu) {
  Thread* thread = expired_->find_for(cpu);
  if (thread == nullptr) thread = active_->find_for(cpu);
  if (thread != nullptr) dequeue(*thread);
  return thread;
}

}  // namespace sched
