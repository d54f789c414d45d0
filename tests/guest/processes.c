/* Processes: fork, exec, exit, wait, groups, identities. */
#include "check.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>

CASE(fork_copies_memory) {
  static int value = 1;
  int status;
  IN_CHILD(status, {
    value = 2;
    _exit(value == 2 ? 7 : 0);
  });
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  CHECK(value == 1);
}

CASE(fork_copies_large_memory) {
  enum { kSize = 4 << 20 };
  char* data = malloc(kSize);
  for (int i = 0; i < kSize; ++i) data[i] = (char)(i >> 12);
  int status;
  IN_CHILD(status, {
    for (int i = 0; i < kSize; ++i) CHECK(data[i] == (char)(i >> 12));
    memset(data, 1, kSize);
  });
  CHECK(status == 0);
  for (int i = 0; i < kSize; ++i) CHECK(data[i] == (char)(i >> 12));
}

CASE(fork_shares_offset_of_files) {
  int fd = open("f", O_RDWR | O_CREAT, 0644);
  int status;
  IN_CHILD(status, CHECK(write(fd, "child", 5) == 5));
  CHECK(status == 0 && lseek(fd, 0, SEEK_CUR) == 5);
}

CASE(exit_status_and_signals) {
  int status;
  IN_CHILD(status, _exit(300));
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == (300 & 0xff));
  IN_CHILD(status, kill(getpid(), SIGKILL));
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  IN_CHILD(status, raise(SIGTERM));
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

CASE(wait_errors_and_options) {
  int status = 123;
  CHECK_ERROR(wait(&status), ECHILD);
  pid_t pid = fork();
  if (pid == 0) {
    pause();
    _exit(0);
  }
  CHECK(waitpid(pid, &status, WNOHANG) == 0);
  CHECK_ERROR(waitpid(pid + 1, &status, 0), ECHILD);
  CHECK(kill(pid, SIGKILL) == 0);
  CHECK(waitpid(pid, &status, 0) == pid);
  CHECK_ERROR(waitpid(pid, &status, 0), ECHILD);
}

CASE(waitid_reports_and_keeps) {
  pid_t pid = fork();
  if (pid == 0) _exit(5);
  siginfo_t info = {0};
  CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
  CHECK(info.si_pid == pid && info.si_code == CLD_EXITED && info.si_status == 5);
  int status;
  CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
}

CASE(stop_and_continue_are_reported) {
  pid_t pid = fork();
  if (pid == 0) {
    for (;;) pause();
  }
  int status;
  CHECK(kill(pid, SIGSTOP) == 0);
  CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  CHECK(kill(pid, SIGCONT) == 0);
  CHECK(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
  CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid);
}

CASE(orphans_get_a_parent) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  int status;
  IN_CHILD(status, {
    if (fork() == 0) {
      while (getppid() != 1 && getppid() == getpgrp()) usleep(1000);
      for (int i = 0; i < 1000 && kill(getppid(), 0) != 0; ++i) usleep(1000);
      (void)!write(ends[1], "x", 1);
      _exit(0);
    }
  });
  char byte;
  close(ends[1]);
  CHECK(read(ends[0], &byte, 1) == 1);
}

CASE(many_children) {
  enum { kCount = 200 };
  for (int i = 0; i < kCount; ++i) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) _exit(i & 0x7f);
  }
  int sum = 0, wanted = 0, status;
  for (int i = 0; i < kCount; ++i) {
    CHECK(wait(&status) > 0 && WIFEXITED(status));
    sum += WEXITSTATUS(status);
    wanted += i & 0x7f;
  }
  CHECK(sum == wanted);
}

CASE(exec_passes_arguments) {
  int ends[2], status;
  CHECK(pipe(ends) == 0);
  IN_CHILD(status, {
    dup2(ends[1], 1);
    char* arguments[] = {"sh", "-c", "echo $0 $1 $VALUE", "zero", "one", NULL};
    char* environment[] = {"VALUE=three", "PATH=/bin", NULL};
    execve("/bin/sh", arguments, environment);
  });
  char text[64] = {0};
  CHECK(status == 0 && read(ends[0], text, sizeof text) > 0);
  CHECK(strcmp(text, "zero one three\n") == 0);
}

CASE(exec_errors) {
  char* arguments[] = {"x", NULL};
  CHECK_ERROR(execve("/none", arguments, NULL), ENOENT);
  CHECK_ERROR(execve("/tmp", arguments, NULL), EACCES);
  int fd = open("plain", O_WRONLY | O_CREAT, 0755);
  CHECK(write(fd, "no program at all", 17) == 17);
  close(fd);
  CHECK_ERROR(execve("plain", arguments, NULL), ENOEXEC);
  CHECK(chmod("plain", 0644) == 0);
  CHECK_ERROR(execve("plain", arguments, NULL), EACCES);
}

