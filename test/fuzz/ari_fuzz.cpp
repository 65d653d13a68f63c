// ARI's messages: any bytes are an event, an answer or an error, and what comes out is bounded.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "asterisk/ari_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace carillon::asterisk;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto message = parse_ari_message(text);
  if (message) {
    if (const auto* event = std::get_if<AriEvent>(&*message)) {
      if (event->args.size() > kMaxAriArgs || event->channel.size() > kMaxAriTextBytes + 8) std::abort();
    }
  }
  static_cast<void>(parse_ari_list(text, "id"));
  if (refusal_of({500, std::string(text)}).size() > kMaxAriTextBytes + 64) std::abort();
  return 0;
}
