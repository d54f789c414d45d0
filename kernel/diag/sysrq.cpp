#include "kernel/diag/sysrq.hpp"

#include <atomic>

#include "hal/timer.hpp"
#include "kernel/diag/log.hpp"

namespace diag {
namespace {

constexpr u64 kPatienceNs = 5'000'000'000;

lib::List<SysrqCommand> g_commands;
std::atomic<bool> g_enabled = true;
std::atomic<u64> g_attention_until_ns = 0;
// Commands that wait for the thread: a bit for each of the 128 characters.
std::atomic<u64> g_asked[2] = {0, 0};
std::atomic<void (*)()> g_wake = nullptr;

SysrqCommand* find(char key) {
  for (SysrqCommand& command : g_commands) {
    if (command.key == key) return &command;
  }
  return nullptr;
}

void show_commands() {
  LOG_NOTICE("sysrq", "commands:");
  for (const SysrqCommand& command : g_commands) LOG_NOTICE("sysrq", "  %c  %s", command.key, command.does);
}

// Whoever asks wants to see it, quiet or not.
void run_loudly(const SysrqCommand* command) {
  const int level = console_level();
  set_console_level(HAL_LOG_DEBUG);
  if (command == nullptr) {
    show_commands();
  } else {
    LOG_NOTICE("sysrq", "%s", command->does);
    command->run();
  }
  set_console_level(level);
}

char take_asked() {
  for (u32 half = 0; half < 2; ++half) {
    const u64 bits = g_asked[half].load();
    if (bits == 0) continue;
    const u32 bit = static_cast<u32>(__builtin_ctzll(bits));
    g_asked[half].fetch_and(~(u64{1} << bit));
    return static_cast<char>(half * 64 + bit);
  }
  return 0;
}

}  // namespace

void add_sysrq_command(SysrqCommand& command) { g_commands.push_back(command); }
void set_sysrq_enabled(bool enabled) { g_enabled.store(enabled); }
void set_sysrq_thread(void (*wake)()) { g_wake.store(wake); }

bool is_sysrq_asked() { return (g_asked[0].load() | g_asked[1].load()) != 0; }
void run_asked_sysrq() {
  if (const char key = take_asked(); key != 0) run_loudly(find(key));
}

void sysrq_attention() {
  if (g_enabled.load()) g_attention_until_ns.store(hal::monotonic_ns() + kPatienceNs);
}

bool sysrq_takes(char byte) {
  const u64 until = g_attention_until_ns.exchange(0);
  if (until < hal::monotonic_ns()) return false;
  sysrq(byte);
  return true;
}

void sysrq(char key) {
  if (key <= 0) key = '?';
  const SysrqCommand* command = find(key);
  if (command != nullptr && command->at_once) {
    run_loudly(command);
    return;
  }
  const u32 number = static_cast<u8>(key);
  g_asked[number / 64].fetch_or(u64{1} << (number % 64));
  if (auto* wake = g_wake.load()) wake();
}

}  // namespace diag
