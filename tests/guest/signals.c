/* Signals: handlers, masks, queues, restarts, stacks. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile sig_atomic_t caught, last_signal;
static void count(int signal) {
  ++caught;
  last_signal = signal;
}

static void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {0};
  action.sa_handler = handler;
  action.sa_flags = flags;
  CHECK(sigaction(signal, &action, NULL) == 0);
}

static sigset_t only(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return set;
}

CASE(signal_handler_runs) {
  handle(SIGUSR1, count, 0);
  CHECK(raise(SIGUSR1) == 0 && caught == 1 && last_signal == SIGUSR1);
  CHECK(kill(getpid(), SIGUSR1) == 0 && caught == 2);
}

CASE(signal_mask_holds_it_back) {
  sigset_t set = only(SIGUSR1), pending;
  handle(SIGUSR1, count, 0);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  raise(SIGUSR1);
  raise(SIGUSR1);
  CHECK(caught == 0);
  CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
  CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
  CHECK(caught == 1);
}

CASE(signal_realtime_queues) {
  sigset_t set = only(SIGRTMIN + 1);
  handle(SIGRTMIN + 1, count, 0);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  for (int i = 0; i < 5; ++i) CHECK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i}) == 0);
  CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
  CHECK(caught == 5);
}

static volatile int seen_code, seen_pid, seen_uid, seen_value;
static void keep_info(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  seen_code = info->si_code;
  seen_pid = info->si_pid;
  seen_uid = (int)info->si_uid;
  seen_value = info->si_value.sival_int;
  ++caught;
}

CASE(signal_info_names_the_sender) {
  struct sigaction action = {0};
  action.sa_sigaction = keep_info;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(SIGRTMIN, &action, NULL) == 0);
  CHECK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 42}) == 0);
  CHECK(caught == 1 && seen_code == SI_QUEUE && seen_pid == getpid() && seen_value == 42);
  CHECK(sigaction(SIGUSR2, &action, NULL) == 0);
  CHECK(kill(getpid(), SIGUSR2) == 0 && seen_code == SI_USER && seen_uid == (int)getuid());
}

static sigjmp_buf jump;
static void* volatile fault_address;
static volatile int fault_code;
static void on_fault(int signal, siginfo_t* info, void* context) {
  (void)context;
  fault_address = info->si_addr;
  fault_code = info->si_code;
  siglongjmp(jump, signal);
}

CASE(signal_segv_has_address) {
  struct sigaction action = {0};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
  char* volatile nowhere = (char*)0x10;
  int signal = sigsetjmp(jump, 1);
  if (signal == 0) *(volatile char*)nowhere = 1;
  CHECK(signal == SIGSEGV && fault_address == (void*)0x10 && fault_code == SEGV_MAPERR);
  char* page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  signal = sigsetjmp(jump, 1);
  if (signal == 0) *(volatile char*)(page + 8) = 1;
  CHECK(signal == SIGSEGV && fault_address == page + 8 && fault_code == SEGV_ACCERR);
}

CASE(signal_nested_in_handler_is_blocked) {
  handle(SIGUSR1, count, 0);
  struct sigaction action;
  CHECK(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == count);
  CHECK_ERROR(sigaction(SIGKILL, &action, NULL), EINVAL);
  CHECK_ERROR(sigaction(100, &action, NULL), EINVAL);
}

CASE(signal_reset_hand) {
  handle(SIGUSR1, count, SA_RESETHAND);
  raise(SIGUSR1);
  CHECK(caught == 1);
  int status;
  IN_CHILD(status, raise(SIGUSR1));
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
}

/* Again and again: one signal could come before the call that it is to interrupt. */
static void alarm_soon(void) {
  struct itimerval timer = {{0, 20000}, {0, 20000}};
  CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

CASE(signal_interrupts_read) {
  int ends[2];
  char byte;
  CHECK(pipe(ends) == 0);
  handle(SIGALRM, count, 0);
  alarm_soon();
  CHECK_ERROR(read(ends[0], &byte, 1), EINTR);
  CHECK(caught >= 1);
}

static int restart_pipe[2];
static void write_byte(int signal) {
  (void)signal;
  ++caught;
  (void)!write(restart_pipe[1], "x", 1);
}

CASE(signal_restarts_read) {
  char byte = 0;
  CHECK(pipe(restart_pipe) == 0);
  handle(SIGALRM, write_byte, SA_RESTART);
  alarm_soon();
  CHECK(read(restart_pipe[0], &byte, 1) == 1 && byte == 'x' && caught >= 1);
}

CASE(signal_ends_sleep_early) {
  handle(SIGALRM, count, 0);
  alarm_soon();
  struct timespec wanted = {10, 0}, left = {0, 0};
  CHECK_ERROR(nanosleep(&wanted, &left), EINTR);
  CHECK(left.tv_sec >= 5 && left.tv_sec < 10);
}

CASE(signal_suspend_waits_with_mask) {
  sigset_t block = only(SIGALRM), none;
  sigemptyset(&none);
  handle(SIGALRM, count, 0);
  CHECK(sigprocmask(SIG_BLOCK, &block, NULL) == 0);
  alarm_soon();
  CHECK_ERROR(sigsuspend(&none), EINTR);
  CHECK(caught >= 1);
  sigset_t now;
  CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0 && sigismember(&now, SIGALRM));
}

CASE(signal_timed_wait) {
  sigset_t set = only(SIGUSR1);
  siginfo_t info;
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  struct timespec soon = {0, 10000000};
  CHECK_ERROR(sigtimedwait(&set, &info, &soon), EAGAIN);
  raise(SIGUSR1);
  CHECK(sigtimedwait(&set, &info, &soon) == SIGUSR1 && info.si_signo == SIGUSR1);
}

