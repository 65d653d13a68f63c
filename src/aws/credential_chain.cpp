#include "aws/credential_chain.h"

#include "aws/metadata.h"
#include "aws/profile.h"
#include "aws/sts.h"
#include "base/text.h"

namespace carillon::aws {
namespace {

constexpr int kMaxChainedProfiles = 5;

// Nothing: not configured here.
using Found = Result<std::optional<Credentials>>;

class Chain {
 public:
  Chain(net::WebClient& web, const Environment& environment, const Settings& settings, const Clock& clock)
      : web_(web), environment_(environment), settings_(settings), clock_(clock) {}

  Result<Credentials> run() {
    using Place = Found (Chain::*)();
    constexpr std::pair<const char*, Place> places[] = {
        {"the environment", &Chain::from_environment},
        {"web identity", &Chain::from_web_identity},
        {"the profile", &Chain::from_profile},
        {"the container's endpoint", &Chain::from_container},
        {"the instance's metadata", &Chain::from_instance},
    };
    std::string tried;
    for (const auto& [name, place] : places) {
      auto found = (this->*place)();
      if (!found) {
        const auto& error = found.error();
        const bool is_last = place == &Chain::from_instance;
        return fail(is_last ? ErrorCode::Config : error.code,
                    (is_last ? "no AWS credentials: " + tried + name : "AWS credentials from " + std::string(name)) +
                        ": " + error.detail);
      }
      if (*found) return **std::move(found);
      tried.append(name).append(": ").append(why_not_).append("; ");
    }
    return fail(ErrorCode::Config, "no AWS credentials: " + tried.substr(0, tried.size() - 2));
  }

 private:
  Found not_here(std::string why) {
    why_not_ = std::move(why);
    return std::nullopt;
  }

  Found from_environment() {
    const auto id = environment_.get("AWS_ACCESS_KEY_ID");
    const auto secret = environment_.get("AWS_SECRET_ACCESS_KEY");
    if (id.empty() && secret.empty()) return not_here("AWS_ACCESS_KEY_ID is not set");
    if (id.empty() || secret.empty())
      return fail(ErrorCode::Config, id.empty() ? "AWS_ACCESS_KEY_ID is missing" : "AWS_SECRET_ACCESS_KEY is missing");
    return Credentials{id, secret, environment_.get("AWS_SESSION_TOKEN")};
  }

  Found from_web_identity() {
    const auto file = environment_.get("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (file.empty()) return not_here("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    if (!environment_.has("AWS_ROLE_ARN")) return fail(ErrorCode::Config, "AWS_ROLE_ARN is missing");
    AssumeRole role{.role_arn = environment_.get("AWS_ROLE_ARN")};
    if (environment_.has("AWS_ROLE_SESSION_NAME")) role.session_name = environment_.get("AWS_ROLE_SESSION_NAME");
    return assume_with_token(role, file);
  }

  Found from_profile() {
    const auto profiles = load_profiles(environment_);
    if (!profiles) return std::unexpected(profiles.error());
    if (!profiles->has(profiles->active)) return not_here("there is none");
    auto found = from_profile(*profiles, profiles->active, 1);
    if (!found) return fail(found.error().code, printable(profiles->active, 60) + ": " + found.error().detail);
    return found;
  }

  Found from_profile(const Profiles& profiles, const std::string& name, int depth) {
    const auto value = [&](std::string_view what) { return profiles.get(name, what); };
    if (depth > kMaxChainedProfiles) return fail(ErrorCode::Config, "its source_profile leads in a circle");
    if (!value("role_arn").empty() && !(depth > 1 && is_own_source(profiles, name)))
      return by_role(profiles, name, depth);
    if (!value("aws_access_key_id").empty() || !value("aws_secret_access_key").empty()) {
      if (value("aws_access_key_id").empty() || value("aws_secret_access_key").empty())
        return fail(ErrorCode::Config, "aws_access_key_id or aws_secret_access_key is missing");
      return Credentials{value("aws_access_key_id"), value("aws_secret_access_key"), value("aws_session_token")};
    }
    for (const auto* unsupported : {"credential_process", "sso_session", "sso_start_url"})
      if (!value(unsupported).empty()) return fail(ErrorCode::Config, std::string(unsupported) + " is not supported");
    return not_here("it has no keys and no role_arn");
  }

  // A profile may name itself: its own keys take its role.
  static bool is_own_source(const Profiles& profiles, const std::string& name) {
    return profiles.get(name, "source_profile") == name;
  }

  Found by_role(const Profiles& profiles, const std::string& name, int depth) {
    AssumeRole role{.role_arn = profiles.get(name, "role_arn"), .external_id = profiles.get(name, "external_id")};
    if (const auto session = profiles.get(name, "role_session_name"); !session.empty()) role.session_name = session;
    if (const auto file = profiles.get(name, "web_identity_token_file"); !file.empty())
      return assume_with_token(role, file);

    Found source = std::nullopt;
    const auto source_name = profiles.get(name, "source_profile");
    const auto place = profiles.get(name, "credential_source");
    if (!source_name.empty()) {
      if (!profiles.has(source_name))
        return fail(ErrorCode::Config, "its source_profile is not there: " + printable(source_name, 60));
      source = from_profile(profiles, source_name, depth + 1);
    } else if (place == "Environment") {
      source = from_environment();
    } else if (place == "EcsContainer") {
      source = from_container();
    } else if (place == "Ec2InstanceMetadata") {
      source = from_instance();
    } else {
      return fail(ErrorCode::Config,
                  "it has a role_arn, but no source_profile, credential_source or web_identity_token_file");
    }
    if (!source) return source;
    if (!*source) return fail(ErrorCode::Config, "where its role's keys should come from there are none: " + why_not_);
    CredentialProvider provider([&]() -> Result<Credentials> { return **source; }, clock_);
    Client client(web_, provider, settings_, {.clock = clock_});
    return some(Sts(client).assume_role(role));
  }

  Found assume_with_token(const AssumeRole& role, const std::string& file) {
    const auto token = read_text_file(file);  // every time: it is rotated
    if (!token) return std::unexpected(token.error());
    CredentialProvider none(Credentials{});
    Client client(web_, none, settings_, {.clock = clock_});
    return some(Sts(client).assume_role_with_web_identity(role, std::string(trim(*token))));
  }

  Found from_container() {
    auto found = container_credentials(web_, environment_);
    if (found && !*found) why_not_ = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set";
    return found;
  }

  Found from_instance() { return some(InstanceMetadata(web_, environment_).credentials()); }

  static Found some(Result<Credentials> keys) {
    if (!keys) return std::unexpected(std::move(keys).error());
    return *std::move(keys);
  }

  net::WebClient& web_;
  const Environment& environment_;
  const Settings& settings_;
  const Clock& clock_;
  std::string why_not_;
};

}  // namespace

CredentialProvider::Fetch credential_chain(net::WebClient& web, Environment environment, Settings settings,
                                           Clock clock) {
  return [&web, environment = std::move(environment), settings = std::move(settings), clock = std::move(clock)] {
    return Chain(web, environment, settings, clock).run();
  };
}

}  // namespace carillon::aws
