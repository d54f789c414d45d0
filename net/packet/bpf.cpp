#include "net/packet/bpf.hpp"

#include <optional>

namespace net::bpf {
namespace {

// The parts of an instruction's code.
constexpr u16 class_of(u16 code) { return code & 0x07; }
constexpr u16 size_of(u16 code) { return code & 0x18; }
constexpr u16 mode_of(u16 code) { return code & 0xe0; }
constexpr u16 operation_of(u16 code) { return code & 0xf0; }
constexpr bool uses_x(u16 code) { return (code & 0x08) != 0; }

enum Class : u16 { kLoad = 0, kLoadX = 1, kStore = 2, kStoreX = 3, kArithmetic = 4, kJump = 5, kReturn = 6, kMisc = 7 };
enum Size : u16 { kWord = 0x00, kHalf = 0x08, kByte = 0x10 };
enum Mode : u16 {
  kImmediate = 0x00,
  kAbsolute = 0x20,
  kIndirect = 0x40,
  kMemory = 0x60,
  kLength = 0x80,
  kHeader = 0xa0
};
enum Arithmetic : u16 {
  kAdd = 0x00,
  kSubtract = 0x10,
  kMultiply = 0x20,
  kDivide = 0x30,
  kOr = 0x40,
  kAnd = 0x50,
  kLeft = 0x60,
  kRight = 0x70,
  kNegate = 0x80,
  kModulo = 0x90,
  kXor = 0xa0,
};
enum Jump : u16 { kAlways = 0x00, kEqual = 0x10, kGreater = 0x20, kGreaterEqual = 0x30, kBits = 0x40 };
constexpr u16 kTakeX = 0x00, kTakeA = 0x80;      // BPF_TAX, BPF_TXA
constexpr u16 kReturnK = 0x06, kReturnA = 0x16;  // whole codes
constexpr usize kScratch = 16;
constexpr u32 kAncillary = static_cast<u32>(-0x1000);  // SKF_AD_OFF
enum Ancillary : u32 { kProtocol = 0, kPacketType = 4, kInterface = 8, kHardwareType = 28 };

bool is_known_ancillary(u32 k) {
  if (k < kAncillary) return k < 0x80000000;  // from the packet; what lies far before it is not supported
  const u32 what = k - kAncillary;
  return what == kProtocol || what == kPacketType || what == kInterface || what == kHardwareType;
}

bool check_load(const Instruction& at) {
  const u16 mode = mode_of(at.code);
  const bool is_word = size_of(at.code) == kWord;
  if (size_of(at.code) == 0x18) return false;
  if (class_of(at.code) == kLoadX) {
    if (mode == kHeader) return size_of(at.code) == kByte;
    return is_word && (mode == kImmediate || mode == kLength || (mode == kMemory && at.k < kScratch));
  }
  switch (mode) {
    case kAbsolute: return is_known_ancillary(at.k);
    case kIndirect: return true;
    case kImmediate:
    case kLength: return is_word;
    case kMemory: return is_word && at.k < kScratch;
    default: return false;
  }
}

bool check_arithmetic(const Instruction& at) {
  if ((at.code & ~u16{0xff}) != 0) return false;
  const u16 operation = operation_of(at.code);
  if (operation > kXor) return false;
  if (operation == kNegate) return !uses_x(at.code);
  if (uses_x(at.code)) return true;
  if ((operation == kDivide || operation == kModulo) && at.k == 0) return false;
  return (operation != kLeft && operation != kRight) || at.k < 32;
}

bool check_jump(const Instruction& at, usize left) {
  const u16 operation = operation_of(at.code);
  if (operation == kAlways) return !uses_x(at.code) && at.k < left;
  return operation <= kBits && at.if_true < left && at.if_false < left;
}

bool check_one(const Instruction& at, usize left) {
  switch (class_of(at.code)) {
    case kLoad:
    case kLoadX: return (at.code & ~u16{0xff}) == 0 && check_load(at);
    case kStore: return at.code == kStore && at.k < kScratch;
    case kStoreX: return at.code == kStoreX && at.k < kScratch;
    case kArithmetic: return check_arithmetic(at);
    case kJump: return (at.code & ~u16{0xff}) == 0 && check_jump(at, left);
    case kReturn: return at.code == kReturnK || at.code == kReturnA;
    default: return at.code == (kMisc | kTakeX) || at.code == (kMisc | kTakeA);
  }
}

std::optional<u32> load(std::span<const u8> packet, u64 offset, u16 size) {
  const usize width = size == kWord ? 4 : size == kHalf ? 2 : 1;
  if (offset > packet.size() || packet.size() - offset < width) return std::nullopt;
  u32 value = 0;
  for (usize i = 0; i < width; ++i) value = value << 8 | packet[offset + i];
  return value;
}

std::optional<u32> load_fact(const Facts& facts, u32 what) {
  switch (what) {
    case kProtocol: return facts.protocol;
    case kPacketType: return facts.packet_type;
    case kInterface: return facts.interface;
    case kHardwareType: return facts.hardware_type;
    default: return std::nullopt;
  }
}

std::optional<u32> compute(u16 operation, u32 a, u32 b) {
  switch (operation) {
    case kAdd: return a + b;
    case kSubtract: return a - b;
    case kMultiply: return a * b;
    case kDivide: return b == 0 ? std::nullopt : std::optional<u32>(a / b);
    case kModulo: return b == 0 ? std::nullopt : std::optional<u32>(a % b);
    case kOr: return a | b;
    case kAnd: return a & b;
    case kXor: return a ^ b;
    case kLeft: return b < 32 ? a << b : 0;
    case kRight: return b < 32 ? a >> b : 0;
    default: return 0 - a;
  }
}

bool compare(u16 operation, u32 a, u32 b) {
  switch (operation) {
    case kEqual: return a == b;
    case kGreater: return a > b;
    case kGreaterEqual: return a >= b;
    default: return (a & b) != 0;
  }
}

struct Machine {
  std::span<const u8> packet;
  const Facts& facts;
  u32 a = 0, x = 0;
  u32 scratch[kScratch] = {};

