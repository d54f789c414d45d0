#include "fs/vfs/dentry.hpp"

#include <cstring>

#include "kernel/diag/assert.hpp"
#include "kernel/lib/hash.hpp"

namespace vfs {

constexpr usize kBuckets = 4096;
constexpr usize kMostCached = 16384;
// Of names that the file system is asked about each time anyway: those in use stay, the others gain nothing.
constexpr usize kMostUnstable = 128;

struct DentryTable {
  // Entries that go when there are too many of them.
  struct Age {
    usize most;
    lib::List<Dentry, AgeTag> entries = {};  // oldest first
    usize count = 0;

    // An entry that only the table holds; null if there is none among the oldest. Those in use become young again.
    Dentry* find_unused() {
      for (usize left = std::min<usize>(count, 64); left != 0; --left) {
        Dentry& entry = entries.front();
        if (entry.reference_count() == 1 && !entry.is_mount_point()) return &entry;
        entries.erase(entries.iterator_to(entry));
        entries.push_back(entry);
      }
      return nullptr;
    }
  };

  lib::List<Dentry, HashTag> buckets[kBuckets];
  Age stable = {kMostCached};
  Age unstable = {kMostUnstable};

  lib::List<Dentry, HashTag>& bucket(u64 hash) { return buckets[hash % kBuckets]; }

  static u64 hash_of(const Dentry& parent, std::string_view name) {
    return lib::fnv1a(name, lib::mix(reinterpret_cast<u64>(&parent)));
  }

