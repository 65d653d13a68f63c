#include "core/campaign/import/contact_zones.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Places& places() {
  static const auto table = Places::parse(
      "IL\t+314650+0351326\tAsia/Jerusalem\n"
      "US\t+404251-0740023\tAmerica/New_York\n"
      "US\t+340308-1181434\tAmerica/Los_Angeles\n"
      "CA\t+4339-07923\tAmerica/Toronto\n");
  return table;
}

TEST(ContactZones, WhatTheListSaysWins) {
  EXPECT_THAT(resolve_zones("Europe/Paris", {"IL"}, "Asia/Tokyo", places()), ElementsAre("Europe/Paris"));
}

TEST(ContactZones, ElseAllZonesOfTheNumbersRegions) {
  EXPECT_THAT(resolve_zones("", {"IL"}, "Asia/Tokyo", places()), ElementsAre("Asia/Jerusalem"));
  EXPECT_THAT(resolve_zones("", {"US", "CA", "US", "AC"}, "", places()),
              ElementsAre("America/New_York", "America/Los_Angeles", "America/Toronto"));
}

TEST(ContactPlaces, ContactsOfOneKindShareTheirPlace) {
  ContactPlaces known("Asia/Tokyo", std::make_shared<const Places>(places()));
  const auto first = known.of("", {"US", "CA"});
  EXPECT_THAT(first->zones, ElementsAre("America/New_York", "America/Los_Angeles", "America/Toronto"));
  EXPECT_THAT(first->regions, ElementsAre("US", "CA"));
  EXPECT_EQ(known.of("", {"US", "CA"}), first);
  EXPECT_THAT(known.of("Europe/Paris", {"US", "CA"})->zones, ElementsAre("Europe/Paris"));
  EXPECT_THAT(known.of("", {"XK"})->zones, ElementsAre("Asia/Tokyo"));
}

TEST(ContactZones, ElseTheCampaignsOwnOrNone) {
  EXPECT_THAT(resolve_zones("", {"XK"}, "Europe/Belgrade", places()), ElementsAre("Europe/Belgrade"));
  EXPECT_THAT(resolve_zones("", {}, "", places()), IsEmpty());
}

}  // namespace
}  // namespace carillon
