#include "kernel/lib/cpio.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

std::string member(const std::string& name, const std::string& data, unsigned mode = 0100644) {
  char header[111];
  std::snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", 1, mode, 0, 0,
                1, 5, data.size(), 0, 0, 4, 64, name.size() + 1, 0);
  std::string text = header + name + '\0';
  text.resize((text.size() + 3) / 4 * 4);
  text += data;
  text.resize((text.size() + 3) / 4 * 4);
  return text;
}

std::span<const u8> bytes(const std::string& text) { return {reinterpret_cast<const u8*>(text.data()), text.size()}; }

TEST(Cpio, ReadsSeveralArchives) {
  const std::string text = member("a", "hello") + member("TRAILER!!!", "") + std::string(100, '\0') + member("b/c", "");
  lib::CpioReader reader(bytes(text));
  lib::CpioEntry entry;
  ASSERT_TRUE(reader.next(entry).value());
  EXPECT_EQ(entry.name, "a");
  EXPECT_EQ(std::string(entry.data.begin(), entry.data.end()), "hello");
  EXPECT_EQ(entry.device_major, 4u);
  ASSERT_TRUE(reader.next(entry).value());
  EXPECT_EQ(entry.name, "b/c");
  EXPECT_FALSE(reader.next(entry).value());
}

TEST(Cpio, RefusesEveryTruncation) {
  const std::string text = member("name", "some data that is long enough");
  for (usize length = 1; length + 3 < text.size(); ++length) {
    const std::string cut = text.substr(0, length);
    lib::CpioReader reader(bytes(cut));
    lib::CpioEntry entry;
    EXPECT_FALSE(reader.next(entry).has_value()) << length;
  }
}

TEST(Cpio, SurvivesEveryByteFlip) {
  const std::string text = member("name", "data") + member("TRAILER!!!", "");
  for (usize i = 0; i < text.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      lib::CpioReader reader(bytes(damaged));
      lib::CpioEntry entry;
      for (int n = 0; n < 10; ++n) {
        const auto more = reader.next(entry);
        if (!more || !*more) break;
      }
    }
  }
}

}  // namespace
