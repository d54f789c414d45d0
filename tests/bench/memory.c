/* Page faults, mappings, and signals, which faults become. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include "bench.h"

enum { kPage = 4096, kPages = 2048 };
static volatile long g_handled;
static long g_wanted;
static char* g_page;
static int g_fd;

static void count(int signal) {
  (void)signal;
  ++g_handled;
}

static void catch_usr1(void) { signal(SIGUSR1, count); }
BENCH(sig_handle, catch_usr1) {
  const pid_t self = getpid();
  while (n-- > 0) kill(self, SIGUSR1);
}

/* The handler returns into the same fault, until it has seen enough of them. */
static void on_fault(int signal) {
  (void)signal;
  if (++g_handled == g_wanted) mprotect(g_page, kPage, PROT_READ | PROT_WRITE);
}
static void map_protected(void) {
  g_page = mmap(NULL, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MUST(g_page != MAP_FAILED);
  signal(SIGSEGV, on_fault);
}
BENCH(prot_fault, map_protected) {
  g_handled = 0;
  g_wanted = n;
  MUST(mprotect(g_page, kPage, PROT_READ) == 0);
  *(volatile char*)g_page = 1;
  MUST(g_handled == n);
}

static void touch(char* memory, long pages) {
  for (long i = 0; i < pages; ++i) *(volatile char*)(memory + i * kPage) += 1;
}

/* The operation is one page, the mapping's share included. */
BENCH(fault_anon, NULL) {
  while (n > 0) {
    const long pages = n < kPages ? n : kPages;
    char* memory = mmap(NULL, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(memory != MAP_FAILED);
    touch(memory, pages);
    munmap(memory, kPages * kPage);
    n -= pages;
  }
}

static void fill_file(void) {
  MUST((g_fd = open("/tmp/mapped", O_RDWR | O_CREAT, 0644)) >= 0);
  static char block[64 * 1024];
  for (long i = 0; i < kPages * (long)kPage; i += (long)sizeof block) {
    MUST(write(g_fd, block, sizeof block) == (ssize_t)sizeof block);
  }
}
BENCH(fault_file, fill_file) {
  long sum = 0;
  while (n > 0) {
    const long pages = n < kPages ? n : kPages;
    char* memory = mmap(NULL, kPages * kPage, PROT_READ, MAP_SHARED, g_fd, 0);
    MUST(memory != MAP_FAILED);
    for (long i = 0; i < pages; ++i) sum += *(volatile char*)(memory + i * kPage);
    munmap(memory, kPages * kPage);
    n -= pages;
  }
  MUST(sum == 0);
}

BENCH(mmap_munmap_64k, fill_file) {
  while (n-- > 0) {
    char* memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, g_fd, 0);
    MUST(memory != MAP_FAILED);
    *(volatile char*)memory = 0;
    munmap(memory, 65536);
  }
}
