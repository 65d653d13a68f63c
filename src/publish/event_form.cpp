#include "publish/event_form.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/crypto.h"
#include "base/text.h"

namespace carillon::publish {

std::optional<NumberForm> parse_number_form(std::string_view word) {
  if (word == "full") return NumberForm::kFull;
  if (word == "masked") return NumberForm::kMasked;
  if (word == "hashed") return NumberForm::kHashed;
  return std::nullopt;
}

std::string EventForm::write(const OutboxRow& row) const {
  if (numbers == NumberForm::kFull) return to_cloud_event(row.event, source, row.position);
  PublishedEvent event = row.event;
  boost::system::error_code error;
  auto data = boost::json::parse(event.data, error);
  // What cannot be read cannot be made fit either.
  if (error || !data.is_object()) data = boost::json::object();
  auto& members = data.as_object();
  if (auto* number = members.if_contains("phoneNumber"); number != nullptr && number->is_string()) {
    const std::string full(number->as_string());
    *number = numbers == NumberForm::kMasked ? mask_number(full) : "hmac-sha256:" + hex(hmac_sha256(hash_key, full));
  }
  members.erase("variables");
  event.data = boost::json::serialize(data);
  return to_cloud_event(event, source, row.position);
}

}  // namespace carillon::publish
