// What the C++ library calls when it would throw, and what the compiler calls for pure virtual functions.

#include "kernel/diag/assert.hpp"

namespace std {

void __throw_out_of_range_fmt(const char* format, ...) { diag::panic("out of range: %s", format); }
void __throw_length_error(const char* what) { diag::panic("length error: %s", what); }
void __throw_bad_variant_access(const char* what) { diag::panic("bad variant access: %s", what); }

}  // namespace std

extern "C" void __cxa_pure_virtual() { diag::panic("a pure virtual function was called"); }
extern "C" void abort() { diag::panic("abort() was called"); }
