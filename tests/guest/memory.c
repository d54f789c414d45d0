/* Memory: mappings and their rights. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { kPage = 4096 };

static char* map(size_t size, int protection, int flags) {
  char* at = mmap(NULL, size, protection, flags | MAP_ANONYMOUS, -1, 0);
  CHECK(at != MAP_FAILED);
  return at;
}

/* The signal that `*at = 1` (or reading it) ends a child with; 0: none. */
static int signal_of(volatile char* at, int write) {
  int status;
  IN_CHILD(status, {
    if (write) {
      *at = 1;
    } else {
      (void)*at;
    }
  });
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* A wish may lie beyond what the machine has; where there is room so high up, the page is there. */
CASE(mmap_takes_any_hint) {
  for (int bit = 40; bit < 63; ++bit) {
    char* wish = (char*)(1ul << bit);
    volatile char* at = mmap(wish, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(at != MAP_FAILED);
    at[0] = 1;
    at[8191] = (char)bit;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) _exit(at[0] == 1 && at[8191] == bit ? 0 : 1);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(munmap((void*)at, 8192) == 0);
  }
}

/* Whether user addresses have 56 bits here. */
static int has_room_high_up(void) {
  char line[8192];
  int found = 0;
  FILE* info = fopen("/proc/cpuinfo", "r");
  CHECK(info != NULL);
  while (fgets(line, sizeof(line), info) != NULL)
    found |= strstr(line, " la57") != NULL || strstr(line, ": sv57") != NULL;
  fclose(info);
  return found;
}

static void* map_near(void* wish, int flags) {
  return mmap(wish, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

__attribute__((noinline)) static int answer(int question) { return question * 6; }

/* A page works wherever it is: for system calls, and for code. */
static void use_page(void* page) {
  int ends[2];
  int (*copy)(int);
  CHECK(pipe(ends) == 0 && write(ends[1], "high", 4) == 4);
  CHECK(read(ends[0], page, 4) == 4 && memcmp(page, "high", 4) == 0);
  memcpy(page, (const void*)(unsigned long)answer, 64);
  __builtin___clear_cache(page, (char*)page + 64);
  CHECK(mprotect(page, kPage, PROT_READ | PROT_EXEC) == 0);
  memcpy(&copy, &page, sizeof(copy));
  CHECK(copy(7) == 42);
}

/* Programs keep marks in the upper bits of pointers: who does not ask for memory high up gets none there. */
CASE(mmap_goes_high_up_for_a_hint_alone) {
  const int high = has_room_high_up();
  char* const stack = (char*)&high;
  char* const wish = (char*)(1ul << 52);
  CHECK(map(kPage, PROT_READ, MAP_PRIVATE) < stack);
  char* at = map_near(wish, 0);
  CHECK(at != MAP_FAILED && (high ? at == wish : at < stack));
  use_page(at);
  /* Where the wish cannot be had, and there is no such address, it still says which room is meant. */
  char* other = map_near(wish, 0);
  CHECK(other != MAP_FAILED && other != at && (other > stack) == high);
  use_page(other);
  char* highest = map_near((void*)~0ul, 0);
  CHECK(highest != MAP_FAILED && (highest > stack) == high);
  CHECK(map_near(wish + (1ul << 30), MAP_FIXED) == (high ? wish + (1ul << 30) : MAP_FAILED));
  CHECK(map(kPage, PROT_READ, MAP_PRIVATE) < stack);
}

CASE(mmap_gives_zeros) {
  char* at = map(64 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  for (int i = 0; i < 64 * kPage; ++i) CHECK(at[i] == 0);
  memset(at, 7, 64 * kPage);
  CHECK(munmap(at, 64 * kPage) == 0);
  CHECK(signal_of(at, 0) == SIGSEGV);
}

CASE(mmap_errors) {
  CHECK_ERROR((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
  CHECK_ERROR((long)mmap(NULL, kPage, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
  CHECK_ERROR((long)mmap(NULL, kPage, PROT_READ, MAP_PRIVATE, 999, 0), EBADF);
  CHECK_ERROR((long)mmap(NULL, 1UL << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
  CHECK_ERROR(munmap((void*)1, kPage), EINVAL);
  int fd = open("ro", O_RDONLY | O_CREAT, 0644);
  CHECK_ERROR((long)mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
  CHECK(mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) != MAP_FAILED);
}

CASE(mmap_fixed_replaces) {
  char* at = map(4 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  memset(at, 1, 4 * kPage);
  CHECK(mmap(at + kPage, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at + kPage);
  CHECK(at[0] == 1 && at[kPage] == 0 && at[2 * kPage] == 1);
  CHECK_ERROR((long)mmap(at, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
}

CASE(mprotect_takes_and_gives) {
  char* at = map(3 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  memset(at, 5, 3 * kPage);
  CHECK(mprotect(at + kPage, kPage, PROT_READ) == 0);
  CHECK(signal_of(at + kPage, 1) == SIGSEGV && signal_of(at, 1) == 0 && signal_of(at + kPage, 0) == 0);
  CHECK(mprotect(at + kPage, kPage, PROT_NONE) == 0);
  CHECK(signal_of(at + kPage, 0) == SIGSEGV);
  CHECK(mprotect(at + kPage, kPage, PROT_READ | PROT_WRITE) == 0);
  CHECK(at[kPage] == 5);
  at[kPage] = 6;
  CHECK_ERROR(syscall(SYS_mprotect, at + 1, kPage, PROT_READ), EINVAL); /* musl's own wrapper rounds */
  munmap(at + kPage, kPage);
  CHECK_ERROR(mprotect(at, 3 * kPage, PROT_READ), ENOMEM);
}

CASE(mprotect_none_hides_from_system_calls) {
  int fd = open("f", O_RDWR | O_CREAT, 0644);
  char* at = map(kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  at[0] = 'x';
  CHECK(mprotect(at, kPage, PROT_NONE) == 0);
  CHECK_ERROR(write(fd, at, 1), EFAULT);
}

CASE(shared_memory_is_shared) {
  char* shared = map(kPage, PROT_READ | PROT_WRITE, MAP_SHARED);
  char* private = map(kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  int status;
  IN_CHILD(status, {
    shared[10] = 42;
    private[10] = 42;
  });
  CHECK(status == 0 && shared[10] == 42 && private[10] == 0);
}

CASE(file_mapping_is_coherent) {
  int fd = open("f", O_RDWR | O_CREAT, 0644);
  CHECK(ftruncate(fd, 2 * kPage) == 0);
  char* shared = mmap(NULL, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char* private = mmap(NULL, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  CHECK(shared != MAP_FAILED && private != MAP_FAILED);
  CHECK(pwrite(fd, "written", 7, 100) == 7);
  CHECK(memcmp(shared + 100, "written", 7) == 0 && memcmp(private + 100, "written", 7) == 0);
  memcpy(shared + 5000, "mapped", 6);
  char back[6];
  CHECK(pread(fd, back, 6, 5000) == 6 && memcmp(back, "mapped", 6) == 0);
  private[5000] = 'X';
  CHECK(pread(fd, back, 1, 5000) == 1 && back[0] == 'm');
  CHECK(msync(shared, 2 * kPage, MS_SYNC) == 0);
}

CASE(file_mapping_ends_in_sigbus) {
  int fd = open("f", O_RDWR | O_CREAT, 0644);
  CHECK(ftruncate(fd, 100) == 0);
  char* at = mmap(NULL, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(at != MAP_FAILED && at[200] == 0);
  CHECK(signal_of(at + kPage, 0) == SIGBUS);
  CHECK(ftruncate(fd, 2 * kPage) == 0);
  CHECK(signal_of(at + kPage, 0) == 0);
  at[kPage] = 1;
  CHECK(ftruncate(fd, kPage) == 0);
  CHECK(signal_of(at + kPage, 0) == SIGBUS);
}

CASE(memory_not_executable) {
  char* at = map(kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  int status;
  IN_CHILD(status, ((void (*)(void))at)());
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

CASE(mremap_grows_and_moves) {
  char* at = map(2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  at[0] = 1;
  at[kPage] = 2;
  char* moved = mremap(at, 2 * kPage, 100 * kPage, MREMAP_MAYMOVE);
  CHECK(moved != MAP_FAILED && moved[0] == 1 && moved[kPage] == 2 && moved[99 * kPage] == 0);
  CHECK(mremap(moved, 100 * kPage, kPage, 0) == moved);
  CHECK(signal_of(moved + kPage, 0) == SIGSEGV);
  char* target = map(4 * kPage, PROT_NONE, MAP_PRIVATE);
  CHECK(mremap(moved, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target && target[0] == 1);
  CHECK(signal_of(moved, 0) == SIGSEGV);
}

CASE(break_moves) {
  /* The call itself: musl's sbrk() refuses to move anything. */
  char* start = (char*)syscall(SYS_brk, 0);
  CHECK((char*)syscall(SYS_brk, start + 10 * kPage) == start + 10 * kPage);
  memset(start, 3, 10 * kPage);
  CHECK((char*)syscall(SYS_brk, start + 5 * kPage) == start + 5 * kPage);
  CHECK((char*)syscall(SYS_brk, 0) == start + 5 * kPage && start[0] == 3);
}

CASE(madvise_dontneed_zeroes) {
  char* at = map(4 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  memset(at, 9, 4 * kPage);
  CHECK(madvise(at + kPage, 2 * kPage, MADV_DONTNEED) == 0);
  CHECK(at[0] == 9 && at[kPage] == 0 && at[2 * kPage] == 0 && at[3 * kPage] == 9);
  CHECK_ERROR(madvise(at + 1, kPage, MADV_DONTNEED), EINVAL);
}

CASE(mincore_sees_residency) {
  unsigned char vector[4];
  char* at = map(4 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  at[kPage] = 1;
  CHECK(mincore(at, 4 * kPage, vector) == 0);
  CHECK((vector[0] & 1) == 0 && (vector[1] & 1) == 1);
}

CASE(fork_keeps_shared_and_copies_private_deeply) {
  char* at = map(16 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  for (int i = 0; i < 16; ++i) at[i * kPage] = (char)i;
  for (int round = 0; round < 20; ++round) {
    int status;
    IN_CHILD(status, {
      for (int i = 0; i < 16; ++i) {
        CHECK(at[i * kPage] == (char)(i + (i == 3 ? round : 0)));
        at[i * kPage] = 77;
      }
    });
    CHECK(status == 0);
    at[3 * kPage] = (char)(3 + round + 1);
  }
}

CASE(many_mappings) {
  enum { kCount = 1000 };
  static char* maps[kCount];
  for (int i = 0; i < kCount; ++i) {
    maps[i] = map(2 * kPage, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE);
    if (i % 2 == 0) maps[i][0] = (char)i;
  }
  for (int i = 0; i < kCount; i += 3) CHECK(munmap(maps[i], 2 * kPage) == 0);
  for (int i = 0; i < kCount; ++i) {
    if (i % 3 != 0 && i % 2 == 0) CHECK(maps[i][0] == (char)i);
  }
}
