// The file systems that the system itself needs, and the way to the root disk and back.
#pragma once

#include <string>

namespace init {

// /dev, /dev/pts, /dev/shm, /proc, /sys, /run, /tmp where they are not there yet.
void mount_system();

// Words of the kernel command line: the value of `name=`, or empty.
std::string kernel_option(const std::string& name);
bool has_kernel_word(const std::string& word);

// On the initramfs, with root= on the kernel command line: checks that disk's file system, mounts it, moves the
// system's mounts there, empties the initramfs and runs /sbin/init of the disk; does not return then. Returns where
// there is nothing to do, or where it does not work, after saying why: the system then runs from memory.
void switch_to_root_disk();

// The root disk may be written from now on.
void make_root_writable();

// Everything is written out and unmounted, the root is read-only.
void unmount_all();

}  // namespace init
