/*
 * Vector registers: what a program has in them is its own, through switches, forks and signals.
 *
 * Each architecture offers code that fills all its vector registers from memory, waits or makes a system call, and
 * stores them all again, in one piece, so that the compiler cannot use them in between. A RISC-V CPU may lack them, as
 * AT_HWCAP says; then there is nothing to look at, and the cases pass.
 */
#include "check.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>

enum { kRoom = 32 * 256 };

/* Fills all registers from in; stores all to out. WAIT ends when *stop is not 0 or after so many turns. */
#if defined(__x86_64__)
#define NUMBERS "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"
#define FILL    ".irp n," NUMBERS "\nmovups 16*\\n(%[in]), %%xmm\\n\n.endr\n"
#define STORE   ".irp n," NUMBERS "\nmovups %%xmm\\n, 16*\\n(%[out])\n.endr\n"
#define WAIT    "1: cmpl $0, (%[stop])\njne 2f\ndecq %[turns]\njnz 1b\n2:\n"
#define CALL    "syscall\n"
#define CLOBBERED                                                                                               \
  "cc", "memory", "rcx", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", \
      "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define NUMBER_REGISTER "rax"
#define FIRST_REGISTER  "rdi"
static size_t registers_size(void) { return 16 * 16; }

#elif defined(__aarch64__)
#define NUMBERS "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
#define FILL    ".irp n," NUMBERS "\nldr q\\n, [%[in], 16*\\n]\n.endr\n"
#define STORE   ".irp n," NUMBERS "\nstr q\\n, [%[out], 16*\\n]\n.endr\n"
#define WAIT    "1: ldr w9, [%[stop]]\ncbnz w9, 2f\nsubs %[turns], %[turns], 1\nb.ne 1b\n2:\n"
#define CALL    "svc 0\n"
#define CLOBBERED                                                                                                      \
  "cc", "memory", "x9", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", \
      "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30",  \
      "v31"
#define NUMBER_REGISTER "x8"
#define FIRST_REGISTER  "x0"
static size_t registers_size(void) { return 32 * 16; }

#else
/* The compiler knows no vector registers here, so it uses none. */
#define WITH_VECTORS(code) ".option push\n.option arch, +v\n" code ".option pop\n"
#define GROUPS(move, at)                                                                                    \
  WITH_VECTORS("csrr t0, vlenb\nslli t0, t0, 3\nmv t1, %[" at "]\n" move " v0, (t1)\nadd t1, t1, t0\n" move \
               " v8, (t1)\nadd t1, t1, t0\n" move " v16, (t1)\nadd t1, t1, t0\n" move " v24, (t1)\n")
#define FILL            GROUPS("vl8re8.v", "in")
#define STORE           GROUPS("vs8r.v", "out")
#define WAIT            "1: lw t0, (%[stop])\nbnez t0, 2f\naddi %[turns], %[turns], -1\nbnez %[turns], 1b\n2:\n"
#define CALL            "ecall\n"
#define CLOBBERED       "memory", "t0", "t1"
#define NUMBER_REGISTER "a7"
#define FIRST_REGISTER  "a0"
static size_t registers_size(void) {
  size_t bytes;
  if ((getauxval(AT_HWCAP) & 1ul << ('v' - 'a')) == 0) return 0;
  asm volatile(WITH_VECTORS("csrr %0, vlenb\n") : "=r"(bytes));
  CHECK(bytes != 0 && bytes * 32 <= kRoom);
  return bytes * 32;
}
#endif

static void hold(const unsigned char* in, unsigned char* out, const volatile int* stop, long turns) {
  asm volatile(FILL WAIT STORE : [turns] "+r"(turns) : [in] "r"(in), [out] "r"(out), [stop] "r"(stop) : CLOBBERED);
}

/* fork() with all registers full. */
static long hold_and_fork(const unsigned char* in, unsigned char* out) {
  register long number asm(NUMBER_REGISTER) = SYS_clone;
  register long first asm(FIRST_REGISTER) = SIGCHLD;
#if defined(__x86_64__)
  register long second asm("rsi") = 0, third asm("rdx") = 0, fourth asm("r10") = 0, fifth asm("r8") = 0;
  asm volatile(FILL CALL STORE
               : "+r"(number)
               : "r"(first), "r"(second), "r"(third), "r"(fourth), "r"(fifth), [in] "r"(in), [out] "r"(out)
               : CLOBBERED);
  return number;
#else
#if defined(__aarch64__)
  register long second asm("x1") = 0, third asm("x2") = 0, fourth asm("x3") = 0, fifth asm("x4") = 0;
#else
  register long second asm("a1") = 0, third asm("a2") = 0, fourth asm("a3") = 0, fifth asm("a4") = 0;
#endif
  asm volatile(FILL CALL STORE
               : "+r"(first)
               : "r"(number), "r"(second), "r"(third), "r"(fourth), "r"(fifth), [in] "r"(in), [out] "r"(out)
               : CLOBBERED);
  return first;
#endif
}

static void fill(unsigned char* place, int seed) {
  for (int i = 0; i < kRoom; ++i) place[i] = (unsigned char)(i * 7 + i / 256 + seed * 31);
}

static const volatile int never = 0, at_once = 1;

