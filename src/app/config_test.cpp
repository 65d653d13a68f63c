#include "app/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>

namespace carillon {
namespace {

Result<Config> load(const std::string& text, std::map<std::string, std::string> variables = {}) {
  std::string name = (std::filesystem::temp_directory_path() / "carillon-config-XXXXXX").string();
  ::close(::mkstemp(name.data()));
  std::ofstream(name) << text;
  auto config = load_config(name, [variables](const std::string& variable) -> std::optional<std::string> {
    const auto found = variables.find(variable);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
  std::filesystem::remove(name);
  return config;
}

std::string error_of(const Result<Config>& config) { return config ? "(no error)" : config.error().detail; }

TEST(Config, AFreshInstallHasOnlyTheLoopbackTestTrunk) {
  const auto config = load("");
  ASSERT_TRUE(config.has_value()) << error_of(config);
  EXPECT_TRUE(config->is_test_trunk());
  EXPECT_EQ(config->server.listen, "127.0.0.1");
  EXPECT_EQ(config->server.port, 3000);
}

TEST(Config, TheEnvironmentWinsAndTheSpecifiedNamesAreAccepted) {
  const auto config = load("[ami]\nport = 1\nusername = \"file\"\n",
                           {{"AMI_PORT", "2"}, {"CARILLON_TRUNK_NAME", "carrier"}, {"PORT", "3001"}});
  ASSERT_TRUE(config.has_value()) << error_of(config);
  EXPECT_EQ(config->ami.port, 2);
  EXPECT_EQ(config->ami.username, "file");
  EXPECT_EQ(config->ami.events_username, "file");
  EXPECT_EQ(config->server.port, 3001);
  EXPECT_FALSE(config->is_test_trunk());
}

TEST(Config, MistakesNameTheKeyAndTheLine) {
  EXPECT_NE(error_of(load("\n[ami]\nport = 70000\n")).find(":3: ami.port"), std::string::npos);
  EXPECT_NE(error_of(load("[ami]\nport = 5.5\n")).find("whole number"), std::string::npos);
  EXPECT_NE(error_of(load("[nonsense]\nx = 1\n")).find("nonsense.x"), std::string::npos);
  EXPECT_NE(error_of(load("port = 1\n")).find("sections"), std::string::npos);
  EXPECT_NE(error_of(load("[log]\nlevel = \"loud\"\n")).find("log.level"), std::string::npos);
  EXPECT_NE(error_of(load("", {{"AMI_PORT", "x"}})).find("environment AMI_PORT"), std::string::npos);
}

TEST(Config, AwsIsConfiguredByTheSpecifiedNamesAndAMalformedArnIsNamed) {
  const std::string topic = "arn:aws:sns:il-central-1:123456789012:";
  const auto config = load("", {{"AWS_REGION", "il-central-1"},
                                {"SNS_CALL_EVENTS_TOPIC", topic + "calls"},
                                {"SNS_DONATION_EVENTS_TOPIC", topic + "donations"},
                                {"SNS_OPTOUT_EVENTS_TOPIC", topic + "optouts.fifo"}});
  ASSERT_TRUE(config.has_value()) << error_of(config);
  EXPECT_EQ(config->aws.region, "il-central-1");
  EXPECT_EQ(config->aws.sns_optout_events_topic, topic + "optouts.fifo");
  EXPECT_TRUE(config->aws.is_used());
  EXPECT_FALSE(load("", {{"AWS_REGION", "il-central-1"}})->aws.is_used());
  EXPECT_NE(error_of(load("[aws]\nsns_call_events_topic = \"calls\"\n"))
                .find(":2: aws.sns_call_events_topic: \"calls\" is not the ARN of an SNS topic"),
            std::string::npos);
  EXPECT_NE(error_of(load("", {{"SNS_OPTOUT_EVENTS_TOPIC", "x"}})).find("environment SNS_OPTOUT_EVENTS_TOPIC"),
            std::string::npos);
  EXPECT_NE(error_of(load("[aws]\ndial_queue_url = \"calls\"\n")).find("URL of an SQS queue"), std::string::npos);
  const std::string url = "\"https://sqs.il-central-1.amazonaws.com/123456789012/dial\"\n";
  EXPECT_NE(
      error_of(load("[aws]\ndial_queue_url = " + url + "dial_dead_letter_queue_url = " + url)).find("another queue"),
      std::string::npos);
}

TEST(Config, BeyondLoopbackKeysAreNeeded) {
  EXPECT_NE(error_of(load("[server]\nlisten = \"0.0.0.0\"\n")).find("API keys"), std::string::npos);
  const std::string key = "keys = [{ name = \"a\", role = \"admin\", sha256 = \"" + std::string(64, 'a') + "\" }]\n";
  EXPECT_TRUE(load("[server]\nlisten = \"0.0.0.0\"\n" + key).has_value());
  EXPECT_FALSE(load("[server]\nkeys = [{ name = \"a\", role = \"king\", sha256 = \"" + std::string(64, 'a') + "\" }]\n")
                   .has_value());
}

TEST(Config, ARingShorterThanFifteenSecondsIsRefused) {
  EXPECT_FALSE(load("[calls]\nring_timeout_seconds = 3\n").has_value());
}

TEST(Config, AWindowMustHaveAnInside) {
  EXPECT_FALSE(load("[window]\nfrom = \"20:00\"\nto = \"09:00\"\n").has_value());
  EXPECT_EQ(load("[window]\nto = \"24:00\"\n")->window.to_minute, 1440);
  EXPECT_FALSE(parse_clock("9:00").has_value());
  EXPECT_FALSE(parse_clock("24:01").has_value());
}

TEST(Config, LiveControlIsRefusedWhereItsKeysDoNotGoTogether) {
  EXPECT_NE(error_of(load("[live]\nrecord = true\n")).find("record_notice"), std::string::npos);
  EXPECT_NE(error_of(load("[live]\nphones = [\"desk=PJSIP/x\"]\n")).find("live: phones"), std::string::npos);
  EXPECT_NE(error_of(load("[live]\nphones = [\"desk=+12025550150@nowhere\"]\n")).find("nowhere"), std::string::npos);
  const auto config = load("[live]\nphones = [\"desk=desk-7\", \"night=+12025550150\"]\n");
  ASSERT_TRUE(config.has_value()) << error_of(config);
  EXPECT_FALSE(config->live.listen);
}

}  // namespace
}  // namespace carillon
