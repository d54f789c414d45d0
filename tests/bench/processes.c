/* Making and ending processes and threads, and changing from one to another. */
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "bench.h"

BENCH(fork_exit, NULL) {
  while (n-- > 0) {
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    MUST(waitpid(pid, NULL, 0) == pid);
  }
}

BENCH(fork_exec, NULL) {
  while (n-- > 0) {
    const pid_t pid = fork();
    if (pid == 0) {
      execl("/init", "/init", "exit", NULL);
      _exit(1);
    }
    int status;
    MUST(waitpid(pid, &status, 0) == pid && status == 0);
  }
}

static void* nothing(void* argument) { return argument; }
BENCH(thread_create_join, NULL) {
  while (n-- > 0) {
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, nothing, NULL) == 0);
    pthread_join(thread, NULL);
  }
}

/* The operation is one of the thousand: made, asleep, killed, waited for. */
BENCH(fork_1000_sleepers, NULL) {
  static pid_t pids[1000];
  while (n > 0) {
    const long some = n < 1000 ? n : 1000;
    for (long i = 0; i < some; ++i) {
      pids[i] = fork();
      MUST(pids[i] >= 0);
      if (pids[i] == 0) {
        pause();
        _exit(0);
      }
    }
    for (long i = 0; i < some; ++i) kill(pids[i], SIGKILL);
    for (long i = 0; i < some; ++i) MUST(waitpid(pids[i], NULL, 0) == pids[i]);
    n -= some;
  }
}

/* A token goes round a ring of processes; each one reads through its memory when it has it. One hop is the operation.
 */
static int g_in, g_out, g_ring;
static void make_ring(int processes, size_t memory_size) {
  int first[2], previous[2];
  MUST(pipe(first) == 0);
  previous[0] = first[0];
  for (int i = 1; i < processes; ++i) {
    int next[2];
    MUST(pipe(next) == 0);
    if (fork() == 0) {
      char* memory = calloc(1, memory_size + 1);
      char token;
      while (read(previous[0], &token, 1) == 1) {
        for (size_t at = 0; at < memory_size; at += 64) token = (char)(token + memory[at]);
        if (write(next[1], &token, 1) != 1) break;
      }
      _exit(0);
    }
    previous[0] = next[0];
  }
  g_in = previous[0];
  g_out = first[1];
  g_ring = processes;
}
static void go_round(long n) {
  for (; n > 0; n -= g_ring) {
    char token = 0;
    MUST(write(g_out, &token, 1) == 1 && read(g_in, &token, 1) == 1);
  }
}
static void make_ring_of_2(void) { make_ring(2, 0); }
BENCH(ctx_2p_0k, make_ring_of_2) { go_round(n); }
static void make_ring_of_8(void) { make_ring(8, 16384); }
BENCH(ctx_8p_16k, make_ring_of_8) { go_round(n); }

static uint32_t* g_word;
static void wait_while(uint32_t value) {
  while (__atomic_load_n(g_word, __ATOMIC_ACQUIRE) == value)
    syscall(SYS_futex, g_word, FUTEX_WAIT, value, NULL, NULL, 0);
}
static void change_to(uint32_t value) {
  __atomic_store_n(g_word, value, __ATOMIC_RELEASE);
  syscall(SYS_futex, g_word, FUTEX_WAKE, 1, NULL, NULL, 0);
}
static void* answer_futex(void* argument) {
  for (;;) {
    wait_while(0);
    change_to(0);
  }
  return argument;
}
static void start_futex_partner(void) {
  static uint32_t word;
  g_word = &word;
  pthread_t thread;
  MUST(pthread_create(&thread, NULL, answer_futex, NULL) == 0);
}
BENCH(futex_pingpong, start_futex_partner) {
  while (n-- > 0) {
    change_to(1);
    wait_while(1);
  }
}
