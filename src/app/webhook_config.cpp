#include "app/webhook_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "publish/webhook_signature.h"

namespace carillon {
namespace {

class Reader {
 public:
  Reader(const toml::table& table, const std::string& file) : table_(table), file_(file) {}

  Result<publish::WebhookOptions> read() {
    for (const auto& [key, value] : table_) {
      if (auto set = set_key(std::string(key.str()), value); !set) return std::unexpected(set.error());
    }
    if (!is_safe_id(made_.name)) return bad(table_, "name", "a name of letters, digits, . _ - is missing");
    const bool is_plain = made_.url.starts_with("http://");
    if (!is_plain && !made_.url.starts_with("https://"))
      return bad(table_, "url", "must begin with https:// or http://");
    if (is_plain && !made_.allows_private)
      return bad(table_, "url",
                 "http: carries people's numbers in the clear; use https:, or allow_private for a receiver in your own "
                 "network");
    if (made_.secrets.empty())
      return bad(table_, "secrets", "at least one, such as whsec_ and the base64 of 32 random bytes");
    return std::move(made_);
  }

 private:
  std::unexpected<Error> bad(const toml::node& where, std::string_view key, std::string_view what) const {
    return fail(ErrorCode::Config,
                fmt::format("{}:{}: events.webhooks.{}: {}", file_, where.source().begin.line, key, what));
  }

  Result<void> set_key(const std::string& key, const toml::node& value) {
    const auto text = value.value<std::string>();
    if (key == "name" || key == "url" || key == "campaign") {
      if (!text) return bad(value, key, "must be a text");
      (key == "name" ? made_.name : key == "url" ? made_.url : made_.campaign) = *text;
      return {};
    }
    if (key == "allow_private") {
      if (!value.is_boolean()) return bad(value, key, "must be true or false");
      made_.allows_private = *value.value<bool>();
      return {};
    }
    if (key == "timeout_seconds") {
      const auto seconds = value.value<std::int64_t>();
      if (!seconds || *seconds < 1 || *seconds > 60) return bad(value, key, "must be a whole number from 1 to 60");
      made_.timeout = std::chrono::seconds(*seconds);
      return {};
    }
    if (key == "secrets")
      return each_text(value, key, [&](const std::string& one) -> Result<void> {
        auto secret = publish::parse_webhook_secret(one);
        if (!secret) return bad(value, key, secret.error().detail);
        made_.secrets.push_back(std::move(*secret));
        return {};
      });
    if (key == "types")
      return each_text(value, key, [&](const std::string& one) -> Result<void> {
        const auto type = parse_event_type(one);
        if (!type) return bad(value, key, "there is no type of event " + printable(one, 60));
        made_.types.insert(*type);
        return {};
      });
    return bad(value, printable(key, 40), "there is no such key");
  }

  template <class Take>
  Result<void> each_text(const toml::node& value, const std::string& key, Take take) {
    const auto* array = value.as_array();
    if (array == nullptr) return bad(value, key, "must be a list of texts");
    for (const auto& item : *array) {
      const auto text = item.value<std::string>();
      if (!text) return bad(value, key, "must be a list of texts");
      if (auto taken = take(*text); !taken) return taken;
    }
    return {};
  }

  const toml::table& table_;
  const std::string& file_;
  publish::WebhookOptions made_;
};

}  // namespace

Result<std::vector<publish::WebhookOptions>> read_webhooks(const toml::array& array, const std::string& file) {
  std::vector<publish::WebhookOptions> webhooks;
  for (const auto& item : array) {
    const auto* table = item.as_table();
    if (table == nullptr)
      return fail(ErrorCode::Config,
                  fmt::format("{}: events.webhooks: each is a table, below [[events.webhooks]]", file));
    auto webhook = Reader(*table, file).read();
    if (!webhook) return std::unexpected(webhook.error());
    if (std::ranges::find(webhooks, webhook->name, &publish::WebhookOptions::name) != webhooks.end())
      return fail(ErrorCode::Config, fmt::format("{}: events.webhooks: two are named {}", file, webhook->name));
    webhooks.push_back(std::move(*webhook));
  }
  return webhooks;
}

}  // namespace carillon
