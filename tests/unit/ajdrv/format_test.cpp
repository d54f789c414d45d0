// Packages: what is accepted, and that nothing else is.
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>

#include "kernel/lib/ajdrv/bytes.h"
#include "tests/unit/ajdrv/sample.hpp"

using namespace sample;
using tools::Bytes;

TEST(Package, SampleIsAccepted) { EXPECT_EQ(judge(package()), AJDRV_OK); }

TEST(Package, SameInputGivesSameBytes) { EXPECT_EQ(package(), package()); }

TEST(Package, EverySingleBitCounts) {
  const Bytes good = package(), trust = bundle();
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 1u << bit % 8);
    ASSERT_NE(judge(bad, trust), AJDRV_OK) << "bit " << bit;
  }
}

TEST(Package, NoTruncationNorExtensionIsAccepted) {
  const Bytes good = package(), trust = bundle();
  for (std::size_t size = 0; size < good.size(); ++size) {
    ASSERT_NE(judge(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)), trust), AJDRV_OK) << size;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(judge(longer, trust), AJDRV_E_TOTAL_SIZE);
}

// A number somewhere in the signed part, changed before signing.
struct Change {
  unsigned at, size;
  std::uint64_t value;
  ajdrv_error_t error;
};
TEST(Package, EachStructuralErrorHasItsNumber) {
  const Bytes body = tools::make_package(parts());
  constexpr unsigned kDirectory = AJDRV_HEADER_SIZE, kMatch = AJDRV_HEADER_SIZE + 4 * AJDRV_SECTION_SIZE + 48;
  const Change changes[] = {
      {AJDRV_AT_MAGIC, 4, 1, AJDRV_E_MAGIC},
      {AJDRV_AT_MAJOR, 2, 1, AJDRV_E_FORMAT_MAJOR},
      {AJDRV_AT_HEADER_SIZE, 4, 64, AJDRV_E_HEADER_SIZE},
      {AJDRV_AT_TOTAL_SIZE, 8, 5, AJDRV_E_TOTAL_SIZE},
      {AJDRV_AT_SIGNED_SIZE, 8, 1 << 20, AJDRV_E_SIGNED_SIZE},
      {AJDRV_AT_FLAGS, 4, 32, AJDRV_E_CRITICAL_FLAG},
      {AJDRV_AT_RESERVED, 1, 1, AJDRV_E_RESERVED},
      {AJDRV_AT_ARCH, 2, 3, AJDRV_E_ARCH},
      {AJDRV_AT_CATEGORY, 2, 7, AJDRV_E_CATEGORY},
      {AJDRV_AT_NAME, 1, 'A', AJDRV_E_NAME},
      {AJDRV_AT_SECTION_COUNT, 4, 17, AJDRV_E_SECTION_COUNT},
      {kDirectory + 16, 8, ~0ull, AJDRV_E_SECTION_BOUNDS},
      {kDirectory + 32, 4, 0, AJDRV_E_SECTION_ORDER},
      {kMatch - 8, 1, 1, AJDRV_E_PADDING},
      {kDirectory + 32, 4, 1, AJDRV_E_SECTION_DUP},
      {kDirectory + 96, 8, 9 | 1ull << 32, AJDRV_E_SECTION_CRITICAL},
      {kDirectory + 8, 8, 512, AJDRV_E_SECTION_GAP},
      {kDirectory + 64, 4, 4, AJDRV_E_SECTION_MISSING},
      {kDirectory + 32 + 24, 4, 3, AJDRV_E_MATCH_COUNT},
      {kMatch, 1, 6, AJDRV_E_MATCH_BUS},
      {kMatch + 1, 1, 0, AJDRV_E_MATCH_WILDCARD},
      {kMatch + 1, 1, 1, AJDRV_E_MATCH_FIELDS},
      {kMatch + 32 + 8, 4, 100, AJDRV_E_STR_REF},
      {kMatch + 64, 1, 0xff, AJDRV_E_META_UTF8},
      {kMatch + 64, 1, 'x', AJDRV_E_META_LICENSE},
  };
  for (const Change& change : changes) {
    Bytes bad = signed_by(body, kPublisher, kStore);
    ajdrv_store(&bad[change.at], change.size, change.value);
    EXPECT_EQ(ajdrv_error_name(judge(bad)), std::string(ajdrv_error_name(change.error)));
  }
  EXPECT_EQ(judge(Bytes(100)), AJDRV_E_TRUNC_HEADER);
}

TEST(Package, EachSignatureErrorHasItsNumber) {
  const Bytes good = package();
  const std::size_t block = tools::make_package(parts()).size(), entry = block + AJDRV_SIGNATURE_HEADER_SIZE;
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes bad = good;
    bad[at] = value;
    return judge(bad);
  };
  EXPECT_EQ(with(block, 0), AJDRV_E_SIG_BLOCK);
  EXPECT_EQ(with(block + 4, 9), AJDRV_E_SIG_COUNT);
  EXPECT_EQ(with(block + 4, 1), AJDRV_E_SIG_TRAILING);
  EXPECT_EQ(with(entry, 2), AJDRV_E_SIG_ALG);
  EXPECT_EQ(with(entry + 8, 0xff), AJDRV_E_SIG_ORDER_DUP);
  EXPECT_EQ(with(entry + 50, static_cast<std::uint8_t>(good[entry + 50] ^ 1)), AJDRV_E_SIG_BAD);
  EXPECT_EQ(with(290, static_cast<std::uint8_t>(good[290] ^ 1)), AJDRV_E_SIG_BAD);
}

