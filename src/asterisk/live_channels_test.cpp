#include "asterisk/live_channels.h"

#include <gtest/gtest.h>

namespace carillon::asterisk {
namespace {

constexpr std::string_view kSession = "01JDF3S0G0ABCDEFGHJKMNPQRS";

TEST(LiveChannels, AChannelIsKnownAgainByItsName) {
  const auto known = parse_channel_id(channel_id(kSession, kSnoop));
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->session, kSession);
  EXPECT_EQ(known->role, kSnoop);
  for (const char* id : {"", "carillon-live-", "carillon-live-x-snoop", "01JDF3S0G0ABCDEFGHJKMNPQRS", "1795359318.12"})
    EXPECT_FALSE(parse_channel_id(id).has_value()) << id;
}

TEST(LiveChannels, TheAgeOfARecordingIsInItsName) {
  const Time began = time_from_ms(1'795'000'000'000);
  EXPECT_EQ(recording_time(recording_name("01JDF3S0G0ABCDEFGHJKMNPQRS", began)), began);
  EXPECT_EQ(recording_time(recording_name("in-1795359318.12", began)), began);
  for (const char* name : {"", "carillon-", "carillon-x", "carillon-x-12", "carillon-1795000000", "other-x-1795000000",
                           "carillon-x-1795000000x"})
    EXPECT_FALSE(recording_time(name).has_value()) << name;
}

TEST(LiveChannels, APhoneIsANumberOverATrunkOrAnEndpoint) {
  EXPECT_EQ(place_of({"main", "+12025550150"}), "+12025550150@main");
  EXPECT_EQ(place_of({"desk-7", ""}), "desk-7");
}

}  // namespace
}  // namespace carillon::asterisk
