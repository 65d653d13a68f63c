#include "core/campaign/import/contact_importer.h"

#include <algorithm>
#include <utility>

namespace carillon {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;  // what is unpacked and decoded at a time
constexpr std::size_t kSignatureBytes = 4;
constexpr std::size_t kHeadBytes = 4 * 1024;  // spaces and blank lines before a list that are looked through
constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::optional<Error> unusable(std::string_view first_bytes) {
  constexpr std::string_view zip = "PK\x03\x04";
  constexpr std::string_view old_office = "\xd0\xcf\x11\xe0";
  if (!first_bytes.starts_with(zip) && !first_bytes.starts_with(old_office)) return std::nullopt;
  return Error(ErrorCode::Invalid,
               "this is a spreadsheet's own file or an archive, not a list; save the sheet as CSV UTF-8 first");
}

LineEncoding line_encoding_of(TextEncoding encoding, bool is_utf16) {
  switch (encoding) {
    case TextEncoding::kAuto: return is_utf16 ? LineEncoding::kUtf8 : LineEncoding::kUtf8OrWindows1255;
    case TextEncoding::kUtf8:
    case TextEncoding::kUtf16: return LineEncoding::kUtf8;
    case TextEncoding::kWindows1255: return LineEncoding::kWindows1255;
  }
  return LineEncoding::kUtf8;
}

}  // namespace

std::optional<ListFormat> parse_list_format(std::string_view word) {
  if (word == "auto") return ListFormat::kAuto;
  if (word == "csv") return ListFormat::kCsv;
  if (word == "tsv") return ListFormat::kTsv;
  if (word == "ndjson") return ListFormat::kNdjson;
  return std::nullopt;
}

ContactImporter::ContactImporter(ImporterOptions options)
    : options_(std::move(options)), judge_(options_.default_region, options_.variable_bytes) {}

void ContactImporter::feed(std::string_view bytes) {
  fed_.erase(0, position_);
  position_ = 0;
  if (!error_ && !is_end_) fed_ += bytes;
}

void ContactImporter::finish() { is_fed_ = true; }

Result<ImportBatch> ContactImporter::next_batch(std::size_t max_rows) {
  CARILLON_CHECK(max_rows > 0);
  ImportBatch batch;
  while (!is_end_ && batch.contacts.size() + batch.rejected.size() < max_rows) {
    if (error_) return std::unexpected(*error_);
    auto entry = next_entry();
    if (entry && *entry) {
      add(std::move(**entry), batch);
      continue;
    }
    const auto more = entry ? read_more(batch) : Result<bool>(std::unexpected(entry.error()));
    if (more && *more) continue;
    if (!more) error_ = more.error();
    // What was read before the error is not held back by it.
    if (error_ && batch.contacts.empty() && batch.rejected.empty()) return std::unexpected(*error_);
    batch.needs_bytes = !error_ && !is_end_;
    break;
  }
  batch.is_end = is_end_;
  return batch;
}

Result<std::optional<ContactEntry>> ContactImporter::next_entry() {
  if (auto* csv = std::get_if<ContactReader>(&reader_)) return csv->next();
  if (auto* ndjson = std::get_if<NdjsonReader>(&reader_)) return ndjson->next();
  return std::nullopt;
}

void ContactImporter::add(ContactEntry entry, ImportBatch& batch) {
  if (auto* bad = std::get_if<BadRow>(&entry)) {
    batch.rejected.push_back({bad->line, bad->fault, std::move(bad->reason), std::move(bad->text)});
    return;
  }
  auto judged = judge_.judge(std::get<ContactRow>(std::move(entry)));
  if (auto* contact = std::get_if<ParsedContact>(&judged)) {
    batch.contacts.push_back(std::move(*contact));
  } else {
    batch.rejected.push_back(std::get<RejectedRow>(std::move(judged)));
  }
}

// Moves one piece through the stages to the reader. False if that needs more bytes, or at the end.
Result<bool> ContactImporter::read_more(ImportBatch& batch) {
  if (is_handed_over_) {
    is_end_ = true;
    return false;
  }
  if (auto known = know_container(); !known || !*known) return known;
  const auto unpacked = unpack();
  if (!unpacked) {
    batch.rejected.push_back({reader_line(), RowFault::kFileDamaged, unpacked.error().detail, {}});
    is_end_ = true;  // a row that is cut may still look like a whole one, with another number: it is not taken
    return false;
  }
  const bool is_last = !*unpacked;
  if (is_last && !is_fed_) return false;
  if (!is_encoding_known_ && bytes_.size() < kSignatureBytes && !is_last) return true;
  if (auto decoded = decode(is_last); !decoded) return std::unexpected(decoded.error());
  bytes_.clear();
  is_handed_over_ = is_last;
  return true;
}

