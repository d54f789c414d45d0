/* Who runs when: nice, policies, affinity. */
#include "check.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

/* musl refuses its own functions of these names: what POSIX means by them is not what Linux does. */
static int set_policy(pid_t pid, int policy, int realtime) {
  return (int)syscall(SYS_sched_setscheduler, pid, policy, &realtime);
}
static int get_policy(pid_t pid) { return (int)syscall(SYS_sched_getscheduler, pid); }
static int get_realtime(pid_t pid) {
  int realtime = -1;
  CHECK(syscall(SYS_sched_getparam, pid, &realtime) == 0);
  return realtime;
}

#define RESET_ON_FORK 0x40000000

CASE(scheduling_policy_is_what_was_set) {
  CHECK(get_policy(0) == SCHED_OTHER && get_realtime(0) == 0);
  CHECK(set_policy(0, SCHED_FIFO, 10) == 0 && get_policy(0) == SCHED_FIFO && get_realtime(0) == 10);
  CHECK(set_policy(getpid(), SCHED_RR, 99) == 0 && get_policy(0) == SCHED_RR && get_realtime(0) == 99);
  int realtime = 5;
  CHECK(syscall(SYS_sched_setparam, 0, &realtime) == 0 && get_policy(0) == SCHED_RR && get_realtime(0) == 5);
  CHECK(set_policy(0, SCHED_BATCH, 0) == 0 && get_policy(0) == SCHED_BATCH && get_realtime(0) == 0);
  CHECK(set_policy(0, SCHED_IDLE, 0) == 0 && get_policy(0) == SCHED_IDLE);
  CHECK(set_policy(0, SCHED_OTHER, 0) == 0 && get_policy(0) == SCHED_OTHER);
}

CASE(scheduling_policy_refuses_nonsense) {
  CHECK_ERROR(set_policy(0, 77, 0), EINVAL);
  CHECK_ERROR(set_policy(0, -1, 0), EINVAL);
  CHECK_ERROR(set_policy(0, SCHED_FIFO, 0), EINVAL);
  CHECK_ERROR(set_policy(0, SCHED_RR, 100), EINVAL);
  CHECK_ERROR(set_policy(0, SCHED_OTHER, 1), EINVAL);
  CHECK_ERROR(set_policy(-5, SCHED_OTHER, 0), EINVAL);
  CHECK_ERROR(set_policy(0x3fffffff, SCHED_OTHER, 0), ESRCH);
  CHECK_ERROR(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL), EINVAL);
  CHECK_ERROR(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, 8), EFAULT);
  CHECK_ERROR(syscall(SYS_sched_getparam, 0, NULL), EINVAL);
  CHECK_ERROR(get_policy(-1), EINVAL);
}

CASE(scheduling_priorities_have_bounds) {
  CHECK(syscall(SYS_sched_get_priority_max, SCHED_FIFO) == 99 && syscall(SYS_sched_get_priority_min, SCHED_RR) == 1);
  CHECK(syscall(SYS_sched_get_priority_max, SCHED_OTHER) == 0 && syscall(SYS_sched_get_priority_min, SCHED_IDLE) == 0);
  CHECK_ERROR(syscall(SYS_sched_get_priority_max, 77), EINVAL);
  struct timespec interval = {-1, -1};
  CHECK(set_policy(0, SCHED_RR, 1) == 0 && syscall(SYS_sched_rr_get_interval, 0, &interval) == 0);
  CHECK(interval.tv_sec == 0 && interval.tv_nsec > 0);
}

CASE(scheduling_policy_needs_power_to_be_urgent) {
  int status;
  IN_CHILD(status, {
    CHECK(setuid(1234) == 0);
    CHECK_ERROR(set_policy(0, SCHED_FIFO, 1), EPERM);
    CHECK_ERROR(set_policy(getppid(), SCHED_BATCH, 0), EPERM);
    CHECK(set_policy(0, SCHED_BATCH, 0) == 0);
    CHECK(set_policy(0, SCHED_IDLE, 0) == 0);
    CHECK_ERROR(set_policy(0, SCHED_OTHER, 0), EPERM);
  });
  CHECK(status == 0);
}

