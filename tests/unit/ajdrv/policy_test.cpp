// Whether a sound package is wanted here: errors 51 to 57 and 60.
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/ajdrv/sample.hpp"

using namespace sample;
using tools::Bytes;

namespace {

constexpr std::uint32_t kOs = 1 << 16 | 2 << 8 | 3;

struct Question {
  tools::PackageParts parts = sample::parts();
  tools::BundleParts bundle = bundle_parts();
  ajdrv_host_t host = {.arch = 0, .abi_minor = {0, 3, 5}, .os_version = kOs, .has_isolated_hosts = true};
  ajdrv_place_t place = AJDRV_PLACE_KERNEL;
  ajdrv_floor_t seen = {0, 0};
};

// What policy says when `change` was done to a question that is answered with OK.
std::string answer(const std::function<void(Question&)>& change) {
  Question question;
  change(question);
  const Bytes file = signed_by(tools::make_package(question.parts), kPublisher, kStore);
  const Bytes trust = bundle(question.bundle);
  ajdrv_package_t package;
  ajdrv_bundle_t known;
  EXPECT_EQ(ajdrv_parse(file.data(), file.size(), &package), AJDRV_OK);
  EXPECT_EQ(ajdrv_bundle_parse(trust.data(), trust.size(), &known), AJDRV_OK);
  return ajdrv_error_name(ajdrv_policy_check(&package, &known, &question.host, question.place, question.seen));
}

}  // namespace

TEST(Policy, TheSampleIsWanted) {
  EXPECT_EQ(answer([](Question&) {}), "OK");
}

TEST(Policy, Architecture) {
  EXPECT_EQ(answer([](Question& q) { q.host.arch = 2; }), "ARCH_MISMATCH");
  EXPECT_EQ(answer([](Question& q) { q.parts.arch = 1; }), "ARCH_MISMATCH");
}

TEST(Policy, InterfaceMajor) {
  for (const std::uint16_t major : {0, 3, 0xffff}) {
    EXPECT_EQ(answer([&](Question& q) { q.parts.abi_major = major; }), "ABI_MAJOR") << major;
  }
  EXPECT_EQ(answer([](Question& q) { q.parts.abi_major = 1; }), "OK");
}

TEST(Policy, InterfaceMinorIsItsMajors) {
  EXPECT_EQ(answer([](Question& q) { q.parts.abi_minor = 5; }), "OK");
  EXPECT_EQ(answer([](Question& q) { q.parts.abi_minor = 6; }), "ABI_MINOR");
  EXPECT_EQ(answer([](Question& q) { q.parts.abi_major = 1, q.parts.abi_minor = 3; }), "OK");
  EXPECT_EQ(answer([](Question& q) { q.parts.abi_major = 1, q.parts.abi_minor = 4; }), "ABI_MINOR");
}

TEST(Policy, System) {
  EXPECT_EQ(answer([](Question& q) { q.parts.min_os = kOs; }), "OK");
  EXPECT_EQ(answer([](Question& q) { q.parts.min_os = kOs + 1; }), "OS_TOO_OLD");
  EXPECT_EQ(answer([](Question& q) { q.parts.min_os = 2 << 16; }), "OS_TOO_OLD");
}

TEST(Policy, Rights) {
  EXPECT_EQ(answer([](Question& q) { q.parts.caps = AJDRV_CAPS_KNOWN; }), "OK");
  EXPECT_EQ(answer([](Question& q) { q.parts.caps = AJDRV_CAPS_KNOWN + 1; }), "CAPS_DENIED");
  const tools::Policy narrow = {.category = 6, .caps = AJDRV_CAP_MMIO | AJDRV_CAP_IRQ};
  EXPECT_EQ(answer([&](Question& q) { q.bundle.policies = {narrow}, q.parts.caps = AJDRV_CAP_MMIO; }), "OK");
  EXPECT_EQ(answer([&](Question& q) { q.bundle.policies = {narrow}, q.parts.caps = AJDRV_CAP_DMA; }), "CAPS_DENIED");
  // What another category may ask for does not count.
  const tools::Policy other = {.category = 0, .caps = 0};
  EXPECT_EQ(answer([&](Question& q) { q.bundle.policies = {other}, q.parts.caps = AJDRV_CAP_DMA; }), "OK");
}

