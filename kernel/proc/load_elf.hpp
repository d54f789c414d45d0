// Mapping an ELF program, and its interpreter, into a fresh address space.
#pragma once

#include "fs/vfs/file.hpp"
#include "kernel/lib/elf.hpp"
#include "kernel/mm/address_space.hpp"

namespace proc {

struct ElfFile {
  lib::Ref<vfs::File> file;
  lib::elf::Header header;
  lib::Vector<lib::elf::ProgramHeader> program_headers;
  // Reads and checks it. ENOEXEC, EIO, ENOMEM.
  static Result<ElfFile> read(lib::Ref<vfs::File> file);
  // The PT_INTERP string. Empty: none. ENOEXEC.
  Result<lib::Vector<char>> interpreter() const;
};

struct LoadedElf {
  u64 bias = 0;  // added to the file's addresses
  VirtAddr entry = 0;
  VirtAddr program_headers = 0;  // in memory; 0 if no segment holds them
  VirtAddr end = 0;
  VirtAddr code_start = 0, code_end = 0, data_start = 0, data_end = 0;
};
// A position-independent file goes to `preferred`, a fixed one where it says. ENOMEM, ENOEXEC.
Result<LoadedElf> map_elf(mm::AddressSpace& space, const ElfFile& elf, VirtAddr preferred);

}  // namespace proc
