#include "core/campaign/csv.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace carillon {
namespace {

constexpr std::string_view kSeparators = ",;\t";  // the first wins a tie
constexpr std::size_t kHeaderScanBytes = 64 * 1024;
constexpr std::size_t kExcerptBytes = 200;

bool is_line_break(char c) { return c == '\r' || c == '\n'; }

// The length of the UTF-8 sequence that text begins with; 0 if it is none (RFC 3629 section 4).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  const auto continues = [&](std::size_t i, int low = 0x80, int high = 0xbf) {
    return byte(i) >= low && byte(i) <= high;
  };
  const int lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const int low = lead == 0xe0 ? 0xa0 : 0x80;   // overlong
    const int high = lead == 0xed ? 0x9f : 0xbf;  // surrogates
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const int low = lead == 0xf0 ? 0x90 : 0x80;
    const int high = lead == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

// C0, DEL and, in UTF-8, C1: a terminal may obey them.
bool is_control(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead < 0x20 || lead == 0x7f;
  return lead == 0xc2 && static_cast<unsigned char>(sequence[1]) < 0xa0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string excerpt(std::string_view text, std::size_t max_bytes) {
  constexpr std::string_view ellipsis = "...";
  std::string line;
  std::size_t cut = 0;  // the longest beginning that leaves room for the ellipsis
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    if (is_line_break(sequence[0]) || sequence[0] == '\t') {
      line += ' ';
    } else {
      line += length == 0 || is_control(sequence) ? "?" : sequence;
    }
    if (line.size() > max_bytes) return line.substr(0, cut).append(ellipsis.substr(0, max_bytes - cut));
    if (line.size() + ellipsis.size() <= max_bytes) cut = line.size();
    text.remove_prefix(sequence.size());
  }
  return line;
}

void CsvReader::feed(std::string_view chunk) {
  if (prologue_ == Prologue::Unreadable) return;
  if (position_ > pending_.size() / 2) {
    pending_.erase(0, position_);
    scanned_ -= std::min(scanned_, position_);
    position_ = 0;
  }
  pending_ += chunk;
}

std::optional<CsvRecord> CsvReader::next() {
  if (!prologue_is_done()) return std::nullopt;
  if (prologue_ == Prologue::Unreadable) {
    pending_.clear();
    if (fault_ == RowFault::kNone) return std::nullopt;
    auto record = bad_record();
    fault_ = RowFault::kNone;
    return record;
  }
  return read();
}

bool CsvReader::prologue_is_done() {
  if (prologue_ == Prologue::ByteOrderMark && !byte_order_mark_is_known()) return false;
  if (prologue_ == Prologue::HeaderLine && !separator_is_known()) return false;
  return true;
}

bool CsvReader::byte_order_mark_is_known() {
  constexpr std::string_view utf8 = "\xef\xbb\xbf";
  constexpr std::string_view utf16[] = {"\xff\xfe", "\xfe\xff"};
  for (const auto mark : {utf8, utf16[0], utf16[1]}) {
    if (!finished_ && pending_.size() < mark.size() && mark.starts_with(pending_)) return false;
  }
  prologue_ = Prologue::HeaderLine;
  if (pending_.starts_with(utf8)) position_ = utf8.size();
  if (pending_.starts_with(utf16[0]) || pending_.starts_with(utf16[1])) {
    prologue_ = Prologue::Unreadable;
    spoil(RowFault::kEncoding, "the list is in UTF-16; save it as CSV UTF-8");
  }
  scanned_ = position_;
  return true;
}

