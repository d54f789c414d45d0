// After a power cut at any moment, with any of the unflushed writes lost: e2fsck -p ends with 0 or 1, and everything
// that fsync or sync had promised is there.

#include <map>
#include <set>

#include "tests/unit/ext2/host.hpp"

namespace {

using test::Ext2Host;
using test::FakeDisk;
using test::Image;
using namespace vfs::open_flag;

std::string text(std::mt19937& random) {
  std::string bytes(random() % 30'000, 0);
  for (char& byte : bytes) byte = static_cast<char>('a' + random() % 26);
  return bytes;
}

// What a moment of a run may leave, and what must be found then.
struct Moment {
  Image image;
  std::map<std::string, std::set<std::string>> promised;  // path: the contents it may have
};

class PowerCut {
 public:
  PowerCut(const std::string& options, unsigned seed)
      : random_(seed), disk_(FakeDisk::create(test::make_image(options, 4096))), host_(disk_) {
    disk_->before_change = [&] {
      if (random_() % chance_ == 0 && moments_.size() < 60)
        moments_.push_back({disk_->after_power_cut(random_), promised_});
    };
  }

  std::mt19937& random() { return random_; }
  Ext2Host& host() { return host_; }
  std::string some_path() { return "/d" + std::to_string(random_() % 3) + "/f" + std::to_string(random_() % 40); }

  void change(const std::string& path) { promised_.erase(path); }
  void exists(const std::string& path, const std::string& bytes) {
    change(path);
    present_[path] = bytes;
  }
  void gone(const std::string& path) {
    change(path);
    present_.erase(path);
  }
  bool has(const std::string& path) const { return present_.contains(path); }
  const std::string& contents(const std::string& path) { return present_[path]; }
  void may_also_be(const std::string& path, const std::string& bytes) {
    if (promised_.contains(path)) promised_[path].insert(bytes);
  }
  void promise(const std::string& path) { promised_[path] = {present_[path]}; }
  void promise_all() {
    promised_.clear();
    for (const auto& [path, bytes] : present_) promised_[path] = {bytes};
  }
  void set_chance(unsigned chance) { chance_ = chance; }

  void verify() {
    disk_->before_change = nullptr;
    for (const Moment& moment : moments_) {
      Image repaired;
      std::string said;
      ASSERT_LE(test::check_image(moment.image, true, &repaired, &said), 1) << said;
      Ext2Host after(FakeDisk::create(std::move(repaired)), true);
      ASSERT_TRUE(after.is_mounted());
      for (const auto& [path, allowed] : moment.promised) {
        const auto found = after.read_file(path);
        ASSERT_TRUE(found) << path << " is gone: error " << static_cast<int>(found.error());
        ASSERT_TRUE(allowed.contains(*found)) << path << " has other contents than were promised";
      }
    }
    EXPECT_GE(moments_.size(), 20u);
  }

 private:
  std::mt19937 random_;
  lib::Ref<FakeDisk> disk_;
  Ext2Host host_;
  std::map<std::string, std::string> present_;
  std::map<std::string, std::set<std::string>> promised_;
  std::vector<Moment> moments_;
  unsigned chance_ = 10;
};

void step(PowerCut& run) {
  Ext2Host& host = run.host();
  const std::string path = run.some_path(), other = run.some_path();
  switch (run.random()() % 10) {
    case 0:
    case 1:
    case 2: {
      const std::string bytes = text(run.random());
      run.change(path);
      if (host.write_file(path, bytes)) run.exists(path, bytes);
      break;
    }
    case 3: {
      const std::string bytes = text(run.random());
      run.change(path);
      if (host.write_file(path, bytes, true)) {
        run.exists(path, bytes);
        run.promise(path);
      }
      break;
    }
    case 4:
    case 5:
      if (!run.has(path)) break;
      run.change(path);
      if (host.remove(path)) run.gone(path);
      break;
    case 6:
    case 7: {
      if (!run.has(path) || path == other) break;
      const std::string bytes = run.contents(path);
      run.change(path);
      run.change(other);
      if (host.rename(path, other)) {
        run.gone(path);
        run.exists(other, bytes);
      }
      break;
    }
    case 8: {
      if (!run.has(path) || run.has(other)) break;
      run.change(other);
      if (host.link(path, other)) {
        // Two names of one file: a change of one would change the other, so the model lets go of the second at once.
        static_cast<void>(host.remove(other));
      }
      break;
    }
    default:
      if (run.random()() % 4 != 0) break;
      if (host.sync()) run.promise_all();
  }
}

class Ext2PowerCut : public testing::TestWithParam<std::tuple<int, unsigned>> {};
INSTANTIATE_TEST_SUITE_P(Runs, Ext2PowerCut,
                         testing::Combine(testing::Values(1024, 4096), testing::Values(1u, 2u, 3u)));

TEST_P(Ext2PowerCut, KeepsWhatWasPromised) {
  const auto [block_size, seed] = GetParam();
  PowerCut run("-N 512 -b " + std::to_string(block_size) + (block_size == 1024 ? " -g 1024" : ""), seed);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run.host().make_directory("/d" + std::to_string(i)));
  for (int i = 0; i < 600; ++i) step(run);
  run.verify();
}

// The way editors and package managers replace files: never neither the old nor the new one.
TEST(Ext2PowerCut, RenameOverANameIsAtomic) {
  PowerCut run("-b 1024", 7);
  ASSERT_TRUE(run.host().write_file("/f", "0", true));
  run.exists("/f", "0");
  run.promise("/f");
  run.set_chance(5);
  for (int i = 1; i < 60; ++i) {
    const std::string bytes(static_cast<usize>(i) * 97, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(run.host().write_file("/tmp", bytes, i % 2 == 0));
    if (i % 2 != 0) ASSERT_TRUE(run.host().sync());
    run.may_also_be("/f", bytes);
    ASSERT_TRUE(run.host().rename("/tmp", "/f"));
    if (i % 3 == 0) {
      ASSERT_TRUE(run.host().sync());
      run.exists("/f", bytes);
      run.promise("/f");
    }
  }
  run.verify();
}

// Names and inodes that are used again at once, in directories that grow.
TEST(Ext2PowerCut, ManyShortLives) {
  PowerCut run("-b 1024 -N 64", 11);
  ASSERT_TRUE(run.host().make_directory("/d0"));
  run.set_chance(20);
  for (int i = 0; i < 1500; ++i) {
    const std::string path = "/d0/a-rather-long-name-" + std::to_string(i % 30);
    if (i % 3 == 2) {
      static_cast<void>(run.host().remove(path));
      static_cast<void>(run.host().make_directory(path));
    } else {
      static_cast<void>(run.host().remove_directory(path));
      static_cast<void>(run.host().write_file(path, std::string(static_cast<usize>(i % 3000), 'x')));
    }
    if (i % 40 == 0) ASSERT_TRUE(run.host().sync());
  }
  run.verify();
}

}  // namespace
