#include "kernel/tty/console.hpp"

#include "fs/vfs/special.hpp"
#include "hal/bus.h"
#include "hal/console.h"
#include "hal/irq.h"
#include "hal/timer.h"
#include "kernel/diag/log.hpp"
#include "kernel/diag/sysrq.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/time/timer.hpp"
#include "kernel/tty/console_choice.hpp"
#include "kernel/tty/screen/screen_terminal.hpp"
#include "kernel/tty/terminals.hpp"

namespace tty {
namespace {

constexpr u32 kTtyMajor = 4, kTtyS0 = 64, kAuxMajor = 5, kConsole = 1;

class ConsoleDriver final : public TerminalDriver {
 public:
  usize send(std::string_view text) override {
    diag::console_send(text);
    return text.size();
  }
  void input_taken() override;
};
ConsoleDriver g_driver;
Terminal* g_serial;
Terminal* g_console;  // g_serial or the screen's
// Input waits in the device until a program has made room. Set after the device was paused, and looked at after room
// was made, so that one of the two sees the other.
std::atomic<bool> g_is_paused = false;

void ConsoleDriver::input_taken() {
  if (g_is_paused.load(std::memory_order_seq_cst) && g_is_paused.exchange(false)) hal_console_pause_input(false);
}

void on_input(u32, void*) {
  while (g_serial->has_input_room()) {
    const int byte = hal_console_getc();
    if (byte < 0) return;
    if (byte == HAL_CONSOLE_BREAK) {
      diag::sysrq_attention();
    } else if (!diag::sysrq_takes(static_cast<char>(byte))) {
      g_serial->receive(static_cast<u8>(byte));
    }
  }
  hal_console_pause_input(true);
  g_is_paused.store(true, std::memory_order_seq_cst);
  if (!g_serial->has_input_room()) return;
  g_is_paused.store(false);
  hal_console_pause_input(false);
}

// A console that cannot interrupt is asked for as long as the machine runs, often enough for a person at the keys.
void ask(ktime::Timer& timer) {
  constexpr u64 kPause = 20'000'000;
  on_input(HAL_NO_IRQ, nullptr);
  timer.arm(hal_timer_ns() + kPause);
}

bool start_input() {
  u32 irq = HAL_NO_IRQ;
  if (hal_console_enable_input(&irq) != HAL_OK) return false;
  if (irq != HAL_NO_IRQ) return hal_irq_register(irq, on_input, nullptr) == HAL_OK && hal_irq_enable(irq) == HAL_OK;
  auto* questions = lib::try_new<ktime::Timer>(ask);
  if (questions == nullptr) return false;
  questions->arm(hal_timer_ns());
  return true;
}

Result<lib::Ref<vfs::File>> open_console(void*, vfs::DeviceNumber number, const vfs::Path& path, u32 flags) {
  if (number.major == kTtyMajor) return open_terminal(lib::Ref<Terminal>(g_serial), path, flags);
  // As on Linux, /dev/console itself never becomes a controlling terminal by being opened.
  lib::Ref<vfs::File> file = TRY(lib::make_ref<TerminalFile>(path, flags, lib::Ref<Terminal>(g_console)));
  return file;
}

constexpr const char* kNeeds[] = {"screen"};

class ConsoleSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "console"; }
  std::span<const char* const> needs() const override { return kNeeds; }
  void on_late_init(kernel::Kernel& kernel) override {
    g_serial = lib::try_new<Terminal>(g_driver, vfs::DeviceNumber{kTtyMajor, kTtyS0});
    if (g_serial == nullptr) return;
    add_terminal(*g_serial);
    Terminal* const screen = screen_terminal();
    const bool is_screen =
        choose_console(lib::CommandLine(kernel.boot().command_line), screen != nullptr).console_is_screen;
    g_console = is_screen ? screen : g_serial;
    using vfs::FileType;
    static_cast<void>(vfs::register_device(FileType::Character, kAuxMajor, kConsole, 1, open_console, nullptr));
    static_cast<void>(vfs::register_device(FileType::Character, kTtyMajor, kTtyS0, 1, open_console, nullptr));
    if (!start_input()) LOG_WARNING("console", "no input");
  }
};
REGISTER_SUBSYSTEM(ConsoleSubsystem);

}  // namespace

Terminal& console() { return *g_console; }

}  // namespace tty