CASE(scheduling_limit_allows_urgency) {
  int status;
  IN_CHILD(status, {
    const struct rlimit limit = {20, 20};
    struct rlimit now;
    if (setrlimit(RLIMIT_RTPRIO, &limit) != 0 && errno == EPERM) _exit(0); /* a host whose root is not quite root */
    CHECK(getrlimit(RLIMIT_RTPRIO, &now) == 0 && now.rlim_max == 20 && setuid(1234) == 0);
    CHECK(set_policy(0, SCHED_FIFO, 20) == 0);
    CHECK_ERROR(set_policy(0, SCHED_FIFO, 21), EPERM);
    CHECK(set_policy(0, SCHED_FIFO, 3) == 0);
  });
  CHECK(status == 0);
}

CASE(scheduling_resets_on_fork) {
  int status;
  CHECK(set_policy(0, SCHED_FIFO | RESET_ON_FORK, 7) == 0);
  CHECK(get_policy(0) == (SCHED_FIFO | RESET_ON_FORK));
  IN_CHILD(status, CHECK(get_policy(0) == SCHED_OTHER && get_realtime(0) == 0));
  CHECK(status == 0);
  CHECK(set_policy(0, SCHED_FIFO, 7) == 0);
  IN_CHILD(status, CHECK(get_policy(0) == SCHED_FIFO && get_realtime(0) == 7));
  CHECK(status == 0);
}

CASE(scheduling_nice_of_a_group_and_a_user) {
  int status;
  IN_CHILD(status, {
    CHECK(setpgid(0, 0) == 0 && setpriority(PRIO_PROCESS, 0, 3) == 0);
    const pid_t other = fork();
    if (other == 0) {
      for (;;) pause();
    }
    CHECK(setpriority(PRIO_PGRP, 0, 9) == 0);
    CHECK(getpriority(PRIO_PROCESS, other) == 9 && getpriority(PRIO_PROCESS, 0) == 9);
    CHECK(setpriority(PRIO_PROCESS, other, 5) == 0 && getpriority(PRIO_PGRP, getpid()) == 5);
    kill(other, SIGKILL);
    CHECK(waitpid(other, NULL, 0) == other);
  });
  CHECK(status == 0);
  IN_CHILD(status, {
    CHECK(setuid(4321) == 0 && setpriority(PRIO_USER, 0, 11) == 0);
    CHECK(getpriority(PRIO_USER, 4321) == 11 && getpriority(PRIO_PROCESS, 0) == 11);
    CHECK_ERROR(setpriority(PRIO_PROCESS, 0, 2), EACCES);
    CHECK_ERROR(setpriority(PRIO_PROCESS, getppid(), 12), EPERM);
  });
  CHECK(status == 0);
  CHECK_ERROR(setpriority(3, 0, 0), EINVAL);
  CHECK_ERROR(getpriority(PRIO_PGRP, 0x3fffffff), ESRCH);
}

CASE(scheduling_affinity_of_others_needs_power) {
  int status;
  cpu_set_t all;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  IN_CHILD(status, {
    CHECK(setuid(1234) == 0);
    CHECK_ERROR(sched_setaffinity(getppid(), sizeof all, &all), EPERM);
    CHECK(sched_setaffinity(0, sizeof all, &all) == 0);
  });
  CHECK(status == 0);
}

/* With one CPU for both, the urgent program is done before the other goes on. */
CASE(scheduling_realtime_runs_before_others) {
  cpu_set_t one;
  int ends[2];
  char first = 0;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  CHECK(sched_setaffinity(0, sizeof one, &one) == 0 && pipe(ends) == 0);
  CHECK(set_policy(0, SCHED_FIFO, 50) == 0);
  const pid_t later = fork();
  if (later == 0) {
    CHECK(set_policy(0, SCHED_OTHER, 0) == 0);
    CHECK(write(ends[1], "l", 1) == 1);
    _exit(0);
  }
  const pid_t urgent = fork();
  if (urgent == 0) {
    for (volatile int i = 0; i < 2000000; ++i) {}
    CHECK(write(ends[1], "u", 1) == 1);
    _exit(0);
  }
  CHECK(later > 0 && urgent > 0 && read(ends[0], &first, 1) == 1);
  CHECK(first == 'u');
}
