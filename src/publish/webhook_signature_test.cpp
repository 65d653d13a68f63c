#include "publish/webhook_signature.h"

#include <gtest/gtest.h>

#include "publish/event_form.h"

namespace carillon::publish {
namespace {

// The example that libraries for Standard Webhooks are tested with.
TEST(WebhookSignature, IsThatOfTheSpecification) {
  const auto secret = parse_webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(secret.has_value());
  EXPECT_EQ(sign_webhook({*secret}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time_from_ms(1'614'265'330'000),
                         R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, OneForEachSecretWhileOneReplacesTheOther) {
  const auto header = sign_webhook({"new", "old"}, "id", Time{}, "body");
  EXPECT_EQ(header, sign_webhook({"new"}, "id", Time{}, "body") + " " + sign_webhook({"old"}, "id", Time{}, "body"));
}

TEST(WebhookSignature, ASecretThatIsNoneIsRefused) {
  for (const auto* text :
       {"", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_c2hvcnQ=", "whsec_no base64 at all!"})
    EXPECT_FALSE(parse_webhook_secret(text).has_value()) << text;
}

TEST(EventForm, ShowsAsMuchOfANumberAsIsAllowed) {
  OutboxRow row;
  row.position = 1;
  row.event = {EventType::kCallStatus, "a", 1, Time{}, R"({"phoneNumber":"+12025550123","variables":{"name":"Ann"}})"};
  EventForm form;
  EXPECT_NE(form.write(row).find(R"("phoneNumber":"+12025550123","variables")"), std::string::npos);
  form.numbers = NumberForm::kMasked;
  EXPECT_NE(form.write(row).find(R"("data":{"phoneNumber":"+1202***23"}})"), std::string::npos) << form.write(row);
  form.numbers = NumberForm::kHashed;
  form.hash_key = "key";
  const auto hashed = form.write(row);
  EXPECT_NE(hashed.find(R"("phoneNumber":"hmac-sha256:)"), std::string::npos);
  EXPECT_EQ(hashed, form.write(row)) << "the same number, the same hash";
  form.hash_key = "other";
  EXPECT_NE(hashed, form.write(row));
  EXPECT_EQ(hashed.find("5550123"), std::string::npos);
}

}  // namespace
}  // namespace carillon::publish
