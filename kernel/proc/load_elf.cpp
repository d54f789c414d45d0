#include "kernel/proc/load_elf.hpp"

#include <algorithm>
#include <cstring>

#include "fs/vfs/mapping_name.hpp"
#include "hal/user_abi.hpp"

namespace proc {
namespace {

using namespace lib::elf;

Status read_exactly(vfs::File& file, void* to, usize size, u64 position) {
  vfs::ReadBuffer buffer = vfs::ReadBuffer::kernel(to, size);
  while (!buffer.empty()) {
    const usize moved = TRY(file.read(buffer, position));
    if (moved == 0) return Err(Errno::ENOEXEC);
  }
  return {};
}

mm::Protection protection_of(u32 flags) {
  mm::Protection protection = mm::Protection::None;
  if ((flags & kRead) != 0) protection = protection | mm::Protection::Read;
  if ((flags & kWrite) != 0) protection = protection | mm::Protection::Write;
  if ((flags & kExec) != 0) protection = protection | mm::Protection::Exec;
  return protection;
}

Status map_file_part(mm::AddressSpace& space, const ElfFile& elf, const ProgramHeader& header, VirtAddr start,
                     VirtAddr file_end) {
  mm::MapRequest request;
  request.address = start;
  request.size = file_end - start;
  request.protection = protection_of(header.flags);
  request.object = TRY(elf.file->mapping());
  request.object_page = align_down(header.offset, kPageSize) >> kPageShift;
  request.name = TRY(vfs::mapping_name(elf.file));
  request.fixed = true;
  TRY(space.map(std::move(request)));
  return {};
}

Status map_zero_part(mm::AddressSpace& space, const ProgramHeader& header, VirtAddr start, VirtAddr end) {
  mm::MapRequest request;
  request.address = start;
  request.size = end - start;
  request.protection = protection_of(header.flags);
  request.fixed = true;
  TRY(space.map(std::move(request)));
  return {};
}

// The rest of the file's last page is the beginning of the zeros: a private copy of it, cleared behind the data.
Status clear_tail(mm::AddressSpace& space, VirtAddr data_end, VirtAddr page_end) {
  if (data_end == page_end) return {};
  return space.write_initial(data_end, nullptr, page_end - data_end);
}

Status map_segment(mm::AddressSpace& space, const ElfFile& elf, const ProgramHeader& header, u64 bias) {
  const VirtAddr address = header.address + bias;
  const VirtAddr start = align_down(address, kPageSize);
  const VirtAddr data_end = address + header.file_size;
  const VirtAddr file_end = header.file_size == 0 ? start : align_up(data_end, kPageSize);
  const VirtAddr end = align_up(address + header.memory_size, kPageSize);
  if (file_end > start) TRY(map_file_part(space, elf, header, start, file_end));
  if (header.memory_size > header.file_size && (header.flags & kWrite) != 0 && file_end > start) {
    TRY(clear_tail(space, data_end, file_end));
  }
  if (end > file_end) TRY(map_zero_part(space, header, file_end, end));
  return {};
}

void note_layout(LoadedElf& loaded, const ProgramHeader& header) {
  const VirtAddr start = header.address + loaded.bias;
  if ((header.flags & kExec) != 0 && loaded.code_start == 0) {
    loaded.code_start = start;
    loaded.code_end = start + header.file_size;
  }
  if ((header.flags & kWrite) != 0) {
    loaded.data_start = start;
    loaded.data_end = start + header.file_size;
  }
}

}  // namespace

Result<ElfFile> ElfFile::read(lib::Ref<vfs::File> file) {
  ElfFile elf;
  elf.file = std::move(file);
  TRY(read_exactly(*elf.file, &elf.header, sizeof(Header), 0));
  TRY(check(elf.header, hal::UserAbi::kElfMachine));
  TRY(elf.program_headers.resize(elf.header.program_header_count));
  TRY(read_exactly(*elf.file, elf.program_headers.data(), elf.program_headers.size() * sizeof(ProgramHeader),
                   elf.header.program_headers));
  return elf;
}

Result<lib::Vector<char>> ElfFile::interpreter() const {
  lib::Vector<char> path;
  for (const ProgramHeader& header : program_headers) {
    if (header.type != kInterpreter) continue;
    if (header.file_size < 2 || header.file_size > vfs::kPathMax) return Err(Errno::ENOEXEC);
    TRY(path.resize(header.file_size));
    TRY(read_exactly(*file, path.data(), header.file_size, header.offset));
    if (path.back() != 0) return Err(Errno::ENOEXEC);
    break;
  }
  return path;
}

Result<LoadedElf> map_elf(mm::AddressSpace& space, const ElfFile& elf, VirtAddr preferred) {
  const Extent extent = TRY(extent_of(elf.program_headers));
  LoadedElf loaded;
  if (elf.header.type == kShared) loaded.bias = align_down(preferred, kPageSize) - extent.start;
  const VirtAddr start = extent.start + loaded.bias;
  if (!hal::is_user_range(start, extent.end - extent.start) || start < kPageSize) return Err(Errno::ENOMEM);
  for (const ProgramHeader& header : elf.program_headers) {
    if (header.type != kLoad || header.memory_size == 0) continue;
    TRY(map_segment(space, elf, header, loaded.bias));
    note_layout(loaded, header);
    const u64 table = elf.header.program_headers;
    if (table >= header.offset && table < header.offset + header.file_size) {
      loaded.program_headers = table - header.offset + header.address + loaded.bias;
    }
  }
  loaded.entry = elf.header.entry + loaded.bias;
  loaded.end = extent.end + loaded.bias;
  return loaded;
}

}  // namespace proc
