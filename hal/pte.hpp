// The page-table entries of this architecture: hal::Pte, which hal/arch.hpp holds to the concept PageTableFormat.
#pragma once

#include <arch_impl/pte.hpp>

namespace hal {
using arch::Pte;
}
