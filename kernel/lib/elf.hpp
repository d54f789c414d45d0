// ELF64 files, as far as a program loader looks at them (System V gABI, chapters 4 and 5). Pure: works on bytes that
// the caller read, trusts none of them.
#pragma once

#include <span>

#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"

namespace lib::elf {

struct Header {
  u8 identification[16];
  u16 type, machine;
  u32 version;
  u64 entry, program_headers, section_headers;
  u32 flags;
  u16 header_size, program_header_size, program_header_count;
  u16 section_header_size, section_header_count, section_names;
};
static_assert(sizeof(Header) == 64);

struct ProgramHeader {
  u32 type, flags;
  u64 offset, address, physical, file_size, memory_size, alignment;
};
static_assert(sizeof(ProgramHeader) == 56);

inline constexpr u16 kExecutable = 2, kShared = 3;
inline constexpr u32 kLoad = 1, kDynamic = 2, kInterpreter = 3, kGnuStack = 0x6474e551;
inline constexpr u32 kExec = 1, kWrite = 2, kRead = 4;
inline constexpr usize kMaxProgramHeaders = 64;

// ENOEXEC for anything that is not a little-endian ELF64 executable or shared object for `machine`.
Status check(const Header& header, u16 machine);

// The address range that the PT_LOAD segments cover, in whole pages. ENOEXEC when they overlap, are out of order, or do
// not fit an address space.
struct Extent {
  VirtAddr start = 0;
  VirtAddr end = 0;
};
Result<Extent> extent_of(std::span<const ProgramHeader> headers);

}  // namespace lib::elf
