/* Threads, through the C library's pthreads: clone, futexes, thread-local storage. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter;
static __thread int local = 5;

static void* add(void* argument) {
  for (long i = 0; i < (long)argument; ++i) {
    pthread_mutex_lock(&mutex);
    ++counter;
    pthread_mutex_unlock(&mutex);
  }
  return (void*)(long)local;
}

CASE(threads_add_under_mutex) {
  pthread_t threads[8];
  for (int i = 0; i < 8; ++i) CHECK(pthread_create(&threads[i], NULL, add, (void*)5000) == 0);
  for (int i = 0; i < 8; ++i) {
    void* result;
    CHECK(pthread_join(threads[i], &result) == 0 && result == (void*)5);
  }
  CHECK(counter == 40000);
}

static void* set_local(void* argument) {
  local = (int)(long)argument;
  sched_yield();
  return (void*)(long)local;
}

CASE(threads_have_their_own_storage) {
  pthread_t threads[16];
  for (long i = 0; i < 16; ++i) CHECK(pthread_create(&threads[i], NULL, set_local, (void*)(100 + i)) == 0);
  for (long i = 0; i < 16; ++i) {
    void* result;
    CHECK(pthread_join(threads[i], &result) == 0 && result == (void*)(100 + i));
  }
  CHECK(local == 5);
}

static int turn;
static void* ping(void* argument) {
  int me = (int)(long)argument;
  for (int i = 0; i < 1000; ++i) {
    pthread_mutex_lock(&mutex);
    while (turn != me) pthread_cond_wait(&condition, &mutex);
    turn = !me;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

CASE(threads_take_turns) {
  pthread_t a, b;
  CHECK(pthread_create(&a, NULL, ping, (void*)0) == 0 && pthread_create(&b, NULL, ping, (void*)1) == 0);
  CHECK(pthread_join(a, NULL) == 0 && pthread_join(b, NULL) == 0);
  CHECK(turn == 0);
}

CASE(condition_times_out) {
  struct timespec deadline;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_nsec += 20000000;
  if (deadline.tv_nsec >= 1000000000) ++deadline.tv_sec, deadline.tv_nsec -= 1000000000;
  pthread_mutex_lock(&mutex);
  CHECK(pthread_cond_timedwait(&condition, &mutex, &deadline) == ETIMEDOUT);
  pthread_mutex_unlock(&mutex);
}

static void* nothing(void* argument) { return argument; }

CASE(threads_many_one_after_the_other) {
  for (long i = 0; i < 500; ++i) {
    pthread_t thread;
    void* result;
    CHECK(pthread_create(&thread, NULL, nothing, (void*)i) == 0);
    CHECK(pthread_join(thread, &result) == 0 && result == (void*)i);
  }
}

static void* sleep_long(void* argument) {
  sleep(100);
  return argument;
}

CASE(exit_ends_all_threads) {
  int status;
  IN_CHILD(status, {
    pthread_t thread;
    for (int i = 0; i < 4; ++i) CHECK(pthread_create(&thread, NULL, sleep_long, NULL) == 0);
    exit(9);
  });
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

static void* run_program(void* argument) {
  (void)argument;
  execl("/bin/sh", "sh", "-c", "exit 11", NULL);
  return NULL;
}

CASE(exec_from_a_thread) {
  int status;
  IN_CHILD(status, {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, sleep_long, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, run_program, NULL) == 0);
    sleep(100);
  });
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 11);
}

static atomic_int handled_by;
static void on_signal(int signal) {
  (void)signal;
  handled_by = (int)syscall(SYS_gettid);
}

static void* wait_for_signal(void* argument) {
  atomic_int* tid = argument;
  *tid = (int)syscall(SYS_gettid);
  while (handled_by == 0) usleep(1000);
  return NULL;
}

CASE(signal_to_one_thread) {
  static atomic_int tid;
  pthread_t thread;
  signal(SIGUSR1, on_signal);
  CHECK(pthread_create(&thread, NULL, wait_for_signal, &tid) == 0);
  while (tid == 0) usleep(1000);
  CHECK(pthread_kill(thread, SIGUSR1) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(handled_by == tid && tid != getpid());
}

CASE(fork_from_a_threaded_process) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, sleep_long, NULL) == 0);
  int status;
  IN_CHILD(status, CHECK(getpid() == (int)syscall(SYS_gettid)));
  CHECK(status == 0);
}
