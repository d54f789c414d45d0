// Where the entries of /sys are: the table of registered places, and the folders that follow from it.
//
// For the files of this room. No lock: the table is complete after initialization.
#pragma once

#include "fs/sysfs/sysfs.hpp"

namespace sysfs {

// The folder at the top. Folders that only follow from paths have their path in `subject` and its length in `key`.
Entry root_entry();
// Child number `index` of any folder; false: there are no more. May sleep.
bool child_of(const Entry& folder, usize index, Entry& child);
// ENOENT. May sleep.
Result<Entry> find_child(const Entry& folder, std::string_view name);

}  // namespace sysfs
