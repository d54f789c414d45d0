#include "fs/sysfs/tree.hpp"

#include <algorithm>
#include <cstring>

#include "kernel/lib/command_line.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/lib/vector.hpp"

namespace sysfs {
namespace {

struct Place {
  std::string_view path;
  Entry entry;
};
lib::Vector<Place> g_places;  // complete after initialization

struct PlainFile {
  Generate generate;
  Write write;
};

Status generate_plain(const Entry& self, Text& text) {
  static_cast<const PlainFile*>(self.subject)->generate(text);
  return {};
}
Status write_plain(const Entry& self, std::string_view text) {
  return static_cast<const PlainFile*>(self.subject)->write(text);
}

// The part of `path` that is directly in `folder`; empty where it is not below it.
std::string_view part_below(std::string_view path, std::string_view folder) {
  if (!folder.empty()) {
    if (!path.starts_with(folder) || path.size() <= folder.size() || path[folder.size()] != '/') return {};
    path.remove_prefix(folder.size() + 1);
  }
  return path.substr(0, path.find('/'));
}

bool never_more(const Entry&, usize, Entry&) { return false; }

// A folder at a registered path or on the way to one: its children by path, then those that it makes.
struct Folder {
  std::string_view path;
  const Entry* registered = nullptr;
};

Folder folder_at(std::string_view path) {
  for (const Place& place : g_places) {
    if (place.path == path) return {place.path, &place.entry};
  }
  return {path, nullptr};
}

bool child_by_path(const Entry& self, usize index, Entry& child);

// Folders that are known by path: `subject` has its first character, `key` its length in decimal digits.
Entry folder_entry(std::string_view path, std::string_view name) {
  Entry entry;
  entry.set_name("%.*s", static_cast<int>(name.size()), name.data());
  entry.set_directory(child_by_path);
  entry.subject = path.data();
  entry.set_number(path.size());
  return entry;
}

std::string_view path_of(const Entry& folder) { return {static_cast<const char*>(folder.subject), folder.number()}; }

// True if an earlier place already gave the folder this part.
bool came_before(std::string_view folder, usize at, std::string_view part) {
  return std::any_of(g_places.begin(), g_places.begin() + at,
                     [&](const Place& place) { return part_below(place.path, folder) == part; });
}

bool child_by_path(const Entry& self, usize index, Entry& child) {
  const Folder folder = folder_at(path_of(self));
  for (usize i = 0; i < g_places.size(); ++i) {
    const std::string_view part = part_below(g_places[i].path, folder.path);
    if (part.empty() || came_before(folder.path, i, part) || index-- != 0) continue;
    const usize skipped = folder.path.empty() ? 0 : folder.path.size() + 1;
    const std::string_view below = g_places[i].path.substr(0, skipped + part.size());
    const Entry* registered = folder_at(below).registered;
    const bool is_leaf = registered != nullptr && registered->type != vfs::FileType::Directory;
    child = is_leaf ? *registered : folder_entry(below, part);
    return true;
  }
  return folder.registered != nullptr && folder.registered->child(*folder.registered, index, child);
}

}  // namespace

Entry root_entry() { return folder_entry("", ""); }

bool child_of(const Entry& folder, usize index, Entry& child) {
  child = Entry();
  return folder.child != nullptr && folder.child(folder, index, child);
}

Result<Entry> find_child(const Entry& folder, std::string_view name) {
  Entry child;
  for (usize i = 0; child_of(folder, i, child); ++i) {
    if (name == child.name) return child;
  }
  return Err(Errno::ENOENT);
}

Status register_entry(const char* path, const Entry& entry) {
  const std::string_view whole = path;
  const usize slash = whole.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? whole : whole.substr(slash + 1);
  if (name.empty() || name.size() >= kNameSize) return Err(Errno::EINVAL);
  Place place = {whole, entry};
  place.entry.set_name("%.*s", static_cast<int>(name.size()), name.data());
  if (entry.type == vfs::FileType::Directory && entry.child == nullptr) place.entry.child = never_more;
  return g_places.push(place);
}

Status register_file(const char* path, Generate generate, Write write) {
  auto* plain = lib::try_new<PlainFile>(generate, write);  // for as long as the kernel lives
  if (plain == nullptr) return Err(Errno::ENOMEM);
  Entry entry;
  entry.permissions = (generate != nullptr ? 0444 : 0) | (write != nullptr ? 0200 : 0);
  entry.subject = plain;
  if (generate != nullptr) entry.generate = generate_plain;
  if (write != nullptr) entry.write = write_plain;
  return register_entry(path, entry);
}

void Entry::set_name(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  lib::format_into_v(name, sizeof(name), format, arguments);
  va_end(arguments);
}

void Entry::set_key(std::string_view text) {
  const usize length = std::min(text.size(), sizeof(key) - 1);
  std::memcpy(key, text.data(), length);
  key[length] = '\0';
}

void Entry::set_number(u64 number) { lib::format_into(key, sizeof(key), "%lu", number); }
u64 Entry::number() const { return lib::parse_number(key).value_or(0); }

void Entry::set_directory(bool (*children)(const Entry& self, usize index, Entry& child)) {
  type = vfs::FileType::Directory;
  permissions = 0555;
  child = children;
}

void set_attribute(const Entry& self, const Attribute& attribute, Entry& child) {
  child.set_name("%s", attribute.name);
  child.type = attribute.type;
  child.permissions = attribute.type == vfs::FileType::Symlink ? 0777 : 0444;
  child.subject = self.subject;
  child.set_key(self.key);
  child.generate = attribute.generate;
}

}  // namespace sysfs