// Looks for the end of the first line that is not blank, and counts the separators in it outside quotes. What it finds
// depends on the bytes alone, not on how they were cut into chunks.
bool CsvReader::separator_is_known() {
  for (; scanned_ < pending_.size() && scanned_ - position_ < kHeaderScanBytes; ++scanned_) {
    const char c = pending_[scanned_];
    if (c == '"') is_scan_quoted_ = !is_scan_quoted_;
    if (is_scan_quoted_) continue;
    if (is_line_break(c)) {
      const std::string_view line = std::string_view(pending_).substr(position_, scanned_ - position_);
      if (take_excel_separator_line(line)) return true;
      if (line.find_first_not_of(' ') != std::string_view::npos) break;
      count_line_break(c);
      record_line_ = line_;
      position_ = scanned_ + 1;
    }
    const auto which = kSeparators.find(c);
    if (which != std::string_view::npos) ++separators_seen_[which];
  }
  const bool is_line_complete = scanned_ < pending_.size() || scanned_ - position_ >= kHeaderScanBytes;
  if (!is_line_complete && !finished_) return false;
  prologue_ = Prologue::Done;
  if (take_excel_separator_line(std::string_view(pending_).substr(position_, scanned_ - position_))) return true;
  const auto most = std::ranges::max_element(separators_seen_);
  separator_ = dialect_.separator.value_or(kSeparators[static_cast<std::size_t>(most - separators_seen_.begin())]);
  return true;
}

// "sep=;" on the first line is for Excel and for us: no record.
bool CsvReader::take_excel_separator_line(std::string_view line) {
  std::string_view content = line;
  if (content.size() == 7 && content.front() == '"' && content.back() == '"') content = content.substr(1, 5);
  if (content.size() != 5 || to_lower(content.substr(0, 4)) != "sep=") return false;
  if (kSeparators.find(content[4]) == std::string_view::npos) return false;
  separator_ = content[4];
  position_ += line.size();  // its line break is a blank line
  prologue_ = Prologue::Done;
  return true;
}

std::optional<CsvRecord> CsvReader::read() {
  while (position_ < pending_.size()) {
    const char c = pending_[position_];
    if (is_line_break(c) && state_ != State::Quoted) {
      ++position_;
      const bool is_second_half = c == '\n' && after_cr_;
      count_line_break(c);
      if (is_second_half) {
        record_line_ = line_;
        continue;
      }
      if (auto record = end_record()) return record;
      continue;
    }
    const std::size_t length = run_length(c);
    take(std::string_view(pending_).substr(position_, length));
    position_ += length;
    // The line break itself passed a limit: the next line is not part of it.
    if (state_ == State::Skipping && is_line_break(c)) return end_record();
  }
  if (!finished_) return std::nullopt;
  if (state_ == State::Quoted) {
    spoil(RowFault::kOpenQuote, "a quote is opened here and never closed; everything to the end of the list, line " +
                                    std::to_string(line_) + ", was dropped");
  }
  return end_record();
}

// How many bytes from position_ on can be taken in one go: a single special byte, or all up to the next one. A run
// ends at a limit, so that the byte that passes it is alone and the chunks' borders make no difference.
std::size_t CsvReader::run_length(char first) const {
  const auto is_special = [this](char c) { return c == '"' || c == separator_ || is_line_break(c); };
  if (is_special(first) || (state_ == State::FieldStart && first == ' ')) return 1;
  std::size_t last = pending_.size();
  if (state_ != State::Skipping) {
    const std::size_t room = std::min(limits_.field_bytes - field_.size(), limits_.record_bytes - record_bytes_);
    last = std::min(last, position_ + room);
  }
  std::size_t end = position_ + 1;
  while (end < last && !is_special(pending_[end])) ++end;
  return end - position_;
}

void CsvReader::take(std::string_view run) {
  if (beginning_.size() <= kExcerptBytes) beginning_ += run.substr(0, kExcerptBytes + 1 - beginning_.size());
  if (is_line_break(run[0])) {
    count_line_break(run[0]);
  } else {
    after_cr_ = false;
  }
  if (state_ == State::Skipping) return;
  record_bytes_ += run.size();
  if (record_bytes_ > limits_.record_bytes) {
    skip_record("the record is longer than " + std::to_string(limits_.record_bytes) + " bytes");
    return;
  }
  take_in_field(run[0], run);
}

