// The devices of a definition block and their resources, as firmware writes them and as it must not.
#include "kernel/lib/acpi/aml.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/acpi/sample_aml.hpp"

namespace {

using lib::acpi::DeviceDescription;
using lib::acpi::Resource;
using sample::AcpiTable;
using namespace sample::aml;

struct Found {
  std::string id;
  u64 unit = 0;
  bool is_present = true;
  std::vector<Resource> resources;
};

std::vector<Resource> resources_of(const Code& bytes) {
  std::vector<Resource> all;
  lib::acpi::for_each_resource(bytes, [&](const Resource& resource) { all.push_back(resource); });
  return all;
}

std::vector<Found> devices_of(const AcpiTable& table) {
  std::vector<Found> all;
  lib::acpi::for_each_device(table, [&](const DeviceDescription& device) {
    all.push_back(
        {device.id, device.unit, device.is_present, resources_of({device.resources.begin(), device.resources.end()})});
  });
  return all;
}

Code virtio(u8 unit) {
  return device("VR00", join({name("_HID", string("LNRO0005")), name("_UID", byte(unit)),
                              name("_CRS", buffer(memory_and_line(0xfeb0'0000, 512, 1, 16)))}));
}

TEST(AcpiDevices, ByTextAndByNumber) {
  const auto found = devices_of(dsdt(join({virtio(3), device("PCI0", name("_HID", dword(0x080a'd041)))})));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].id, "LNRO0005");
  EXPECT_EQ(found[0].unit, 3u);
  EXPECT_TRUE(found[0].is_present);
  EXPECT_EQ(found[1].id, "PNP0A08");
  ASSERT_EQ(found[0].resources.size(), 2u);
  EXPECT_EQ(found[0].resources[0].base, 0xfeb0'0000u);
  EXPECT_EQ(found[0].resources[0].size, 512u);
  EXPECT_EQ(found[0].resources[1].kind, Resource::Kind::Interrupt);
  EXPECT_EQ(found[0].resources[1].interrupt.number, 16u);
  EXPECT_FALSE(found[0].resources[1].interrupt.edge);
  EXPECT_FALSE(found[0].resources[1].interrupt.active_low);
}

TEST(AcpiDevices, InScopesAndInEachOther) {
  const Code inner = device("DEV1", name("_UID", byte(1)));
  const Code outer = device("DEV0", join({name("_UID", byte(0)), inner, name("_STA", byte(0x0e))}));
  const Code path = join({{'^', 0x2e}, text("AAAABBBB")});
  EXPECT_EQ(devices_of(dsdt(scope("\\_SB_", scope(std::string(path.begin(), path.end()), outer)))).size(), 2u);
  const auto plain = devices_of(dsdt(scope("\\_SB_", outer)));
  ASSERT_EQ(plain.size(), 2u);
  EXPECT_EQ(plain[0].unit, 1u);
  EXPECT_TRUE(plain[0].is_present);
  EXPECT_FALSE(plain[1].is_present);
}

TEST(AcpiDevices, WhatIsNotDataIsPassedOver) {
  const Code if_block = join({{0xa0}, block({0x92, 0x00, 0xff, 0xff})});
  const Code region = join({{0x5b, 0x80}, text("REG0"), {1}, byte(0x10), byte(4)});
  const Code field = join({{0x5b, 0x81}, block(join({text("REG0"), {1, 8}}))});
  const Code mutex = join({{0x5b, 0x01}, text("MUT0"), {0}});
  const Code external = join({{0x15}, join({{'\\', 0x2f, 3}, text("_SB_PCI0LNKA")}), {6, 0}});
  const Code alias = join({{0x06}, text("AAAABBBB")});
  const Code package = name("PKG0", join({{0x12}, block({1, 0x01})}));
  const Code code = method("CODE", 2, {0x70, 0x01, 0x60});
  const auto found =
      devices_of(dsdt(join({if_block, region, field, mutex, external, alias, package, code, virtio(7)})));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].unit, 7u);
}

TEST(AcpiDevices, MethodsThatOnlyReturn) {
  const Code crs = method("_CRS", 0, returned(buffer(memory_and_line(0x1000, 16, 7, 5))));
  const auto found = devices_of(dsdt(device("DEV0", join({crs, method("_UID", 1, returned(byte(9)))}))));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].unit, 0u) << "a method that takes arguments is not data";
  ASSERT_EQ(found[0].resources.size(), 2u);
  EXPECT_TRUE(found[0].resources[1].interrupt.edge);
  EXPECT_TRUE(found[0].resources[1].interrupt.active_low);
}

TEST(AcpiDevices, UnknownCodeEndsItsScopeOnly) {
  const Code strange = device("BAD0", join({name("_UID", byte(1)), {0x77, 0x00}, name("_UID", byte(2))}));
  const auto found = devices_of(dsdt(join({scope("\\_SB_", strange), virtio(4)})));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].unit, 1u);
  EXPECT_EQ(found[1].unit, 4u);
}

TEST(AcpiDevices, DepthIsBounded) {
  Code nested = virtio(1);
  for (int i = 0; i < 100; ++i) nested = scope("\\_SB_", nested);
  EXPECT_TRUE(devices_of(dsdt(nested)).empty());
}

TEST(AcpiDevices, AnyBeginningAndAnyChangedByteIsBorne) {
  const AcpiTable whole = dsdt(join({scope("\\_SB_", join({virtio(1), virtio(2)})), virtio(3)}));
  for (usize size = 0; size < whole.size(); ++size)
    devices_of(AcpiTable(whole.begin(), whole.begin() + static_cast<isize>(size)));
  for (usize at = lib::acpi::kHeaderSize; at < whole.size(); ++at) {
    for (const int value : {0x00, 0x0d, 0x10, 0x11, 0x2f, 0x5b, 0x7f, 0xff}) {
      AcpiTable changed = whole;
      changed[at] = static_cast<u8>(value);
      EXPECT_LE(devices_of(changed).size(), 4u);
    }
  }
}

Code package(const Code& elements, u8 count) { return join({{0x12}, block(join({{count}, elements}))}); }

Code route(u32 address, u8 pin, const Code& source, u8 index) {
  return package(join({dword(address), byte(pin), source, byte(index)}), 4);
}

std::vector<lib::acpi::PinRoute> routes_of(const Code& elements) {
  std::vector<lib::acpi::PinRoute> all;
  const AcpiTable table =
      dsdt(device("PCI0", join({name("_SEG", byte(2)), name("_BBN", byte(0x80)), name("_PRT", package(elements, 9))})));
  lib::acpi::for_each_device(table, [&](const DeviceDescription& found) {
    EXPECT_EQ(found.name, lib::acpi::signature("PCI0"));
    EXPECT_EQ(found.segment, 2u);
    EXPECT_EQ(found.first_bus, 0x80u);
    lib::acpi::for_each_route(found.routes, [&](const lib::acpi::PinRoute& entry) { all.push_back(entry); });
  });
  return all;
}

TEST(AcpiRoutes, ByNumberAndByLink) {
  const auto found = routes_of(join({route(0x1'ffff, 0, {0x00}, 35), route(0x2'ffff, 3, text("L001"), 0),
                                     route(0x3'ffff, 1, join({{'\\', 0x2e}, text("_SB_LNKB")}), 1)}));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].slot, 1u);
  EXPECT_EQ(found[0].link, 0u);
  EXPECT_EQ(found[0].number, 35u);
  EXPECT_EQ(found[1].slot, 2u);
  EXPECT_EQ(found[1].pin, 3u);
  EXPECT_EQ(found[1].link, lib::acpi::signature("L001"));
  EXPECT_EQ(found[2].link, lib::acpi::signature("LNKB"));
  EXPECT_EQ(found[2].number, 1u);
}

TEST(AcpiRoutes, InAPackageWhoseLengthIsAnExpression) {
  const auto routes_with_length = [](const Code& length) {
    usize seen = 0;
    const Code routes = join({{0x13}, block(join({length, route(0xffff, 0, text("L000"), 0)}))});
    lib::acpi::for_each_device(dsdt(device("PCI0", name("_PRT", routes))), [&](const DeviceDescription& found) {
      lib::acpi::for_each_route(found.routes, [&](const lib::acpi::PinRoute&) { ++seen; });
    });
    return seen;
  };
  EXPECT_EQ(routes_with_length(byte(0x80)), 1u) << "as QEMU writes it";
  EXPECT_EQ(routes_with_length({0x60}), 0u) << "a method's variable";
}

TEST(AcpiRoutes, WhatIsNoRouteEndsThem) {
  const Code good = route(0xffff, 0, {0x00}, 35);
  EXPECT_EQ(routes_of(join({good, route(0xffff, 4, {0x00}, 35), good})).size(), 1u);
  EXPECT_EQ(routes_of(join({good, byte(7), good})).size(), 1u);
  EXPECT_EQ(routes_of(join({good, route(0xffff, 0, {0x60}, 35)})).size(), 1u) << "a local variable of a method";
  EXPECT_EQ(routes_of(join({good, package(dword(0xffff), 1)})).size(), 1u);
  const Code whole = join({good, route(0x1'ffff, 1, text("L001"), 0)});
  for (usize size = 0; size < whole.size(); ++size)
    EXPECT_LE(routes_of({whole.begin(), whole.begin() + static_cast<isize>(size)}).size(), 1u);
}

TEST(AcpiDevices, ABridgeThatKnowsItsConfigurationSpace) {
  const Code buses{0x88, 13, 0, 2, 0x0c, 0, 0, 0, 0x10, 0, 0x1f, 0, 0, 0, 0x10, 0, 0x79, 0};
  const Code base = method("_CBA", 0, returned(join({{0x0e}, {0, 0, 0, 0x10, 0x40, 0, 0, 0}})));
  lib::acpi::for_each_device(dsdt(device("PCI0", join({base, name("_CRS", buffer(buses))}))),
                             [](const DeviceDescription& found) {
                               EXPECT_EQ(found.config_base, 0x40'1000'0000u);
                               const auto all = resources_of({found.resources.begin(), found.resources.end()});
                               ASSERT_EQ(all.size(), 1u);
                               EXPECT_EQ(all[0].kind, Resource::Kind::Buses);
                               EXPECT_EQ(all[0].base, 16u);
                               EXPECT_EQ(all[0].size, 16u);
                             });
}

TEST(AcpiResources, WindowsOfABridge) {
  Code code{0x87, 23, 0, 0, 0x0c, 0};
  for (const u32 word : {0u, 0x1000'0000u, 0x3eff'ffffu, 0u, 0x2eff'0000u}) sample::append(code, word);
  Code consumer = code;
  consumer[4] = 0x0d;
  const auto windows = resources_of(code);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_TRUE(windows[0].is_window);
  EXPECT_EQ(windows[0].bus_base, 0x1000'0000u);
  ASSERT_EQ(resources_of(consumer).size(), 1u);
  EXPECT_FALSE(resources_of(consumer)[0].is_window);
}

TEST(AcpiResources, SmallOnes) {
  const auto found = resources_of(
      {0x22, 0x02, 0x80, 0x23, 0x10, 0x00, 0x18, 0x47, 1, 0x60, 0, 0x60, 0, 1, 4, 0x4b, 0x64, 0, 1, 0x79, 0});
  ASSERT_EQ(found.size(), 5u);
  EXPECT_EQ(found[0].interrupt.number, 1u);
  EXPECT_TRUE(found[0].interrupt.edge);
  EXPECT_EQ(found[1].interrupt.number, 15u);
  EXPECT_EQ(found[2].interrupt.number, 4u);
  EXPECT_FALSE(found[2].interrupt.edge);
  EXPECT_TRUE(found[2].interrupt.active_low);
  EXPECT_EQ(found[3].kind, Resource::Kind::Ports);
  EXPECT_EQ(found[3].base, 0x60u);
  EXPECT_EQ(found[3].size, 4u);
  EXPECT_EQ(found[4].base, 0x64u);
}

TEST(AcpiResources, AddressSpacesAreAsTheCpuSeesThem) {
  Code code{0x8a, 43, 0, 0, 0, 0};
  for (const u64 word : {u64{0}, u64{0x1000'0000}, u64{0x1fff'ffff}, u64{0x40'0000'0000}, u64{0x1000'0000}})
    sample::append(code, word);
  const auto found = resources_of(code);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].base, 0x40'1000'0000u);
  EXPECT_EQ(found[0].bus_base, 0x1000'0000u);
  EXPECT_EQ(found[0].size, 0x1000'0000u);
}

TEST(AcpiResources, DamagedOnesEndTheList) {
  EXPECT_TRUE(resources_of({0x86, 9, 0, 1, 2}).empty());
  EXPECT_TRUE(resources_of({0x86, 4, 0, 1, 2, 3, 4}).empty()) << "too short to be what it says";
  EXPECT_TRUE(resources_of({0x89, 6, 0, 0, 200, 1, 0, 0}).empty());
  EXPECT_EQ(resources_of({0x89, 6, 0, 0, 200, 1, 0, 0, 0}).size(), 1u) << "no more than there is room for";
  EXPECT_TRUE(resources_of({0x79, 0, 0x22, 1, 0}).empty()) << "nothing counts behind the end";
  Code wraps{0x86, 9, 0, 1};
  sample::append(wraps, u32{0x1000});
  sample::append(wraps, u32{0});
  EXPECT_TRUE(resources_of(wraps).empty());
}

}  // namespace