TEST(Policy, Age) {
  EXPECT_EQ(answer([](Question& q) { q.seen = {q.parts.version, 0}; }), "OK");
  EXPECT_EQ(answer([](Question& q) { q.seen = {q.parts.version + 1, 0}; }), "VERSION_ROLLBACK");
  EXPECT_EQ(answer([](Question& q) { q.seen = {0, 1}; }), "EPOCH_ROLLBACK");
  // A higher version does not make up for a lower epoch.
  EXPECT_EQ(answer([](Question& q) { q.parts.version = ~0ull, q.parts.epoch = 1, q.seen = {0, 2}; }), "EPOCH_ROLLBACK");
}

TEST(Policy, FloorsOfTheBundle) {
  const Bytes lineage = tools::default_lineage("sample"), other = tools::default_lineage("another");
  const auto with = [](const tools::Floor& floor) { return answer([&](Question& q) { q.bundle.floors = {floor}; }); };
  EXPECT_EQ(with({lineage, 1ull << 48, 0}), "OK");
  EXPECT_EQ(with({lineage, (1ull << 48) + 1, 0}), "VERSION_ROLLBACK");
  EXPECT_EQ(with({lineage, 0, 1}), "EPOCH_ROLLBACK");
  EXPECT_EQ(with({other, ~0ull, ~0u}), "OK");
}

TEST(Policy, Place) {
  const auto isolated = [](Question& q) { q.place = AJDRV_PLACE_ISOLATED; };
  EXPECT_EQ(answer(isolated), "OK");
  EXPECT_EQ(answer([&](Question& q) { isolated(q), q.host.has_isolated_hosts = false; }), "PLACEMENT");
  EXPECT_EQ(answer([&](Question& q) { isolated(q), q.parts.flags = AJDRV_FLAG_KERNEL_ONLY; }), "PLACEMENT");
  EXPECT_EQ(answer([](Question& q) { q.parts.flags = AJDRV_FLAG_ISOLATED_ONLY; }), "PLACEMENT");
  EXPECT_EQ(answer([](Question& q) { q.bundle.policies = {{.category = 6, .places = 2}}; }), "PLACEMENT");
}

TEST(Errors, NumbersAndClasses) {
  // The numbers are for ever, and errno tells the class.
  const struct {
    int number;
    const char* name;
    int class_of;
  } known[] = {{5, "TOTAL_SIZE", 8},       {30, "SIG_BLOCK", 129},      {36, "SIG_BAD", 129},
               {37, "SIG_THRESHOLD", 126}, {39, "KEY_REVOKED", 128},    {40, "NO_TRUST_BUNDLE", 126},
               {50, "PKG_REVOKED", 128},   {51, "EPOCH_ROLLBACK", 116}, {52, "VERSION_ROLLBACK", 116},
               {53, "ARCH_MISMATCH", 1},   {54, "ABI_MAJOR", 1},        {55, "ABI_MINOR", 1},
               {56, "OS_TOO_OLD", 1},      {57, "CAPS_DENIED", 1},      {58, "DEVICE_MISMATCH", 18},
               {60, "PLACEMENT", 1},       {71, "ELF_MACHINE", 8},      {90, "NOMEM", 12},
               {93, "INIT_FAILED", 5},     {94, "INIT_TIMEOUT", 110},   {103, "BUNDLE_VERSION", 116}};
  for (const auto& one : known) {
    const auto error = static_cast<ajdrv_error_t>(one.number);
    EXPECT_STREQ(ajdrv_error_name(error), one.name);
    EXPECT_EQ(ajdrv_error_errno(error), one.class_of) << one.name;
    EXPECT_TRUE(std::string(ajdrv_error_sentence(error)).ends_with(".")) << one.name;
  }
  EXPECT_STREQ(ajdrv_error_name(static_cast<ajdrv_error_t>(29)), "UNKNOWN");
}
