#include "net/web_client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>
#include <vector>

#include "base/no_pipe_signal.h"
#include "base/text.h"
#include "net/public_address.h"

namespace carillon::net {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxHeaderBytes = 64 * 1024;
constexpr std::size_t kMaxErrorBody = 64 * 1024;
constexpr Duration kLongestTimeout = std::chrono::hours(24);

// What one request needs while libcurl works on it. The callbacks get a pointer to it, and throw nothing.
struct Exchange {
  const WebRequest& request;
  const BodySink* sink = nullptr;
  const std::filesystem::path* ca_file = nullptr;
  CURL* curl = nullptr;
  WebResponse response = {};
  std::size_t header_bytes = 0;
  std::size_t body_bytes = 0;
  std::optional<Error> failure = {};  // ours; libcurl then only says that a callback refused
  std::string refused_address = {};
  bool ca_file_failed = false;
  bool is_cut = false;  // we have what we want of the body
  long redirects = 0;
};

std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* user) noexcept {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view line = trim(std::string_view(bytes, size * count));
  exchange.header_bytes += size * count;
  if (exchange.header_bytes > kMaxHeaderBytes) {
    exchange.failure = Error(ErrorCode::Io, "the answer has more than 64 KiB of headers");
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    exchange.response.headers.clear();  // of an interim answer, or of a redirect
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    exchange.response.headers.emplace_back(to_lower(trim(line.substr(0, colon))), trim(line.substr(colon + 1)));
  }
  return size * count;
}

std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* user) noexcept {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view piece(bytes, size * count);
  long status = 0;
  curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &status);
  if (exchange.sink && (status < 200 || status > 299)) {
    auto& body = exchange.response.body;
    body.append(piece.substr(0, kMaxErrorBody - std::min(kMaxErrorBody, body.size())));
    exchange.body_bytes += piece.size();
    if (exchange.body_bytes <= exchange.request.max_answer_bytes + kMaxErrorBody) return piece.size();
    exchange.failure = Error(ErrorCode::TooLarge, fmt::format("an endless answer with status {}", status));
    return 0;
  }
  curl_off_t announced = -1;
  curl_easy_getinfo(exchange.curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  const auto limit = exchange.request.max_answer_bytes;
  if (exchange.request.may_cut_answer && !exchange.sink) {
    const auto room = limit - exchange.response.body.size();
    exchange.response.body.append(piece.substr(0, room));
    exchange.is_cut = piece.size() > room;
    return exchange.is_cut ? 0 : piece.size();
  }
  if (piece.size() > limit - exchange.body_bytes || (announced > 0 && static_cast<std::size_t>(announced) > limit)) {
    exchange.failure = Error(ErrorCode::TooLarge, fmt::format("the answer has more than {} bytes", limit));
    return 0;
  }
  exchange.body_bytes += piece.size();
  if (!exchange.sink) {
    exchange.response.body.append(piece);
  } else if (auto taken = (*exchange.sink)(piece); !taken) {
    exchange.failure = std::move(taken).error();
    return 0;
  }
  return piece.size();
}

curl_socket_t on_open_socket(void* user, curlsocktype, curl_sockaddr* address) noexcept {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.request.addresses == AddressPolicy::kPublicOnly && !is_public_address(address->addr, address->addrlen)) {
    exchange.refused_address = address_text(address->addr, address->addrlen);
    if (exchange.refused_address.empty()) exchange.refused_address = "an unknown kind of address";
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

CURLcode on_tls_context(CURL*, void* context, void* user) noexcept {
  auto& exchange = *static_cast<Exchange*>(user);
  // Beside the system's, which libcurl has loaded already.
  if (SSL_CTX_load_verify_file(static_cast<SSL_CTX*>(context), exchange.ca_file->c_str()) == 1) return CURLE_OK;
  exchange.ca_file_failed = true;
  return CURLE_SSL_CACERT_BADFILE;
}

Result<std::string> host_of(const std::string& url) {
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    return fail(ErrorCode::BadRequest, "a URL must begin with https:// or http://");
  if (std::ranges::any_of(url, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }))
    return fail(ErrorCode::BadRequest, "a URL must not have spaces or control characters");
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), curl_url_cleanup);
  const auto part = [&](CURLUPart what) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), what, &text, 0) != CURLUE_OK) return std::string();
    std::string copy(text);
    curl_free(text);
    return copy;
  };
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    return fail(ErrorCode::BadRequest, "a URL is not understood");
  if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty())
    return fail(ErrorCode::BadRequest, "a URL must not have a user name or password");
  const auto port = part(CURLUPART_PORT);
  return part(CURLUPART_HOST) + (port.empty() ? "" : ":" + port);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

