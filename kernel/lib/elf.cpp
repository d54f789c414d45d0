#include "kernel/lib/elf.hpp"

#include <cstring>

namespace lib::elf {

Status check(const Header& header, u16 machine) {
  constexpr u8 kIdentification[] = {0x7f, 'E', 'L', 'F', 2 /* 64 bits */, 1 /* little-endian */, 1 /* version */};
  if (std::memcmp(header.identification, kIdentification, sizeof(kIdentification)) != 0) return Err(Errno::ENOEXEC);
  if (header.type != kExecutable && header.type != kShared) return Err(Errno::ENOEXEC);
  if (header.machine != machine || header.program_header_size != sizeof(ProgramHeader)) return Err(Errno::ENOEXEC);
  if (header.program_header_count == 0 || header.program_header_count > kMaxProgramHeaders) return Err(Errno::ENOEXEC);
  return {};
}

Result<Extent> extent_of(std::span<const ProgramHeader> headers) {
  constexpr u64 kLimit = u64{1} << 56;
  Extent extent;
  bool any = false;
  for (const ProgramHeader& header : headers) {
    if (header.type != kLoad) continue;
    if (header.memory_size == 0) continue;
    if (header.file_size > header.memory_size) return Err(Errno::ENOEXEC);
    if (header.address > kLimit || header.memory_size > kLimit || header.offset > kLimit) return Err(Errno::ENOEXEC);
    // What is mapped is a page of the file at a page of memory.
    if ((header.address & kPageMask) != (header.offset & kPageMask)) return Err(Errno::ENOEXEC);
    const VirtAddr start = align_down(header.address, kPageSize);
    if (any && start < extent.end) return Err(Errno::ENOEXEC);
    if (!any) extent.start = start;
    extent.end = align_up(header.address + header.memory_size, kPageSize);
    any = true;
  }
  if (!any) return Err(Errno::ENOEXEC);
  return extent;
}

}  // namespace lib::elf
