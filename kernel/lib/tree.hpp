// Intrusive ordered trees: Boost.Intrusive under shorter names, as kernel/lib/list.hpp does for lists.
//
//   struct Range : lib::TreeNode { VirtAddr start; ... };
//   struct RangeStart { using type = VirtAddr; VirtAddr operator()(const Range& r) const { return r.start; } };
//   lib::Tree<Range, RangeStart> ranges;         look up by key: ranges.find(start), lower_bound(), upper_bound()
#pragma once

#include "kernel/lib/intrusive_config.hpp"

#include <boost/intrusive/set.hpp>

namespace lib {

using TreeNode = boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::safe_link>>;

// Unique keys.
template <class T, class Key>
using Tree = boost::intrusive::set<T, boost::intrusive::key_of_value<Key>, boost::intrusive::constant_time_size<false>>;
// Equal keys stay in the order in which they came.
template <class T, class Key>
using MultiTree =
    boost::intrusive::multiset<T, boost::intrusive::key_of_value<Key>, boost::intrusive::constant_time_size<false>>;

}  // namespace lib
