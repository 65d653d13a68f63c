#include "core/campaign/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace carillon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace std::string_view_literals;
using Fields = std::vector<std::string>;

void drain(CsvReader& reader, std::vector<CsvRecord>& records) {
  while (auto record = reader.next()) records.push_back(std::move(*record));
}

// Cuts the text into chunks of the given sizes, in turn.
std::vector<CsvRecord> read_in_pieces(std::string_view text, const std::vector<std::size_t>& sizes,
                                      CsvLimits limits = {}) {
  CsvReader reader(limits);
  std::vector<CsvRecord> records;
  for (std::size_t i = 0; !text.empty(); ++i) {
    const std::size_t size = std::min(sizes[i % sizes.size()], text.size());
    reader.feed(text.substr(0, size));
    text.remove_prefix(size);
    drain(reader, records);
  }
  reader.finish();
  drain(reader, records);
  return records;
}

std::vector<CsvRecord> read_all(std::string_view text, CsvLimits limits = {}) {
  return read_in_pieces(text, {std::max<std::size_t>(text.size(), 1)}, limits);
}

std::vector<Fields> fields_of(std::string_view text) {
  std::vector<Fields> all;
  for (auto& record : read_all(text)) all.push_back(record.is_bad() ? Fields{"BAD: " + record.bad} : record.fields);
  return all;
}

TEST(CsvReader, ReadsFieldsAndLines) {
  EXPECT_THAT(fields_of("a,b\n1,2\n"), ElementsAre(Fields{"a", "b"}, Fields{"1", "2"}));
}

TEST(CsvReader, TheLastLineNeedsNoBreak) {
  EXPECT_THAT(fields_of("a,b\n1,2"), ElementsAre(Fields{"a", "b"}, Fields{"1", "2"}));
  EXPECT_THAT(fields_of("a,b\n1,"), ElementsAre(Fields{"a", "b"}, Fields{"1", ""}));
}

TEST(CsvReader, EveryLineBreakIsUnderstood) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    EXPECT_THAT(fields_of("a,b" + end + "1,2" + end + end + "3,4" + end),
                ElementsAre(Fields{"a", "b"}, Fields{"1", "2"}, Fields{"3", "4"}));
  }
}

TEST(CsvReader, QuotedFieldsHoldSeparatorsBreaksAndQuotes) {
  EXPECT_THAT(fields_of("name,note\n\"Cohen, Dan\",\"said \"\"yes\"\"\r\ntwice\"\n"),
              ElementsAre(Fields{"name", "note"}, Fields{"Cohen, Dan", "said \"yes\"\r\ntwice"}));
  EXPECT_THAT(fields_of("a,b\n\"\",\"\"\"\"\n"), ElementsAre(Fields{"a", "b"}, Fields{"", "\""}));
}

TEST(CsvReader, CarelessQuotesAreUnderstoodAsPeopleMeanThem) {
  EXPECT_THAT(fields_of("a,b\n1, \"x, y\"\n"), ElementsAre(Fields{"a", "b"}, Fields{"1", "x, y"}));
  EXPECT_THAT(fields_of("a,b\n\"x\" ,\"y\"z\n"), ElementsAre(Fields{"a", "b"}, Fields{"x ", "yz"}));
  EXPECT_THAT(fields_of("a,b\n5\" pipe,2\n"), ElementsAre(Fields{"a", "b"}, Fields{"5\" pipe", "2"}));
}

TEST(CsvReader, TheByteOrderMarkIsNoText) {
  EXPECT_THAT(fields_of("\xef\xbb\xbfphone\n1\n"), ElementsAre(Fields{"phone"}, Fields{"1"}));
  EXPECT_THAT(fields_of("\xef\xbb\xbf"), ElementsAre());
}

TEST(CsvReader, TheSeparatorIsTheOneThatTheFirstLineHasMostOf) {
  EXPECT_THAT(fields_of("a;b;c\n1,5;2;3\n"), ElementsAre(Fields{"a", "b", "c"}, Fields{"1,5", "2", "3"}));
  EXPECT_THAT(fields_of("a\tb\n1,5\t2;3\n"), ElementsAre(Fields{"a", "b"}, Fields{"1,5", "2;3"}));
  EXPECT_THAT(fields_of("\"a;b;c\",d\n1,2\n"), ElementsAre(Fields{"a;b;c", "d"}, Fields{"1", "2"}));
  EXPECT_THAT(fields_of("\n  \r\na;b\n1;2\n"), ElementsAre(Fields{"a", "b"}, Fields{"1", "2"}));
}

