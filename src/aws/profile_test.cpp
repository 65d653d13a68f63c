#include "aws/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/text.h"

namespace carillon::aws {
namespace {

using ::testing::HasSubstr;

TEST(Profile, ReadsConfigAndCredentials) {
  Profiles profiles;
  add_config(profiles,
             "# a comment\r\n[default]\r\nregion = eu-west-1 ; trailing\n\n[profile ops]\nREGION=us-east-1\nrole_arn = "
             "arn:aws:iam::1:role/x#y\nsource_profile=default\ns3 =\n  addressing_style = path\nlost\n[sso-session "
             "ops]\nregion = no\n[ops2]\nregion = no\n[profile \"with space\"]\noutput=json\n");
  add_credentials(profiles,
                  "[default]\naws_access_key_id=A\naws_secret_access_key = s#e=c;ret\n[ops]\nregion=il-central-1\n");
  EXPECT_EQ(profiles.get("region"), "eu-west-1");
  EXPECT_EQ(profiles.get("aws_secret_access_key"), "s#e=c;ret");
  EXPECT_EQ(profiles.get("ops", "region"), "il-central-1") << "credentials win";
  EXPECT_EQ(profiles.get("ops", "role_arn"), "arn:aws:iam::1:role/x#y");
  EXPECT_EQ(profiles.get("ops", "addressing_style"), "") << "of a nested section";
  EXPECT_FALSE(profiles.has("ops2"));
  EXPECT_EQ(profiles.get("with space", "output"), "json");
}

TEST(Profile, SurvivesAnything) {
  for (const auto* text :
       {"", "[", "]", "[]", "[profile ]", "[default", "=", "a=b", "[default]\n=\n==\n\0x=1", "\n\n[\n"}) {
    Profiles profiles;
    add_config(profiles, text);
    add_credentials(profiles, text);
  }
}

TEST(Profile, FindsTheFilesAndSaysWhichProfileIsMissing) {
  const auto folder = std::filesystem::temp_directory_path() / ("aws-" + random_hex(6));
  std::filesystem::create_directories(folder / ".aws");
  std::ofstream(folder / ".aws/config") << "[default]\nregion=eu-west-1\n[profile a]\nregion=us-east-1\n";
  std::ofstream(folder / "other") << "[default]\nregion=us-west-2\n";
  const auto home = folder.string();
  EXPECT_EQ(load_profiles(Environment({{"HOME", home}}))->get("region"), "eu-west-1");
  EXPECT_EQ(load_profiles(Environment({{"HOME", home}, {"AWS_PROFILE", "a"}}))->get("region"), "us-east-1");
  EXPECT_EQ(load_profiles(Environment({{"HOME", home}, {"AWS_CONFIG_FILE", home + "/other"}}))->get("region"),
            "us-west-2");
  EXPECT_TRUE(load_profiles(Environment({{"HOME", "/nonexistent"}})));
  EXPECT_TRUE(load_profiles(Environment()));
  const auto missing = load_profiles(Environment({{"HOME", home}, {"AWS_PROFILE", "b"}}));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().detail, HasSubstr("AWS_PROFILE is b"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace carillon::aws
