// The import of a contact list, from bytes to batches of contacts and rejected rows: gzip, encoding, format, columns,
// numbers, zones, consents. Pure: no file, no thread, no clock. One importer per list, on any one thread; a worker
// feeds it and hands the batches on. Memory is flat: what was fed and not read yet, one record, and bounded tables.
//
// Duplicates are not looked for here, since that would need all numbers in memory: the ledger's unique index of
// campaign and number finds them, within the list and across imports, and the stage that writes there rejects those
// rows with RowFault::kDuplicate.
//
//   ContactImporter importer(options);
//   do {
//     if (bytes are left) importer.feed(next piece); else importer.finish();
//     for (;;) {
//       auto batch = importer.next_batch(1000);  // error: the list as a whole is of no use
//       hand on batch->contacts and batch->rejected;
//       if (batch->needs_bytes || batch->is_end) break;
//     }
//   } while (!is_end);
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "core/campaign/contact_csv.h"
#include "core/campaign/import/column_roles.h"
#include "core/campaign/import/contact_judge.h"
#include "core/campaign/import/gunzip.h"
#include "core/campaign/import/import_row.h"
#include "core/campaign/import/ndjson_reader.h"
#include "core/campaign/import/text_decoder.h"

namespace carillon {

enum class ListFormat : std::uint8_t {
  kAuto,  // by its first character: { is JSON lines
  kCsv,   // separated by , ; or TAB, whichever the header has most of
  kTsv,   // separated by TAB
  kNdjson,
};
// "auto", "csv", "tsv", "ndjson".
std::optional<ListFormat> parse_list_format(std::string_view word);

struct ImporterOptions {
  std::string default_region;  // ISO 3166, for numbers without a country code; empty = they are rejected
  ColumnRoles columns = ColumnRoles::with_consents();
  ListFormat format = ListFormat::kAuto;
  TextEncoding encoding = TextEncoding::kAuto;
  CsvLimits row_limits{};  // record_bytes is a JSON line's limit, too
  std::size_t variable_bytes = 8 * 1024;
  GunzipLimits gunzip_limits{};
};

struct ImportBatch {
  std::vector<ParsedContact> contacts;  // in the list's order
  std::vector<RejectedRow> rejected;
  bool needs_bytes = false;  // feed() more, or finish()
  bool is_end = false;       // the list is read
};

class ContactImporter {
 public:
  explicit ContactImporter(ImporterOptions options);

  // Kept until next_batch() has read it.
  void feed(std::string_view bytes);
  void finish();
  // At most max_rows, good and bad together. An error says why the list as a whole cannot be used, and comes again;
  // what batches before it brought is good. A gzip file that is cut or damaged is no such error: its contacts are
  // returned, and a rejected row with RowFault::kFileDamaged says that the list ends there.
  Result<ImportBatch> next_batch(std::size_t max_rows);

 private:
  using Reader = std::variant<std::monostate, ContactReader, NdjsonReader>;

  Result<std::optional<ContactEntry>> next_entry();
  Result<bool> read_more(ImportBatch& batch);
  Result<bool> know_container();
  Result<bool> unpack();
  Result<void> decode(bool is_last);
  Result<void> read_text(std::string_view text, bool is_last);
  Result<ListFormat> know_format(bool is_last) const;
  void make_reader(ListFormat format);
  void add(ContactEntry entry, ImportBatch& batch);
  std::size_t reader_line() const;

  ImporterOptions options_;
  ContactJudge judge_;

  // Each stage holds what the next one has not taken yet.
  std::string fed_;
  std::size_t position_ = 0;
  bool is_fed_ = false;  // all of it
  bool is_container_known_ = false;
  std::unique_ptr<Gunzip> gunzip_;
  std::string bytes_;  // unpacked, in pieces
  bool is_encoding_known_ = false;
  std::optional<Utf16Decoder> utf16_;
  std::string head_;  // text until the format is known
  Reader reader_;
  bool is_handed_over_ = false;  // all text, to the reader
  bool is_end_ = false;
  std::optional<Error> error_;
};

}  // namespace carillon