/* True if the registers are at the end what they were at the start. */
static int keeps(int seed) {
  unsigned char in[kRoom], out[kRoom];
  fill(in, seed);
  memset(out, 0, sizeof out);
  hold(in, out, &never, 8 * 1000 * 1000);
  return memcmp(in, out, registers_size()) == 0;
}

CASE(vectors_of_processes_are_apart) {
  enum { kChildren = 6 };
  pid_t children[kChildren];
  if (registers_size() == 0) return;
  for (int i = 0; i < kChildren; ++i) {
    children[i] = fork();
    CHECK(children[i] >= 0);
    if (children[i] == 0) _exit(keeps(i + 1) ? 0 : 1);
  }
  for (int i = 0; i < kChildren; ++i) {
    int status;
    CHECK(waitpid(children[i], &status, 0) == children[i] && status == 0);
  }
}

static void* thread_keeps(void* seed) { return (void*)(intptr_t)keeps((int)(intptr_t)seed); }

CASE(vectors_of_threads_are_apart) {
  enum { kThreads = 5 };
  pthread_t threads[kThreads];
  if (registers_size() == 0) return;
  for (int i = 0; i < kThreads; ++i) {
    CHECK(pthread_create(&threads[i], NULL, thread_keeps, (void*)(intptr_t)(i + 1)) == 0);
  }
  for (int i = 0; i < kThreads; ++i) {
    void* kept;
    CHECK(pthread_join(threads[i], &kept) == 0 && kept != NULL);
  }
}

/* Linux on RISC-V gives a program no promise about them at system calls; here they are kept on all. */
CASE(vectors_are_forked) {
  unsigned char in[kRoom], out[kRoom];
  int status;
  if (registers_size() == 0) return;
  fill(in, 9);
  memset(out, 0, sizeof out);
  const long child = hold_and_fork(in, out);
  const int same = memcmp(in, out, registers_size()) == 0;
  if (child == 0) _exit(same ? 0 : 1);
  CHECK(child > 0 && same);
  CHECK(waitpid((pid_t)child, &status, 0) == child && status == 0);
}

static volatile int signals_are_enough, signals;
static void destroy_registers(int signal) {
  unsigned char in[kRoom], out[kRoom];
  (void)signal;
  fill(in, 100 + signals);
  hold(in, out, &at_once, 1);
  if (++signals == 30) signals_are_enough = 1;
}

CASE(vectors_survive_signal_handlers) {
  unsigned char in[kRoom], out[kRoom];
  const struct itimerval often = {{0, 2000}, {0, 2000}};
  if (registers_size() == 0) return;
  fill(in, 3);
  memset(out, 0, sizeof out);
  CHECK(signal(SIGALRM, destroy_registers) != SIG_ERR && setitimer(ITIMER_REAL, &often, NULL) == 0);
  hold(in, out, &signals_are_enough, LONG_MAX);
  CHECK(memcmp(in, out, registers_size()) == 0);
}

/* Where a signal frame has the registers; their order is that of STORE. */
static unsigned char* registers_in(ucontext_t* context) {
#if defined(__x86_64__)
  return (unsigned char*)context->uc_mcontext.fpregs->_xmm;
#elif defined(__aarch64__)
  /* struct fpsimd_context: magic, size, fpsr, fpcr, registers. */
  unsigned char* at = (unsigned char*)context->uc_mcontext.__reserved;
  uint32_t head[2];
  for (;; at += head[1]) {
    memcpy(head, at, sizeof head);
    if (head[0] == 0x46508001) return at + 16;
    CHECK(head[0] != 0 && head[1] != 0);
  }
#else
  /* A header in the last words of the context, struct __riscv_v_ext_state behind it, whose last member points on. */
  const unsigned char* end = (unsigned char*)(&context->uc_mcontext + 1);
  uint32_t head[2];
  uint64_t state[6];
  memcpy(head, end - sizeof head, sizeof head);
  memcpy(state, end, sizeof state);
  CHECK(head[0] == 0x53465457 && head[1] == sizeof head + sizeof state + registers_size());
  CHECK(state[4] * 32 == registers_size() && state[5] == (uint64_t)(uintptr_t)(end + sizeof state));
  unsigned char* place = (unsigned char*)(uintptr_t)state[5];
  uint64_t last;
  memcpy(&last, place + registers_size(), sizeof last);
  CHECK(last == 0);
  return place;
#endif
}

static unsigned char before[kRoom], after[kRoom];
static void exchange_registers(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  if (signals_are_enough) return;
  unsigned char* saved = registers_in(context);
  CHECK(memcmp(saved, before, registers_size()) == 0);
  memcpy(saved, after, registers_size());
  signals_are_enough = 1;
}

CASE(vectors_are_in_the_signal_frame) {
  unsigned char out[kRoom];
  const struct itimerval once = {{0, 0}, {0, 20000}};
  struct sigaction action = {0};
  if (registers_size() == 0) return;
  fill(before, 5);
  fill(after, 6);
  action.sa_sigaction = exchange_registers;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &once, NULL) == 0);
  hold(before, out, &signals_are_enough, LONG_MAX);
  CHECK(memcmp(out, after, registers_size()) == 0);
}
