// Contact lists: whatever the bytes and however they are cut into chunks, the reader keeps its limits, ends, and says
// the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/campaign/contact_csv.h"

namespace {

using namespace carillon;

template <class Reader, class Drain>
void feed_in_pieces(Reader& reader, std::string_view text, std::size_t step, const Drain& drain) {
  // The pieces' sizes come from the text itself: 1 to step bytes.
  for (std::size_t size = 1; !text.empty(); text.remove_prefix(size)) {
    size = std::min(text.size(), 1 + static_cast<unsigned char>(text[0]) % step);
    reader.feed(text.substr(0, size));
    drain();
  }
  reader.finish();
  drain();
}

std::vector<CsvRecord> records_of(std::string_view text, std::size_t step, const CsvLimits& limits) {
  CsvReader reader(limits);
  std::vector<CsvRecord> records;
  feed_in_pieces(reader, text, step, [&] {
    while (auto record = reader.next()) {
      CARILLON_CHECK(record->text.size() <= 200 && is_utf8(record->text));
      CARILLON_CHECK(record->fields.size() <= limits.columns);
      CARILLON_CHECK(record->is_bad() == record->fields.empty());
      for (const auto& field : record->fields) CARILLON_CHECK(field.size() <= limits.field_bytes && is_utf8(field));
      CARILLON_CHECK(records.empty() || record->line > records.back().line);
      records.push_back(std::move(*record));
    }
  });
  return records;
}

struct Import {
  std::vector<ContactEntry> entries;
  std::string error;
  bool operator==(const Import&) const = default;
};

Import import_of(std::string_view text, std::size_t step, const CsvLimits& limits) {
  ContactReader reader(limits);
  Import import;
  feed_in_pieces(reader, text, step, [&] {
    while (import.error.empty()) {
      auto entry = reader.next();
      if (!entry) import.error = entry.error().detail;
      if (!entry || !*entry) break;
      import.entries.push_back(std::move(**entry));
    }
  });
  return import;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const CsvLimits tight{.field_bytes = 16, .record_bytes = 40, .columns = 4};
  for (const CsvLimits& limits : {CsvLimits{}, tight}) {
    CARILLON_CHECK(records_of(text, 1, limits) == records_of(text, 64, limits));
    CARILLON_CHECK(import_of(text, 3, limits) == import_of(text, 256, limits));
  }
  return 0;
}
