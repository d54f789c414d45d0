#include "kernel/tty/keymap.hpp"

#include <cstring>

namespace tty {
namespace {

// Modifier keys, left and right.
constexpr u32 kShift = 0x3, kControl = 0xc, kAlt = 0x30, kSysRq = 0x40;

enum : u16 {
  kKeyEscape = 1,
  kKeyBackspace = 14,
  kKeyTab = 15,
  kKeyEnter = 28,
  kKeyLeftControl = 29,
  kKeyLeftShift = 42,
  kKeyRightShift = 54,
  kKeyLeftAlt = 56,
  kKeyCapsLock = 58,
  kKeyF1 = 59,
  kKeyF10 = 68,
  kKeyNumLock = 69,
  kKeyScrollLock = 70,
  kKeypad7 = 71,
  kKeypadDot = 83,
  kKey102nd = 86,
  kKeyF11 = 87,
  kKeyF12 = 88,
  kKeypadEnter = 96,
  kKeyRightControl = 97,
  kKeypadSlash = 98,
  kKeySysRq = 99,
  kKeyRightAlt = 100,
  kKeyHome = 102,
  kKeyUp,
  kKeyPageUp,
  kKeyLeft,
  kKeyRight,
  kKeyEnd,
  kKeyDown,
  kKeyPageDown,
  kKeyInsert,
  kKeyDelete,
};

// From KEY_RESERVED to KEY_SPACE; a space at 0 where the key is none of these, but for the space itself.
constexpr u16 kKeySpace = 57;
constexpr char kPlain[] = "  1234567890-=  qwertyuiop[]  asdfghjkl;'` \\zxcvbnm,./ *  ";
constexpr char kShifted[] = "  !@#$%^&*()_+  QWERTYUIOP{}  ASDFGHJKL:\"~ |ZXCVBNM<>? *  ";
static_assert(sizeof(kPlain) == kKeySpace + 2 && sizeof(kShifted) == sizeof(kPlain));

// The keypad from 7 to the dot: digits, and the keys that they are without Num Lock.
constexpr char kKeypadDigits[] = "789-456+1230.";
constexpr u16 kKeypadKeys[] = {kKeyHome, kKeyUp,   kKeyPageUp,   0,          kKeyLeft,  0, kKeyRight, 0,
                               kKeyEnd,  kKeyDown, kKeyPageDown, kKeyInsert, kKeyDelete};
static_assert(std::size(kKeypadKeys) == kKeypadDot - kKeypad7 + 1 &&
              sizeof(kKeypadDigits) == 1 + std::size(kKeypadKeys));

u32 modifier_of(u16 code) {
  switch (code) {
    case kKeyLeftShift: return 0x1;
    case kKeyRightShift: return 0x2;
    case kKeyLeftControl: return 0x4;
    case kKeyRightControl: return 0x8;
    case kKeyLeftAlt: return 0x10;
    case kKeyRightAlt: return 0x20;
    case kKeySysRq: return kSysRq;
    default: return 0;
  }
}

u32 lock_of(u16 code) {
  switch (code) {
    case kKeyCapsLock: return Keymap::kCapsLock;
    case kKeyNumLock: return Keymap::kNumLock;
    case kKeyScrollLock: return Keymap::kScrollLock;
    default: return 0;
  }
}

// What Linux's console sends (console_codes(4), and the table of its key maps); null: nothing.
const char* sequence_of(u16 code) {
  constexpr const char* kFunctions[] = {"\x1b[[A",  "\x1b[[B",  "\x1b[[C",  "\x1b[[D",  "\x1b[[E",
                                        "\x1b[17~", "\x1b[18~", "\x1b[19~", "\x1b[20~", "\x1b[21~"};
  if (code >= kKeyF1 && code <= kKeyF10) return kFunctions[code - kKeyF1];
  switch (code) {
    case kKeyF11: return "\x1b[23~";
    case kKeyF12: return "\x1b[24~";
    case kKeyHome: return "\x1b[1~";
    case kKeyInsert: return "\x1b[2~";
    case kKeyDelete: return "\x1b[3~";
    case kKeyEnd: return "\x1b[4~";
    case kKeyPageUp: return "\x1b[5~";
    case kKeyPageDown: return "\x1b[6~";
    case kKeyUp: return "\x1b[A";
    case kKeyDown: return "\x1b[B";
    case kKeyRight: return "\x1b[C";
    case kKeyLeft: return "\x1b[D";
    default: return nullptr;
  }
}

bool is_arrow(u16 code) { return code == kKeyUp || code == kKeyDown || code == kKeyLeft || code == kKeyRight; }

// With Ctrl held; what has no control character stays as it is.
char control_character(char c) {
  if (c >= '@' && c <= '~') return static_cast<char>(c & 0x1f);
  switch (c) {
    case ' ':
    case '2': return 0;
    case '3': return 0x1b;
    case '4': return 0x1c;
    case '5': return 0x1d;
    case '6': return 0x1e;
    case '7':
    case '/':
    case '-': return 0x1f;
    case '8':
    case '?': return 0x7f;
    default: return c;
  }
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Without Num Lock, or with it and Shift, the keypad's digits are other keys.
u16 without_keypad(u16 code, bool is_numeric) {
  if (is_numeric || code < kKeypad7 || code > kKeypadDot) return code;
  const u16 other = kKeypadKeys[code - kKeypad7];
  return other != 0 ? other : code;
}

}  // namespace

bool Keymap::take_modifier(u16 code, bool pressed) {
  const u32 modifier = modifier_of(code);
  // SysRq is Print Screen without Alt.
  if (modifier == 0 || (modifier == kSysRq && pressed && !is_held(kAlt))) return modifier != 0;
  held_ = pressed ? held_ | modifier : held_ & ~modifier;
  return true;
}

bool Keymap::take_lock(u16 code, i32 value) {
  const u32 lock = lock_of(code);
  if (lock != 0 && value == 1) locks_ ^= lock;
  return lock != 0;
}

char Keymap::character(u16 code) const {
  switch (code) {
    case kKeyEscape: return 0x1b;
    case kKeyTab: return '\t';
    case kKeyEnter:
    case kKeypadEnter: return '\r';
    case kKeyBackspace: return is_held(kControl) ? '\b' : 0x7f;
    case kKeypadSlash: return '/';
    case kKey102nd: return is_held(kShift) ? '>' : '<';
    default: break;
  }
  if (code >= kKeypad7 && code <= kKeypadDot) return kKeypadDigits[code - kKeypad7];
  if (code > kKeySpace) return 0;
  const char plain = kPlain[code];
  if (plain == ' ' && code != kKeySpace) return 0;
  const bool is_upper = is_held(kShift) != (is_letter(plain) && (locks_ & kCapsLock) != 0);
  return is_upper ? kShifted[code] : plain;
}

char Keymap::sysrq_character(u16 code) const { return code <= kKeySpace && kPlain[code] != ' ' ? kPlain[code] : '?'; }

Keymap::Output Keymap::key(u16 code, i32 value, bool application) {
  Output out;
  if (take_modifier(code, value != 0)) return out;
  if (take_lock(code, value)) {
    out.locks_changed = value == 1;
    return out;
  }
  if (value == 0) return out;
  if (is_held(kSysRq)) {
    if (value == 1) out.sysrq = sysrq_character(code);
    return out;
  }
  const auto put = [&](char c) { out.bytes[out.size++] = c; };
  code = without_keypad(code, ((locks_ & kNumLock) != 0) != is_held(kShift));
  if (const char* sequence = sequence_of(code)) {
    for (const char* at = sequence; *at != 0; ++at) put(*at);
    if (application && is_arrow(code)) out.bytes[1] = 'O';
    return out;
  }
  const char plain = character(code);
  if (plain == 0) return out;
  const bool is_back_tab = code == kKeyTab && is_held(kShift);
  if (is_held(kAlt) || is_back_tab) put('\x1b');
  put(is_held(kControl) && code <= kKeySpace && plain >= ' ' && plain < 0x7f ? control_character(plain) : plain);
  return out;
}

}  // namespace tty
