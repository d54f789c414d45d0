// Trust bundles: which may follow which, what their keys and policies cover, and what is no bundle.
#include <gtest/gtest.h>

#include "kernel/lib/ajdrv/bytes.h"
#include "tests/unit/ajdrv/sample.hpp"

using namespace sample;
using tools::Bytes;

namespace {

const tools::Key kOtherRoot = key(5), kThirdRoot = key(6);

// A bundle of that version with the public keys of `roots`, signed by `signers`.
Bytes made(std::uint64_t version, std::vector<tools::Key> roots, unsigned threshold, std::vector<tools::Key> signers) {
  auto parts = bundle_parts();
  parts.version = version;
  parts.root_threshold = threshold;
  parts.roots.clear();
  for (const auto& root : roots) parts.roots.push_back(tools::public_key_of(root));
  const Bytes body = tools::make_bundle(parts);
  Bytes file = body;
  for (const auto& signer : signers) file = tools::with_signature(file, body.size(), AJDRV_ROLE_ROOT, signer);
  ajdrv_store(&file[8], 4, file.size());
  // The total size is signed: once more, now that it is right.
  Bytes result(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(body.size()));
  for (const auto& signer : signers) result = tools::with_signature(result, body.size(), AJDRV_ROLE_ROOT, signer);
  return result;
}

std::string follows(const Bytes& present, const Bytes& next) {
  ajdrv_bundle_t one, other;
  if (ajdrv_bundle_parse(present.data(), present.size(), &one) != AJDRV_OK) return "the present one is none";
  if (ajdrv_bundle_parse(next.data(), next.size(), &other) != AJDRV_OK) return "the next one is none";
  return ajdrv_error_name(ajdrv_bundle_succeeds(&one, &other, &shared::sodium_crypto()));
}

ajdrv_error_t parse(const Bytes& file) {
  ajdrv_bundle_t bundle;
  return ajdrv_bundle_parse(file.data(), file.size(), &bundle);
}

// The bundle with `value` at an offset. Nobody signs it again: its form is looked at before.
ajdrv_error_t parse_with(const tools::BundleParts& parts, std::size_t at, unsigned size, std::uint64_t value) {
  Bytes file = bundle(parts);
  ajdrv_store(&file[at], size, value);
  return parse(file);
}

}  // namespace

TEST(Succession, OnlyNewerOnesFollow) {
  const Bytes present = made(5, {kRoot}, 1, {kRoot});
  EXPECT_EQ(follows(present, made(6, {kRoot}, 1, {kRoot})), "OK");
  EXPECT_EQ(follows(present, made(9, {kRoot}, 1, {kRoot})), "OK");
  EXPECT_EQ(follows(present, made(5, {kRoot}, 1, {kRoot})), "BUNDLE_VERSION");
  EXPECT_EQ(follows(present, made(4, {kRoot}, 1, {kRoot})), "BUNDLE_VERSION");
  EXPECT_EQ(follows(made(~0ull, {kRoot}, 1, {kRoot}), made(0, {kRoot}, 1, {kRoot})), "BUNDLE_VERSION");
}

TEST(Succession, OtherRootsComeOneVersionAtATime) {
  const Bytes present = made(5, {kRoot}, 1, {kRoot});
  EXPECT_EQ(follows(present, made(6, {kOtherRoot}, 1, {kRoot, kOtherRoot})), "OK");
  EXPECT_EQ(follows(present, made(7, {kOtherRoot}, 1, {kRoot, kOtherRoot})), "BUNDLE_VERSION");
  // Another number of signers is another set of roots, too.
  EXPECT_EQ(follows(made(5, {kRoot, kOtherRoot}, 1, {kRoot}), made(7, {kRoot, kOtherRoot}, 2, {kRoot, kOtherRoot})),
            "BUNDLE_VERSION");
  EXPECT_EQ(follows(made(5, {kRoot, kOtherRoot}, 1, {kRoot}), made(6, {kRoot, kOtherRoot}, 2, {kRoot, kOtherRoot})),
            "OK");
}

TEST(Succession, OldAndNewRootsSign) {
  const Bytes present = made(5, {kRoot}, 1, {kRoot});
  EXPECT_EQ(follows(present, made(6, {kOtherRoot}, 1, {kOtherRoot})), "BUNDLE_ROOTS");
  EXPECT_EQ(follows(present, made(6, {kOtherRoot}, 1, {kRoot})), "BUNDLE_ROOTS");
  EXPECT_EQ(follows(present, made(6, {kOtherRoot, kThirdRoot}, 2, {kRoot, kOtherRoot})), "BUNDLE_ROOTS");
  EXPECT_EQ(follows(present, made(6, {kOtherRoot, kThirdRoot}, 2, {kRoot, kOtherRoot, kThirdRoot})), "OK");
  const Bytes two_of_three = made(5, {kRoot, kOtherRoot, kThirdRoot}, 2, {kRoot, kThirdRoot});
  EXPECT_EQ(follows(two_of_three, made(6, {kRoot, kOtherRoot, kThirdRoot}, 2, {kOtherRoot})), "BUNDLE_ROOTS");
  EXPECT_EQ(follows(two_of_three, made(6, {kRoot, kOtherRoot, kThirdRoot}, 2, {kOtherRoot, kThirdRoot})), "OK");
  // A bundle cannot ask for less than the one before it asks for.
  EXPECT_EQ(follows(two_of_three, made(6, {kRoot}, 1, {kRoot})), "BUNDLE_ROOTS");
}

