#include "kernel/tty/screen/escape_parser.hpp"

namespace tty {
namespace {

constexpr u32 kReplacement = 0xfffd, kLastCode = 0x10ffff;
constexpr u8 kBell = 0x07, kCancel = 0x18, kSubstitute = 0x1a, kEscape = 0x1b, kDelete = 0x7f;
constexpr u8 kPaletteDigits = 7;

bool is_surrogate(u32 code) { return code >= 0xd800 && code <= 0xdfff; }

}  // namespace

void EscapeParser::feed(u8 byte, Client& client) {
  if (byte < 0x20) {
    take_control(byte, client);
  } else if (state_ == State::Ground) {
    take_text(byte, client);
  } else if (byte != kDelete) {
    switch (state_) {
      case State::Escape: take_escape(byte, client); break;
      case State::Sequence:
      case State::SequenceIgnored: take_sequence(byte, client); break;
      case State::FunctionKeyEcho: state_ = State::Ground; break;
      default: take_string(byte); break;
    }
  }
}

// A character that was cut short shows as one replacement, whatever comes next.
void EscapeParser::end_character(Client& client) {
  if (missing_ == 0) return;
  missing_ = 0;
  client.print(kReplacement);
}

// UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
void EscapeParser::take_text(u8 byte, Client& client) {
  if ((byte & 0xc0) == 0x80 && missing_ != 0) {
    code_ = code_ << 6 | (byte & 0x3f);
    if (--missing_ != 0) return;
    const bool valid = code_ >= smallest_ && code_ <= kLastCode && !is_surrogate(code_);
    client.print(valid ? code_ : kReplacement);
    return;
  }
  end_character(client);
  if (byte == kDelete) return;
  if (byte < 0x80) return client.print(byte);
  if (byte < 0xc2 || byte > 0xf4) return client.print(kReplacement);
  missing_ = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
  code_ = byte & (0x3f >> missing_);
  smallest_ = missing_ == 3 ? 0x1'0000 : missing_ == 2 ? 0x800 : 0x80;
}

void EscapeParser::take_control(u8 byte, Client& client) {
  end_character(client);
  const bool is_string = state_ == State::Text || state_ == State::Palette;
  if (byte == kEscape) {
    // Within a string this is the beginning of ESC \, which ends it as any other sequence does.
    state_ = State::Escape;
    intermediate_ = 0;
  } else if (byte == kCancel || byte == kSubstitute || (is_string && byte == kBell)) {
    state_ = State::Ground;
  } else if (!is_string) {
    client.control(byte);
  }
}

void EscapeParser::take_escape(u8 byte, Client& client) {
  if (byte < 0x30) {
    intermediate_ = byte;
    return;
  }
  state_ = State::Ground;
  if (intermediate_ != 0) return client.escape(intermediate_, byte);
  switch (byte) {
    case '[':
      state_ = State::Sequence;
      sequence_ = {};
      break;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
      // Only of ] is the first byte looked at.
      state_ = State::Text;
      taken_ = byte == ']' ? 0 : 1;
      break;
    default: client.escape(0, byte); break;
  }
}

void EscapeParser::add_digit(u8 digit) {
  if (sequence_.count == 0) sequence_.count = 1;
  if (sequence_.count > ControlSequence::kMost) return;
  u16& value = sequence_.parameters[sequence_.count - 1];
  const u32 longer = u32{value} * 10 + digit;
  value = longer > ControlSequence::kLargest ? ControlSequence::kLargest : static_cast<u16>(longer);
}

void EscapeParser::take_sequence(u8 byte, Client& client) {
  if (byte >= 0x40) {
    const bool ignored = state_ == State::SequenceIgnored;
    state_ = State::Ground;
    if (byte == '[' && sequence_.count == 0 && sequence_.marker == 0) {
      state_ = State::FunctionKeyEcho;
    } else if (!ignored && byte < kDelete) {
      sequence_.final = byte;
      if (sequence_.count > ControlSequence::kMost) sequence_.count = ControlSequence::kMost;
      client.sequence(sequence_);
    }
    return;
  }
  if (state_ == State::SequenceIgnored) return;
  if (byte < 0x30) {
    sequence_.intermediate = byte;
  } else if (sequence_.intermediate != 0) {
    state_ = State::SequenceIgnored;
  } else if (byte <= '9') {
    add_digit(static_cast<u8>(byte - '0'));
  } else if (byte == ';' || byte == ':') {
    if (sequence_.count == 0) sequence_.count = 1;
    if (sequence_.count <= ControlSequence::kMost) ++sequence_.count;
  } else if (sequence_.count == 0 && sequence_.marker == 0) {
    sequence_.marker = byte;
  } else {
    state_ = State::SequenceIgnored;
  }
}

void EscapeParser::take_string(u8 byte) {
  if (state_ == State::Palette) {
    if (++taken_ == kPaletteDigits) state_ = State::Ground;
  } else if (taken_ == 0 && byte == 'R') {
    state_ = State::Ground;  // ESC ] R: the palette as it was
  } else if (taken_ == 0 && byte == 'P') {
    state_ = State::Palette;
  } else {
    taken_ = 1;
  }
}

}  // namespace tty
