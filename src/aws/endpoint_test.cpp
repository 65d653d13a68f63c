#include "aws/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::aws {
namespace {

using ::testing::HasSubstr;

std::string host(Service service, const std::string& region, bool fips, bool dual) {
  return endpoint_of(service, {.region = region, .use_fips = fips, .use_dual_stack = dual})->base_url();
}

// The rows are what botocore's rule sets answer.
TEST(Endpoint, IsWhereAwsSaysForEveryPartition) {
  struct Case {
    Service service;
    const char* region;
    bool fips, dual;
    const char* url;
  };
  const Case cases[] = {
      {Service::kSns, "il-central-1", false, false, "https://sns.il-central-1.amazonaws.com"},
      {Service::kSns, "us-east-1", false, true, "https://sns.us-east-1.api.aws"},
      {Service::kSns, "us-east-1", true, false, "https://sns-fips.us-east-1.amazonaws.com"},
      {Service::kSns, "us-east-1", true, true, "https://sns-fips.us-east-1.api.aws"},
      {Service::kSns, "cn-north-1", false, false, "https://sns.cn-north-1.amazonaws.com.cn"},
      {Service::kSqs, "cn-north-1", true, true, "https://sqs-fips.cn-north-1.api.amazonwebservices.com.cn"},
      {Service::kSqs, "us-gov-west-1", true, false, "https://sqs.us-gov-west-1.amazonaws.com"},
      {Service::kSts, "us-gov-east-1", true, true, "https://sts-fips.us-gov-east-1.api.aws"},
      {Service::kSts, "us-east-1", false, false, "https://sts.us-east-1.amazonaws.com"},
      {Service::kPolly, "us-gov-west-1", true, false, "https://polly-fips.us-gov-west-1.amazonaws.com"},
      {Service::kCloudWatch, "eu-west-1", false, false, "https://monitoring.eu-west-1.amazonaws.com"},
      {Service::kLogs, "eu-west-1", true, false, "https://logs-fips.eu-west-1.amazonaws.com"},
      {Service::kS3, "eu-west-1", false, false, "https://s3.eu-west-1.amazonaws.com"},
      {Service::kS3, "eu-west-1", false, true, "https://s3.dualstack.eu-west-1.amazonaws.com"},
      {Service::kS3, "us-east-1", true, false, "https://s3-fips.us-east-1.amazonaws.com"},
      {Service::kS3, "us-gov-west-1", true, true, "https://s3-fips.dualstack.us-gov-west-1.amazonaws.com"},
      {Service::kS3, "cn-north-1", false, false, "https://s3.cn-north-1.amazonaws.com.cn"},
  };
  for (const auto& each : cases) EXPECT_EQ(host(each.service, each.region, each.fips, each.dual), each.url);
}

TEST(Endpoint, BucketsAreHostNamesWhereTheyCanBe) {
  const Settings settings{.region = "eu-west-1"};
  const auto plain = endpoint_of_bucket("prompts-1", settings, "eu-west-1");
  EXPECT_EQ(plain->base_url() + plain->path, "https://prompts-1.s3.eu-west-1.amazonaws.com");
  const auto dots = endpoint_of_bucket("prompts.example", settings, "eu-west-1");
  EXPECT_EQ(dots->base_url() + dots->path, "https://s3.eu-west-1.amazonaws.com/prompts.example");
  const auto old = endpoint_of_bucket("Old_Name", settings, "us-east-1");
  EXPECT_EQ(old->base_url() + old->path, "https://s3.us-east-1.amazonaws.com/Old_Name");
  const auto local =
      endpoint_of_bucket("prompts", {.region = "eu-west-1", .endpoint_url = "http://127.0.0.1:9000/x/"}, "eu-west-1");
  EXPECT_EQ(local->base_url() + local->path, "http://127.0.0.1:9000/x/prompts");
  for (const auto* bad : {"", "ab", "a/b", "../x", "a..b", "bucket@evil.example", "a b", "evil.example#"})
    EXPECT_FALSE(endpoint_of_bucket(bad, settings, "eu-west-1")) << bad;
}

TEST(Endpoint, SettingsComeFromTheEnvironmentThenTheProfile) {
  Profiles profiles;
  add_config(profiles, "[default]\nregion = eu-west-1\nuse_fips_endpoint = true\nendpoint_url = http://p:1\n");
  EXPECT_EQ(read_settings(Environment(), profiles)->region, "eu-west-1");
  EXPECT_TRUE(read_settings(Environment(), profiles)->use_fips);
  EXPECT_EQ(endpoint_of(Service::kSns, *read_settings(Environment(), profiles))->host, "p:1");
  const Environment environment({{"AWS_REGION", "us-east-1"},
                                 {"AWS_DEFAULT_REGION", "us-west-2"},
                                 {"AWS_USE_FIPS_ENDPOINT", "false"},
                                 {"AWS_ENDPOINT_URL", "https://all.example:443"},
                                 {"AWS_ENDPOINT_URL_SQS", "HTTP://Queue.example:9324/base/"}});
  const auto settings = *read_settings(environment, profiles);
  EXPECT_EQ(settings.region, "us-east-1");
  EXPECT_FALSE(settings.use_fips);
  EXPECT_EQ(endpoint_of(Service::kSns, settings)->base_url(), "https://all.example");
  EXPECT_EQ(endpoint_of(Service::kSqs, settings)->base_url(), "http://queue.example:9324");
  EXPECT_EQ(endpoint_of(Service::kSqs, settings)->path, "/base");
  EXPECT_EQ(read_settings(Environment({{"AWS_DEFAULT_REGION", "us-west-2"}}), Profiles())->region, "us-west-2");
  const Environment ignoring({{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}});
  EXPECT_EQ(endpoint_of(Service::kSqs, *read_settings(ignoring, profiles))->host, "sqs-fips.eu-west-1.amazonaws.com");
}

TEST(Endpoint, TheMetadataServiceIsAskedLast) {
  EXPECT_EQ(read_settings(Environment(), Profiles(), [] { return Result<std::string>("il-central-1"); })->region,
            "il-central-1");
  const auto none = read_settings(Environment(), Profiles());
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().detail, HasSubstr("AWS_REGION"));
  EXPECT_FALSE(read_settings(Environment(), Profiles(), [] { return Result<std::string>("evil.example/"); }));
}

TEST(Endpoint, RefusesRegionsAndUrlsThatWouldLeadElsewhere) {
  for (const auto* bad : {"evil.example/x", "us-east-1.evil", "a b", "-a", "a@b", "US-EAST-1"})
    EXPECT_FALSE(read_settings(Environment({{"AWS_REGION", bad}}), Profiles())) << bad;
  for (const auto* bad : {"ftp://x", "x", "http://", "http://a@b", "http://a/?b", "http://a b"})
    EXPECT_FALSE(read_settings(Environment({{"AWS_REGION", "eu-west-1"}, {"AWS_ENDPOINT_URL", bad}}), Profiles()))
        << bad;
}

TEST(Endpoint, KnowsTheRegionOfAnArn) {
  EXPECT_EQ(region_of_arn("arn:aws:sns:eu-west-1:123456789012:calls"), "eu-west-1");
  EXPECT_EQ(region_of_arn("arn:aws-cn:sns:cn-north-1:1:a"), "cn-north-1");
  for (const auto* none : {"", "calls", "arn:aws:s3:::bucket", "arn:aws:sns:evil/:1:a"})
    EXPECT_EQ(region_of_arn(none), "");
}

}  // namespace
}  // namespace carillon::aws
