/* Memory policies and the nodes of pages. Written for a machine of any number of nodes, node 0 having memory. */
#include "check.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { kPage = 4096, kDefault = 0, kPreferred, kBind, kInterleave, kLocal, kPreferredMany };
enum { kStatic = 1 << 15, kRelative = 1 << 14 };
enum { kNode = 1, kAddress = 2, kAvailable = 4 };            /* get_mempolicy() */
enum { kStrict = 1, kMove = 2, kMoveAll = 4, kBits = 1024 }; /* mbind(), move_pages() */

typedef unsigned long Nodes[kBits / 64];

static long set(int mode, unsigned long nodes, unsigned long count) {
  return syscall(SYS_set_mempolicy, mode, &nodes, count);
}

static int policy(unsigned long* nodes) {
  Nodes all = {0};
  int mode = -1;
  CHECK(syscall(SYS_get_mempolicy, &mode, all, kBits, 0, 0) == 0);
  if (nodes) *nodes = all[0];
  return mode;
}

static int policy_at(void* at, unsigned long flags) {
  int mode = -1;
  CHECK(syscall(SYS_get_mempolicy, &mode, 0, 0, at, kAddress | flags) == 0);
  return mode;
}

static char* pages(int count) {
  char* at = mmap(NULL, (size_t)count * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(at != MAP_FAILED);
  return at;
}

CASE(policy_of_a_thread) {
  unsigned long nodes;
  CHECK(policy(&nodes) == kDefault && nodes == 0);
  CHECK(set(kBind, 1, 64) == 0 && policy(&nodes) == kBind && nodes == 1);
  CHECK(set(kInterleave, 1, 64) == 0 && policy(&nodes) == kInterleave && nodes == 1);
  int next = -1;
  CHECK(syscall(SYS_get_mempolicy, &next, 0, 0, 0, kNode) == 0 && next == 0);
  CHECK(set(kPreferred, 1, 64) == 0 && policy(&nodes) == kPreferred && nodes == 1);
  CHECK(set(kPreferred, 0, 64) == 0 && policy(&nodes) == kLocal && nodes == 0);
  CHECK(set(kPreferredMany, 1, 64) == 0 && policy(&nodes) == kPreferredMany && nodes == 1);
  CHECK(set(kBind | kStatic, 1, 64) == 0 && policy(&nodes) == (kBind | kStatic) && nodes == 1);
  CHECK(set(kBind | kRelative, 1, 64) == 0 && policy(&nodes) == (kBind | kRelative) && nodes == 1);
  CHECK(set(kLocal, 0, 64) == 0 && policy(&nodes) == kLocal);
  CHECK(set(kDefault, 0, 64) == 0 && policy(&nodes) == kDefault);
}

CASE(policy_errors) {
  CHECK_ERROR(set(99, 1, 64), EINVAL);
  CHECK_ERROR(set(kDefault, 1, 64), EINVAL);
  CHECK_ERROR(set(kLocal, 1, 64), EINVAL);
  CHECK_ERROR(set(kBind, 0, 64), EINVAL);
  CHECK_ERROR(set(kInterleave, 0, 64), EINVAL);
  CHECK_ERROR(set(kBind | kStatic | kRelative, 1, 64), EINVAL);
  CHECK_ERROR(set(kBind, 1, 8 * kPage + 2), EINVAL);
  CHECK_ERROR(set(kBind, 1, 1), EINVAL); /* one bit fewer than is said */
  CHECK_ERROR(set(kBind, 1ul << 62, 64), EINVAL);
  CHECK_ERROR(syscall(SYS_set_mempolicy, kBind, (void*)8, 64ul), EFAULT);
  CHECK_ERROR(syscall(SYS_get_mempolicy, (void*)8, 0, 0, 0, 0), EFAULT);
  CHECK_ERROR(syscall(SYS_get_mempolicy, 0, 0, 0, 0, 99ul), EINVAL);
  CHECK_ERROR(syscall(SYS_get_mempolicy, 0, 0, 0, kPage, 0), EINVAL);
  CHECK_ERROR(syscall(SYS_get_mempolicy, 0, 0, 0, 0, kAvailable | kNode), EINVAL);
  CHECK_ERROR(syscall(SYS_get_mempolicy, 0, 0, 0, 0, kNode), EINVAL); /* nothing is interleaved */
  CHECK_ERROR(syscall(SYS_get_mempolicy, 0, 0, 0, kPage, kAddress), EFAULT);
  Nodes nodes = {0};
  CHECK_ERROR(syscall(SYS_get_mempolicy, 0, nodes, 0, 0, 0), EINVAL);
  CHECK(policy(NULL) == kDefault);
}

CASE(nodes_with_memory_are_told) {
  Nodes nodes;
  memset(nodes, 0xff, sizeof nodes);
  CHECK(syscall(SYS_get_mempolicy, 0, nodes, kBits, 0, kAvailable) == 0);
  CHECK((nodes[0] & 1) == 1 && nodes[kBits / 64 - 1] == 0);
  memset(nodes, 0xff, sizeof nodes);
  CHECK(syscall(SYS_get_mempolicy, 0, nodes, 65, 0, kAvailable) == 0);
  CHECK(nodes[1] == ~0ul); /* not more than was asked for */
}

static void* other_thread(void* unused) {
  (void)unused;
  CHECK(policy(NULL) == kInterleave);
  CHECK(set(kBind, 1, 64) == 0);
  return NULL;
}

CASE(policy_is_inherited_and_then_ones_own) {
  CHECK(set(kInterleave, 1, 64) == 0);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, other_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(policy(NULL) == kInterleave);
  int status;
  IN_CHILD(status, CHECK(policy(NULL) == kInterleave && set(kDefault, 0, 64) == 0));
  CHECK(status == 0 && policy(NULL) == kInterleave);
  char* at = pages(16);
  memset(at, 1, 16 * kPage);
  CHECK(at[15 * kPage] == 1);
}

CASE(policy_of_a_range) {
  char* at = pages(8);
  unsigned long nodes = 1;
  CHECK(syscall(SYS_mbind, at + 2 * kPage, 3ul * kPage, kBind, &nodes, 64ul, 0) == 0);
  CHECK(policy_at(at, 0) == kDefault && policy_at(at + 2 * kPage, 0) == kBind);
  CHECK(policy_at(at + 4 * kPage, 0) == kBind && policy_at(at + 5 * kPage, 0) == kDefault);
  CHECK(policy_at(at, kNode) >= 0); /* the page of zeros has a node, too */
  for (int page = 0; page < 8; ++page) at[page * kPage] = (char)page;
  CHECK(policy_at(at + 3 * kPage, kNode) == 0); /* the page's node */
  int status;
  IN_CHILD(status, CHECK(policy_at(at + 3 * kPage, 0) == kBind && at[3 * kPage] == 3));
  CHECK(status == 0);
  CHECK(syscall(SYS_mbind, at, 8ul * kPage, kDefault, 0, 0ul, 0) == 0 && policy_at(at + 3 * kPage, 0) == kDefault);
  CHECK(syscall(SYS_mbind, at, 0ul, kBind, &nodes, 64ul, 0) == 0);
  for (int page = 0; page < 8; ++page) CHECK(at[page * kPage] == page);
}

CASE(policy_of_a_range_errors) {
  char* at = pages(3);
  unsigned long nodes = 1;
  CHECK_ERROR(syscall(SYS_mbind, at + 1, (long)kPage, kBind, &nodes, 64ul, 0), EINVAL);
  CHECK_ERROR(syscall(SYS_mbind, at, (long)kPage, kBind, &nodes, 64ul, 64), EINVAL);
  CHECK_ERROR(syscall(SYS_mbind, at, -1ul - (unsigned long)at, kBind, 0, 0ul, 0), EINVAL);
  CHECK_ERROR(syscall(SYS_mbind, at, (long)kPage, kBind, (void*)8, 64ul, 0), EFAULT);
  CHECK(munmap(at + kPage, kPage) == 0);
  CHECK_ERROR(syscall(SYS_mbind, at, 3ul * kPage, kBind, &nodes, 64ul, 0), EFAULT);
  CHECK(syscall(SYS_mbind, at, 3ul * kPage, kDefault, 0, 0ul, 0) == 0); /* a hole has it anyway */
}

CASE(pages_tell_their_nodes) {
  char* at = pages(4);
  at[0] = 1;
  CHECK(at[kPage] == 0); /* the page of zeros */
  CHECK(munmap(at + 3 * kPage, kPage) == 0);
  void* wanted[] = {at, at + kPage, at + 2 * kPage, at + 3 * kPage, (void*)-4096l};
  int status[5] = {99, 99, 99, 99, 99};
  CHECK(syscall(SYS_move_pages, 0, 5ul, wanted, 0, status, 0) == 0);
  CHECK(status[0] >= 0 && status[0] < 64);
  CHECK(status[1] == -EFAULT && status[2] == -ENOENT && status[3] == -EFAULT && status[4] == -EFAULT);
  int nodes[] = {0};
  CHECK(syscall(SYS_move_pages, 0, 1ul, wanted, nodes, status, kMove) == 0 && status[0] == 0 && at[0] == 1);
  nodes[0] = 63;
  CHECK_ERROR(syscall(SYS_move_pages, 0, 1ul, wanted, nodes, status, kMove), ENODEV);
  nodes[0] = -1;
  CHECK_ERROR(syscall(SYS_move_pages, 0, 1ul, wanted, nodes, status, kMove), ENODEV);
  CHECK_ERROR(syscall(SYS_move_pages, 0, 1ul, wanted, 0, status, 64), EINVAL);
  CHECK_ERROR(syscall(SYS_move_pages, 0, 1ul, (void*)8, 0, status, 0), EFAULT);
  CHECK_ERROR(syscall(SYS_move_pages, 0, 1ul, wanted, 0, (void*)8, 0), EFAULT);
  CHECK_ERROR(syscall(SYS_move_pages, 0x3fffffff, 1ul, wanted, 0, status, 0), ESRCH);
  unsigned long from = 2, to = 1;
  CHECK(syscall(SYS_migrate_pages, 0, 64ul, &from, &to) == 0 && at[0] == 1);
  to = 0;
  CHECK_ERROR(syscall(SYS_migrate_pages, 0, 64ul, &from, &to), EINVAL);
}
