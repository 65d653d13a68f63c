#include "core/campaign/import/contact_importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "core/campaign/import/testing.h"

namespace carillon {
namespace {

using namespace std::string_view_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing_import::gzip;
using testing_import::import_all;
using testing_import::import_in_pieces;

ImporterOptions in_israel() { return {.default_region = "IL"}; }

ImporterOptions mapped(const std::vector<std::string>& mapping) {
  ImporterOptions options = in_israel();
  options.columns = *ColumnRoles::parse(mapping);
  return options;
}

// "line:word" of each rejected row.
std::vector<std::string> faults_of(const testing_import::Imported& imported) {
  std::vector<std::string> faults;
  for (const auto& row : imported.rejected)
    faults.push_back(std::to_string(row.line) + ":" + std::string(to_string(row.fault)));
  return faults;
}

std::vector<std::string> numbers_of(const testing_import::Imported& imported) {
  std::vector<std::string> numbers;
  for (const auto& contact : imported.contacts) numbers.push_back(contact.number);
  return numbers;
}

std::string utf16(std::string_view ascii, bool is_little, bool has_mark) {
  std::string bytes = !has_mark ? "" : is_little ? "\xff\xfe" : "\xfe\xff";
  for (const char c : ascii) bytes += is_little ? std::string{c, '\0'} : std::string{'\0', c};
  return bytes;
}

// --- What is taken ---

TEST(ContactImporter, ARowBecomesAContact) {
  const auto imported = import_all(
      "number,id,time_zone,name,amount,consent_basis,consent_evidence,consent_at\n"
      "050-123-4567,c-1,Asia/Jerusalem,\"כהן, דנה\",18,written,form 7,2026-11-22\n",
      in_israel());
  ASSERT_THAT(imported.contacts, SizeIs(1)) << imported.error;
  const auto& contact = imported.contacts[0];
  EXPECT_EQ(contact.line, 2U);
  EXPECT_EQ(contact.number, "+972501234567");
  EXPECT_THAT(contact.regions, ElementsAre("IL"));
  EXPECT_EQ(contact.id, "c-1");
  EXPECT_EQ(contact.time_zone, "Asia/Jerusalem");
  EXPECT_EQ(contact.variables, R"({"name":"כהן, דנה","amount":"18"})");
  ASSERT_TRUE(contact.consent);
  EXPECT_EQ(contact.consent->basis, "written");
  EXPECT_EQ(contact.consent->evidence, "form 7");
  EXPECT_EQ(to_rfc3339(contact.consent->given_at), "2026-11-22T00:00:00.000Z");
  EXPECT_EQ(contact.consent->expires_at, std::nullopt);
  EXPECT_THAT(contact.warnings, IsEmpty());
}

TEST(ContactImporter, EveryFormatSaysTheSame) {
  const std::string csv = "number,name,note\n+12025550100,Dana,\"a, b\"\n+12025550101,Noa,\n";
  const std::string ndjson =
      "{\"phoneNumber\": \"+12025550100\", \"name\": \"Dana\", \"note\": \"a, b\"}\n"
      "{\"number\": \"+12025550101\", \"variables\": {\"name\": \"Noa\", \"note\": \"\"}}\n";
  auto wanted = import_all(csv);
  ASSERT_THAT(wanted.contacts, SizeIs(2)) << wanted.error;
  EXPECT_EQ(import_all("number;name;note\r\n+12025550100;Dana;a, b\r\n+12025550101;Noa;\r\n"), wanted);
  EXPECT_EQ(import_all("number\tname\tnote\n+12025550100\tDana\ta, b\n+12025550101\tNoa\t"), wanted);
  EXPECT_EQ(import_all("\xef\xbb\xbf" + csv), wanted);
  EXPECT_EQ(import_all(utf16(csv, true, true)), wanted);
  EXPECT_EQ(import_all(utf16(csv, false, true)), wanted);
  EXPECT_EQ(import_all(utf16(csv, true, false)), wanted);
  EXPECT_EQ(import_all(gzip(csv)), wanted);
  EXPECT_EQ(import_all(gzip(csv.substr(0, 20)) + gzip(csv.substr(20))), wanted);
  for (auto& contact : wanted.contacts) --contact.line;
  EXPECT_EQ(import_all(ndjson), wanted);
  EXPECT_EQ(import_all("\xef\xbb\xbf" + ndjson), wanted);
  EXPECT_EQ(import_all(gzip(utf16(ndjson, false, false))), wanted);
}

TEST(ContactImporter, TheFormatCanBeSaid) {
  ImporterOptions options;
  options.format = ListFormat::kTsv;
  const auto imported = import_all("number\tname, first; last\n+12025550100\tDana\n", options);
  ASSERT_THAT(imported.contacts, SizeIs(1)) << imported.error;
  EXPECT_EQ(imported.contacts[0].variables, R"({"name, first; last":"Dana"})");
  options.format = ListFormat::kNdjson;
  EXPECT_THAT(faults_of(import_all("number\n", options)), ElementsAre("1:not-understood"));
}

TEST(ContactImporter, EachLineIsReadInItsOwnEncoding) {
  const auto imported = import_all(
      "number,name\n0501234567,שלום\n0501234568,\xf9\xec\xe5\xed\n0501234569,\xf9\xec\xe5\xed\xff\n050123456,x\n",
      in_israel());
  ASSERT_THAT(imported.contacts, SizeIs(3));
  EXPECT_EQ(imported.contacts[0].variables, imported.contacts[1].variables);
  EXPECT_THAT(imported.contacts[0].warnings, IsEmpty());
  EXPECT_THAT(imported.contacts[1].warnings, ElementsAre(RowWarning::kReadAsWindows1255));
  EXPECT_THAT(faults_of(imported), ElementsAre("4:encoding"));
  EXPECT_THAT(imported.rejected[0].detail, HasSubstr("neither UTF-8 nor Windows-1255"));

  ImporterOptions strict = in_israel();
  strict.encoding = TextEncoding::kUtf8;
  EXPECT_THAT(faults_of(import_all("number,name\n0501234568,\xf9\n", strict)), ElementsAre("2:encoding"));
  const auto json =
      import_all("{\"number\":\"0501234567\",\"name\":\"\xf9\xec\xe5\xed\"}\n{\"number\":\"\xff\"}", in_israel());
  ASSERT_THAT(json.contacts, SizeIs(1));
  EXPECT_EQ(json.contacts[0].variables, imported.contacts[0].variables);
  EXPECT_THAT(faults_of(json), ElementsAre("2:encoding"));
}

TEST(ContactImporter, AHebrewHeaderInWindows1255CanBeMapped) {
  const auto imported = import_all("\xe8\xec\xf4\xe5\xef,\xf9\xed\n0501234567,\xe3\xf0\xe4\n",
                                   mapped({"טלפון=number", "שם=variable:name"}));
  ASSERT_THAT(imported.contacts, SizeIs(1)) << imported.error;
  EXPECT_EQ(imported.contacts[0].variables, R"({"name":"דנה"})");
}

TEST(ContactImporter, WhatSpreadsheetsMakeOfNumbersIsUnderstoodOrRefused) {
  const std::map<std::string, std::string> cells{{"'0501234567", "+972501234567"},
                                                 {"\"=\"\"0501234567\"\"\"", "+972501234567"},
                                                 {"972501234567.0", "+972501234567"},
                                                 {"\u200e050-123-4567", "+972501234567"},
                                                 {"9.72501E+11", ""},
                                                 {"050123456O", ""},
                                                 {"=HYPERLINK(0501234567)", "+972501234567"}};
  for (const auto& [cell, number] : cells) {
    const auto imported = import_all("name,number\nDana," + cell + "\n", in_israel());
    if (number.empty()) {
      EXPECT_THAT(faults_of(imported), ElementsAre("2:number-invalid")) << cell;
    } else {
      EXPECT_THAT(numbers_of(imported), ElementsAre(number)) << cell;
    }
  }
}

TEST(ContactImporter, FormulasAreKeptAsTheTextThatTheyAre) {
  const auto imported =
      import_all("number,note\n+12025550100,\"=HYPERLINK(\"\"x.example\"\")\"\n+12025550101,@SUM(A1)\n");
  ASSERT_THAT(imported.contacts, SizeIs(2));
  EXPECT_EQ(imported.contacts[0].variables, R"json({"note":"=HYPERLINK(\"x.example\")"})json");
  EXPECT_EQ(imported.contacts[1].variables, R"json({"note":"@SUM(A1)"})json");
}

TEST(ContactImporter, EmbeddedLineBreaksAreTextAndCounted) {
  const auto imported = import_all("number,note\n+12025550100,\"one\r\ntwo\n\nfour\"\n12,x\n");
  EXPECT_EQ(imported.contacts.at(0).variables, R"({"note":"one\r\ntwo\n\nfour"})");
  EXPECT_THAT(faults_of(imported), ElementsAre("6:number-invalid"));
}

TEST(ContactImporter, APossibleNumberOfAnUnknownRangeIsTakenWithAWarning) {
  const auto imported = import_all("number\n+19995550100\n");
  ASSERT_THAT(imported.contacts, SizeIs(1));
  EXPECT_THAT(imported.contacts[0].warnings, ElementsAre(RowWarning::kRangeUnknown));
}

// --- What is refused ---

TEST(ContactImporter, BadRowsComeBackWithLineAndReasonAndTheGoodOnesAreTaken) {
  const std::string long_text(70 * 1024, 'x');
  const auto imported = import_all(
      "number,id,time_zone,name\n"
      "0501234567,,,good\n"
      ",,,no number\n"
      "12,,,short\n"
      "0501234568,,Mars/Olympus,zone\n"
      "0501234569," +
          std::string(129, 'i') +
          ",,id\n"
          "0501234570,,,nul" +
          std::string(1, '\0') +
          "\n"
          "0501234571,,,a,b\n"
          "0501234572,,," +
          long_text +
          "\n"
          "0501234573,,," +
          std::string(9 * 1024, 'v') +
          "\n"
          "0501234574,,,good\n"
          "0501234575,,,\"open\n0501234576,,,x\n",
      in_israel());
  EXPECT_THAT(numbers_of(imported), ElementsAre("+972501234567", "+972501234574"));
  EXPECT_THAT(faults_of(imported),
              ElementsAre("3:no-number", "4:number-invalid", "5:time-zone-unknown", "6:too-long", "7:nul-byte",
                          "8:stray-text", "9:too-long", "10:too-long", "12:open-quote"));
  EXPECT_THAT(imported.rejected[1].detail, HasSubstr("the number '12': "));
  EXPECT_EQ(imported.rejected[1].text, "12,,,short");
}

TEST(ContactImporter, BadJsonLinesComeBackAndTheGoodOnesAreTaken) {
  ImporterOptions options;
  options.row_limits.record_bytes = 1000;
  const auto imported = import_all(
      "{\"number\":\"+12025550100\"}\n"
      "\n"
      "{\"number\":}\n"
      "[1]\n"
      "{\"name\":\"Dana\"}\n"
      "{\"number\":\"+12025550101\",\"phone\":\"+12025550102\"}\n"
      "{\"number\":1.5}\n"
      "{\"number\":\"+12025550103\",\"variables\":{\"a\":1},\"a\":2}\n"
      "{\"number\":\"+12025550104\",\"x\":\"" +
          std::string(1000, 'x') +
          "\"}\n"
          "{\"number\":\"+12025550105\",\"consent\":{\"basis\":\"written\",\"who\":1}}\n"
          "{\"number\":\"+12025550106\",\"x\":\"" +
          std::string(1, '\0') +
          "\"}\n"
          "{\"number\":\"+12025550107\",\"x\":[[[[[[[[[[1]]]]]]]]]]}\n"
          "{\"number\":12025550108,\"id\":7,\"tags\":\"a b\",\"timeZone\":null}",
      options);
  EXPECT_THAT(numbers_of(imported), ElementsAre("+12025550100"));
  EXPECT_THAT(faults_of(imported),
              ElementsAre("3:not-understood", "4:not-understood", "5:no-number", "6:not-understood", "7:not-understood",
                          "8:not-understood", "9:too-long", "10:not-understood", "11:nul-byte", "12:not-understood",
                          "13:number-invalid"));
  options.default_region = "US";
  const auto last = import_all("{\"number\":12025550108,\"id\":7,\"tags\":\"a b\",\"timeZone\":null}", options);
  ASSERT_THAT(last.contacts, SizeIs(1));
  EXPECT_EQ(last.contacts[0].number, "+12025550108");
  EXPECT_EQ(last.contacts[0].id, "7");
  EXPECT_EQ(last.contacts[0].variables, R"({"tags":"a b"})");
  // As POST /dial: events carry plain values only.
  const auto nested = import_all("{\"number\":12025550108,\"tags\":[1]}", options);
  EXPECT_THAT(faults_of(nested), testing::ElementsAre("1:not-understood"));
}

TEST(ContactImporter, ConsentsAreWholeOrTheRowComesBack) {
  const auto import = [](const std::string& cells) {
    return import_all("number,consent_basis,consent_evidence,consent_at,consent_expires_at\n+12025550100," + cells +
                      "\n");
  };
  const auto whole = import("Recorded call,tape 3,2026-11-22T14:06:00+02:00,2027-11-22");
  ASSERT_THAT(whole.contacts, SizeIs(1)) << whole.rejected.at(0).detail;
  EXPECT_EQ(whole.contacts[0].consent->basis, "recorded-call");
  EXPECT_EQ(to_rfc3339(whole.contacts[0].consent->given_at), "2026-11-22T12:06:00.000Z");
  EXPECT_EQ(to_rfc3339(*whole.contacts[0].consent->expires_at), "2027-11-22T00:00:00.000Z");
  EXPECT_EQ(import(",,,").contacts.at(0).consent, std::nullopt);
  for (const std::string cells :
       {"yes,,2026-11-22,", ",form,2026-11-22,", "written,form,,", "written,form,22/11/2026,", "written,,2026-02-30,",
        "written,,2026-11-22T25:00Z,", "written,,2026-11-22T14:06:00,", "written,,2026-11-22,soon",
        "written,,2026-1-2,", "written,,2026-11-22x,", "written,,-026-11-22,"}) {
    EXPECT_THAT(faults_of(import(cells)), ElementsAre("2:consent-invalid")) << cells;
  }
  const auto json = import_all(
      "{\"number\":\"+12025550100\",\"consent\":{\"basis\":\"written\",\"evidence\":\"f\",\"at\":\"2026-11-22\"}}");
  EXPECT_EQ(json.contacts.at(0).consent->evidence, "f");
  EXPECT_EQ(json.contacts.at(0).variables, "");
}

TEST(ContactImporter, ALineOfTenMegabytesCostsOneRow) {
  const std::string line(10 * 1024 * 1024, 'x');
  EXPECT_THAT(faults_of(import_all("number,name\n+12025550100," + line + "\n+12025550101,Noa\n")),
              ElementsAre("2:too-long"));
  const auto json = import_all("{\"number\":\"+12025550100\",\"x\":\"" + line + "\"}\n{\"number\":\"+12025550101\"}\n");
  EXPECT_THAT(faults_of(json), ElementsAre("1:too-long"));
  EXPECT_THAT(numbers_of(json), ElementsAre("+12025550101"));
}

TEST(ContactImporter, AListThatIsOfNoUseIsAnErrorWithAdvice) {
  EXPECT_THAT(import_all("PK\x03\x04 and so on").error, HasSubstr("save the sheet as CSV"));
  EXPECT_THAT(import_all("\xd0\xcf\x11\xe0 and so on").error, HasSubstr("save the sheet as CSV"));
  EXPECT_THAT(import_all(" [\n {\"number\": 1}]").error, HasSubstr("JSON array"));
  EXPECT_THAT(import_all("name,amount\nDana,1\n").error, HasSubstr("no column with phone numbers"));
  EXPECT_THAT(import_all("").error, HasSubstr("empty"));
  EXPECT_THAT(import_all("number\n1\n", mapped({"tel=number"})).error, HasSubstr("names the column 'tel', which"));
}

// --- gzip ---

std::string many_rows(int count) {
  std::string text = "number,name\n";
  for (int i = 0; i < count; ++i)
    text += "+1202555" + std::to_string(1000 + i) + ",Dana " + std::to_string(i * 7919) + "\n";
  return text;
}

TEST(ContactImporter, OfACutFileTheWholeRowsAreTakenAndTheCutIsSaid) {
  const auto text = many_rows(2000);
  const auto packed = gzip(text);
  const auto whole = import_all(text);
  for (const std::size_t size :
       {packed.size() - 1, packed.size() - 9, packed.size() / 2, std::size_t{12}, std::size_t{5}}) {
    const auto imported = import_all(std::string_view(packed).substr(0, size));
    ASSERT_THAT(imported.rejected, SizeIs(1)) << size << imported.error;
    EXPECT_EQ(imported.rejected[0].fault, RowFault::kFileDamaged);
    EXPECT_THAT(imported.rejected[0].detail, HasSubstr("cut off"));
    EXPECT_TRUE(std::equal(imported.contacts.begin(), imported.contacts.end(), whole.contacts.begin()));
    if (size > 100) EXPECT_EQ(imported.rejected[0].line, imported.contacts.back().line + 1);
  }
}

TEST(ContactImporter, OfADamagedFileWhatWasBeforeIsTaken) {
  auto packed = gzip(many_rows(2000));
  packed[packed.size() - 6] ^= 1;  // the checksum
  const auto imported = import_all(packed);
  EXPECT_THAT(imported.contacts, SizeIs(2000));
  EXPECT_THAT(faults_of(imported), ElementsAre("2002:file-damaged"));
  EXPECT_THAT(faults_of(import_all(gzip("number\n+12025550100\n") + "more\n")), ElementsAre("3:file-damaged"));
  EXPECT_THAT(faults_of(import_all(gzip("number\n+12025550100\n") + std::string(512, '\0'))), IsEmpty());
}

TEST(ContactImporter, AFileThatUnpacksWithoutEndIsStopped) {
  ImporterOptions options;
  options.gunzip_limits = {.bytes = 1024 * 1024, .ratio = 1000, .ratio_from_bytes = 1024 * 1024};
  const auto packed = gzip("number\n+12025550100\n" + std::string(4 * 1024 * 1024, ' '));
  const auto too_large = import_all(packed, options);
  EXPECT_THAT(too_large.contacts, SizeIs(1));
  EXPECT_THAT(too_large.rejected.at(0).detail, HasSubstr("more than 1048576 bytes"));
  options.gunzip_limits = {.bytes = 1ULL << 40, .ratio = 100, .ratio_from_bytes = 64 * 1024};
  EXPECT_THAT(import_all(packed, options).rejected.at(0).detail, HasSubstr("100 times its size"));
}

// --- Properties ---

RC_GTEST_PROP(ContactImporter, AnySplitOfTheBytesGivesTheSameRows, ()) {
  const auto piece = rc::gen::elementOf(std::vector<std::string>{"0501234567",
                                                                 "+12025550100",
                                                                 "Dana",
                                                                 ",",
                                                                 "\"",
                                                                 "\n",
                                                                 "\r\n",
                                                                 "\t",
                                                                 ";",
                                                                 "{",
                                                                 "}",
                                                                 "[",
                                                                 "{\"number\":\"+12025550100\"}\n",
                                                                 "\"x\":1",
                                                                 " ",
                                                                 "\xf9\xec",
                                                                 "\xff",
                                                                 "\xef\xbb\xbf",
                                                                 "ש",
                                                                 std::string(1, '\0'),
                                                                 "written"});
  std::string text = *rc::gen::element<std::string>("number,name\n", "\xef\xbb\xbfname;tel;\r\n", "", "{", "\n\n", "[",
                                                    "number\tconsent_basis\n", "\xff\xfe");
  for (const auto& part : *rc::gen::container<std::vector<std::string>>(piece)) text += part;
  if (*rc::gen::arbitrary<bool>()) text = gzip(text);
  if (*rc::gen::inRange(0, 4) == 0) text.resize(*rc::gen::inRange<std::size_t>(0, text.size() + 1));
  const auto whole = import_in_pieces(text, {std::max<std::size_t>(text.size(), 1)}, in_israel());
  RC_ASSERT(import_in_pieces(text, {1}, in_israel(), 1) == whole);
  const auto sizes = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange(1UL, 9UL)));
  RC_ASSERT(import_in_pieces(text, sizes, in_israel()) == whole);
}

RC_GTEST_PROP(ContactImporter, ValidRowsComeBackAsTheyWereWritten, ()) {
  const auto cell = rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab \",;\n\t'=+-@0")));
  const auto quoted = [](const std::string& text) {
    std::string field = "\"";
    for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
    return field + "\"";
  };
  std::string csv = "note,number\n";
  std::vector<std::string> notes;
  const int count = *rc::gen::inRange(1, 8);
  for (int i = 0; i < count; ++i) {
    notes.push_back(*cell);
    csv += quoted(notes.back()) + ",+120255501" + std::to_string(10 + i) + "\n";
  }
  const auto imported = import_all(csv);
  RC_ASSERT(imported.rejected.empty());
  RC_ASSERT(imported.contacts.size() == notes.size());
  for (std::size_t i = 0; i < notes.size(); ++i) {
    RC_ASSERT(imported.contacts[i].number == "+120255501" + std::to_string(10 + i));
    const auto json = import_all("{\"number\":\"" + imported.contacts[i].number +
                                 "\",\"variables\":" + imported.contacts[i].variables + "}");
    RC_ASSERT(json.contacts.at(0).variables == imported.contacts[i].variables);
  }
}

}  // namespace
}  // namespace carillon