TEST(CsvReader, ExcelsSeparatorLineIsObeyed) {
  EXPECT_THAT(fields_of("sep=;\r\na,x;b\r\n1;2\r\n"), ElementsAre(Fields{"a,x", "b"}, Fields{"1", "2"}));
  EXPECT_THAT(fields_of("\"sep=\t\"\na\tb\n"), ElementsAre(Fields{"a", "b"}));
  EXPECT_THAT(fields_of("sep=;"), ElementsAre());
  EXPECT_EQ(read_all("sep=;\na;b\n")[0].line, 2U);
}

TEST(CsvReader, BlankLinesAreSkippedAndCounted) {
  const auto records = read_all("a,b\n\n   \r\n\"x\ny\",2\n\n3,4");
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_EQ(records[1].line, 4U);
  EXPECT_EQ(records[2].line, 7U);
}

TEST(CsvReader, AnEmptyListHasNoRecords) {
  EXPECT_THAT(read_all(""), SizeIs(0));
  EXPECT_THAT(read_all("\r\n\r\n"), SizeIs(0));
}

// --- Bad records ---

TEST(CsvReader, ARecordBeyondALimitIsBadAndReadingGoesOnWithTheNextLine) {
  const std::string long_field(64 * 1024 + 1, 'x');
  const auto records = read_all("a,b\n1," + long_field + ",z\n3,4\n");
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_THAT(records[1].bad, HasSubstr("a field is longer than 65536 bytes"));
  EXPECT_EQ(records[1].line, 2U);
  EXPECT_THAT(records[1].text, SizeIs(200));
  EXPECT_THAT(records[1].fields, SizeIs(0));
  EXPECT_EQ(records[2].fields, (Fields{"3", "4"}));
  EXPECT_EQ(records[2].line, 3U);
}

TEST(CsvReader, AFieldAtTheLimitIsGood) {
  const auto records = read_all("a,b\n1," + std::string(64 * 1024, 'x'));
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_FALSE(records[1].is_bad());
}

TEST(CsvReader, TooManyColumnsAreBad) {
  EXPECT_FALSE(read_all(std::string(199, ','))[0].is_bad());
  const auto records = read_all("a,b\n" + std::string(200, ',') + "\"\n\"\n3,4\n");
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_THAT(records[1].bad, HasSubstr("more than 200 columns"));
  EXPECT_EQ(records[2].line, 4U);
}

TEST(CsvReader, ARecordOfManyLongFieldsIsBad) {
  std::string record;
  for (int i = 0; i < 20; ++i) record += std::string(60 * 1024, 'x') + ",";
  const auto records = read_all("a,b\n" + record + "\n3,4\n");
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_THAT(records[1].bad, HasSubstr("the record is longer than 1048576 bytes"));
  EXPECT_EQ(records[2].fields, (Fields{"3", "4"}));
}

TEST(CsvReader, ALineOfTenMegabytesCostsOneBadRecord) {
  CsvReader reader;
  reader.feed("a,b\n1,");
  std::vector<CsvRecord> records;
  for (int i = 0; i < 10 * 16; ++i) {
    reader.feed(std::string(64 * 1024, 'x'));
    drain(reader, records);
  }
  reader.feed("\n3,4\n");
  reader.finish();
  drain(reader, records);
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_TRUE(records[1].is_bad());
  EXPECT_EQ(records[2].fields, (Fields{"3", "4"}));
}

TEST(CsvReader, NulBytesAndWhatIsNotUtf8AreBad) {
  const auto records = read_all("a,b\n1,x\0y\n2,\xe9t\xe9\n3,\xc3\xa9\n"sv);
  ASSERT_THAT(records, SizeIs(4));
  EXPECT_THAT(records[1].bad, HasSubstr("NUL"));
  EXPECT_THAT(records[2].bad, HasSubstr("not valid UTF-8"));
  EXPECT_EQ(records[2].text, "2,?t?");
  EXPECT_FALSE(records[3].is_bad());
}

TEST(CsvReader, AListInUtf16IsToldOnce) {
  const auto records = read_all("\xff\xfe\x61\0,\0b\0\n\0"sv);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_THAT(records[0].bad, HasSubstr("UTF-16"));
}