struct HeaderList {
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() { curl_slist_free_all(list); }
  void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
  curl_slist* list = nullptr;
};

Result<void> check(const WebRequest& request) {
  if (!is_token(request.method)) return fail(ErrorCode::BadRequest, "the method is not a word");
  for (const auto& [name, value] : request.headers) {
    // A line break would be a header of its own.
    if (!is_token(name) || value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      return fail(ErrorCode::BadRequest, "a header has characters that must not be there: " + printable(name, 60));
  }
  return {};
}

void set_headers(const WebRequest& request, HeaderList& headers) {
  bool has_type = false;
  for (const auto& [name, value] : request.headers) {
    has_type = has_type || to_lower(name) == "content-type";
    // An empty value is written with a semicolon (CURLOPT_HTTPHEADER).
    headers.add(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!has_type) headers.add("Content-Type:");  // not libcurl's guess
  headers.add("Expect:");
}

void set_up(CURL* curl, const WebRequest& request, const WebClientOptions& options, Exchange& exchange,
            const HeaderList& headers, Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<Duration>(deadline - Clock::now()).count();
  const auto total = static_cast<long>(std::max<Duration::rep>(1, left));
  const char* schemes = request.https_only ? "https" : "http,https";
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, schemes);
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, schemes);
  const bool may_follow = request.max_redirects > 0 && (request.method == "GET" || request.method == "HEAD");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, may_follow ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, static_cast<long>(request.max_redirects));
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // the environment's proxy would undo the address policy
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);  // an S3 key may have /../ in it, and is signed as it is
  curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);  // never wait for a name lookup beyond the deadline
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, total);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   std::clamp<long>(static_cast<long>(request.connect_timeout.count()), 1, total));
  curl_easy_setopt(curl, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list);
  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET" || !request.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &exchange);
  if (!options.ca_file.empty()) {
    exchange.ca_file = &options.ca_file;
    curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_tls_context);
    curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, &exchange);
  }
}

Error error_of(CURLcode code, const Exchange& exchange, const std::string& host, std::string_view text) {
  if (exchange.failure) return Error(exchange.failure->code, host + ": " + exchange.failure->detail);
  if (exchange.ca_file_failed)
    return {ErrorCode::Config, "the file of certificate authorities cannot be used: " + exchange.ca_file->string()};
  if (!exchange.refused_address.empty() && code == CURLE_COULDNT_CONNECT)
    return {ErrorCode::Invalid, host + " is not on the public internet: its address is " + exchange.refused_address};
  if (code == CURLE_OPERATION_TIMEDOUT)
    return {ErrorCode::Timeout, fmt::format("{} did not answer within {}", host, to_words(exchange.request.timeout))};
  if (code == CURLE_UNSUPPORTED_PROTOCOL && exchange.redirects > 0)
    return {ErrorCode::Invalid, host + " redirects to what may not be used here"};
  if (code == CURLE_TOO_MANY_REDIRECTS) return {ErrorCode::Io, host + " redirects too often"};
  return {ErrorCode::Io, host + ": " + printable(text.empty() ? curl_easy_strerror(code) : text)};
}

}  // namespace

