// All registers as text, for panics.
#include "hal/trap.hpp"
#include "kernel/lib/format.hpp"

namespace hal {
namespace {

struct Name {
  char text[8];
  u16 offset;
};
#define NAME(member) {#member, offsetof(TrapFrame, member)}
constexpr Name kNames[] = {
    NAME(pc),  NAME(ra), NAME(sp), NAME(gp), NAME(tp), NAME(t0),    NAME(t1),    NAME(t2),     NAME(s0),
    NAME(s1),  NAME(a0), NAME(a1), NAME(a2), NAME(a3), NAME(a4),    NAME(a5),    NAME(a6),     NAME(a7),
    NAME(s2),  NAME(s3), NAME(s4), NAME(s5), NAME(s6), NAME(s7),    NAME(s8),    NAME(s9),     NAME(s10),
    NAME(s11), NAME(t3), NAME(t4), NAME(t5), NAME(t6), NAME(cause), NAME(value), NAME(status),
};
#undef NAME

}  // namespace

usize registers_text(const TrapFrame& frame, char* buffer, usize capacity) {
  usize size = 0;
  int column = 0;
  const auto* words = reinterpret_cast<const u8*>(&frame);
  for (const Name& name : kNames) {
    constexpr usize kItem = 32;
    if (size + kItem > capacity) break;
    column = (column + 1) % 4;
    const u64 value = *reinterpret_cast<const u64*>(words + name.offset);
    size += lib::format_into(buffer + size, kItem, "%7s %016lx%s", name.text, value, column == 0 ? "\n" : "");
  }
  if (column != 0 && size < capacity) buffer[size++] = '\n';
  return size;
}

}  // namespace hal
