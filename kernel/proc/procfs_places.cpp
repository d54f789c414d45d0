#include "kernel/proc/procfs_places.hpp"

#include "fs/vfs/mount.hpp"
#include "kernel/proc/process.hpp"
#include "kernel/proc/table.hpp"

namespace proc {
namespace {

// What the links need of a process, taken under the table's lock.
struct Places {
  lib::Ref<vfs::File> executable;
  lib::Ref<Directories> directories;
  lib::Ref<FileTable> files;
};

Result<Places> places_of(i32 pid) {
  auto table = lock_table();
  Process* process = table->process(pid);
  if (process == nullptr) return Err(Errno::ENOENT);
  Places places;
  places.executable = process->executable;
  if (process->threads.empty()) return places;
  Thread& thread = process->threads.front();
  places.directories = thread.directories;
  places.files = thread.files;
  return places;
}

bool text_of(const Result<vfs::Path>& place, procfs::Text& text) {
  if (!place) return false;
  place_text(*place, text);
  return true;
}

}  // namespace

void place_text(const vfs::Path& place, procfs::Text& text) {
  char name[512];
  const auto length = vfs::path_text(place, current_thread().directories->root(), name, true);
  if (length) text.add({name, *length});
}

Result<vfs::Path> exe_place(i32 pid) {
  const Places places = TRY(places_of(pid));
  if (!places.executable) return Err(Errno::ENOENT);
  return places.executable->path();
}

Result<vfs::Path> cwd_place(i32 pid) {
  const Places places = TRY(places_of(pid));
  if (!places.directories) return Err(Errno::ENOENT);
  return places.directories->current();
}

Result<vfs::Path> root_place(i32 pid) {
  const Places places = TRY(places_of(pid));
  if (!places.directories) return Err(Errno::ENOENT);
  return places.directories->root();
}

bool exe_text(i32 pid, procfs::Text& text) { return text_of(exe_place(pid), text); }
bool cwd_text(i32 pid, procfs::Text& text) { return text_of(cwd_place(pid), text); }
bool root_text(i32 pid, procfs::Text& text) { return text_of(root_place(pid), text); }

int next_descriptor_of(i32 pid, int from) {
  const auto places = places_of(pid);
  return places && places->files ? places->files->next_open(from) : -1;
}

Result<vfs::Path> descriptor_place(i32 pid, int fd) {
  const Places places = TRY(places_of(pid));
  if (!places.files) return Err(Errno::ENOENT);
  const auto file = places.files->get(fd);
  if (!file) return Err(Errno::ENOENT);
  return (*file)->path();
}

}  // namespace proc
