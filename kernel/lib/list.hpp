// Intrusive doubly linked lists: Boost.Intrusive under shorter names.
//
//   struct Item : lib::ListNode { ... };         lib::List<Item> items;     items.push_back(item);
//
// A list does not own its members. A node is unlinked when it is in none; destroying a linked node is a bug that
// a debug build reports. `Tag` tells the nodes of an object apart that is in several lists.
#pragma once

#include "kernel/lib/intrusive_config.hpp"

#include <boost/intrusive/list.hpp>

namespace lib {

struct DefaultTag;

template <class Tag>
using TaggedListNode = boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>,
                                                        boost::intrusive::link_mode<boost::intrusive::safe_link>>;
using ListNode = TaggedListNode<DefaultTag>;

template <class T, class Tag = DefaultTag>
using List = boost::intrusive::list<T, boost::intrusive::base_hook<TaggedListNode<Tag>>,
                                    boost::intrusive::constant_time_size<false>>;

}  // namespace lib
