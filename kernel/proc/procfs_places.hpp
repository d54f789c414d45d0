// What in /proc/PID leads to places in the tree: exe, cwd, root, and the open descriptors.
#pragma once

#include "fs/procfs/procfs.hpp"

namespace proc {

// A place's path as the caller's root shows it; nothing where it cannot be seen from there.
void place_text(const vfs::Path& place, procfs::Text& text);

bool exe_text(i32 pid, procfs::Text& text);
bool cwd_text(i32 pid, procfs::Text& text);
bool root_text(i32 pid, procfs::Text& text);
Result<vfs::Path> exe_place(i32 pid);
Result<vfs::Path> cwd_place(i32 pid);
Result<vfs::Path> root_place(i32 pid);

// See procfs::ProcessSource.
int next_descriptor_of(i32 pid, int from);
Result<vfs::Path> descriptor_place(i32 pid, int fd);

}  // namespace proc
