#include "net/packet/bpf.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using net::bpf::check;
using net::bpf::Facts;
using net::bpf::Instruction;
using net::bpf::run;

constexpr Instruction kPass = {0x06, 0, 0, 0xffff};
constexpr Instruction kDrop = {0x06, 0, 0, 0};

std::vector<u8> ipv4_udp(u16 port) {
  std::vector<u8> packet(28);
  packet[0] = 0x45;
  packet[9] = 17;
  packet[22] = static_cast<u8>(port >> 8);
  packet[23] = static_cast<u8>(port);
  return packet;
}

// udhcpc's: UDP, not a fragment, to port 68.
const std::vector<Instruction> kClient = {
    {0x30, 0, 0, 9}, {0x15, 0, 6, 17}, {0x28, 0, 0, 6},          {0x45, 4, 0, 0x1fff}, {0xb1, 0, 0, 0},
    {0x48, 0, 0, 2}, {0x15, 0, 1, 68}, {0x06, 0, 0, 0x7fffffff}, {0x06, 0, 0, 0},
};

TEST(Bpf, DhcpClientFilter) {
  ASSERT_TRUE(check(kClient));
  EXPECT_EQ(run(kClient, ipv4_udp(68), {}), 0x7fffffffu);
  EXPECT_EQ(run(kClient, ipv4_udp(67), {}), 0u);
  auto fragment = ipv4_udp(68);
  fragment[7] = 1;
  EXPECT_EQ(run(kClient, fragment, {}), 0u);
  EXPECT_EQ(run(kClient, std::vector<u8>(5), {}), 0u);
}

TEST(Bpf, RefusesProgramsThatLeaveOrNeverReturn) {
  EXPECT_FALSE(check({}));
  EXPECT_FALSE(check(std::vector<Instruction>{{0x00, 0, 0, 1}}));
  EXPECT_FALSE(check(std::vector<Instruction>{{0x05, 0, 0, 1}, kPass}));
  EXPECT_FALSE(check(std::vector<Instruction>{{0x15, 0, 1, 0}, kPass}));
  EXPECT_FALSE(check(std::vector<Instruction>{{0x34, 0, 0, 0}, kPass}));
  EXPECT_FALSE(check(std::vector<Instruction>{{0x60, 0, 0, 16}, kPass}));
  EXPECT_FALSE(check(std::vector<Instruction>{{0x02, 0, 0, 16}, kPass}));
  EXPECT_FALSE(check(std::vector<Instruction>{{0xffff, 0, 0, 0}, kPass}));
  EXPECT_FALSE(check(std::vector<Instruction>{{0x64, 0, 0, 32}, kPass}));
  EXPECT_FALSE(check(std::vector<Instruction>(net::bpf::kMostInstructions + 1, kPass)));
  EXPECT_TRUE(check(std::vector<Instruction>{{0x05, 0, 0, 0}, kPass}));
}

TEST(Bpf, ArithmeticAndScratch) {
  // ((7 << 2) % 5) ^ 0xf0, kept and loaded again.
  const std::vector<Instruction> program = {{0x00, 0, 0, 7}, {0x64, 0, 0, 2}, {0x94, 0, 0, 5}, {0xa4, 0, 0, 0xf0},
                                            {0x02, 0, 0, 3}, {0x00, 0, 0, 0}, {0x60, 0, 0, 3}, {0x16, 0, 0, 0}};
  ASSERT_TRUE(check(program));
  EXPECT_EQ(run(program, {}, {}), (7u << 2) % 5 ^ 0xf0u);
  const std::vector<Instruction> by_zero = {{0x01, 0, 0, 0}, {0x3c, 0, 0, 0}, kPass};
  ASSERT_TRUE(check(by_zero));
  EXPECT_EQ(run(by_zero, {}, {}), 0u);
}

TEST(Bpf, FactsAboutThePacket) {
  const std::vector<Instruction> program = {{0x28, 0, 0, 0xfffff000}, {0x15, 0, 1, 0x0806}, kPass, kDrop};
  ASSERT_TRUE(check(program));
  EXPECT_EQ(run(program, {}, Facts{.protocol = 0x0806}), 0xffffu);
  EXPECT_EQ(run(program, {}, Facts{.protocol = 0x0800}), 0u);
  EXPECT_FALSE(check(std::vector<Instruction>{{0x28, 0, 0, 0xfffff0fc}, kPass}));
}

TEST(Bpf, RandomProgramsThatPassCheckEnd) {
  u64 seed = 88172645463325252;
  const auto next = [&] {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed;
  };
  const auto packet = ipv4_udp(68);
  for (int round = 0; round < 200000; ++round) {
    std::vector<Instruction> program(1 + next() % 8);
    for (Instruction& at : program) {
      at = {static_cast<u16>(next() & 0xff), static_cast<u8>(next() % 4), static_cast<u8>(next() % 4),
            static_cast<u32>(next() % 3 == 0 ? next() : next() % 40)};
    }
    program.back() = kPass;
    if (check(program)) run(program, packet, {});
  }
}

}  // namespace
