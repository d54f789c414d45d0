#include "drivers/input/scancode.h"

enum {
  kExtended = 0xe0, /* the keys that the 101-key keyboard added */
  kPausePrefix = 0xe1,
  kPauseRest = 2, /* of e1 1d 45 and of e1 9d c5 */
  kReleased = 0x80,
  kPauseKey = 119, /* has no release of its own */
  kSysRq = 99,
  kFakeLeftShift = 0x2a,
  kFakeRightShift = 0x36,
};

/* Linux numbered its keys by set 1: up to 0x53 they are the same. */
static uint16_t plain_key(uint8_t code) {
  enum { kLastSame = 0x53, kAltSysRq = 0x54, kFirstLate = 0x56, kLastLate = 0x58 };
  if (code == kAltSysRq) return kSysRq;
  if (code <= kLastSame || (code >= kFirstLate && code <= kLastLate)) return code;
  return 0;
}

static uint16_t extended_key(uint8_t code) {
  switch (code) {
    case 0x1c: return 96;  /* keypad's Enter */
    case 0x1d: return 97;  /* right Ctrl */
    case 0x20: return 113; /* mute, and down and up */
    case 0x2e: return 114;
    case 0x30: return 115;
    case 0x35: return 98; /* keypad's slash */
    case 0x37: return kSysRq;
    case 0x38: return 100;       /* right Alt */
    case 0x46: return kPauseKey; /* with Ctrl: Break */
    case 0x47: return 102;       /* Home, Up, Page Up, Left, Right, End, Down, Page Down, Insert, Delete */
    case 0x48: return 103;
    case 0x49: return 104;
    case 0x4b: return 105;
    case 0x4d: return 106;
    case 0x4f: return 107;
    case 0x50: return 108;
    case 0x51: return 109;
    case 0x52: return 110;
    case 0x53: return 111;
    case 0x5b: return 125; /* left and right Windows key, menu */
    case 0x5c: return 126;
    case 0x5d: return 127;
    case 0x5e: return 116; /* power, sleep, wake up */
    case 0x5f: return 142;
    case 0x63: return 143;
    default: return 0;
  }
}

static bool report(scancode_t* state, uint16_t code, bool pressed, scancode_key_t* key) {
  if (code == 0 || code >= SCANCODE_KEYS) return false;
  uint8_t* const byte = &state->down[code / 8];
  const uint8_t bit = (uint8_t)(1u << (code % 8));
  const bool was_down = (*byte & bit) != 0;
  if (!pressed && !was_down) return false;
  *byte = (uint8_t)(pressed ? *byte | bit : *byte & ~bit);
  key->code = code;
  key->value = !pressed ? 0 : was_down ? 2 : 1;
  return true;
}

bool scancode_feed(scancode_t* state, uint8_t byte, scancode_key_t* key) {
  if (state->skip != 0) {
    const bool is_release = (byte & kReleased) != 0;
    if (--state->skip != 0) return false;
    return report(state, kPauseKey, !is_release, key);
  }
  if (byte == kExtended) {
    state->prefix = byte;
    return false;
  }
  if (byte == kPausePrefix) {
    state->prefix = 0;
    state->skip = kPauseRest;
    return false;
  }
  const bool is_extended = state->prefix == kExtended;
  state->prefix = 0;
  const uint8_t code = byte & (uint8_t)~kReleased;
  /* What keyboards send around the new keys, so that old programs take them for the old ones. */
  if (is_extended && (code == kFakeLeftShift || code == kFakeRightShift)) return false;
  return report(state, is_extended ? extended_key(code) : plain_key(code), byte == code, key);
}
