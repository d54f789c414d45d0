/* The file header and the program headers. */
#include "kernel/lib/ajdrv/elf.h"

#include <string.h>

#include "kernel/lib/ajdrv/bytes.h"
#include "kernel/lib/ajdrv/elf_parts.h"

enum { kHeaderSize = 64, kProgramHeaderSize = 56, kMaxProgramHeaders = 16, kShared = 3 };
enum { kLoad = 1, kDynamic = 2, kInterpreter = 3, kNote = 4, kThreadLocal = 7, kRelro = 0x6474e552 };

static const uint16_t machines[AJDRV_ARCH_COUNT] = {62, 183, 243};

typedef struct {
  uint64_t dynamic, dynamic_size;
  bool has_dynamic, has_note;
  uint32_t note_abi;
} found_t;

static ajdrv_error_t check_header(const uint8_t* file, uint64_t size, uint16_t arch) {
  static const uint8_t identification[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
  if (size < kHeaderSize || memcmp(file, identification, sizeof(identification)) != 0) return AJDRV_E_ELF_IDENT;
  if (arch >= AJDRV_ARCH_COUNT || ajdrv_u16(file + 18) != machines[arch]) return AJDRV_E_ELF_MACHINE;
  if (ajdrv_u16(file + 16) != kShared) return AJDRV_E_ELF_TYPE;
  const uint64_t offset = ajdrv_u64(file + 32), count = ajdrv_u16(file + 56);
  if (ajdrv_u16(file + 54) != kProgramHeaderSize || count < 1 || count > kMaxProgramHeaders || offset > size ||
      count * kProgramHeaderSize > size - offset) {
    return AJDRV_E_ELF_PHDR;
  }
  return AJDRV_OK;
}

static uint64_t page_end(uint64_t address) { return (address + AJDRV_ELF_PAGE - 1) & ~(uint64_t)(AJDRV_ELF_PAGE - 1); }

static ajdrv_error_t add_segment(ajdrv_elf_t* elf, const uint8_t* header) {
  const ajdrv_segment_t segment = {ajdrv_u64(header + 16), ajdrv_u64(header + 8), ajdrv_u64(header + 32),
                                   ajdrv_u64(header + 40), ajdrv_u32(header + 4)};
  if (segment.memory_size == 0) return AJDRV_OK;
  if (elf->segment_count == AJDRV_ELF_MAX_SEGMENTS || (segment.flags & ~7u) != 0) return AJDRV_E_ELF_PHDR;
  if (segment.address >= AJDRV_ELF_MAX_IMAGE || segment.memory_size > AJDRV_ELF_MAX_IMAGE - segment.address ||
      segment.memory_size > AJDRV_MAX_SIZE || segment.file_size > segment.memory_size) {
    return AJDRV_E_ELF_PHDR;
  }
  if (segment.offset > elf->size || segment.file_size > elf->size - segment.offset) return AJDRV_E_ELF_PHDR;
  if (segment.address % AJDRV_ELF_PAGE != segment.offset % AJDRV_ELF_PAGE) return AJDRV_E_ELF_PHDR;
  /* No page belongs to two segments: each has its own rights. */
  if (segment.address < elf->image_size) return AJDRV_E_ELF_PHDR;
  if ((segment.flags & AJDRV_ELF_WRITE) != 0 && (segment.flags & AJDRV_ELF_EXECUTE) != 0) return AJDRV_E_ELF_WX;
  elf->segments[elf->segment_count++] = segment;
  elf->image_size = page_end(segment.address + segment.memory_size);
  return AJDRV_OK;
}

/* Our own note among those of a PT_NOTE; others are skipped. */
static ajdrv_error_t read_notes(ajdrv_elf_t* elf, const uint8_t* header, found_t* found) {
  static const char name[8] = "Halyard";
  uint64_t at = ajdrv_u64(header + 8), left = ajdrv_u64(header + 32);
  if (at > elf->size || left > elf->size - at) return AJDRV_E_ELF_PHDR;
  while (left >= 12) {
    const uint8_t* note = elf->file + at;
    const uint64_t name_size = (ajdrv_u32(note) + 3ull) & ~3ull, text_size = (ajdrv_u32(note + 4) + 3ull) & ~3ull;
    if (name_size + text_size > left - 12) return AJDRV_E_ELF_NOTE;
    if (ajdrv_u32(note) == sizeof(name) && memcmp(note + 12, name, sizeof(name)) == 0) {
      if (found->has_note || ajdrv_u32(note + 8) != AJDRV_NOTE_TYPE || text_size != 8) return AJDRV_E_ELF_NOTE;
      found->has_note = true;
      found->note_abi = ajdrv_u32(note + 20);
      elf->note_flags = ajdrv_u32(note + 24);
    }
    at += 12 + name_size + text_size;
    left -= 12 + name_size + text_size;
  }
  return AJDRV_OK;
}

static ajdrv_error_t set_relro(ajdrv_elf_t* elf, const uint8_t* header) {
  const uint64_t start = ajdrv_u64(header + 16), size = ajdrv_u64(header + 40);
  if (start > AJDRV_ELF_MAX_IMAGE || size > AJDRV_ELF_MAX_IMAGE || elf->relro_end != 0) return AJDRV_E_ELF_PHDR;
  /* A page that is only partly sealed stays writable. */
  elf->relro_start = start & ~(uint64_t)(AJDRV_ELF_PAGE - 1);
  elf->relro_end = (start + size) & ~(uint64_t)(AJDRV_ELF_PAGE - 1);
  return AJDRV_OK;
}

static ajdrv_error_t read_program_header(ajdrv_elf_t* elf, const uint8_t* header, found_t* found) {
  switch (ajdrv_u32(header)) {
    case kLoad: return add_segment(elf, header);
    case kInterpreter:
    case kThreadLocal: return AJDRV_E_ELF_FORBIDDEN;
    case kNote: return read_notes(elf, header, found);
    case kRelro: return set_relro(elf, header);
    case kDynamic:
      if (found->has_dynamic) return AJDRV_E_ELF_PHDR;
      found->has_dynamic = true;
      found->dynamic = ajdrv_u64(header + 16);
      found->dynamic_size = ajdrv_u64(header + 32);
      return AJDRV_OK;
    default: return AJDRV_OK;
  }
}

/* What is sealed are pages of one writable segment. */
static bool relro_is_sound(const ajdrv_elf_t* elf) {
  if (elf->relro_end <= elf->relro_start) return true;
  for (uint32_t i = 0; i < elf->segment_count; ++i) {
    const ajdrv_segment_t* segment = &elf->segments[i];
    const uint64_t start = segment->address & ~(uint64_t)(AJDRV_ELF_PAGE - 1);
    const uint64_t end = page_end(segment->address + segment->memory_size);
    if (elf->relro_start >= start && elf->relro_end <= end) return (segment->flags & AJDRV_ELF_WRITE) != 0;
  }
  return false;
}

static ajdrv_error_t read_program_headers(ajdrv_elf_t* elf, found_t* found) {
  const uint8_t* header = elf->file + ajdrv_u64(elf->file + 32);
  const uint32_t count = ajdrv_u16(elf->file + 56);
  for (uint32_t i = 0; i < count; ++i, header += kProgramHeaderSize) {
    const ajdrv_error_t error = read_program_header(elf, header, found);
    if (error != AJDRV_OK) return error;
  }
  if (elf->segment_count == 0 || !found->has_dynamic) return AJDRV_E_ELF_PHDR;
  return relro_is_sound(elf) ? AJDRV_OK : AJDRV_E_ELF_PHDR;
}

const uint8_t* ajdrv_elf_at(const ajdrv_elf_t* elf, uint64_t address, uint64_t size) {
  for (uint32_t i = 0; i < elf->segment_count; ++i) {
    const ajdrv_segment_t* segment = &elf->segments[i];
    if (address < segment->address || address - segment->address > segment->file_size) continue;
    const uint64_t skipped = address - segment->address;
    if (size <= segment->file_size - skipped) return elf->file + segment->offset + skipped;
  }
  return NULL;
}

bool ajdrv_elf_lies_in(const ajdrv_elf_t* elf, uint64_t address, uint64_t size, uint32_t flags) {
  for (uint32_t i = 0; i < elf->segment_count; ++i) {
    const ajdrv_segment_t* segment = &elf->segments[i];
    if (address < segment->address || address - segment->address >= segment->memory_size) continue;
    return (segment->flags & flags) == flags && size <= segment->memory_size - (address - segment->address);
  }
  return false;
}

ajdrv_error_t ajdrv_elf_check(const void* code, size_t size, uint16_t arch, uint16_t abi_major, bool for_kernel,
                              ajdrv_resolve_t resolve, void* context, ajdrv_elf_t* elf) {
  found_t found = {0};
  ajdrv_elf_t read;
  memset(&read, 0, sizeof(read));
  read.file = code;
  read.size = size;
  read.arch = arch;
  ajdrv_error_t error = check_header(code, size, arch);
  if (error == AJDRV_OK) error = read_program_headers(&read, &found);
  if (error == AJDRV_OK) error = ajdrv_elf_read_dynamic(&read, found.dynamic, found.dynamic_size);
  if (error == AJDRV_OK) error = ajdrv_elf_check_relocations(&read);
  if (error == AJDRV_OK) error = ajdrv_elf_check_symbols(&read, abi_major, resolve, context);
  if (error != AJDRV_OK) return error;
  if (found.has_note && found.note_abi != abi_major) return AJDRV_E_ELF_NOTE;
  if (for_kernel && (read.note_flags & AJDRV_NOTE_FOR_KERNEL) == 0) return AJDRV_E_ELF_NOTE;
  *elf = read;
  return AJDRV_OK;
}
