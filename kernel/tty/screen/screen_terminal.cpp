#include "kernel/tty/screen/screen_terminal.hpp"

#include "fs/devfs/devfs.hpp"
#include "fs/vfs/special.hpp"
#include "kernel/device/input.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/diag/sysrq.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/tty/console_choice.hpp"
#include "kernel/tty/keymap.hpp"
#include "kernel/tty/screen/screen.hpp"
#include "kernel/tty/terminals.hpp"

namespace tty {
namespace {

constexpr u32 kTtyMajor = 4, kCurrent = 0, kFirst = 1;

class ScreenDriver final : public TerminalDriver {
 public:
  usize send(std::string_view text) override {
    write_to_screen(text);
    return text.size();
  }
};
ScreenDriver g_driver;
Terminal* g_terminal;

void on_answer(std::string_view text) { g_terminal->receive(text); }

// --- the keyboards: all of them are one ---

sync::Locked<Keymap, sync::LockClass::Keyboard> g_keymap;
static_assert(Keymap::kNumLock == INPUT_LED_NUM && Keymap::kCapsLock == INPUT_LED_CAPS &&
              Keymap::kScrollLock == INPUT_LED_SCROLL);

void on_key(u16 code, i32 value) {
  const bool application = screen_wants_application_keys();
  u32 locks = 0;
  const Keymap::Output output = g_keymap.with([&](Keymap& keymap) {
    const Keymap::Output made = keymap.key(code, value, application);
    locks = keymap.locks();
    return made;
  });
  if (output.locks_changed) {
    device::set_leds(locks);
    if (g_terminal != nullptr) g_terminal->set_stopped((locks & Keymap::kScrollLock) != 0);
  }
  if (output.sysrq != 0) {
    diag::sysrq_attention();
    static_cast<void>(diag::sysrq_takes(output.sysrq));
  }
  if (g_terminal == nullptr) return;
  g_terminal->receive(output.text());
}

Result<lib::Ref<vfs::File>> open_screen(void*, vfs::DeviceNumber, const vfs::Path& path, u32 flags) {
  return open_terminal(lib::Ref<Terminal>(g_terminal), path, flags);
}

Status start_terminal() {
  g_terminal = lib::try_new<Terminal>(g_driver, vfs::DeviceNumber{kTtyMajor, kFirst});
  if (g_terminal == nullptr) return Err(Errno::ENOMEM);
  TRY(g_terminal->set_window(screen_size()));
  add_terminal(*g_terminal);
  TRY(vfs::register_device(vfs::FileType::Character, kTtyMajor, kCurrent, 2, open_screen, nullptr));
  TRY(devfs::add_node("tty0", vfs::FileType::Character, {kTtyMajor, kCurrent}, 0620));
  TRY(devfs::add_node("tty1", vfs::FileType::Character, {kTtyMajor, kFirst}, 0620));
  return start_drawing(on_answer);
}

constexpr const char* kNeeds[] = {"devfs"};

class ScreenSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "screen"; }
  std::span<const char* const> needs() const override { return kNeeds; }

  void on_early_init(kernel::Kernel& kernel) override {
    const hal::Framebuffer& framebuffer = kernel.boot().framebuffer;
    if (framebuffer.width != 0 && !start_screen(framebuffer)) {
      LOG_NOTICE("screen", "not used: %ux%u%s with %u bits", framebuffer.width, framebuffer.height,
                 framebuffer.is_text ? " characters" : "", framebuffer.bits_per_pixel);
    }
    const ConsoleChoice choice = choose_console(lib::CommandLine(kernel.boot().command_line), has_screen());
    if (choice.log_to_screen) show_log_so_far();
    diag::set_console_outputs(choice.log_to_serial, choice.log_to_screen);
  }

  void on_late_init(kernel::Kernel&) override {
    device::set_key_listener(on_key);
    if (!has_screen()) return;
    const WindowSize size = screen_size();
    LOG_INFO("screen", "%ux%u pixels, %ux%u characters", size.x_pixels, size.y_pixels, size.columns, size.rows);
    if (!start_terminal()) LOG_ERROR("screen", "no memory for the terminal");
  }
};
REGISTER_SUBSYSTEM(ScreenSubsystem);

}  // namespace

Terminal* screen_terminal() { return g_terminal; }

}  // namespace tty
