#include "fs/vfs/credentials.hpp"

namespace vfs {

Result<lib::Ref<Credentials>> Credentials::clone() const {
  auto copy = TRY(lib::make_ref<Credentials>());
  copy->uid = uid, copy->euid = euid, copy->suid = suid, copy->fsuid = fsuid;
  copy->gid = gid, copy->egid = egid, copy->sgid = sgid, copy->fsgid = fsgid;
  copy->permitted = permitted, copy->effective = effective;
  copy->inheritable = inheritable, copy->bounding = bounding;
  TRY(copy->groups.reserve(groups.size()));
  for (const u32 group : groups) TRY(copy->groups.push(group));
  return copy;
}

}  // namespace vfs