void CsvReader::take_in_field(char c, std::string_view run) {
  switch (state_) {
    case State::FieldStart:
      if (c == '"') {
        // People put a space between separator and quote; it is not part of the text.
        field_.clear();
        state_ = State::Quoted;
        return;
      }
      if (c != separator_ && c != ' ') state_ = State::Unquoted;
      break;
    case State::Quoted:
      if (c == '"') {
        state_ = State::QuoteSeen;
      } else {
        append(run);
      }
      return;
    case State::QuoteSeen:
      if (c == '"') {
        state_ = State::Quoted;
        append(run);
        return;
      }
      state_ = State::Unquoted;
      break;
    case State::Unquoted:
    case State::Skipping: break;
  }
  if (c == separator_) {
    end_field();
  } else {
    append(run);
  }
}

void CsvReader::append(std::string_view run) {
  if (field_.size() + run.size() > limits_.field_bytes) {
    skip_record("a field is longer than " + std::to_string(limits_.field_bytes) + " bytes" +
                (state_ == State::Quoted ? "; perhaps its quote is not closed" : ""));
    return;
  }
  field_ += run;
}

void CsvReader::end_field() {
  state_ = State::FieldStart;
  if (fields_.size() >= limits_.columns) {
    spoil(RowFault::kTooManyColumns, "the record has more than " + std::to_string(limits_.columns) + " columns");
    field_.clear();
    return;
  }
  if (field_.find('\0') != std::string::npos) {
    spoil(RowFault::kNulByte, "the record has a NUL byte");
  } else if (is_windows_1255_in(dialect_.encoding, field_)) {
    is_windows_1255_ = true;
  } else if (dialect_.encoding == LineEncoding::kUtf8 && !is_utf8(field_)) {
    spoil(RowFault::kEncoding, "the record is not valid UTF-8; save the list as CSV UTF-8");
  }
  fields_.push_back(std::exchange(field_, {}));
}

// Nothing for a blank line.
std::optional<CsvRecord> CsvReader::end_record() {
  std::optional<CsvRecord> record;
  if (state_ != State::Skipping && fault_ == RowFault::kNone) end_field();
  if (is_windows_1255_) decode_record();
  if (fault_ != RowFault::kNone) {
    record = bad_record();
  } else if (fields_.size() > 1 || !trim(fields_[0]).empty()) {
    record = CsvRecord{.line = record_line_,
                       .fields = std::move(fields_),
                       .bad = {},
                       .text = excerpt(beginning_, kExcerptBytes),
                       .was_windows_1255 = is_windows_1255_};
  }
  state_ = State::FieldStart;
  record_line_ = line_;
  record_bytes_ = 0;
  fields_.clear();
  field_.clear();
  is_windows_1255_ = false;
  fault_ = RowFault::kNone;
  bad_.clear();
  beginning_.clear();
  return record;
}

// Separators, quotes and line breaks are the same bytes in both encodings, so that the fields are known already.
void CsvReader::decode_record() {
  if (auto beginning = windows_1255_to_utf8(beginning_)) beginning_ = std::move(*beginning);
  for (auto& field : fields_) {
    auto text = windows_1255_to_utf8(field);
    if (!text) {
      spoil(RowFault::kEncoding, dialect_.encoding == LineEncoding::kWindows1255
                                     ? "the record has bytes that mean nothing in Windows-1255"
                                     : "the record is neither UTF-8 nor Windows-1255; save the list as CSV UTF-8");
      return;
    }
    field = std::move(*text);
  }
}

CsvRecord CsvReader::bad_record() {
  return CsvRecord{.line = record_line_,
                   .fields = {},
                   .fault = fault_,
                   .bad = std::exchange(bad_, {}),
                   .text = excerpt(beginning_, kExcerptBytes)};
}

// The first reason stays: it is the cause of what follows.
void CsvReader::spoil(RowFault fault, std::string reason) {
  if (fault_ != RowFault::kNone) return;
  fault_ = fault;
  bad_ = std::move(reason);
}

void CsvReader::skip_record(std::string reason) {
  spoil(RowFault::kTooLong, std::move(reason));
  state_ = State::Skipping;
  fields_.clear();
  field_.clear();
}

void CsvReader::count_line_break(char c) {
  if (c == '\r' || !after_cr_) ++line_;
  after_cr_ = c == '\r';
}

}  // namespace carillon
