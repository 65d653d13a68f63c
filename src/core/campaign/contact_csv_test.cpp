#include "core/campaign/contact_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace carillon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

struct Import {
  std::vector<ContactRow> rows;
  std::vector<BadRow> bad;
  std::string error;

  bool operator==(const Import&) const = default;
};

Import import_in_pieces(std::string_view text, std::size_t size) {
  ContactReader reader;
  Import import;
  for (bool is_last = false; !is_last;) {
    is_last = text.empty();
    reader.feed(text.substr(0, size));
    text.remove_prefix(std::min(size, text.size()));
    if (is_last) reader.finish();
    for (;;) {
      auto entry = reader.next();
      if (!entry) {
        import.error = entry.error().detail;
        return import;
      }
      if (!*entry) break;
      if (auto* row = std::get_if<ContactRow>(&**entry)) import.rows.push_back(std::move(*row));
      if (auto* bad = std::get_if<BadRow>(&**entry)) import.bad.push_back(std::move(*bad));
    }
  }
  return import;
}

Import import_all(std::string_view text) { return import_in_pieces(text, std::max<std::size_t>(text.size(), 1)); }

TEST(ContactReader, FindsItsColumnsWhateverTheirOrder) {
  const auto import = import_all("first_name,Phone,ID,TZ,amount\nDana, +12025550100 ,c-1,America/New_York,18\n");
  ASSERT_THAT(import.rows, SizeIs(1));
  const ContactRow& row = import.rows[0];
  EXPECT_EQ(row.line, 2U);
  EXPECT_EQ(row.number, "+12025550100");
  EXPECT_EQ(row.id, "c-1");
  EXPECT_EQ(row.time_zone, "America/New_York");
  EXPECT_THAT(row.variables, ElementsAre(Pair("first_name", "Dana"), Pair("amount", "18")));
}

TEST(ContactReader, KnowsTheNamesThatPeopleGiveToNumbers) {
  for (const std::string name : {"phone", "phone_number", "phonenumber", "number", "mobile", "tel", "telephone",
                                 "msisdn", " PHONE ", "Phone Number", "phone-number"}) {
    const auto import = import_all("name;" + name + "\nDana;1\n");
    ASSERT_THAT(import.rows, SizeIs(1)) << name << import.error;
    EXPECT_EQ(import.rows[0].number, "1");
  }
  for (const std::string name : {"id", "contact_id", "contactid"}) {
    EXPECT_EQ(import_all("phone," + name + "\n1,c-1\n").rows.at(0).id, "c-1");
  }
  for (const std::string name : {"time_zone", "timezone", "tz", "Time Zone"}) {
    EXPECT_EQ(import_all("phone," + name + "\n1,UTC\n").rows.at(0).time_zone, "UTC");
  }
}

TEST(ContactReader, AListWithoutAHeaderIsUnderstoodIfItHasOneColumn) {
  const auto import = import_all("\xef\xbb\xbf+1 (202) 555-0100\r\n'+12025550101\r\n\r\n+12025550102");
  ASSERT_THAT(import.rows, SizeIs(3));
  EXPECT_EQ(import.rows[0].number, "+1 (202) 555-0100");
  EXPECT_EQ(import.rows[0].line, 1U);
  EXPECT_EQ(import.rows[1].number, "+12025550101");
  EXPECT_EQ(import.rows[2].line, 4U);
}

TEST(ContactReader, ContactsWithoutAHeaderAreRefusedWithAdvice) {
  const auto import = import_all("+12025550100,Dana\n+12025550101,Noa\n");
  EXPECT_THAT(import.rows, IsEmpty());
  EXPECT_THAT(import.error, HasSubstr("looks like a contact; put a line with the columns' names above it"));
  EXPECT_THAT(import.error, HasSubstr("phone, phone_number"));
}

TEST(ContactReader, AHeaderWithoutNumbersIsRefusedWithItsColumns) {
  const auto import = import_all("name,,cell phone no\nDana,x,1\n");
  EXPECT_THAT(import.error, HasSubstr("its columns are name, cell phone no;"));
  EXPECT_THAT(import.error, HasSubstr("msisdn"));
}

TEST(ContactReader, AnErrorIsReturnedAgain) {
  ContactReader reader;
  reader.feed("name\nDana\n");
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
}

TEST(ContactReader, ColumnsThatMeanTheSameAreRefused) {
  EXPECT_THAT(import_all("phone,mobile\n1,2\n").error, HasSubstr("'phone' and 'mobile' mean the same"));
  EXPECT_THAT(import_all("phone,name,Name\n1,a,b\n").error, HasSubstr("column 'Name' twice"));
  EXPECT_THAT(import_all("phone," + std::string(101, 'x') + "\n1,a\n").error, HasSubstr("longer than 100 bytes"));
}

