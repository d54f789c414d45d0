// ext2 against mke2fs's images and e2fsck's opinion.

#include <map>

#include "tests/unit/allocate.hpp"
#include "tests/unit/ext2/host.hpp"
#include "tests/unit/fake/kernel.hpp"

namespace {

using test::Ext2Host;
using test::FakeDisk;
using test::Image;
using namespace vfs::open_flag;

std::string pattern(usize size, unsigned seed) {
  std::string bytes(size, 0);
  std::mt19937 random(seed);
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

template <class T>
Errno error_of(const Result<T>& result) {
  return result ? Errno{} : result.error();
}

void expect_clean(const Image& image) {
  std::string said;
  EXPECT_EQ(test::check_image(image, false, nullptr, &said), 0) << said;
}

class Ext2Sizes : public testing::TestWithParam<int> {
 protected:
  Image image() const { return test::make_image("-b " + std::to_string(GetParam()), 8192); }
};
INSTANTIATE_TEST_SUITE_P(Blocks, Ext2Sizes, testing::Values(1024, 2048, 4096));

TEST_P(Ext2Sizes, FilesDirectoriesAndLinksSurvive) {
  const u64 frames_before = test::frames_in_use();
  auto disk = FakeDisk::create(image());
  const std::string large = pattern(700'001, 1);
  {
    Ext2Host host(disk);
    ASSERT_TRUE(host.is_mounted());
    ASSERT_TRUE(host.make_directory("/d"));
    ASSERT_TRUE(host.make_directory("/d/e"));
    ASSERT_TRUE(host.write_file("/d/e/large", large));
    ASSERT_TRUE(host.write_file("/small", "hello"));
    ASSERT_TRUE(host.link("/small", "/d/second"));
    ASSERT_TRUE(vfs::make_symlink(host.context(), "d/e/large", "/short"));
    ASSERT_TRUE(vfs::make_symlink(host.context(), std::string(300, 'x'), "/long"));
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(host.write_file("/d/file" + std::to_string(i), std::to_string(i)));
    for (int i = 0; i < 300; i += 2) ASSERT_TRUE(host.remove("/d/file" + std::to_string(i)));
    ASSERT_TRUE(host.rename("/d/file1", "/d/renamed"));
    ASSERT_TRUE(host.rename("/d/file3", "/small"));
    ASSERT_TRUE(host.rename("/d/e", "/moved"));
    vfs::NewNode fifo;
    fifo.type = vfs::FileType::Fifo;
    ASSERT_TRUE(vfs::make_node(host.context(), "/fifo", fifo));
  }
  expect_clean(disk->image());
  {
    Ext2Host host(disk, true);
    ASSERT_TRUE(host.is_mounted());
    EXPECT_EQ(host.read_file("/moved/large").value_or(""), large);
    EXPECT_EQ(error_of(host.read_file("/short")), Errno::ENOENT);
    EXPECT_EQ(host.read_file("/small").value_or(""), "3");
    EXPECT_EQ(host.read_file("/d/second").value_or(""), "hello");
    EXPECT_EQ(host.read_file("/d/renamed").value_or(""), "1");
    EXPECT_EQ(host.list("/d")->size(), 1 + 148 + 1u);
    EXPECT_EQ(error_of(host.write_file("/x", "y")), Errno::EROFS);
  }
  EXPECT_EQ(test::frames_in_use(), frames_before);
}

TEST_P(Ext2Sizes, HolesTruncationAndSizes) {
  auto disk = FakeDisk::create(image());
  {
    Ext2Host host(disk);
    auto file = *host.open("/sparse", kReadWrite | kCreate);
    vfs::WriteBuffer buffer = vfs::WriteBuffer::kernel("end", 3);
    u64 position = GetParam() == 1024 ? (u64{1} << 33) : (u64{5} << 30);
    ASSERT_TRUE(file->write(buffer, position));
    EXPECT_LT(file->inode()->attributes().blocks, 64u);
    ASSERT_TRUE(host.write_file("/cut", pattern(100'000, 2)));
    auto cut = *host.open("/cut", kReadWrite);
    ASSERT_TRUE(cut->truncate(5'001));
    ASSERT_TRUE(cut->truncate(50'000));
  }
  expect_clean(disk->image());
  Ext2Host host(disk);
  const std::string cut = host.read_file("/cut").value_or("");
  ASSERT_EQ(cut.size(), 50'000u);
  EXPECT_EQ(cut.substr(0, 5'001), pattern(100'000, 2).substr(0, 5'001));
  EXPECT_EQ(cut.find_first_not_of('\0', 5'001), std::string::npos);
  ASSERT_TRUE(host.remove("/sparse"));
  ASSERT_TRUE(host.remove("/cut"));
  host.unmount();
  expect_clean(disk->image());
}

TEST_P(Ext2Sizes, FullDiskIsAnErrorAndNothingIsLost) {
  auto disk = FakeDisk::create(image());
  {
    Ext2Host host(disk);
    const auto before = host.file_system().info().free_blocks;
    auto file = *host.open("/fill", kReadWrite | kCreate);
    const std::string piece = pattern(65536, 3);
    Status last;
    while (last) last = host.append(*file, piece);
    EXPECT_EQ(last.error(), Errno::ENOSPC);
    EXPECT_LE(host.file_system().info().free_blocks, 16u);
    EXPECT_FALSE(host.make_directory("/none") && host.make_directory("/none/none") &&
                 host.write_file("/none/none/f", piece));
    file.reset();
    ASSERT_TRUE(host.sync());
    ASSERT_TRUE(host.remove("/fill"));
    static_cast<void>(host.remove("/none/none/f"));
    static_cast<void>(host.remove_directory("/none/none"));
    static_cast<void>(host.remove_directory("/none"));
    vfs::Dentry::shrink(0);
    ASSERT_TRUE(host.sync());
    EXPECT_EQ(host.file_system().info().free_blocks, before);
  }
  expect_clean(disk->image());
}

TEST(Ext2, UnlinkedOpenFileLivesUntilItIsClosed) {
  auto disk = FakeDisk::create(test::make_image("-b 1024", 4096));
  {
    Ext2Host host(disk);
    ASSERT_TRUE(host.write_file("/f", "text"));
    ASSERT_TRUE(host.sync());
    auto file = *host.open("/f", kReadWrite);
    ASSERT_TRUE(host.remove("/f"));
    ASSERT_TRUE(host.sync());
    // A power cut now takes the file, and nothing else.
    std::string said;
    EXPECT_LE(test::check_image(disk->image(), true, nullptr, &said), 1) << said;
    char text[4];
    vfs::ReadBuffer buffer = vfs::ReadBuffer::kernel(text, 4);
    EXPECT_EQ(file->read_at_offset(buffer).value_or(0), 4u);
    auto unnamed = *host.open("/", kReadWrite | kTmpfile | kDirectory);
    ASSERT_TRUE(host.append(*unnamed, "unnamed"));
    file.reset();
    ASSERT_TRUE(vfs::make_link(host.context(), unnamed->path(), "/named"));
  }
  expect_clean(disk->image());
}

TEST(Ext2, UnknownFeaturesAreRefused) {
  Image image = test::make_image("-b 1024", 2048);
  auto* super = reinterpret_cast<u32*>(&image[1024]);
  super[24] |= 0x40;  // extents
  EXPECT_EQ(Ext2Host(FakeDisk::create(image)).mount_error(), Errno::EINVAL);
  super[24] &= ~0x40u;
  super[25] |= 0x10;  // checksums of groups
  EXPECT_EQ(Ext2Host(FakeDisk::create(image)).mount_error(), Errno::EROFS);
  EXPECT_TRUE(Ext2Host(FakeDisk::create(image), true).is_mounted());
}

TEST(Ext2, OldRevisionWithoutTypes) {
  auto disk = FakeDisk::create(test::make_image("-b 1024 -r 0", 2048));
  {
    Ext2Host host(disk);
    ASSERT_TRUE(host.is_mounted());
    ASSERT_TRUE(host.make_directory("/d"));
    ASSERT_TRUE(host.write_file("/d/f", "old"));
  }
  expect_clean(disk->image());
}

// Everything a stranger could have done to a directory tree, as far as it takes to go through it.
void walk_everything(Ext2Host& host, const std::string& path, int depth) {
  const auto names = host.list(path);
  if (!names || depth > 8) return;
  for (const std::string& name : *names) {
    static_cast<void>(host.read_file(path + "/" + name));
    char text[100];
    if (auto place = vfs::resolve(host.context(), path + "/" + name, vfs::Follow::No)) {
      static_cast<void>(place->inode()->read_link(text));
    }
    walk_everything(host, path + "/" + name, depth + 1);
  }
}

Image populated_image() {
  auto disk = FakeDisk::create(test::make_image("-b 1024 -N 256", 2048));
  Ext2Host host(disk);
  static_cast<void>(host.make_directory("/d"));
  static_cast<void>(host.make_directory("/d/e"));
  for (int i = 0; i < 20; ++i)
    static_cast<void>(host.write_file("/d/f" + std::to_string(i), pattern(2000 * static_cast<usize>(i), 9)));
  static_cast<void>(vfs::make_symlink(host.context(), std::string(200, 'y'), "/d/l"));
  host.unmount();
  return disk->image();
}

TEST(Ext2, DamagedImagesDoNoHarm) {
  const Image good = populated_image();
  std::mt19937 random(42);
  for (int round = 0; round < 400; ++round) {
    Image image = good;
    // Mostly in the metadata, which is at the beginning.
    const usize reach = round % 4 == 0 ? image.size() : 80 * 1024;
    for (int flips = 1 + static_cast<int>(random() % 30); flips > 0; --flips) {
      const usize at = 1024 + random() % (reach - 1024);
      image[at] = static_cast<u8>(round % 2 == 0 ? random() : image[at] ^ 1u << random() % 8);
    }
    auto disk = FakeDisk::create(std::move(image));
    Ext2Host host(disk);
    if (!host.is_mounted()) continue;
    walk_everything(host, "", 0);
    static_cast<void>(host.write_file("/new", pattern(5000, 1)));
    static_cast<void>(host.rename("/d/f3", "/d/f4"));
    static_cast<void>(host.remove("/d/f5"));
    for (int i = 0; i < 30; ++i) static_cast<void>(host.write_file("/d/n" + std::to_string(i), "n"));
    static_cast<void>(host.sync());
  }
}

void some_operations(Ext2Host& host) {
  static_cast<void>(host.make_directory("/a"));
  for (int i = 0; i < 6; ++i) static_cast<void>(host.write_file("/a/" + std::to_string(i), pattern(20'000, 1)));
  static_cast<void>(host.rename("/a/1", "/a/2"));
  static_cast<void>(host.remove("/a/3"));
  static_cast<void>(host.link("/a/4", "/l"));
  static_cast<void>(vfs::make_symlink(host.context(), std::string(100, 's'), "/s"));
  static_cast<void>(host.sync());
}

TEST(Ext2, RunningOutOfMemoryIsAnError) {
  const Image image = test::make_image("-b 1024", 2048);
  for (int count = 0; count < 600; count += count < 100 ? 1 : 7) {
    auto disk = FakeDisk::create(image);
    {
      Ext2Host host(disk);
      ASSERT_TRUE(host.is_mounted());
      test::fail_allocations_after(count);
      some_operations(host);
      test::fail_allocations_after(-1);
    }
    if (count % 9 != 0) continue;
    std::string said;
    EXPECT_LE(test::check_image(disk->image(), true, nullptr, &said), 1) << count << said;
  }
}

TEST(Ext2, ErrorsOfTheDiskAreErrors) {
  const Image image = test::make_image("-b 1024", 2048);
  for (int count = 1; count < 200; count += 3) {
    auto disk = FakeDisk::create(image);
    {
      Ext2Host host(disk);
      if (!host.is_mounted()) continue;
      disk->fail_after(count);
      some_operations(host);
      disk->fail_after(-1);
    }
    if (count % 4 != 1) continue;
    std::string said;
    EXPECT_LE(test::check_image(disk->image(), true, nullptr, &said), 1) << count << said;
  }
}

}  // namespace
