// Pipes and FIFOs: bytes from writers to readers, through a ring of pages.
#pragma once

#include "fs/vfs/file.hpp"

namespace ipc {

struct PipeEnds {
  lib::Ref<vfs::File> read;
  lib::Ref<vfs::File> write;
};
// `flags`: O_NONBLOCK. ENOMEM.
Result<PipeEnds> make_pipe(u32 flags);

}  // namespace ipc
