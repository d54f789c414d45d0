#include "kernel/proc/vdso.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "kernel/diag/assert.hpp"
#include "kernel/lib/elf.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/mm/memory_object.hpp"
#include "kernel/time/clock_page.hpp"

// The file: gen_bytes.py.
extern "C" const u8 vdso_start[], vdso_end[];

namespace proc {
namespace {

// Written once, before the first program.
struct Vdso {
  lib::Ref<mm::MemoryObject> pages;  // the code, then the clock
  u64 size = 0;
  u64 sigreturn = 0;
};
Vdso g_vdso;

const lib::elf::ProgramHeader& code_segment(const lib::elf::Header& header) {
  const auto* segments = reinterpret_cast<const lib::elf::ProgramHeader*>(vdso_start + header.program_headers);
  const auto* end = segments + header.program_header_count;
  const auto* code = std::find_if(segments, end, [](const auto& segment) { return segment.type == lib::elf::kLoad; });
  K_ASSERT(code != end && code->offset == 0 && code->address == 0, "the vDSO has another form than vdso.ld gives it");
  return *code;
}

Status build(Vdso& vdso) {
  const auto& header = *reinterpret_cast<const lib::elf::Header*>(vdso_start);
  const u64 clock_page = align_up(code_segment(header).file_size, kPageSize);
  // What follows the segment in the file are names for debuggers: as far as they have room.
  const u64 bytes = std::min<u64>(static_cast<u64>(vdso_end - vdso_start), clock_page);
  vdso.size = clock_page + kPageSize;
  vdso.sigreturn = header.entry;
  vdso.pages = TRY(mm::MemoryObject::create(vdso.size));
  for (u64 at = 0; at < clock_page; at += kPageSize) {
    mm::PageFrame* frame = TRY(vdso.pages->page(at >> kPageShift));
    std::memcpy(mm::memory_of(frame), vdso_start + at, std::min(kPageSize, bytes - at));
    mm::release_frame(frame);
  }
  // Its reference is kept: the clock is written for ever.
  mm::PageFrame* frame = TRY(vdso.pages->page(clock_page >> kPageShift));
  ktime::publish_clock(*::new (mm::memory_of(frame)) ktime::ClockPage);
  return {};
}

class VdsoSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "vdso"; }
  void on_late_init(kernel::Kernel&) override { K_ASSERT(build(g_vdso).has_value(), "no memory for the vDSO"); }
};
REGISTER_SUBSYSTEM(VdsoSubsystem);

}  // namespace

Result<MappedVdso> map_vdso(mm::AddressSpace& space) {
  mm::MapRequest request;
  request.object = g_vdso.pages;
  request.size = g_vdso.size;
  request.protection = mm::Protection::Read | mm::Protection::Exec;
  request.flags.may_write = false;
  request.label = "[vdso]";
  const VirtAddr base = TRY(space.map(std::move(request)));
  return MappedVdso{.header = base, .sigreturn = base + g_vdso.sigreturn};
}

}  // namespace proc