TEST(ContactReader, AnEmptyOrUnreadableListIsAnError) {
  EXPECT_THAT(import_all("").error, HasSubstr("empty"));
  EXPECT_THAT(import_all("\n \n,,\n").error, HasSubstr("empty"));
  EXPECT_THAT(import_all(std::string("\xff\xfep\0h\0", 6)).error, HasSubstr("UTF-16"));
  EXPECT_THAT(import_all("phone\n").error, IsEmpty());
}

TEST(ContactReader, WhatSpreadsheetsPutAroundNumbersIsRemoved) {
  for (const std::string cell :
       {"'+12025550100", "=\"+12025550100\"", "\"=\"\"+12025550100\"\"\"", "\u00a0+12025550100\t",
        "\u202a+12025550100\u202c", "\u200e+12025550100", "' +12025550100"}) {
    EXPECT_EQ(import_all("name,phone\nDana," + cell + "\n").rows.at(0).number, "+12025550100") << cell;
  }
}

TEST(ContactReader, AnEmptyNumberIsABadRow) {
  for (const std::string cell : {"", " ", "'", "\u200e", "\"\""}) {
    const auto import = import_all("name,phone\nDana," + cell + "\nNoa,1\n");
    ASSERT_THAT(import.bad, SizeIs(1)) << cell;
    EXPECT_EQ(import.bad[0].line, 2U);
    EXPECT_THAT(import.bad[0].reason, HasSubstr("the number is empty"));
    EXPECT_THAT(import.bad[0].text, HasSubstr("Dana"));
    EXPECT_THAT(import.rows, SizeIs(1));
  }
}

TEST(ContactReader, MissingFieldsAtTheEndAreEmpty) {
  const auto import = import_all("phone,id,name,city\n1,c\n");
  ASSERT_THAT(import.rows, SizeIs(1));
  EXPECT_THAT(import.rows[0].variables, ElementsAre(Pair("name", ""), Pair("city", "")));
}

TEST(ContactReader, TextBeyondTheLastNamedColumnIsABadRow) {
  const auto import = import_all("name,phone,\nDana,1,,\nCohen, Dan,2\nNoa,3\n");
  EXPECT_THAT(import.rows, SizeIs(2));
  ASSERT_THAT(import.bad, SizeIs(1));
  EXPECT_THAT(import.bad[0].reason, HasSubstr("text in column 3"));
  EXPECT_EQ(import.bad[0].text, "Cohen, Dan,2");
}

TEST(ContactReader, AnIndexColumnWithoutANameIsPassedOver) {
  const auto import = import_all(",phone,name\n0,1,Dana\n");
  ASSERT_THAT(import.rows, SizeIs(1));
  EXPECT_THAT(import.rows[0].variables, ElementsAre(Pair("name", "Dana")));
}

TEST(ContactReader, EmptyRecordsOfSpreadsheetsArePassedOver) {
  const auto import = import_all("phone,name\n1,Dana\n,\n , \n2,Noa\n,,,\n");
  EXPECT_THAT(import.rows, SizeIs(2));
  EXPECT_THAT(import.bad, IsEmpty());
}

TEST(ContactReader, BadRecordsComeBackWithReasonAndTheGoodOnesAreKept) {
  const auto import = import_all("phone,name\n1,Dana\n2,\xff\n3,Noa\n4,\"open\n");
  EXPECT_THAT(import.rows, SizeIs(2));
  ASSERT_THAT(import.bad, SizeIs(2));
  EXPECT_THAT(import.bad[0].reason, HasSubstr("UTF-8"));
  EXPECT_EQ(import.bad[0].text, "2,?");
  EXPECT_EQ(import.bad[1].line, 5U);
}

TEST(ContactReader, HebrewNamesAndVariablesAreKept) {
  const auto import = import_all("phone;שם\n1;\"כהן, דנה\"\n");
  ASSERT_THAT(import.rows, SizeIs(1));
  EXPECT_THAT(import.rows[0].variables, ElementsAre(Pair("שם", "כהן, דנה")));
}

RC_GTEST_PROP(ContactReader, AnySplitOfTheBytesGivesTheSameContacts, ()) {
  const auto piece = rc::gen::elementOf(
      std::vector<std::string>{"1", "Dana", ",", "\"", "\n", "\r\n", "'+12025550100", " ", "\xff", ",,"});
  std::string text = *rc::gen::element<std::string>("phone,name\n", "\xef\xbb\xbfname;tel;\r\n", "");
  for (const auto& part : *rc::gen::container<std::vector<std::string>>(piece)) text += part;
  const auto whole = import_all(text);
  RC_ASSERT(import_in_pieces(text, 1) == whole);
  RC_ASSERT(import_in_pieces(text, *rc::gen::inRange(2UL, 9UL)) == whole);
}

}  // namespace
}  // namespace carillon
