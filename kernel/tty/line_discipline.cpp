#include "kernel/tty/line_discipline.hpp"

#include <algorithm>

namespace tty {
namespace {

constexpr int kSigint = 2, kSigquit = 3, kSigtstp = 20;
constexpr u8 kEndMark = 0;  // stored for the Ctrl-D that ends a line; never read

bool is_utf8_continuation(u8 byte) { return (byte & 0xc0) == 0x80; }
bool is_control(u8 byte) { return byte < 0x20 || byte == 0x7f; }
bool is_word(u8 byte) {
  return byte == '_' || byte >= 0x80 || (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

}  // namespace

void LineDiscipline::set_settings(const Termios& settings) {
  const bool was_canonical = local(local_flag::kCanonical);
  settings_ = settings;
  if (was_canonical && !local(local_flag::kCanonical)) {
    std::fill(ends_.begin(), ends_.end(), false);
    lines_ = 0;
    line_start_ = size_;
  } else if (!was_canonical && local(local_flag::kCanonical)) {
    // What came in raw mode counts as one finished line.
    line_start_ = size_;
    if (size_ != 0) {
      ends_[(head_ + size_ - 1) % kCapacity] = true;
      lines_ = 1;
    }
  }
}

void LineDiscipline::store(u8 byte, bool ends_line) {
  const usize place = (head_ + size_) % kCapacity;
  bytes_[place] = byte;
  ends_[place] = ends_line;
  ++size_;
  if (!ends_line) return;
  ++lines_;
  line_start_ = size_;
}

void LineDiscipline::echo_byte(u8 byte) {
  const char c = static_cast<char>(byte);
  if (is_control(byte) && byte != '\n' && byte != '\t' && local(local_flag::kEchoControl)) {
    const char shown[2] = {'^', static_cast<char>(byte ^ 0x40)};
    client_.echo({shown, 2});
  } else {
    client_.echo({&c, 1});
  }
}

bool LineDiscipline::handle_signal(u8 byte) {
  if (!local(local_flag::kSignals)) return false;
  int signal = 0;
  if (is(byte, Control::Interrupt))
    signal = kSigint;
  else if (is(byte, Control::Quit))
    signal = kSigquit;
  else if (is(byte, Control::Suspend))
    signal = kSigtstp;
  else
    return false;
  if (!local(local_flag::kNoFlush)) flush();
  if (local(local_flag::kEcho)) echo_byte(byte);
  client_.signal(signal);
  return true;
}

// Takes the last character off the screen: one column, two for a control character shown as ^X.
void LineDiscipline::erase_displayed(u8 first_byte) {
  if (!local(local_flag::kEcho)) return;
  if (!local(local_flag::kEchoErase)) {
    echo_byte(settings_.characters[static_cast<usize>(Control::Erase)]);
    return;
  }
  client_.echo("\b \b");
  if (is_control(first_byte) && first_byte != '\t' && local(local_flag::kEchoControl)) client_.echo("\b \b");
}

void LineDiscipline::erase_character() {
  if (size_ == line_start_) return;
  u8 byte = at(size_ - 1);
  --size_;
  // In UTF-8 a character is its first byte and what continues it.
  while ((settings_.input & input_flag::kUtf8) != 0 && is_utf8_continuation(byte) && size_ > line_start_) {
    byte = at(size_ - 1);
    --size_;
  }
  erase_displayed(byte);
}

void LineDiscipline::erase_word() {
  while (size_ > line_start_ && !is_word(at(size_ - 1))) erase_character();
  while (size_ > line_start_ && is_word(at(size_ - 1))) erase_character();
}

void LineDiscipline::erase_line() {
  if (local(local_flag::kEcho) && !local(local_flag::kEchoKillVisually)) {
    size_ = line_start_;
    client_.echo("\n");
    return;
  }
  while (size_ > line_start_) erase_character();
}

bool LineDiscipline::handle_editing(u8 byte) {
  if (is(byte, Control::Erase)) {
    erase_character();
  } else if (is(byte, Control::Kill)) {
    erase_line();
  } else if (is(byte, Control::WordErase) && local(local_flag::kExtended)) {
    erase_word();
  } else if (is(byte, Control::LiteralNext) && local(local_flag::kExtended)) {
    literal_ = true;
    if (local(local_flag::kEcho)) client_.echo("^\b");
  } else if (is(byte, Control::Reprint) && local(local_flag::kExtended)) {
    client_.echo("^R\n");
    for (usize i = line_start_; i < size_; ++i) echo_byte(at(i));
  } else if (is(byte, Control::EndOfFile)) {
    store(kEndMark, true);
  } else {
    return false;
  }
  return true;
}

bool LineDiscipline::receive(u8 byte) {
  if (!literal_) {
    if ((settings_.input & input_flag::kStrip) != 0) byte &= 0x7f;
    if ((settings_.input & input_flag::kXon) != 0) {
      if (is(byte, Control::Stop) || is(byte, Control::Start)) {
        client_.flow(is(byte, Control::Stop));
        return true;
      }
    }
    if (byte == '\r') {
      if ((settings_.input & input_flag::kIgnoreCr) != 0) return true;
      if ((settings_.input & input_flag::kCrToNl) != 0) byte = '\n';
    } else if (byte == '\n' && (settings_.input & input_flag::kNlToCr) != 0) {
      byte = '\r';
    }
    if (handle_signal(byte)) return true;
  }
  if (!local(local_flag::kCanonical)) {
    if (size_ == kCapacity) return false;
    store(byte, false);
    line_start_ = size_;
    if (local(local_flag::kEcho)) echo_byte(byte);
    return true;
  }
  if (!literal_ && size_ < kCapacity && handle_editing(byte)) return true;
  const bool ends_line = !literal_ && (byte == '\n' || is(byte, Control::EndOfLine) || is(byte, Control::EndOfLine2));
  // The last place is for the end of the line.
  if (size_ + (ends_line ? 0 : 1) >= kCapacity) return false;
  literal_ = false;
  store(byte, ends_line);
  if (local(local_flag::kEcho) || (byte == '\n' && local(local_flag::kEchoNl))) echo_byte(byte);
  return true;
}

usize LineDiscipline::readable() const {
  if (!local(local_flag::kCanonical)) return size_;
  if (lines_ == 0) return 0;
  usize length = 0;
  while (!is_end(length)) ++length;
  return at(length) == kEndMark ? length : length + 1;
}

usize LineDiscipline::read(char* to, usize capacity) {
  const bool canonical = local(local_flag::kCanonical);
  usize done = 0;
  while (size_ != 0 && (!canonical || lines_ != 0)) {
    const bool end = is_end(0);
    const u8 byte = at(0);
    const bool mark = end && canonical && byte == kEndMark;
    if (!mark && done == capacity) break;
    ends_[head_] = false;
    head_ = (head_ + 1) % kCapacity;
    --size_;
    line_start_ -= std::min<usize>(line_start_, 1);
    if (end && lines_ != 0) --lines_;
    if (!mark) to[done++] = static_cast<char>(byte);
    if (end && canonical) break;
  }
  return done;
}

void LineDiscipline::flush() {
  std::fill(ends_.begin(), ends_.end(), false);
  head_ = size_ = line_start_ = lines_ = 0;
  literal_ = false;
}

}  // namespace tty
