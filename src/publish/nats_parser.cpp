#include "publish/nats_parser.h"

#include <charconv>
#include <vector>

#include "base/text.h"

namespace carillon::publish {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

std::unexpected<Error> broken(std::string_view what) {
  return fail(ErrorCode::Io, "the NATS server sends what is no NATS: " + printable(what, 80));
}

std::optional<std::size_t> size_of(const std::string& text) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || size > NatsParser::kMaxPayload) return std::nullopt;
  return size;
}

// The words of a line; servers may write several spaces.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (auto& word : split(line, ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

}  // namespace

Result<std::optional<NatsFrame>> NatsParser::next() {
  const auto end = buffer_.find(kLineEnd);
  if (end == std::string::npos) {
    if (buffer_.size() > kMaxLine) return broken(buffer_);
    return std::nullopt;
  }
  const auto line = std::string_view(buffer_).substr(0, end);
  if (line.starts_with("MSG ") || line.starts_with("HMSG ")) return message(line, end);
  NatsFrame frame;
  if (line == "PING") {
    frame.kind = NatsFrame::Kind::kPing;
  } else if (line == "PONG") {
    frame.kind = NatsFrame::Kind::kPong;
  } else if (line == "+OK") {
    frame.kind = NatsFrame::Kind::kOk;
  } else if (line.starts_with("INFO ")) {
    frame.kind = NatsFrame::Kind::kInfo;
    frame.payload = line.substr(5);
  } else if (line.starts_with("-ERR ")) {
    frame.kind = NatsFrame::Kind::kError;
    frame.payload = line.substr(5);
  } else {
    return broken(line);
  }
  buffer_.erase(0, end + kLineEnd.size());
  return frame;
}

// MSG <subject> <sid> [reply] <size>; HMSG <subject> <sid> [reply] <size of headers> <size of all>
Result<std::optional<NatsFrame>> NatsParser::message(std::string_view line, std::size_t line_end) {
  const bool has_headers = line.front() == 'H';
  const auto words = words_of(line);
  const std::size_t sizes = has_headers ? 2 : 1;
  if (words.size() < 3 + sizes || words.size() > 4 + sizes) return broken(line);
  const auto total = size_of(words.back());
  const auto header_size = has_headers ? size_of(words[words.size() - 2]) : std::optional<std::size_t>(0);
  if (!total || !header_size || *header_size > *total) return broken(line);
  const auto begin = line_end + kLineEnd.size();
  if (buffer_.size() < begin + *total + kLineEnd.size()) return std::nullopt;
  if (buffer_.compare(begin + *total, kLineEnd.size(), kLineEnd) != 0) return broken(line);
  NatsFrame frame;
  frame.kind = NatsFrame::Kind::kMessage;
  frame.subject = words[1];
  frame.headers = buffer_.substr(begin, *header_size);
  frame.payload = buffer_.substr(begin + *header_size, *total - *header_size);
  buffer_.erase(0, begin + *total + kLineEnd.size());
  return frame;
}

}  // namespace carillon::publish