TEST(Succession, KeysOfOtherRolesSayNothing) {
  const Bytes present = made(5, {kRoot}, 1, {kRoot});
  EXPECT_EQ(follows(present, made(6, {kRoot}, 1, {kPublisher})), "BUNDLE_ROOTS");
  auto parts = bundle_parts();
  parts.version = 6;
  const Bytes body = tools::make_bundle(parts);
  EXPECT_EQ(follows(present, tools::with_signature(body, body.size(), AJDRV_ROLE_STO, kRoot)), "BUNDLE_ROOTS");
}

TEST(Succession, OneBadSignatureSpoilsIt) {
  const std::vector<tools::Key> roots = {kRoot, kOtherRoot};
  const Bytes present = made(5, roots, 1, {kRoot});
  Bytes next = made(6, roots, 1, roots);
  EXPECT_EQ(follows(present, next), "OK");
  next.back() ^= 1;
  EXPECT_EQ(follows(present, next), "BUNDLE_ROOTS");
}

TEST(Bundle, MalformedOnesAreNone) {
  auto parts = bundle_parts();
  parts.policies = {{.category = 0}, {.category = 3}};
  parts.floors = {{tools::default_lineage("sample"), 1, 1}};
  ASSERT_EQ(parse(bundle(parts)), AJDRV_OK);
  constexpr std::size_t kRoots = AJDRV_BUNDLE_HEADER_SIZE, kKeys = kRoots + 32, kPolicies = kKeys + 2 * 64,
                        kFloors = kPolicies + 2 * 16;
  struct {
    std::size_t at;
    unsigned size;
    std::uint64_t value;
  } const bad[] = {
      {0, 4, 0},                   // magic
      {4, 2, 2},                   // major
      {6, 2, 1},                   // minor
      {8, 4, 0},                   // total size
      {12, 4, 0},                  // signed size
      {12, 4, 1 << 20},            //
      {0x28, 4, 2},                // flags
      {0x2c, 2, 0},                // nobody must sign
      {0x2c, 2, 2},                // more than there are
      {0x2e, 2, 1},                // reserved
      {0x30, 2, 0},                // tables that do not add up
      {0x30, 2, 0xffff},           //
      {0x3c, 2, 0xffff},           //
      {0x3e, 2, 1},                // reserved
      {kKeys, 1, 2},               // kind of key
      {kKeys + 1, 1, 0},           // no role
      {kKeys + 1, 1, 0x80},        // a role that no package has
      {kKeys + 4, 1, 129},         // more bits than a lineage has
      {kKeys + 5, 1, 1},           // reserved
      {kKeys + 56, 1, 1},          // reserved
      {kPolicies, 1, 7},           // no category
      {kPolicies, 1, 3},           // a category twice
      {kPolicies + 1, 1, 4},       // no place
      {kPolicies + 2, 1, 0},       // nobody must sign for the kernel
      {kPolicies + 3, 1, 0},       //
      {kPolicies + 5, 1, 0},       // nobody must sign for an isolated host
      {kPolicies + 6, 2, 1},       // reserved
      {kPolicies + 8, 4, 1 << 8},  // a right that does not exist
      {kPolicies + 12, 4, 1},      // reserved
      {kFloors + 28, 4, 1},        // reserved
  };
  for (const auto& change : bad) {
    EXPECT_EQ(parse_with(parts, change.at, change.size, change.value), AJDRV_E_BUNDLE_FORMAT) << change.at;
  }
}

TEST(Bundle, NothingStandsTwice) {
  auto parts = bundle_parts();
  parts.keys.push_back(parts.keys[0]);
  parts.keys.back().roles = 2;
  EXPECT_EQ(parse(bundle(parts)), AJDRV_E_BUNDLE_FORMAT);
  parts = bundle_parts();
  parts.roots.push_back(parts.roots[0]);
  EXPECT_EQ(parse(bundle(parts)), AJDRV_E_BUNDLE_FORMAT);
}

TEST(Bundle, AKeyMayCoverFewDrivers) {
  const Bytes lineage = tools::default_lineage("sample");
  for (unsigned bits = 0; bits <= 128; ++bits) {
    auto parts = bundle_parts();
    parts.keys[0].lineage_bits = static_cast<std::uint8_t>(bits);
    parts.keys[0].lineage = lineage;
    ASSERT_EQ(judge(package(), bundle(parts)), AJDRV_OK) << bits;
    if (bits == 0) continue;
    // The last bit that counts differs; then one that does not.
    parts.keys[0].lineage[(bits - 1) / 8] ^= static_cast<std::uint8_t>(0x80 >> (bits - 1) % 8);
    ASSERT_EQ(judge(package(), bundle(parts)), AJDRV_E_ROLE_SCOPE) << bits;
    parts.keys[0].lineage = lineage;
    if (bits < 128) parts.keys[0].lineage[bits / 8] ^= static_cast<std::uint8_t>(0x80 >> bits % 8);
    ASSERT_EQ(judge(package(), bundle(parts)), AJDRV_OK) << bits;
  }
  auto parts = bundle_parts();
  parts.keys[1].categories = 1;
  EXPECT_EQ(judge(package(), bundle(parts)), AJDRV_E_ROLE_SCOPE);
}

TEST(Bundle, APolicyMayWantMore) {
  auto parts = bundle_parts();
  parts.policies = {{.category = 6, .kernel_pub = 2}};
  EXPECT_EQ(judge(package(), bundle(parts)), AJDRV_E_SIG_THRESHOLD);
  parts.policies = {{.category = 6, .kernel_qa = 1}};
  EXPECT_EQ(judge(package(), bundle(parts)), AJDRV_E_SIG_THRESHOLD);
  parts.policies = {{.category = 0, .kernel_pub = 2}};  // another category's
  EXPECT_EQ(judge(package(), bundle(parts)), AJDRV_OK);
}
