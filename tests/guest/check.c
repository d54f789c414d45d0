/* Runs the cases that the program's files define. check.h says how. */
#include "check.h"

#include <signal.h>
#include <sys/stat.h>

int check_report = 2;

/* Who started this may ignore some (nohup, a shell's background): a case begins as a program of a login shell does. */
static void forget_inherited_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  for (int number = 1; number < SIGRTMIN; ++number) signal(number, SIG_DFL);
}

static int run_case(const struct check_case* one) {
  int report[2];
  if (pipe(report) != 0) return 1;
  pid_t pid = fork();
  if (pid < 0) return 1;
  if (pid == 0) {
    close(report[0]);
    check_report = report[1];
    forget_inherited_signals();
    char place[64];
    snprintf(place, sizeof place, "/tmp/check-%d", getpid());
    if (mkdir(place, 0700) != 0 || chdir(place) != 0) FAIL("no place to work in");
    one->run();
    _exit(0);
  }
  close(report[1]);
  int status = 0;
  waitpid(pid, &status, 0);
  char text[512];
  ssize_t length = read(report[0], text, sizeof text - 1);
  close(report[0]);
  text[length > 0 ? length : 0] = 0;
  char command[96];
  snprintf(command, sizeof command, "rm -rf /tmp/check-%d", pid);
  (void)!system(command);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    printf("ok %s\n", one->name);
    return 0;
  }
  if (WIFSIGNALED(status)) snprintf(text, sizeof text, "ended by signal %d", WTERMSIG(status));
  printf("not ok %s: %s\n", one->name, text);
  return 1;
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  int failed = 0;
  for (const struct check_case* one = __start_check_cases; one != __stop_check_cases; ++one) {
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
      printf("%s\n", one->name);
    } else if (argc < 2 || strcmp(argv[1], one->name) == 0) {
      fflush(stdout);
      failed += run_case(one);
    }
  }
  return failed != 0;
}
