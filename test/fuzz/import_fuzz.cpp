// The whole import of contact lists: whatever the bytes and however they are cut into pieces, it ends, keeps its
// limits, says the same, and lets nothing through that is no number of E.164 or no JSON.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "core/campaign/csv.h"
#include "core/campaign/import/contact_importer.h"
#include "core/campaign/import/rejects_writer.h"

namespace {

using namespace carillon;

void check(const ParsedContact& contact) {
  CARILLON_CHECK(contact.number.size() >= 8 && contact.number.size() <= 16 && contact.number[0] == '+');
  CARILLON_CHECK(contact.number.find_first_not_of("0123456789", 1) == std::string::npos);
  CARILLON_CHECK(is_utf8(contact.id) && is_utf8(contact.variables) && contact.id.find('\0') == std::string::npos);
  boost::json::error_code error;
  if (!contact.variables.empty()) CARILLON_CHECK(boost::json::parse(contact.variables, error).is_object() && !error);
}

void check(const RejectedRow& row) {
  CARILLON_CHECK(row.fault != RowFault::kNone && !row.detail.empty());
  CARILLON_CHECK(row.text.size() <= 200 && is_utf8(row.text) && is_utf8(row.detail));
  // Read back, the line is one record of four fields, none of which a spreadsheet would run.
  CsvReader reader;
  reader.feed("line,reason,detail,text\r\n" + rejects_line(row));
  reader.finish();
  reader.next();
  const auto record = reader.next();
  CARILLON_CHECK(record && record->fields.size() == 4 && !reader.next());
  CARILLON_CHECK(record->fields[3].empty() ||
                 std::string_view("=@\t\r").find(record->fields[3][0]) == std::string::npos);
}

struct Imported {
  std::vector<ParsedContact> contacts;
  std::vector<RejectedRow> rejected;
  std::string error;
  bool operator==(const Imported&) const = default;
};

Imported import_of(std::string_view bytes, std::size_t step, const ImporterOptions& options) {
  ContactImporter importer(options);
  Imported all;
  for (;;) {
    // The pieces' sizes come from the bytes themselves: 1 to step.
    const std::size_t size = bytes.empty() ? 0 : 1 + static_cast<unsigned char>(bytes[0]) % step;
    if (bytes.empty()) importer.finish();
    importer.feed(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
    for (;;) {
      auto batch = importer.next_batch(1 + step % 7);
      if (!batch) {
        all.error = batch.error().detail;
        return all;
      }
      std::ranges::for_each(batch->contacts, [](const auto& contact) { check(contact); });
      std::ranges::for_each(batch->rejected, [](const auto& row) { check(row); });
      std::ranges::move(batch->contacts, std::back_inserter(all.contacts));
      std::ranges::move(batch->rejected, std::back_inserter(all.rejected));
      if (batch->is_end) return all;
      if (batch->needs_bytes) break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  ImporterOptions options;
  options.default_region = (data[0] & 1) != 0 ? "IL" : "US";
  options.format = static_cast<ListFormat>(data[0] >> 1 & 3);
  options.encoding = static_cast<TextEncoding>(data[0] >> 3 & 3);
  options.gunzip_limits = {.bytes = 1024 * 1024, .ratio = 100, .ratio_from_bytes = 64 * 1024};
  if ((data[0] & 0x20) != 0) {
    options.row_limits = {.field_bytes = 16, .record_bytes = 60, .columns = 4};
    options.variable_bytes = 32;
  }
  CARILLON_CHECK(import_of(bytes, 3, options) == import_of(bytes, 4096, options));
  return 0;
}