Result<bool> ContactImporter::know_container() {
  if (is_container_known_) return true;
  const auto unread = std::string_view(fed_).substr(position_);
  if (unread.size() < kSignatureBytes && !is_fed_) return false;
  is_container_known_ = true;
  if (auto error = unusable(unread)) return std::unexpected(*error);
  if (is_gzip(unread)) gunzip_ = std::make_unique<Gunzip>(options_.gunzip_limits);
  return true;
}

// Adds a piece to bytes_; false if there is none now.
Result<bool> ContactImporter::unpack() {
  if (!gunzip_) {
    const auto piece = std::string_view(fed_).substr(position_, kPieceBytes);
    position_ += piece.size();
    bytes_ += piece;
    return !piece.empty();
  }
  if (position_ < fed_.size()) gunzip_->feed(std::string_view(fed_).substr(position_));
  position_ = fed_.size();
  if (is_fed_) gunzip_->finish();
  return gunzip_->read(bytes_, kPieceBytes);
}

Result<void> ContactImporter::decode(bool is_last) {
  if (!is_encoding_known_) {
    is_encoding_known_ = true;
    const auto order = utf16_order_of(bytes_);
    if (options_.encoding == TextEncoding::kUtf16) utf16_.emplace(order.value_or(ByteOrder::kLittleEndian));
    if (options_.encoding == TextEncoding::kAuto && order) utf16_.emplace(*order);
  }
  if (!utf16_) return read_text(bytes_, is_last);
  std::string text;
  utf16_->decode(bytes_, text);
  if (is_last) utf16_->finish(text);
  return read_text(text, is_last);
}

Result<void> ContactImporter::read_text(std::string_view text, bool is_last) {
  if (std::holds_alternative<std::monostate>(reader_)) {
    head_ += text;
    const auto format = know_format(is_last);
    if (!format) return std::unexpected(format.error());
    if (*format == ListFormat::kAuto) return {};
    make_reader(*format);
    text = head_;
  }
  if (auto* csv = std::get_if<ContactReader>(&reader_)) {
    csv->feed(text);
    if (is_last) csv->finish();
  } else if (auto* ndjson = std::get_if<NdjsonReader>(&reader_)) {
    ndjson->feed(text);
    if (is_last) ndjson->finish();
  }
  head_.clear();
  return {};
}

// kAuto as long as it cannot be said.
Result<ListFormat> ContactImporter::know_format(bool is_last) const {
  if (options_.format != ListFormat::kAuto) return options_.format;
  const bool is_enough = is_last || head_.size() >= kHeadBytes;
  const auto undecided = is_enough ? ListFormat::kCsv : ListFormat::kAuto;
  auto head = std::string_view(head_);
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  const auto first = head.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return undecided;
  if (head[first] == kByteOrderMark[0] && head.size() < kByteOrderMark.size() && !is_last) return ListFormat::kAuto;
  if (head[first] == '{') return ListFormat::kNdjson;
  if (head[first] != '[') return ListFormat::kCsv;
  const auto second = head.find_first_not_of(kSpaces, first + 1);
  if (second == std::string_view::npos) return undecided;
  if (head[second] != '{') return ListFormat::kCsv;
  return fail(ErrorCode::Invalid, "this is a JSON array; write one object a line, without [ ] and commas between them");
}

void ContactImporter::make_reader(ListFormat format) {
  const auto encoding = line_encoding_of(options_.encoding, utf16_.has_value());
  CsvDialect dialect{.separator = std::nullopt, .encoding = encoding};
  switch (format) {
    case ListFormat::kNdjson:
      reader_.emplace<NdjsonReader>(options_.row_limits.record_bytes, encoding, options_.columns);
      return;
    case ListFormat::kTsv: dialect.separator = '\t'; break;
    case ListFormat::kCsv:
    case ListFormat::kAuto: break;
  }
  reader_.emplace<ContactReader>(options_.row_limits, dialect, options_.columns);
}

std::size_t ContactImporter::reader_line() const {
  if (const auto* csv = std::get_if<ContactReader>(&reader_)) return csv->line();
  if (const auto* ndjson = std::get_if<NdjsonReader>(&reader_)) return ndjson->line();
  return 1;
}

}  // namespace carillon
