/* What several CPUs do to each other: many sleepers and wakers, and translations that one CPU changes under another. */
#include "check.h"

#include <linux/futex.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { kThreads = 8, kPage = 4096 };

static _Atomic unsigned turn;
static unsigned rounds;

static void* take_turns(void* argument) {
  const unsigned self = (unsigned)(long)argument;
  for (unsigned round = 0; round < rounds; ++round) {
    const unsigned mine = round * kThreads + self;
    for (unsigned now; (now = atomic_load(&turn)) != mine;)
      syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
    atomic_store(&turn, mine + 1);
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, kThreads, NULL, NULL, 0);
  }
  return NULL;
}

CASE(futex_storm_loses_no_turn) {
  pthread_t threads[kThreads];
  rounds = 400;
  for (long i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, take_turns, (void*)i) == 0);
  for (int i = 0; i < kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(turn == rounds * kThreads);
}

static pthread_barrier_t barrier;
static _Atomic int arrived;

static void* meet(void* argument) {
  for (int round = 1; round <= 300; ++round) {
    atomic_fetch_add(&arrived, 1);
    pthread_barrier_wait(&barrier);
    if (atomic_load(&arrived) != round * kThreads) return argument;
    pthread_barrier_wait(&barrier);
  }
  return NULL;
}

CASE(barrier_storm_keeps_step) {
  pthread_t threads[kThreads];
  CHECK(pthread_barrier_init(&barrier, NULL, kThreads) == 0);
  for (int i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, meet, &barrier) == 0);
  for (int i = 0; i < kThreads; ++i) {
    void* wrong;
    CHECK(pthread_join(threads[i], &wrong) == 0 && wrong == NULL);
  }
}

/* Readers of a page whose translation another thread changes. A read that faults says so instead of ending them. */
static _Thread_local sigjmp_buf faulted;
static volatile unsigned* page;
static _Atomic unsigned published; /* no smaller number may be read any more */
static _Atomic int is_over, saw_old;
static _Atomic long successes;

static void on_fault(int signal) {
  (void)signal;
  siglongjmp(faulted, 1);
}

static void* read_on(void* argument) {
  while (!atomic_load(&is_over)) {
    const unsigned least = atomic_load(&published);
    if (sigsetjmp(faulted, 1) != 0) continue;
    if (*page < least) atomic_store(&saw_old, 1);
    atomic_fetch_add(&successes, 1);
  }
  return argument;
}

static unsigned* fresh_page(unsigned content) {
  unsigned* fresh = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(fresh != MAP_FAILED);
  *fresh = content;
  return fresh;
}

static void with_readers(void (*change)(unsigned round), unsigned changes) {
  pthread_t threads[3];
  signal(SIGSEGV, on_fault);
  page = fresh_page(0);
  for (int i = 0; i < 3; ++i) CHECK(pthread_create(&threads[i], NULL, read_on, NULL) == 0);
  while (atomic_load(&successes) == 0) sched_yield();
  for (unsigned round = 1; round <= changes; ++round) change(round);
  atomic_store(&is_over, 1);
  for (int i = 0; i < 3; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(!saw_old);
}

static void replace_page(unsigned round) {
  CHECK(mremap(fresh_page(round), kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, (void*)page) == (void*)page);
  atomic_store(&published, round);
}
CASE(replaced_page_is_seen_by_all_cpus) { with_readers(replace_page, 1000); }

/* After mprotect() has returned nobody reads the page until it is given back. */
#define TAKEN 0x80000000u
static void take_and_give(unsigned round) {
  CHECK(mprotect((void*)page, kPage, PROT_NONE) == 0);
  atomic_store(&published, TAKEN | round);
  sched_yield();
  atomic_store(&published, round);
  CHECK(mprotect((void*)page, kPage, PROT_READ | PROT_WRITE) == 0);
}
static void* read_what_is_taken(void* argument) {
  while (!atomic_load(&is_over)) {
    const unsigned state = atomic_load(&published);
    if ((state & TAKEN) == 0 || sigsetjmp(faulted, 1) != 0) continue;
    (void)*page;
    /* It was taken before the look at the page and after it, in the same round. */
    if (atomic_load(&published) == state) atomic_store(&saw_old, 1);
  }
  return argument;
}
CASE(taken_page_is_taken_from_all_cpus) {
  pthread_t threads[3];
  signal(SIGSEGV, on_fault);
  page = fresh_page(0);
  for (int i = 0; i < 3; ++i) CHECK(pthread_create(&threads[i], NULL, read_what_is_taken, NULL) == 0);
  for (unsigned round = 1; round <= 1000; ++round) take_and_give(round);
  atomic_store(&is_over, 1);
  for (int i = 0; i < 3; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(!saw_old);
}

static void* count_up(void* argument) {
  volatile unsigned long* count = argument;
  while (!atomic_load(&is_over)) ++*count;
  return NULL;
}

/* A CPU that still could write after fork() made the page read-only would write into the child's copy. */
CASE(fork_freezes_what_other_cpus_write) {
  unsigned long* count = (unsigned long*)fresh_page(0);
  pthread_t writers[2];
  for (int i = 0; i < 2; ++i) CHECK(pthread_create(&writers[i], NULL, count_up, count) == 0);
  for (int i = 0; i < 50; ++i) {
    int status = 0;
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      const unsigned long first = *(volatile unsigned long*)count;
      for (volatile int spin = 0; spin < 20000; ++spin) {}
      _exit(*(volatile unsigned long*)count != first);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  }
  atomic_store(&is_over, 1);
  for (int i = 0; i < 2; ++i) CHECK(pthread_join(writers[i], NULL) == 0);
}

static void fork_and_reap(int children) {
  for (int i = 0; i < children; ++i) {
    int status = 0;
    const pid_t pid = fork();
    if (pid == 0) _exit(i & 0x7f);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != (i & 0x7f)) _exit(1);
  }
  _exit(0);
}

CASE(fork_storm_loses_no_child) {
  pid_t parents[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    parents[i] = fork();
    CHECK(parents[i] >= 0);
    if (parents[i] == 0) fork_and_reap(40);
  }
  for (int i = 0; i < kThreads; ++i) {
    int status = 0;
    CHECK(waitpid(parents[i], &status, 0) == parents[i] && status == 0);
  }
}

/* Each of the threads sends to the next one, while it is interrupted by what the one before sends. */
enum { kSignals = 200 };
static _Atomic int signals_got[kThreads];
static pid_t thread_ids[kThreads];
static _Thread_local int ring_place;

static void on_queued(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)context;
  /* They come in their order. */
  if (info->si_value.sival_int == atomic_load(&signals_got[ring_place])) atomic_fetch_add(&signals_got[ring_place], 1);
}

