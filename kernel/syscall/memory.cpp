// Memory: mmap and its kin.

#include "fs/vfs/mapping_name.hpp"
#include "gen/syscall_decl.hpp"
#include "kernel/mm/memory_object.hpp"
#include "kernel/syscall/path_argument.hpp"

namespace syscall {
namespace {

// MAP_ flags that have the same number on all three architectures (include/uapi/asm-generic/mman.h).
constexpr u32 kShared = 1, kPrivate = 2, kSharedValidate = 3, kTypeMask = 0xf, kFixed = 0x10, kAnonymous = 0x20,
              kGrowsdown = 0x100, kDenywrite = 0x800, kExecutable = 0x1000, kLocked = 0x2000, kNoreserve = 0x4000,
              kPopulate = 0x8000, kNonblock = 0x10000, kStack = 0x20000, kFixedNoreplace = 0x100000;
constexpr u32 kKnownFlags = kTypeMask | kFixed | kAnonymous | kGrowsdown | kDenywrite | kExecutable | kLocked |
                            kNoreserve | kPopulate | kNonblock | kStack | kFixedNoreplace;

Result<usize> whole_pages(usize size) {
  const usize rounded = align_up(size, kPageSize);
  if (rounded < size) return Err(Errno::ENOMEM);
  return rounded;
}

Status check_range(VirtAddr address, usize size) {
  if ((address & kPageMask) != 0) return Err(Errno::EINVAL);
  if (!hal::is_user_range(address, size)) return Err(Errno::ENOMEM);
  return {};
}

mm::AddressSpace& space() { return *proc::current_thread().memory; }

Result<mm::Protection> protection_of(u32 bits) {
  if ((bits & ~7u) != 0) return Err(Errno::EINVAL);
  return static_cast<mm::Protection>(bits);
}

Status add_file(mm::MapRequest& request, int fd, u64 offset) {
  auto file = TRY(file_of(fd));
  if (!file->is_readable()) return Err(Errno::EACCES);
  if (request.flags.shared) {
    request.flags.may_write = file->is_writable();
    if (mm::has(request.protection, mm::Protection::Write) && !request.flags.may_write) return Err(Errno::EACCES);
  }
  if (offset > ~u64{0} - request.size) return Err(Errno::EOVERFLOW);
  request.object = TRY(file->mapping());
  request.object_page = offset >> kPageShift;
  request.name = TRY(vfs::mapping_name(std::move(file)));
  return {};
}

}  // namespace

Result<i64> sys_mmap(VirtAddr address, usize size, u32 protection, u32 flags, int fd, u64 offset) {
  if (size == 0 || (offset & kPageMask) != 0) return Err(Errno::EINVAL);
  const u32 type = flags & kTypeMask;
  if (type != kShared && type != kPrivate && type != kSharedValidate) return Err(Errno::EINVAL);
  if (type == kSharedValidate && (flags & ~kKnownFlags) != 0) return Err(Errno::EOPNOTSUPP);
  mm::MapRequest request;
  request.protection = TRY(protection_of(protection));
  request.size = TRY(whole_pages(size));
  request.fixed = (flags & (kFixed | kFixedNoreplace)) != 0;
  request.no_replace = (flags & kFixedNoreplace) != 0;
  request.address = request.fixed ? address : align_down(address, kPageSize);
  if (request.fixed) TRY(check_range(address, request.size));
  if (request.fixed && address < kPageSize) return Err(Errno::EPERM);
  if (request.size > hal::arch::user_end()) return Err(Errno::ENOMEM);
  request.flags.shared = type != kPrivate;
  request.flags.grows_down = (flags & kGrowsdown) != 0;
  if ((flags & kAnonymous) == 0) {
    TRY(add_file(request, fd, offset));
  } else if (request.flags.shared) {
    request.object = TRY(mm::MemoryObject::create(request.size));
  }
  const u64 mapped_size = request.size;
  const VirtAddr at = TRY(space().map(std::move(request)));
  if ((flags & (kPopulate | kLocked)) != 0 && (flags & kNonblock) == 0) space().populate(at, mapped_size);
  return static_cast<i64>(at);
}

Result<i64> sys_munmap(VirtAddr address, usize size) {
  if (size == 0 || (address & kPageMask) != 0) return Err(Errno::EINVAL);
  const usize rounded = align_up(size, kPageSize);
  if (rounded < size || !hal::is_user_range(address, rounded)) return Err(Errno::EINVAL);
  TRY(space().unmap(address, rounded));
  return 0;
}

Result<i64> sys_mprotect(VirtAddr address, usize size, u32 protection) {
  constexpr u32 kGrowsdownBit = 0x01000000;
  if ((address & kPageMask) != 0) return Err(Errno::EINVAL);
  const mm::Protection wanted = TRY(protection_of(protection & ~kGrowsdownBit));
  const usize rounded = TRY(whole_pages(size));
  if (rounded == 0) return 0;
  TRY(check_range(address, rounded));
  TRY(space().protect(address, rounded, wanted));
  return 0;
}

Result<i64> sys_brk(VirtAddr address) {
  return static_cast<i64>(space().set_break(address, proc::current_process().limit_of(proc::limit::kData)));
}

Result<i64> sys_mremap(VirtAddr address, usize old_size, usize new_size, u32 flags, VirtAddr new_address) {
  mm::AddressSpace::Remap request;
  request.may_move = (flags & kMremapMaymove) != 0;
  request.fixed = (flags & kMremapFixed) != 0;
  if (request.fixed && !request.may_move) return Err(Errno::EINVAL);
  if ((address & kPageMask) != 0 || new_size == 0 || old_size == 0) return Err(Errno::EINVAL);
  request.old_start = address;
  request.old_size = TRY(whole_pages(old_size));
  request.new_size = TRY(whole_pages(new_size));
  if (!hal::is_user_range(address, request.old_size)) return Err(Errno::EFAULT);
  if (request.fixed) {
    if ((new_address & kPageMask) != 0 || !hal::is_user_range(new_address, request.new_size)) return Err(Errno::EINVAL);
    if (new_address < address + request.old_size && address < new_address + request.new_size) return Err(Errno::EINVAL);
    request.new_start = new_address;
  }
  return static_cast<i64>(TRY(space().remap(request)));
}

Result<i64> sys_msync(VirtAddr address, usize size, u32 flags) {
  constexpr u32 kAsync = 1, kSync = 4;
  if ((address & kPageMask) != 0 || (flags & (kAsync | kSync)) == (kAsync | kSync)) return Err(Errno::EINVAL);
  const usize rounded = TRY(whole_pages(size));
  if (rounded == 0) return 0;
  TRY(check_range(address, rounded));
  TRY(space().sync(address, rounded, (flags & kSync) != 0));
  return 0;
}

Result<i64> sys_mincore(VirtAddr address, usize size, VirtAddr result) {
  if ((address & kPageMask) != 0) return Err(Errno::EINVAL);
  const usize rounded = TRY(whole_pages(size));
  TRY(check_range(address, rounded));
  u8 bytes[256];
  for (usize done = 0; done < rounded;) {
    const usize piece = std::min(rounded - done, sizeof(bytes) * kPageSize);
    TRY(space().residency(address + done, piece, bytes));
    TRY(mm::copy_to_user(result + (done >> kPageShift), bytes, piece >> kPageShift));
    done += piece;
  }
  return 0;
}

Result<i64> sys_madvise(VirtAddr address, usize size, i32 advice) {
  constexpr i32 kNormal = 0, kRandom = 1, kSequential = 2, kWillneed = 3, kDontneed = 4, kFree = 8, kDontfork = 10,
                kDofork = 11, kHugepage = 14, kNohugepage = 15, kWipeonfork = 18, kKeeponfork = 19;
  if ((address & kPageMask) != 0) return Err(Errno::EINVAL);
  const usize rounded = align_up(size, kPageSize);
  if (rounded < size) return Err(Errno::EINVAL);
  if (rounded == 0) return 0;
  TRY(check_range(address, rounded));
  switch (advice) {
    case kNormal:
    case kRandom:
    case kSequential:
    case kHugepage:
    case kNohugepage: return 0;  // advice about speed; nothing depends on it yet
    case kWillneed: space().populate(address, rounded); return 0;
    case kDontneed:
    case kFree: TRY(space().discard(address, rounded)); return 0;
    case kDontfork:
    case kDofork: TRY(space().advise(address, rounded, &mm::MappingFlags::dont_fork, advice == kDontfork)); return 0;
    case kWipeonfork:
    case kKeeponfork:
      TRY(space().advise(address, rounded, &mm::MappingFlags::wipe_on_fork, advice == kWipeonfork));
      return 0;
    default: return Err(Errno::EINVAL);
  }
}

}  // namespace syscall