TEST(Trust, OnlyKnownKeysInTheirRolesCount) {
  const Bytes body = tools::make_package(parts());
  EXPECT_EQ(judge(signed_by(body, kStranger, kStore)), AJDRV_E_SIG_THRESHOLD);
  EXPECT_EQ(judge(signed_by(body, kStore, kPublisher)), AJDRV_E_ROLE_SCOPE);
  auto narrow = bundle_parts();
  narrow.keys[0].arches = 2;
  EXPECT_EQ(judge(package(), bundle(narrow)), AJDRV_E_ROLE_SCOPE);
}

TEST(Trust, RevokedIsRefused) {
  auto parts_of_bundle = bundle_parts();
  Bytes id(32), hash(32);
  ajdrv_key_id(&shared::sodium_crypto(), tools::public_key_of(kStore).data(), id.data());
  parts_of_bundle.revoked_keys = {id};
  EXPECT_EQ(judge(package(), bundle(parts_of_bundle)), AJDRV_E_KEY_REVOKED);
  const Bytes body = tools::make_package(parts());
  shared::sodium_crypto().sha256(body.data(), body.size(), hash.data());
  parts_of_bundle.revoked_keys.clear();
  parts_of_bundle.revoked_packages = {hash};
  EXPECT_EQ(judge(package(), bundle(parts_of_bundle)), AJDRV_E_PKG_REVOKED);
}

TEST(Trust, NoBundleMeansNo) {
  const Bytes file = package();
  ajdrv_package_t parsed;
  std::uint8_t hash[32];
  ASSERT_EQ(ajdrv_parse(file.data(), file.size(), &parsed), AJDRV_OK);
  EXPECT_EQ(ajdrv_verify(&parsed, nullptr, AJDRV_PLACE_KERNEL, &shared::sodium_crypto(), hash),
            AJDRV_E_NO_TRUST_BUNDLE);
}

TEST(Trust, AKeyOfSmallOrderIsNoKey) {
  auto parts_of_bundle = bundle_parts();
  parts_of_bundle.keys[0].key.fill(0);  // a point of order four
  Bytes id(32);
  ajdrv_key_id(&shared::sodium_crypto(), parts_of_bundle.keys[0].key.data(), id.data());
  Bytes file = package();
  const std::size_t first = tools::make_package(parts()).size() + AJDRV_SIGNATURE_HEADER_SIZE;
  const std::size_t entry = file[first + 1] == AJDRV_ROLE_PUB ? first : first + AJDRV_SIGNATURE_SIZE;
  std::copy(id.begin(), id.end(), file.begin() + static_cast<std::ptrdiff_t>(entry) + 8);
  if (std::memcmp(&file[first + 8], &file[first + 8 + AJDRV_SIGNATURE_SIZE], 32) > 0) {
    std::swap_ranges(file.begin() + static_cast<std::ptrdiff_t>(first),
                     file.begin() + static_cast<std::ptrdiff_t>(first) + AJDRV_SIGNATURE_SIZE,
                     file.begin() + static_cast<std::ptrdiff_t>(first) + AJDRV_SIGNATURE_SIZE);
  }
  EXPECT_EQ(judge(file, bundle(parts_of_bundle)), AJDRV_E_SIG_KEY_INVALID);
}

TEST(Trust, EveryBitOfABundleCounts) {
  const Bytes good = bundle();
  ajdrv_bundle_t present;
  ASSERT_EQ(ajdrv_bundle_parse(good.data(), good.size(), &present), AJDRV_OK);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 1u << bit % 8);
    ajdrv_bundle_t bundle;
    const bool accepted = ajdrv_bundle_parse(bad.data(), bad.size(), &bundle) == AJDRV_OK &&
                          ajdrv_bundle_is_signed(&bundle, &present, &shared::sodium_crypto());
    ASSERT_FALSE(accepted) << "bit " << bit;
  }
}

TEST(Policy, OldAndForeignAreRefused) {
  const Bytes file = package(), trust = bundle();
  ajdrv_package_t parsed;
  ajdrv_bundle_t known;
  ASSERT_EQ(ajdrv_parse(file.data(), file.size(), &parsed), AJDRV_OK);
  ASSERT_EQ(ajdrv_bundle_parse(trust.data(), trust.size(), &known), AJDRV_OK);
  ajdrv_host_t host = {};
  const auto check = [&](ajdrv_floor_t seen, ajdrv_place_t place = AJDRV_PLACE_KERNEL) {
    return ajdrv_policy_check(&parsed, &known, &host, place, seen);
  };
  EXPECT_EQ(check({0, 0}), AJDRV_OK);
  EXPECT_EQ(check({2ull << 48, 0}), AJDRV_E_VERSION_ROLLBACK);
  EXPECT_EQ(check({0, 1}), AJDRV_E_EPOCH_ROLLBACK);
  EXPECT_EQ(check({0, 0}, AJDRV_PLACE_ISOLATED), AJDRV_E_PLACEMENT);
  host.arch = 1;
  EXPECT_EQ(check({0, 0}), AJDRV_E_ARCH_MISMATCH);
}

TEST(Statement, ContextsBeginNoOther) {
  for (unsigned a = 1; a < AJDRV_ROLE_COUNT; ++a) {
    for (unsigned b = 1; b < AJDRV_ROLE_COUNT; ++b) {
      const std::string one = ajdrv_role_context(a), other = ajdrv_role_context(b);
      EXPECT_TRUE(a == b || !other.starts_with(one)) << one;
    }
  }
}
