#include "core/campaign/places.h"

#include <gtest/gtest.h>

namespace carillon {
namespace {

const Places kPlaces = Places::parse(
    "# comment\nIL\t+314650+0351326\tAsia/Jerusalem\r\nUS\t+404251-0740023\tAmerica/New_York\tEastern\n"
    "US\t+340308-1181434\tAmerica/Los_Angeles\tPacific\nAR\t-3436-05827\tAmerica/Argentina/Buenos_Aires\n"
    "XX\tnonsense\tAsia/Nowhere\nXX\t+31-+35\tAsia/Nowhere2\nXX\t+3146\nXX\n\n");

TEST(Places, TellTheZonesOfARegionInTheFilesOrder) {
  EXPECT_EQ(kPlaces.zones_of("US"), (std::vector<std::string>{"America/New_York", "America/Los_Angeles"}));
  EXPECT_EQ(kPlaces.zones_of("IL"), std::vector<std::string>{"Asia/Jerusalem"});
  EXPECT_TRUE(kPlaces.zones_of("ZZ").empty());
}

TEST(Places, TellTheRegionOfAZone) {
  EXPECT_EQ(kPlaces.region_of("America/Los_Angeles"), "US");
  EXPECT_EQ(kPlaces.region_of("Etc/UTC"), "");
}

TEST(Places, ReadCoordinatesWithAndWithoutSeconds) {
  const auto jerusalem = kPlaces.coordinates_of("Asia/Jerusalem").value();
  EXPECT_NEAR(jerusalem.latitude, 31.7806, 1e-3);
  EXPECT_NEAR(jerusalem.longitude, 35.2239, 1e-3);
  const auto buenos_aires = kPlaces.coordinates_of("America/Argentina/Buenos_Aires").value();
  EXPECT_NEAR(buenos_aires.latitude, -34.6, 1e-3);
  EXPECT_NEAR(buenos_aires.longitude, -58.45, 1e-3);
}

TEST(Places, KnowAZoneWhoseCoordinatesCannotBeRead) {
  EXPECT_EQ(kPlaces.zones_of("XX").size(), 2u);
  EXPECT_FALSE(kPlaces.coordinates_of("Asia/Nowhere").has_value());
  EXPECT_FALSE(kPlaces.coordinates_of("Asia/Nowhere2").has_value());
  EXPECT_FALSE(kPlaces.coordinates_of("Etc/UTC").has_value());
}

}  // namespace
}  // namespace carillon
