#include "core/campaign/import/column_roles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::vector<std::string>& mapping) {
  const auto roles = ColumnRoles::parse(mapping);
  return roles ? "" : roles.error().detail;
}

TEST(ColumnRoles, NamesThatPeopleGiveAreUnderstood) {
  const auto roles = ColumnRoles::with_consents();
  EXPECT_EQ(roles.meaning_of("Phone Number").role, ColumnRole::kNumber);
  EXPECT_EQ(roles.meaning_of("phoneNumber").role, ColumnRole::kNumber);
  EXPECT_EQ(roles.meaning_of("contactId").role, ColumnRole::kId);
  EXPECT_EQ(roles.meaning_of("Time-Zone").role, ColumnRole::kTimeZone);
  EXPECT_EQ(roles.meaning_of("consent_at").role, ColumnRole::kConsentAt);
  EXPECT_EQ(roles.meaning_of("Amount"), (ColumnMeaning{ColumnRole::kVariable, "Amount"}));
}

TEST(ColumnRoles, WithoutConsentsTheirNamesAreVariables) {
  EXPECT_EQ(ColumnRoles().meaning_of("consent_at").role, ColumnRole::kVariable);
}

TEST(ColumnRoles, AMappingWinsOverNames) {
  const auto roles = ColumnRoles::parse({"Mobile=number", "phone=ignore", " a=b = id", "City=variable:town"});
  ASSERT_TRUE(roles) << roles.error().detail;
  EXPECT_EQ(roles->meaning_of("mobile").role, ColumnRole::kNumber);
  EXPECT_EQ(roles->meaning_of("phone").role, ColumnRole::kIgnored);
  EXPECT_EQ(roles->meaning_of("tel"), (ColumnMeaning{ColumnRole::kVariable, "tel"}));
  EXPECT_EQ(roles->meaning_of("a=b").role, ColumnRole::kId);
  EXPECT_EQ(roles->meaning_of("id").role, ColumnRole::kVariable);
  EXPECT_EQ(roles->meaning_of("city"), (ColumnMeaning{ColumnRole::kVariable, "town"}));
}

TEST(ColumnRoles, AMappingThatIsNotUnderstoodSaysWhy) {
  EXPECT_THAT(error_of({"phone"}), HasSubstr("as column=role"));
  EXPECT_THAT(error_of({"=number"}), HasSubstr("names no column"));
  EXPECT_THAT(error_of({"a=phone"}), HasSubstr("no role that is known"));
  EXPECT_THAT(error_of({"a=variable:"}), HasSubstr("names no variable"));
  EXPECT_THAT(error_of({"a=number", "b=number"}), HasSubstr("to two columns"));
  EXPECT_THAT(error_of({"a=number", "A=id"}), HasSubstr("twice"));
}

}  // namespace
}  // namespace carillon