static char alternate[32768];
static unsigned long handler_stack;
static void note_stack(int signal) {
  (void)signal;

  handler_stack = (unsigned long)__builtin_frame_address(0);
}

CASE(signal_alternate_stack) {
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate}, old;
  CHECK(sigaltstack(&stack, &old) == 0 && (old.ss_flags & SS_DISABLE));
  handle(SIGUSR1, note_stack, SA_ONSTACK);
  raise(SIGUSR1);
  CHECK(handler_stack - (unsigned long)alternate < sizeof alternate);
  handle(SIGUSR1, note_stack, 0);
  raise(SIGUSR1);
  CHECK(handler_stack - (unsigned long)alternate >= sizeof alternate);
  stack.ss_size = 100;
  CHECK_ERROR(sigaltstack(&stack, NULL), ENOMEM);
}

CASE(signal_child_is_told) {
  handle(SIGCHLD, count, 0);
  if (fork() == 0) _exit(0);
  int status;
  while (wait(&status) < 0) CHECK(errno == EINTR);
  CHECK(caught == 1);
}

CASE(signal_ignored_children_vanish) {
  handle(SIGCHLD, SIG_IGN, 0);
  if (fork() == 0) _exit(0);
  CHECK_ERROR(wait(NULL), ECHILD);
}

CASE(signal_kill_checks_target) {
  CHECK_ERROR(kill(99999, 0), ESRCH);
  CHECK_ERROR(kill(getpid(), 100), EINVAL);
  CHECK(kill(getpid(), 0) == 0);
  if (getuid() != 0) return;
  pid_t victim = fork();
  if (victim == 0) {
    pause();
    _exit(0);
  }
  int status;
  IN_CHILD(status, {
    CHECK(setuid(1000) == 0);
    CHECK_ERROR(kill(victim, SIGTERM), EPERM);
  });
  CHECK(status == 0);
  CHECK(kill(victim, SIGKILL) == 0 && waitpid(victim, &status, 0) == victim);
}

CASE(signal_to_group) {
  int status;
  IN_CHILD(status, {
    setpgid(0, 0);
    handle(SIGUSR1, SIG_IGN, 0);
    int ready[2];
    char byte;
    CHECK(pipe(ready) == 0);
    pid_t first = fork();
    if (first == 0) {
      handle(SIGUSR1, SIG_DFL, 0);
      kill(getppid(), SIGUSR1);
      (void)!write(ready[1], "x", 1);
      for (;;) pause();
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    CHECK(kill(0, SIGUSR1) == 0);
    int inner;
    CHECK(waitpid(first, &inner, 0) == first && WIFSIGNALED(inner) && WTERMSIG(inner) == SIGUSR1);
  });
  CHECK(status == 0);
}

CASE(signal_broken_pipe) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  close(ends[0]);
  handle(SIGPIPE, count, 0);
  CHECK_ERROR(write(ends[1], "x", 1), EPIPE);
  CHECK(caught == 1);
}

CASE(signal_stack_overflow_is_killed) {
  int status;
  IN_CHILD(status, {
    volatile char* stack = (volatile char*)__builtin_frame_address(0);
    for (long i = 0; i < 64 << 20; i += 4096) stack[-i] = 1;
  });
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

CASE(signal_arithmetic_registers_survive) {
  handle(SIGALRM, count, SA_RESTART);
  struct itimerval timer = {{0, 1000}, {0, 1000}};
  CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
  double sum = 0;
  unsigned long bits = 0;
  for (unsigned long i = 1; i < 30000000; ++i) {
    sum += 1.0 / (double)i;
    bits = bits * 6364136223846793005UL + i;
  }
  memset(&timer, 0, sizeof timer);
  setitimer(ITIMER_REAL, &timer, NULL);
  double again = 0;
  unsigned long bits_again = 0;
  for (unsigned long i = 1; i < 30000000; ++i) {
    again += 1.0 / (double)i;
    bits_again = bits_again * 6364136223846793005UL + i;
  }
  CHECK(caught > 0 && sum == again && bits == bits_again);
}

CASE(waiting_for_a_signal_that_is_ignored_by_default) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    usleep(30000);
    _exit(7);
  }
  struct timespec patience = {.tv_sec = 20};
  siginfo_t info;
  CHECK(sigtimedwait(&set, &info, &patience) == SIGCHLD);
  CHECK(info.si_pid == pid && info.si_status == 7);
  CHECK(waitpid(pid, NULL, 0) == pid);
}

static unsigned long long status_set(const char* name) {
  FILE* status = fopen("/proc/self/status", "r");
  CHECK(status != NULL);
  char line[200];
  unsigned long long value = 0;
  int found = 0;
  while (fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, name, strlen(name)) != 0) continue;
    found = sscanf(line + strlen(name), ":\t%llx", &value);
  }
  fclose(status);
  CHECK(found == 1);
  return value;
}

CASE(proc_status_shows_signal_sets) {
  const unsigned long long usr1 = 1ull << (SIGUSR1 - 1), usr2 = 1ull << (SIGUSR2 - 1), hup = 1ull << (SIGHUP - 1);
  signal(SIGHUP, SIG_IGN);
  signal(SIGUSR1, count);
  CHECK((status_set("SigIgn") & (hup | usr1 | usr2)) == hup);
  CHECK((status_set("SigCgt") & (hup | usr1 | usr2)) == usr1);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  CHECK((status_set("SigBlk") & (hup | usr1 | usr2)) == usr2);
  CHECK(status_set("ShdPnd") == 0 && kill(getpid(), SIGUSR2) == 0);
  CHECK(status_set("ShdPnd") == usr2 && status_set("SigPnd") == 0);
}