CASE(exec_of_damaged_elf) {
  unsigned char header[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
  char* arguments[] = {"x", NULL};
  int fd = open("elf", O_WRONLY | O_CREAT, 0755);
  memset(header + 16, 0xff, 48);
  CHECK(write(fd, header, sizeof header) == sizeof header);
  close(fd);
  CHECK_ERROR(execve("elf", arguments, NULL), ENOEXEC);
}

CASE(exec_scripts) {
  int fd = open("script", O_WRONLY | O_CREAT, 0755), status, ends[2];
  const char* text = "#!/bin/sh -e\necho script $0 $1\n";
  CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  close(fd);
  CHECK(pipe(ends) == 0);
  IN_CHILD(status, {
    dup2(ends[1], 1);
    execl("./script", "ignored", "argument", NULL);
  });
  char out[64] = {0};
  CHECK(status == 0 && read(ends[0], out, sizeof out) > 0);
  CHECK(strcmp(out, "script ./script argument\n") == 0);
}

CASE(exec_closes_marked_files) {
  int keep = open("keep", O_RDWR | O_CREAT, 0644), drop = open("drop", O_RDWR | O_CREAT | O_CLOEXEC, 0644), status;
  char command[128];
  snprintf(command, sizeof command, "echo x >&%d || exit 3; (echo x >&%d) 2>/dev/null && exit 4; exit 0", keep, drop);
  IN_CHILD(status, execl("/bin/sh", "sh", "-c", command, NULL));
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

CASE(exec_resets_handlers_keeps_ignored) {
  int status;
  IN_CHILD(status, {
    signal(SIGUSR1, SIG_IGN);
    execl("/bin/sh", "sh", "-c", "kill -USR1 $$; exit 6", NULL);
  });
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 6);
}

CASE(vfork_child_runs_first) {
  static volatile int value = 0;
  pid_t pid = vfork();
  if (pid == 0) {
    value = 5;
    _exit(0);
  }
  CHECK(value == 5);
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
}

CASE(process_groups_and_sessions) {
  int status;
  IN_CHILD(status, {
    CHECK(setpgid(0, 0) == 0 && getpgrp() == getpid());
    CHECK_ERROR(setsid(), EPERM);
    if (fork() == 0) {
      CHECK(getpgrp() == getppid());
      CHECK(setsid() == getpid());
      CHECK(getsid(0) == getpid() && getpgrp() == getpid());
      CHECK_ERROR(setpgid(0, 0), EPERM);
      _exit(0);
    }
    int inner;
    CHECK(wait(&inner) > 0 && inner == 0);
  });
  CHECK(status == 0);
  CHECK_ERROR(setpgid(0, -1), EINVAL);
  CHECK_ERROR(getpgid(99999), ESRCH);
}

CASE(identity_of_users) {
  if (getuid() != 0) return;
  int status;
  IN_CHILD(status, {
    gid_t groups[2] = {5, 6};
    CHECK(setgroups(2, groups) == 0 && getgroups(0, NULL) == 2);
    CHECK(setresgid(100, 100, 100) == 0);
    CHECK(setresuid(1000, 1001, 1002) == 0);
    uid_t r, e, s;
    CHECK(getresuid(&r, &e, &s) == 0 && r == 1000 && e == 1001 && s == 1002);
    CHECK(seteuid(1002) == 0 && geteuid() == 1002);
    CHECK_ERROR(setuid(0), EPERM);
    CHECK_ERROR(setgroups(0, NULL), EPERM);
  });
  CHECK(status == 0);
}

CASE(limits_are_kept) {
  struct rlimit limit;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 0);
  int status;
  IN_CHILD(status, {
    struct rlimit low = {20, 20};
    CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
    int fd = 0;
    while ((fd = dup(0)) >= 0) CHECK(fd < 20);
    CHECK(errno == EMFILE);
    struct rlimit bad = {30, 20};
    CHECK_ERROR(setrlimit(RLIMIT_NOFILE, &bad), EINVAL);
  });
  CHECK(status == 0);
}

static void spin(unsigned long count) {
  volatile unsigned long sum = 0;
  for (unsigned long i = 0; i < count; ++i) sum += i;
}

CASE(usage_grows) {
  struct rusage before, after;
  CHECK(getrusage(RUSAGE_SELF, &before) == 0);
  spin(60000000);
  CHECK(getrusage(RUSAGE_SELF, &after) == 0);
  long us =
      (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 + after.ru_utime.tv_usec - before.ru_utime.tv_usec;
  CHECK(us > 0);
  // A program that computes undisturbed: nearly all of its time is user time.
  int status;
  IN_CHILD(status, {
    struct timespec used = {0};
    struct rusage use;
    while (used.tv_sec == 0) {
      spin(1000000);
      CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0);
    }
    CHECK(getrusage(RUSAGE_SELF, &use) == 0);
    CHECK(use.ru_utime.tv_sec * 1000000 + use.ru_utime.tv_usec > 800000);
  });
  CHECK(status == 0);
  struct tms all;
  CHECK(times(&all) != (clock_t)-1);
}

CASE(names_of_threads_and_system) {
  char name[16] = {0};
  CHECK(prctl(PR_SET_NAME, "a-long-name-that-is-cut") == 0);
  CHECK(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "a-long-name-tha") == 0);
  struct utsname system;
  CHECK(uname(&system) == 0 && strcmp(system.sysname, "Linux") == 0);
}

CASE(scheduling_calls) {
  CHECK(sched_yield() == 0);
  cpu_set_t set;
  CHECK(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) >= 1);
  int first = 0;
  while (!CPU_ISSET(first, &set)) ++first;
  CPU_ZERO(&set);
  CPU_SET(first, &set);
  CHECK(sched_setaffinity(0, sizeof set, &set) == 0);
  CHECK(sched_getcpu() == first);
  CPU_ZERO(&set);
  CHECK_ERROR(sched_setaffinity(0, sizeof set, &set), EINVAL);
  int status;
  IN_CHILD(status, {
    errno = 0;
    CHECK(nice(5) == 5 && getpriority(PRIO_PROCESS, 0) == 5);
  });
  CHECK(status == 0);
}
