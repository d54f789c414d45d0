/* The shared object that the kernel maps into every program. */
#include "check.h"

#include <elf.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

static const unsigned char* base(void) { return (const unsigned char*)getauxval(AT_SYSINFO_EHDR); }

static const Elf64_Phdr* segment(Elf64_Word type) {
  const Elf64_Ehdr* header = (const Elf64_Ehdr*)base();
  const Elf64_Phdr* segments = (const Elf64_Phdr*)(base() + header->e_phoff);
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segments[i].p_type == type) return &segments[i];
  }
  return NULL;
}

static const void* dynamic(Elf64_Sxword tag) {
  const Elf64_Dyn* entry = (const Elf64_Dyn*)(base() + segment(PT_DYNAMIC)->p_vaddr);
  for (; entry->d_tag != DT_NULL; ++entry) {
    /* Linux leaves the addresses as they are in the file. */
    if (entry->d_tag == tag) return base() + entry->d_un.d_ptr;
  }
  return NULL;
}

/* A function of the vDSO, by its name without what architectures put before it; null if there is none. */
static void* function(const char* name) {
  const Elf64_Sym* symbol = dynamic(DT_SYMTAB);
  const char* names = dynamic(DT_STRTAB);
  CHECK(symbol != NULL && names != NULL && (const char*)symbol < names);
  for (; (const char*)symbol < names; ++symbol) {
    const char* own = names + symbol->st_name;
    if (strncmp(own, "__vdso_", 7) == 0 && strcmp(own + 7, name) == 0) return (void*)(base() + symbol->st_value);
    if (strncmp(own, "__kernel_", 9) == 0 && strcmp(own + 9, name) == 0) return (void*)(base() + symbol->st_value);
  }
  return NULL;
}

static long long ns_of(const struct timespec* time) { return time->tv_sec * 1000000000ll + time->tv_nsec; }

static long long ask_kernel(int clock) {
  struct timespec now;
  CHECK(syscall(SYS_clock_gettime, clock, &now) == 0);
  return ns_of(&now);
}

CASE(vdso_is_a_shared_object) {
  CHECK(base() != NULL && (uintptr_t)base() % 4096 == 0);
  const Elf64_Ehdr* header = (const Elf64_Ehdr*)base();
  CHECK(memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == ELFCLASS64);
  CHECK(header->e_type == ET_DYN);
  const Elf64_Phdr* code = segment(PT_LOAD);
  CHECK(code != NULL && code->p_flags == (PF_R | PF_X) && code->p_offset == 0);
}

CASE(vdso_cannot_be_written) {
  int status;
  IN_CHILD(status, *(volatile unsigned char*)base() = 0);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

CASE(vdso_is_named_in_maps) {
  FILE* maps = fopen("/proc/self/maps", "r");
  char line[300];
  unsigned long start = 0, end = 0;
  CHECK(maps != NULL);
  while (fgets(line, sizeof line, maps) != NULL) {
    if (strstr(line, "[vdso]") != NULL) CHECK(sscanf(line, "%lx-%lx r-xp", &start, &end) == 2);
  }
  CHECK(start == (unsigned long)base() && end > start);
}

CASE(vdso_clock_agrees_with_the_call) {
  static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_TAI};
  int (*get)(int, struct timespec*) = function("clock_gettime");
  CHECK(get != NULL);
  for (int round = 0; round < 200; ++round) {
    const int clock = clocks[round % 5];
    struct timespec now;
    const long long before = ask_kernel(clock);
    CHECK(get(clock, &now) == 0);
    const long long after = ask_kernel(clock);
    CHECK(now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
    CHECK(before <= ns_of(&now) && ns_of(&now) <= after);
  }
}

CASE(vdso_clock_asks_the_kernel_for_the_time_of_processes) {
  int (*get)(int, struct timespec*) = function("clock_gettime");
  struct timespec now;
  CHECK(get(CLOCK_PROCESS_CPUTIME_ID, &now) == 0 && ns_of(&now) > 0);
  CHECK(get(CLOCK_THREAD_CPUTIME_ID, &now) == 0 && ns_of(&now) > 0);
  /* An error comes as the kernel says it, not by errno. */
  CHECK(get(77, &now) == -EINVAL);
}

CASE(vdso_clock_getres_agrees_with_the_call) {
  int (*get)(int, struct timespec*) = function("clock_getres");
  struct timespec mine, kernels;
  CHECK(get != NULL && get(CLOCK_MONOTONIC, &mine) == 0);
  CHECK(syscall(SYS_clock_getres, CLOCK_MONOTONIC, &kernels) == 0 && ns_of(&mine) == ns_of(&kernels));
  CHECK(get(CLOCK_MONOTONIC, NULL) == 0);
}

CASE(vdso_gettimeofday_agrees_with_the_clock) {
  int (*get)(struct timeval*, void*) = function("gettimeofday");
  struct timeval now;
  struct timezone zone = {.tz_minuteswest = 99};
  CHECK(get != NULL);
  const long long before = ask_kernel(CLOCK_REALTIME) / 1000;
  CHECK(get(&now, NULL) == 0);
  const long long after = ask_kernel(CLOCK_REALTIME) / 1000;
  const long long us = now.tv_sec * 1000000ll + now.tv_usec;
  CHECK(before <= us && us <= after && now.tv_usec < 1000000);
  CHECK(get(NULL, NULL) == 0 && get(NULL, &zone) == 0 && zone.tz_minuteswest == 0);
}

CASE(vdso_clock_does_not_go_back_from_cpu_to_cpu) {
  int (*get)(int, struct timespec*) = function("clock_gettime");
  cpu_set_t all, one;
  long long last = 0;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  for (int round = 0; round < 50; ++round) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &all)) continue;
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
      struct timespec now;
      CHECK(get(CLOCK_MONOTONIC, &now) == 0 && ns_of(&now) >= last);
      last = ns_of(&now);
    }
  }
}

CASE(vdso_getcpu_agrees_with_the_call) {
  long (*get)(unsigned*, unsigned*, void*) = function("getcpu");
  if (get == NULL) return; /* not on AArch64 */
  cpu_set_t all, one;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &all)) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    unsigned is = ~0u, node = ~0u, kernels_node = ~0u;
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(get(&is, &node, NULL) == 0 && is == (unsigned)cpu);
    CHECK(syscall(SYS_getcpu, &is, &kernels_node, NULL) == 0 && is == (unsigned)cpu && node == kernels_node);
    CHECK(get(NULL, NULL, NULL) == 0);
  }
}
