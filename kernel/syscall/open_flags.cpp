#include "kernel/syscall/open_flags.hpp"

#include "hal/user_abi.hpp"

namespace syscall {
namespace {

using namespace vfs::open_flag;
using Abi = hal::UserAbi;

constexpr u32 kSame = kAccessMask | kCreate | kExclusive | kNoctty | kTruncate | kAppend | kNonblock | kDsync | kAsync |
                      kNoatime | kCloexec | kSync | kPath | kTmpfile;

struct Pair {
  u32 theirs, ours;
};
constexpr Pair kDiffering[] = {{Abi::kODirect, kDirect},
                               {Abi::kODirectory, kDirectory},
                               {Abi::kONofollow, kNofollow},
                               {Abi::kOLargefile, kLargefile}};

}  // namespace

Result<u32> open_flags_from_user(u32 flags) {
  u32 result = flags & kSame;
  for (const Pair& pair : kDiffering) {
    if ((flags & pair.theirs) != 0) result |= pair.ours;
  }
  if ((result & kTmpfile) != 0 && (result & kDirectory) == 0) return Err(Errno::EINVAL);
  // With O_PATH only these mean anything (open(2)).
  if ((result & kPath) != 0) result &= kPath | kDirectory | kNofollow | kCloexec;
  return result;
}

u32 open_flags_to_user(u32 flags) {
  u32 result = flags & kSame;
  for (const Pair& pair : kDiffering) {
    if ((flags & pair.ours) != 0) result |= pair.theirs;
  }
  return result;
}

}  // namespace syscall
