#include "net/socket/options.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace {

using namespace net;
using namespace net::socket_option;

template <class T>
std::span<const u8> bytes(const T& value) {
  return {reinterpret_cast<const u8*>(&value), sizeof(value)};
}

i32 number(const OptionValue& value) {
  i32 result = 0;
  std::memcpy(&result, value.bytes, sizeof(result));
  return result;
}

TEST(SocketOptions, BuffersAreDoubledAndBounded) {
  SocketOptions options;
  EXPECT_TRUE(set_common_option(options, kSendBuffer, bytes<i32>(5000), false));
  EXPECT_EQ(number(*get_common_option(options, kSendBuffer)), 10000);
  EXPECT_TRUE(set_common_option(options, kReceiveBuffer, bytes<i32>(1), false));
  EXPECT_EQ(options.receive_buffer, kLeastBuffer);
  EXPECT_TRUE(set_common_option(options, kSendBuffer, bytes<i32>(1 << 30), false));
  EXPECT_EQ(options.send_buffer, kMostBuffer);
  EXPECT_EQ(set_common_option(options, kSendBufferForce, bytes<i32>(1 << 20), false).error(), Errno::EPERM);
  EXPECT_TRUE(set_common_option(options, kSendBufferForce, bytes<i32>(1 << 20), true));
  EXPECT_EQ(options.send_buffer, 2u << 20);
}

TEST(SocketOptions, TimeoutsAndErrors) {
  SocketOptions options;
  const i64 time[2] = {2, 500000}, bad[2] = {0, 1000000};
  EXPECT_TRUE(set_common_option(options, kReceiveTimeout, bytes(time), false));
  EXPECT_EQ(options.receive_timeout_ns, 2'500'000'000u);
  EXPECT_EQ(set_common_option(options, kSendTimeout, bytes(bad), false).error(), Errno::EDOM);
  EXPECT_EQ(set_common_option(options, kSendTimeout, bytes<i32>(1), false).error(), Errno::EINVAL);
  EXPECT_EQ(set_common_option(options, kKeepAlive, bytes<u8>(1), false).error(), Errno::EINVAL);
  EXPECT_EQ(set_common_option(options, 12345, bytes<i32>(1), false).error(), Errno::ENOPROTOOPT);
  EXPECT_TRUE(set_common_option(options, kKeepAlive, bytes<i32>(9), false));
  EXPECT_EQ(number(*get_common_option(options, kKeepAlive)), 1);
}

}  // namespace
