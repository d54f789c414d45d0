// From the bytes that a program writes to a terminal to characters and commands (ECMA-48, with UTF-8).
//
// Pure, with a state of a few bytes: a sequence may come in pieces. Nothing that comes can grow it: parameters have a
// largest value and a largest number, what is not understood is skipped to its end. A control character inside a
// sequence takes effect at once, as on a VT100; CAN, SUB and ESC end the sequence.
#pragma once

#include <string_view>

#include "kernel/lib/types.hpp"

namespace tty {

// ESC [ ? 1 ; 2 h: marker '?', two parameters, final 'h'.
struct ControlSequence {
  static constexpr u32 kMost = 16;
  static constexpr u16 kLargest = 9999;

  u8 marker = 0;        // one of "<=>?", or 0
  u8 intermediate = 0;  // the last of ' ' to '/', or 0
  u8 final = 0;
  u32 count = 0;
  u16 parameters[kMost] = {};  // one that was left out is 0

  u16 parameter(u32 index) const { return index < count ? parameters[index] : u16{0}; }
  // Of those that count something: at least 1.
  u16 amount(u32 index) const { return parameter(index) == 0 ? u16{1} : parameter(index); }
};

class EscapeParser {
 public:
  class Client {
   public:
    virtual void print(u32 code) = 0;                        // a character; U+FFFD for what is no UTF-8
    virtual void control(u8 byte) = 0;                       // 0 to 31
    virtual void escape(u8 intermediate, u8 final) = 0;      // ESC ( 0: '(' and '0'
    virtual void sequence(const ControlSequence& what) = 0;  // ESC [ ...

   protected:
    ~Client() = default;
  };

  void feed(u8 byte, Client& client);
  void feed(std::string_view bytes, Client& client) {
    for (const char byte : bytes) feed(static_cast<u8>(byte), client);
  }
  // Forgets a sequence that has begun.
  void reset() { *this = EscapeParser(); }

 private:
  enum class State : u8 {
    Ground,
    Escape,           // after ESC
    Sequence,         // after ESC [
    SequenceIgnored,  // to its final byte
    FunctionKeyEcho,  // after ESC [ [: one byte more (Linux)
    Text,             // after ESC ], P, X, ^ or _: to BEL or ESC
    Palette,          // ESC ] P and seven digits, with no end of its own (Linux)
  };
  void take_text(u8 byte, Client& client);
  void take_control(u8 byte, Client& client);
  void take_escape(u8 byte, Client& client);
  void take_sequence(u8 byte, Client& client);
  void take_string(u8 byte);
  void end_character(Client& client);
  void add_digit(u8 digit);

  State state_ = State::Ground;
  u8 intermediate_ = 0;
  u8 missing_ = 0;    // bytes of a character that are still to come
  u8 taken_ = 0;      // bytes of a string
  u32 code_ = 0;      // the character so far
  u32 smallest_ = 0;  // what may be written with so many bytes
  ControlSequence sequence_;
};

}  // namespace tty