TEST(CsvReader, AQuoteThatIsNeverClosedIsBadWhereItBegan) {
  const auto records = read_all("a,b\n1,2\n3,\"open\n5,6\n7,8\n");
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_EQ(records[2].line, 3U);
  EXPECT_THAT(records[2].bad, HasSubstr("never closed"));
  EXPECT_EQ(records[2].text, "3,\"open 5,6 7,8 ");
}

TEST(CsvReader, AQuoteThatIsNotClosedWithinTheLimitIsBadAndReadingGoesOn) {
  std::string text = "a,b\n3,\"open\n";
  while (text.size() < 70 * 1024) text += "5,6\n";
  const auto records = read_all(text);
  ASSERT_GE(records.size(), 100U);
  EXPECT_THAT(records[1].bad, HasSubstr("perhaps its quote is not closed"));
  EXPECT_EQ(records[1].line, 2U);
  EXPECT_EQ(records[2].fields, (Fields{"5", "6"}));
}

// --- Properties ---

// Text of the characters that matter, with whole words of trouble.
rc::Gen<std::string> awkward_text() {
  const auto piece = rc::gen::elementOf(std::vector<std::string>{"a",
                                                                 "b",
                                                                 "longer text",
                                                                 ",",
                                                                 ",",
                                                                 ";",
                                                                 "\t",
                                                                 "\"",
                                                                 "\"",
                                                                 "\"\"",
                                                                 "\n",
                                                                 "\r",
                                                                 "\r\n",
                                                                 " ",
                                                                 "",
                                                                 "\xef\xbb\xbf",
                                                                 "\xc3\xa9",
                                                                 "\xff",
                                                                 std::string(1, '\0'),
                                                                 "sep=;\n",
                                                                 "+12025550100"});
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const std::vector<std::string>& pieces) {
    std::string text;
    for (const auto& part : pieces) text += part;
    return text;
  });
}

RC_GTEST_PROP(CsvReader, AnySplitOfTheBytesGivesTheSameRecords, ()) {
  const std::string text = *awkward_text();
  const auto sizes = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange(1UL, 9UL)));
  const CsvLimits tight{.field_bytes = 12, .record_bytes = 30, .columns = 4};
  for (const CsvLimits& limits : {CsvLimits{}, tight}) {
    const auto whole = read_all(text, limits);
    RC_ASSERT(read_in_pieces(text, sizes, limits) == whole);
    RC_ASSERT(read_in_pieces(text, {1}, limits) == whole);
  }
}

std::string quoted(const std::string& field) {
  std::string text = "\"";
  for (const char c : field) text.append(c == '"' ? 2 : 1, c);
  return text + "\"";
}

RC_GTEST_PROP(CsvReader, WhatIsWrittenByTheBookIsReadBack, ()) {
  const auto field = rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab,;\t\"\r\n ")));
  const auto rows = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::vector<std::string>>>(
      rc::gen::container<std::vector<std::string>>(3, field)));
  std::string text = "h1,h2,h3\r\n";
  for (const auto& row : rows) text += quoted(row[0]) + "," + quoted(row[1]) + "," + quoted(row[2]) + "\r\n";
  const auto records = read_all(text);
  RC_ASSERT(records.size() == rows.size() + 1);
  for (std::size_t i = 0; i < rows.size(); ++i) RC_ASSERT(records[i + 1].fields == rows[i]);
}

// --- Text helpers ---

TEST(Utf8, IsAsRfc3629Says) {
  for (const std::string_view good : {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const std::string_view bad : {"\x80", "\xc0\xaf", "\xc3", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                     "\xf8\x88\x80\x80\x80", "\xe2\x82", "a\xff"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Excerpt, IsPrintableAndCutBetweenCharacters) {
  EXPECT_EQ(excerpt("a\tb\x1b[2J\x7f\xff\xc2\x9b"), "a b?[2J???");
  EXPECT_EQ(excerpt("abcdef", 6), "abcdef");
  EXPECT_EQ(excerpt("abcdefg", 6), "abc...");
  EXPECT_EQ(excerpt("ab\xd7\xa9\xd7\x9c\xd7\x9d", 6), "ab...");
  EXPECT_EQ(excerpt("abcdef", 2), "..");
}

}  // namespace
}  // namespace carillon
