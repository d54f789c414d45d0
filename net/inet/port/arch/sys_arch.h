/* lwIP's threads, semaphores and mailboxes: the kernel uses none of them. Everything runs under the core lock, taken by
 * net/inet/core.hpp. */
#pragma once

typedef int sys_sem_t;
typedef int sys_mutex_t;
typedef int sys_mbox_t;
typedef int sys_thread_t;
typedef int sys_prot_t;