static void* pass_on(void* argument) {
  ring_place = (int)(long)argument;
  const int next = (ring_place + 1) % kThreads;
  thread_ids[ring_place] = (pid_t)syscall(SYS_gettid);
  pthread_barrier_wait(&barrier);
  for (int sent = 0; sent < kSignals;) {
    siginfo_t info = {.si_code = SI_QUEUE, .si_pid = getpid(), .si_uid = getuid()};
    info.si_value.sival_int = sent;
    if (syscall(SYS_rt_tgsigqueueinfo, getpid(), thread_ids[next], SIGRTMIN, &info) == 0) {
      ++sent;
    } else {
      sched_yield(); /* too many are queued */
    }
  }
  while (atomic_load(&signals_got[ring_place]) != kSignals) sched_yield();
  return NULL;
}

CASE(signal_storm_loses_none) {
  pthread_t threads[kThreads];
  struct sigaction action = {.sa_sigaction = on_queued, .sa_flags = SA_SIGINFO | SA_RESTART};
  CHECK(sigaction(SIGRTMIN, &action, NULL) == 0);
  CHECK(pthread_barrier_init(&barrier, NULL, kThreads) == 0);
  for (long i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, pass_on, (void*)i) == 0);
  for (int i = 0; i < kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
}

/* Programs that have different things at the same addresses, in turn on the same CPUs: nobody ever sees another's, or
   what it has itself taken away. */
enum { kPrograms = 12, kPages = 4, kTurns = 20 };
static volatile unsigned* area;

static volatile unsigned* word_of(int number) { return area + (size_t)number * kPage / sizeof(*area); }

static int writing_faults(volatile unsigned* word) {
  if (sigsetjmp(faulted, 1) != 0) return 1;
  *word = 0;
  return 0;
}

static int change_and_look(unsigned stamp, int number) {
  volatile unsigned* word = word_of(number);
  void* place = (void*)word;
  switch (stamp % 3) {
    case 0:
      if (munmap(place, kPage) != 0 || !writing_faults(word)) return 1;
      if (mmap(place, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != place) return 2;
      sched_yield();
      return *word != 0 ? 3 : 0;
    case 1:
      if (mprotect(place, kPage, PROT_READ) != 0) return 4;
      sched_yield();
      if (*word != stamp || !writing_faults(word)) return 5;
      return mprotect(place, kPage, PROT_READ | PROT_WRITE) == 0 ? 0 : 6;
    default: {
      int status = 0;
      const pid_t pid = fork();
      if (pid == 0) {
        if (*word != stamp) _exit(7);
        *word = ~stamp;
        sched_yield();
        _exit(*word == ~stamp ? 0 : 8);
      }
      if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) return 9;
      return *word == stamp ? 0 : 10;
    }
  }
}

static int take_turns_as(unsigned self) {
  for (unsigned turns = 0; turns < kTurns; ++turns) {
    const unsigned stamp = self * kTurns + turns + 1;
    for (int i = 0; i < kPages; ++i) *word_of(i) = stamp;
    sched_yield();
    for (int i = 0; i < kPages; ++i) {
      if (*word_of(i) != stamp) return 11;
    }
    const int wrong = change_and_look(stamp, (int)(turns % kPages));
    if (wrong != 0) return wrong;
  }
  return 0;
}

CASE(programs_at_the_same_addresses_keep_their_own) {
  pid_t programs[kPrograms];
  signal(SIGSEGV, on_fault);
  area = mmap(NULL, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK((void*)area != MAP_FAILED);
  for (unsigned i = 0; i < kPrograms; ++i) {
    programs[i] = fork();
    CHECK(programs[i] >= 0);
    if (programs[i] == 0) _exit(take_turns_as(i));
  }
  for (int i = 0; i < kPrograms; ++i) {
    int status = 0;
    CHECK(waitpid(programs[i], &status, 0) == programs[i]);
    CHECK(status == 0);
  }
}
