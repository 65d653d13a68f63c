#include "core/campaign/import/rejects_writer.h"

#include <gtest/gtest.h>

namespace carillon {
namespace {

TEST(RejectsWriter, ARowIsALineWithItsReason) {
  EXPECT_EQ(rejects_header(), "\xef\xbb\xbfline,reason,detail,text\r\n");
  EXPECT_EQ(rejects_line({7, RowFault::kNumberInvalid, "it is too short", "12,\"Dana\""}),
            "7,\"number-invalid\",\"it is too short\",\"12,\"\"Dana\"\"\"\r\n");
}

TEST(RejectsWriter, NoCellIsAFormula) {
  EXPECT_EQ(safe_csv_cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
  EXPECT_EQ(safe_csv_cell("@SUM(A1)"), "\"'@SUM(A1)\"");
  EXPECT_EQ(safe_csv_cell("+1+cmd|x"), "\"'+1+cmd|x\"");
  EXPECT_EQ(safe_csv_cell("-2+3"), "\"'-2+3\"");
  EXPECT_EQ(safe_csv_cell("\tx"), "\"'\tx\"");
  EXPECT_EQ(safe_csv_cell("\rx"), "\"'\rx\"");
  EXPECT_EQ(safe_csv_cell("+"), "\"'+\"");
}

TEST(RejectsWriter, ANumberIsLeftAsItIs) {
  EXPECT_EQ(safe_csv_cell("+12025550100"), "\"+12025550100\"");
  EXPECT_EQ(safe_csv_cell("-5"), "\"-5\"");
  EXPECT_EQ(safe_csv_cell("Dana"), "\"Dana\"");
  EXPECT_EQ(safe_csv_cell(""), "\"\"");
}

}  // namespace
}  // namespace carillon
