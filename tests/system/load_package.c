/* Calls finit_module and delete_module directly: load FILE [PARAMETERS], or unload NAME. Prints "ok" or the errno. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  long result;
  if (strcmp(argv[1], "unload") == 0) {
    result = syscall(SYS_delete_module, argv[2], 0);
  } else {
    const int fd = open(argv[2], O_RDONLY | O_CLOEXEC);
    result = syscall(SYS_finit_module, fd, argc > 3 ? argv[3] : "", 0);
  }
  if (result == 0) {
    puts("ok");
  } else {
    printf("errno %d\n", errno);
  }
  return result != 0;
}
