// A mapping's name for /proc/PID/maps: the file that it shows.
#pragma once

#include "fs/vfs/file.hpp"
#include "kernel/mm/mapping.hpp"

namespace vfs {

// ENOMEM.
Result<lib::Ref<mm::MappingName>> mapping_name(lib::Ref<File> file);

}  // namespace vfs
