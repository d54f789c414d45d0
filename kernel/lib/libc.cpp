// The C library functions that compilers and third-party C code assume. memcpy, memmove, memset and memcmp are the
// architecture's (arch/X/memory.S).

#include "kernel/lib/types.hpp"

extern "C" {

usize strlen(const char* text) {
  usize length = 0;
  while (text[length] != 0) ++length;
  return length;
}

usize strnlen(const char* text, usize limit) {
  usize length = 0;
  while (length < limit && text[length] != 0) ++length;
  return length;
}

int strcmp(const char* a, const char* b) {
  for (; *a != 0 && *a == *b; ++a, ++b) {}
  return static_cast<u8>(*a) - static_cast<u8>(*b);
}

int strncmp(const char* a, const char* b, usize limit) {
  for (; limit != 0; ++a, ++b, --limit) {
    if (*a != *b || *a == 0) return static_cast<u8>(*a) - static_cast<u8>(*b);
  }
  return 0;
}

char* strchr(const char* text, int wanted) {
  for (;; ++text) {
    if (*text == static_cast<char>(wanted)) return const_cast<char*>(text);
    if (*text == 0) return nullptr;
  }
}

char* strrchr(const char* text, int wanted) {
  char* found = nullptr;
  for (;; ++text) {
    if (*text == static_cast<char>(wanted)) found = const_cast<char*>(text);
    if (*text == 0) return found;
  }
}

void* memchr(const void* memory, int wanted, usize size) {
  const u8* at = static_cast<const u8*>(memory);
  for (; size != 0; ++at, --size) {
    if (*at == static_cast<u8>(wanted)) return const_cast<u8*>(at);
  }
  return nullptr;
}

}  // extern "C"
