// AMI bytes in any pieces: the parser never reads out of bounds, keeps its limits, and gives the same messages however
// the bytes are cut. What it gives goes on into the notes' parser, as in the engine.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "asterisk/ami_message.h"
#include "core/call/note.h"

namespace {

std::vector<std::string> read_all(std::string_view bytes, std::size_t piece) {
  carillon::asterisk::AmiParser parser;
  std::vector<std::string> seen;
  while (!bytes.empty()) {
    const auto size = std::min(piece, bytes.size());
    if (!parser.feed(bytes.substr(0, size))) std::abort();
    bytes.remove_prefix(size);
    while (auto message = parser.next()) {
      if (message->size() > carillon::asterisk::AmiParser::kMaxHeaders) std::abort();
      seen.push_back(std::string(message->get("Event")) + "|" + std::string(message->get("Note")));
      const auto note = carillon::parse_note(static_cast<std::uint32_t>(message->size()), message->get("Note"));
      if (note && note->text.size() > carillon::kMaxNoteBytes) std::abort();
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = read_all(bytes, size + 1);
  if (read_all(bytes, 1) != whole || read_all(bytes, 7) != whole) std::abort();
  return 0;
}
