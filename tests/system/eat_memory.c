/* eat-memory MIB [once]: writes so much fresh memory, says so, and keeps it until it is killed; with a second argument
 * it ends at once. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const size_t page = 4096, size = argc > 1 ? strtoul(argv[1], NULL, 10) << 20 : 0;
  char* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    perror("eat-memory");
    return 1;
  }
  for (size_t at = 0; at < size; at += page) memory[at] = 1;
  printf("eaten\n");
  fflush(stdout);
  if (argc <= 2) pause();
  return 0;
}