// Handles with their open connections. Those of the two policies are kept apart: a connection that was opened without a
// look at its address must not serve a request that asks for one.
class WebClient::Pool {
 public:
  explicit Pool(std::size_t bound) : bound_(std::max<std::size_t>(1, bound)) {
    static const CURLcode is_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    CARILLON_CHECK(is_ready == CURLE_OK);
  }
  ~Pool() {
    for (auto& idle : idle_)
      for (CURL* curl : idle) curl_easy_cleanup(curl);
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Null if none is free by then.
  CURL* take(AddressPolicy policy, Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_until(lock, deadline, [&] { return in_use_ < bound_; })) return nullptr;
    ++in_use_;
    auto& idle = of(policy);
    if (idle.empty()) {
      CURL* curl = curl_easy_init();
      CARILLON_CHECK(curl);
      return curl;
    }
    CURL* curl = idle.back();  // the warmest
    idle.pop_back();
    return curl;
  }
  void give_back(AddressPolicy policy, CURL* curl) {
    curl_easy_reset(curl);  // keeps its connections, forgets pointers and secrets
    {
      const std::lock_guard lock(mutex_);
      --in_use_;
      of(policy).push_back(curl);
    }
    freed_.notify_one();
  }

 private:
  std::vector<CURL*>& of(AddressPolicy policy) { return idle_[policy == AddressPolicy::kAny ? 0 : 1]; }

  const std::size_t bound_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::size_t in_use_ = 0;
  std::array<std::vector<CURL*>, 2> idle_;
};

std::string_view WebResponse::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &HttpPairs::value_type::first);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

WebClient::WebClient(WebClientOptions options)
    : pool_(std::make_unique<Pool>(options.connections)), options_(std::move(options)) {}
WebClient::~WebClient() = default;

Result<WebResponse> WebClient::send(const WebRequest& request) { return perform(request, nullptr); }

Result<WebResponse> WebClient::send(const WebRequest& request, const BodySink& sink) { return perform(request, &sink); }

Result<WebResponse> WebClient::perform(const WebRequest& request, const BodySink* sink) {
  const auto deadline = Clock::now() + std::clamp(request.timeout, Duration(1), kLongestTimeout);
  if (auto fine = check(request); !fine) return std::unexpected(std::move(fine).error());
  if (request.https_only && !request.url.starts_with("https://"))
    return fail(ErrorCode::BadRequest, "only https: is allowed here");
  const auto host = host_of(request.url);
  if (!host) return std::unexpected(host.error());

  CURL* curl = pool_->take(request.addresses, deadline);
  if (!curl) return fail(ErrorCode::Timeout, *host + ": all connections were busy until the deadline");
  Exchange exchange{.request = request, .sink = sink, .curl = curl};
  HeaderList headers;
  set_headers(request, headers);
  set_up(curl, request, options_, exchange, headers, deadline);
  std::array<char, CURL_ERROR_SIZE> text{};
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text.data());
  // With CURLOPT_NOSIGNAL libcurl leaves SIGPIPE to us, and OpenSSL's writes raise it when a server is gone.
  const NoPipeSignal no_signal;
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_REDIRECT_COUNT, &exchange.redirects);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  pool_->give_back(request.addresses, curl);

  if (code != CURLE_OK && !exchange.is_cut) return std::unexpected(error_of(code, exchange, *host, text.data()));
  exchange.response.status = static_cast<int>(status);
  return std::move(exchange.response);
}

Result<WebResponse> WebClient::download(const WebRequest& request, const std::filesystem::path& file) {
  const std::filesystem::path part = file.string() + ".part-" + random_hex(6);
  std::ofstream out(part, std::ios::binary);
  if (!out) return fail(ErrorCode::Io, "cannot write " + part.string());
  auto response = send(request, [&](std::string_view piece) -> Result<void> {
    out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (!out) return fail(ErrorCode::Io, "cannot write " + part.string());
    return {};
  });
  out.close();
  std::error_code error;
  if (response && response->is_success()) {
    if (out) std::filesystem::rename(part, file, error);
    if (!out || error) response = fail(ErrorCode::Io, "cannot write " + file.string());
  }
  std::filesystem::remove(part, error);  // if it is still there
  return response;
}

}  // namespace carillon::net