  std::optional<u32> value_of(const Instruction& at) const {
    switch (mode_of(at.code)) {
      case kImmediate: return at.k;
      case kAbsolute:
        if (at.k >= kAncillary) return load_fact(facts, at.k - kAncillary);
        return load(packet, at.k, size_of(at.code));
      case kIndirect: return load(packet, u64{x} + at.k, size_of(at.code));
      case kMemory: return scratch[at.k];
      case kLength: return static_cast<u32>(packet.size());
      default: {
        // Four times the low half of a byte: an IP header's length.
        const auto byte = load(packet, at.k, kByte);
        return byte ? std::optional<u32>((*byte & 0xf) * 4) : std::nullopt;
      }
    }
  }
};

}  // namespace

bool check(std::span<const Instruction> program) {
  if (program.empty() || program.size() > kMostInstructions) return false;
  for (usize i = 0; i < program.size(); ++i) {
    if (!check_one(program[i], program.size() - i - 1)) return false;
  }
  return class_of(program.back().code) == kReturn;
}

u32 run(std::span<const Instruction> program, std::span<const u8> packet, const Facts& facts) {
  Machine machine{packet, facts};
  for (usize i = 0; i < program.size(); ++i) {
    const Instruction& at = program[i];
    switch (class_of(at.code)) {
      case kLoad:
      case kLoadX: {
        const auto value = machine.value_of(at);
        if (!value) return 0;
        (class_of(at.code) == kLoad ? machine.a : machine.x) = *value;
        break;
      }
      case kStore: machine.scratch[at.k] = machine.a; break;
      case kStoreX: machine.scratch[at.k] = machine.x; break;
      case kArithmetic: {
        const auto result = compute(operation_of(at.code), machine.a, uses_x(at.code) ? machine.x : at.k);
        if (!result) return 0;
        machine.a = *result;
        break;
      }
      case kJump: {
        const u16 operation = operation_of(at.code);
        if (operation == kAlways) {
          i += at.k;
        } else {
          i += compare(operation, machine.a, uses_x(at.code) ? machine.x : at.k) ? at.if_true : at.if_false;
        }
        break;
      }
      case kReturn: return at.code == kReturnA ? machine.a : at.k;
      default:
        (at.code == (kMisc | kTakeX) ? machine.x : machine.a) = at.code == (kMisc | kTakeX) ? machine.a : machine.x;
    }
  }
  return 0;
}

}  // namespace net::bpf
