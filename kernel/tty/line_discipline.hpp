// The line discipline: from what a keyboard sends to what a program reads. Pure: it knows neither locks nor processes.
//
// Input is collected in a buffer; in canonical mode only whole lines of it can be read, and the last one can still be
// edited. What is to be echoed and which signal a character means go to the Client.
#pragma once

#include <array>
#include <string_view>

#include "kernel/tty/termios.hpp"

namespace tty {

class LineDiscipline {
 public:
  class Client {
   public:
    virtual void echo(std::string_view text) = 0;  // before output processing
    virtual void signal(int signal) = 0;
    virtual void flow(bool stop) = 0;  // Ctrl-S, Ctrl-Q

   protected:
    ~Client() = default;
  };
  static constexpr usize kCapacity = 4096;  // as Linux: N_TTY_BUF_SIZE

  explicit LineDiscipline(Client& client) : client_(client) {}

  const Termios& settings() const { return settings_; }
  // A change between canonical and raw makes what was typed readable as it is.
  void set_settings(const Termios& settings);

  // False if there is no room: in raw mode the byte is for later, in canonical mode a full line is beeped at.
  bool receive(u8 byte);
  bool has_room() const { return size_ < kCapacity; }
  // No line is complete and none will fit: more input can only be thrown away, or end the line.
  bool discards_when_full() const { return local(local_flag::kCanonical) && lines_ == 0; }

  // Bytes that a read may take now; in canonical mode up to and including the end of the first line.
  usize readable() const;
  // True if a canonical reader need not wait: there is a line, perhaps an empty one that Ctrl-D ended.
  bool has_line() const { return lines_ != 0; }
  usize pending() const { return size_; }
  // Takes up to `capacity` bytes of what is readable. In canonical mode stops at the line's end; the Ctrl-D that ended
  // it is swallowed.
  usize read(char* to, usize capacity);
  void flush();

 private:
  bool is(u8 byte, Control which) const {
    const u8 wanted = settings_.characters[static_cast<usize>(which)];
    return wanted != 0 && byte == wanted;
  }
  bool local(u32 flag) const { return (settings_.local & flag) != 0; }
  bool handle_signal(u8 byte);
  bool handle_editing(u8 byte);
  void erase_character();
  void erase_word();
  void erase_line();
  void erase_displayed(u8 first_byte);
  void store(u8 byte, bool ends_line);
  void echo_byte(u8 byte);
  u8 at(usize offset) const { return bytes_[(head_ + offset) % kCapacity]; }
  bool is_end(usize offset) const { return ends_[(head_ + offset) % kCapacity]; }

  Client& client_;
  Termios settings_ = kDefaultTermios;
  std::array<u8, kCapacity> bytes_{};
  std::array<bool, kCapacity> ends_{};  // this byte ends a line
  usize head_ = 0;
  usize size_ = 0;
  usize line_start_ = 0;  // offset of the line that is being typed
  usize lines_ = 0;
  bool literal_ = false;  // the next byte is taken as it is
};

}  // namespace tty
