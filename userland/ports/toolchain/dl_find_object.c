/*
 * _dl_find_object for musl. GCC's unwinder, as Debian builds it, asks glibc by this function where the unwind tables
 * for an address are; musl has dl_iterate_phdr, which can answer it. Linked into programs that unwind.
 */
#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>

/* As in glibc's <dlfcn.h>, on the architectures without the fields for a data base and an entry count. */
struct dl_find_object {
  unsigned long long flags;
  void* map_start;
  void* map_end;
  struct link_map* link_map;
  void* eh_frame;
  unsigned long long reserved[7];
};

struct search {
  uintptr_t address;
  struct dl_find_object* result;
};

static int visit(struct dl_phdr_info* info, size_t size, void* data) {
  (void)size;
  struct search* search = data;
  int found = 0;
  void* tables = 0;
  for (unsigned i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr)* segment = &info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + segment->p_vaddr;
    if (segment->p_type == PT_GNU_EH_FRAME) tables = (void*)start;
    if (segment->p_type != PT_LOAD || search->address - start >= segment->p_memsz) continue;
    found = 1;
    search->result->map_start = (void*)start;
    search->result->map_end = (void*)(start + segment->p_memsz);
  }
  search->result->eh_frame = tables;
  return found;
}

int _dl_find_object(void* address, struct dl_find_object* result) {
  struct search search = {(uintptr_t)address, result};
  result->flags = 0;
  result->link_map = 0;
  return dl_iterate_phdr(visit, &search) && result->eh_frame ? 0 : -1;
}
