// The settings of a campaign, as the API's body and as the ledger gives them back: whatever comes, the answer is
// settings within their bounds, which are read back as they are written, or an error that says what is wrong.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/campaign/campaign.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto settings = carillon::parse_campaign_settings(text);
  if (!settings) {
    if (settings.error().detail.empty()) std::abort();
    return 0;
  }
  if (settings->name.empty() || settings->ring_timeout < carillon::Duration(15'000)) std::abort();
  const auto nine = settings->keys.find('9');
  if (nine != settings->keys.end() && nine->second != carillon::KeyAction::kOptOut) std::abort();
  const auto again = carillon::parse_campaign_settings(carillon::to_json_text(*settings));
  if (!again || *again != *settings) std::abort();
  return 0;
}
