// Boost.Intrusive without the C library: its assertions would call abort(). Include before any of its headers.
#pragma once

#define BOOST_INTRUSIVE_INVARIANT_ASSERT(condition)            static_cast<void>(0)
#define BOOST_INTRUSIVE_SAFE_HOOK_DEFAULT_ASSERT(condition)    static_cast<void>(0)
#define BOOST_INTRUSIVE_SAFE_HOOK_DESTRUCTOR_ASSERT(condition) static_cast<void>(0)
