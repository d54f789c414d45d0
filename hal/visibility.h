/*
 * Symbol visibility of the kernel image. The compiler is told to include this file first.
 *
 * The kernel is a position-independent executable that relocates itself. Declaring every symbol hidden, those that are
 * only declared in a file too, lets the compiler address them relative to the instruction pointer instead of through
 * a global offset table.
 */
#pragma GCC visibility push(hidden)