  Dentry* find(const Dentry& parent, std::string_view name, u64 hash) {
    for (Dentry& entry : bucket(hash)) {
      if (entry.hash_ == hash && entry.parent_.get() == &parent && entry.name_.view() == name) return &entry;
    }
    return nullptr;
  }
  // The table's reference is the caller's.
  void enter(Dentry& entry) {
    entry.hash_ = hash_of(*entry.parent_, entry.name_.view());
    entry.in_table_ = true;
    bucket(entry.hash_).push_front(entry);
    Age& age = age_of(entry);
    age.entries.push_back(entry);
    ++age.count;
  }
  // The caller gets the table's reference.
  void leave(Dentry& entry) {
    entry.in_table_ = false;
    bucket(entry.hash_).erase(bucket(entry.hash_).iterator_to(entry));
    Age& age = age_of(entry);
    age.entries.erase(age.entries.iterator_to(entry));
    --age.count;
  }
  void rehash(Dentry& entry) {
    bucket(entry.hash_).erase(bucket(entry.hash_).iterator_to(entry));
    entry.hash_ = hash_of(*entry.parent_, entry.name_.view());
    bucket(entry.hash_).push_front(entry);
  }
  Age& age_of(const Dentry& entry) { return entry.is_stable_ ? stable : unstable; }
  // An unused entry, taken out of the table, if `age` has more than `keep`; or null.
  Dentry* take_unused(Age& age, usize keep) {
    Dentry* entry = age.count > keep ? age.find_unused() : nullptr;
    if (entry != nullptr) leave(*entry);
    return entry;
  }
  void exchange_places(Dentry& a, Dentry& b) {
    std::swap(a.parent_, b.parent_);
    std::swap(a.name_, b.name_);
    if (a.in_table_) rehash(a);
    if (b.in_table_) rehash(b);
  }
};

namespace {

sync::Locked<DentryTable, sync::LockClass::DentryTable> g_table;

}  // namespace

// A loop, because a chain of removed directories may be longer than the stack is deep.
void Dentry::destroy_last(Dentry* self) {
  for (;;) {
    Dentry* parent = self->parent_.leak();
    lib::destroy(self);
    if (parent == nullptr || !parent->drop()) return;
    self = parent;
  }
}

Result<lib::Ref<Dentry>> Dentry::make_root(lib::Ref<Inode> inode, std::string_view name) {
  auto root = TRY(lib::make_ref<Dentry>(std::move(inode)));
  root->name_ = TRY(lib::String::copy(name));
  root->is_root_ = true;
  return root;
}

lib::Ref<Dentry> Dentry::find(Dentry& parent, std::string_view name) {
  const u64 hash = DentryTable::hash_of(parent, name);
  return g_table.with([&](DentryTable& table) { return lib::Ref<Dentry>(table.find(parent, name, hash)); });
}

Result<lib::Ref<Dentry>> Dentry::add(Dentry& parent, std::string_view name, lib::Ref<Inode> inode) {
  auto fresh = TRY(lib::make_ref<Dentry>(std::move(inode)));
  fresh->name_ = TRY(lib::String::copy(name));
  fresh->parent_ = lib::Ref<Dentry>(parent);
  fresh->is_stable_ = parent.inode()->names_are_stable();
  Dentry* dropped = nullptr;
  lib::Ref<Dentry> result = g_table.with([&](DentryTable& table) {
    if (Dentry* faster = table.find(parent, name, DentryTable::hash_of(parent, name))) return lib::Ref<Dentry>(faster);
    table.enter(*fresh);
    fresh->acquire();
    auto& age = table.age_of(*fresh);
    dropped = table.take_unused(age, age.most);
    return fresh;
  });
  if (dropped != nullptr) dropped->release();
  return result;
}

lib::Ref<Inode> Dentry::inode() {
  return g_table.with([&](DentryTable&) { return inode_; });
}

lib::Ref<Dentry> Dentry::parent() {
  return g_table.with([&](DentryTable&) { return parent_ ? parent_ : lib::Ref<Dentry>(this); });
}

usize Dentry::copy_name(char* buffer) {
  return g_table.with([&](DentryTable&) {
    std::memcpy(buffer, name_.c_str(), name_.size() + 1);
    return name_.size();
  });
}

void Dentry::become(lib::Ref<Inode> inode) {
  g_table.with([&](DentryTable&) { std::swap(inode_, inode); });
}

void Dentry::unlink() {
  is_unlinked_.store(true, std::memory_order_release);
  const bool was_in = g_table.with([&](DentryTable& table) {
    if (!in_table_) return false;
    table.leave(*this);
    return true;
  });
  if (was_in) release();
}

void Dentry::move_over(Dentry& target) {
  target.is_unlinked_.store(true, std::memory_order_release);
  const bool target_was_in = g_table.with([&](DentryTable& table) {
    const bool was_in = target.in_table_;
    if (was_in) table.leave(target);
    table.exchange_places(*this, target);
    return was_in;
  });
  if (target_was_in) target.release();
}

void Dentry::exchange_with(Dentry& other) {
  g_table.with([&](DentryTable& table) { table.exchange_places(*this, other); });
}

bool Dentry::is_above(Dentry& other) {
  return g_table.with([&](DentryTable&) {
    for (Dentry* at = &other; at != nullptr; at = at->parent_.get()) {
      if (at == this) return true;
    }
    return false;
  });
}

// An entry whose last child went becomes unused itself, so this goes on until a whole round finds none.
void Dentry::drop_unused_below(Dentry& root) {
  constexpr usize kBatch = 32;
  for (;;) {
    Dentry* dropped[kBatch];
    usize count = 0;
    g_table.with([&](DentryTable& table) {
      for (DentryTable::Age* age : {&table.stable, &table.unstable}) {
        for (auto at = age->entries.begin(); at != age->entries.end() && count < kBatch;) {
          Dentry& entry = *at++;
          if (entry.reference_count() != 1 || entry.is_mount_point()) continue;
          Dentry* above = &entry;
          while (above != nullptr && above != &root) above = above->parent_.get();
          if (above == nullptr) continue;
          table.leave(entry);
          dropped[count++] = &entry;
        }
      }
    });
    for (usize i = 0; i < count; ++i) dropped[i]->release();
    if (count == 0) return;
  }
}

usize Dentry::cached_count() {
  return g_table.with([](DentryTable& table) { return table.stable.count + table.unstable.count; });
}

void Dentry::shrink(usize keep) {
  for (;;) {
    Dentry* entry = g_table.with([&](DentryTable& table) {
      Dentry* unused = table.take_unused(table.unstable, 0);
      return unused != nullptr ? unused : table.take_unused(table.stable, keep);
    });
    if (entry == nullptr) return;
    entry->release();
  }
}

}  // namespace vfs
