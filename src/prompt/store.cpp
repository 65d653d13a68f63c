#include "prompt/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cmath>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace carillon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kIdDigits = 32;
constexpr std::array<std::string_view, 4> kExtensions = {".ulaw", ".alaw", ".sln", ".json"};

struct Descriptor {
  int fd;
  explicit Descriptor(int opened) : fd(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

// errno is that of the call that just failed.
std::unexpected<Error> cannot(std::string_view what, const fs::path& where) {
  const std::string reason = std::generic_category().message(errno);
  return fail(ErrorCode::Io, std::string(what).append(" ").append(where.string()).append(": ").append(reason));
}

Result<void> write_all(int fd, std::string_view bytes, const fs::path& file) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot("cannot write", file);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> write_durably(const fs::path& file, std::string_view bytes) {
  const Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (out.fd < 0) return cannot("the prompt folder cannot be written: cannot create", file);
  // Asterisk runs as another user, whatever our umask is.
  if (::fchmod(out.fd, 0644) != 0) return cannot("cannot set the mode of", file);
  if (auto written = write_all(out.fd, bytes, file); !written) return written;
  if (::fsync(out.fd) != 0) return cannot("cannot flush", file);
  return {};
}

Result<void> replace_durably(const fs::path& file, std::string_view bytes) {
  fs::path temporary = file;
  temporary += "." + random_hex(8) + ".tmp";
  auto written = write_durably(temporary, bytes);
  if (written && ::rename(temporary.c_str(), file.c_str()) != 0) written = cannot("cannot create", file);
  if (!written) ::unlink(temporary.c_str());
  return written;
}

Result<void> flush_folder(const fs::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.fd < 0) return cannot("cannot open the prompt folder", folder);
  if (::fsync(opened.fd) != 0) return cannot("cannot flush the prompt folder", folder);
  return {};
}

// A file's name may be any bytes; JSON wants UTF-8, which its parser judges.
std::string json_safe(std::string text) {
  boost::system::error_code code;
  boost::json::parse(boost::json::serialize(boost::json::string(text)), code);
  if (code) std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return text;
}

double rounded(double value) { return std::round(value * 100) / 100; }

std::string metadata_of(const StoredPrompt& prompt, Time created) {
  const boost::json::object metadata = {{"id", prompt.id},
                                        {"source_name", prompt.source_name},
                                        {"source_format", prompt.source_format},
                                        {"source_rate_hz", prompt.source_rate},
                                        {"source_channels", prompt.source_channels},
                                        {"duration_ms", prompt.duration.count()},
                                        {"loudness_lufs", rounded(prompt.loudness_lufs)},
                                        {"peak_dbfs", rounded(prompt.peak_dbfs)},
                                        {"gain_db", rounded(prompt.gain_db)},
                                        {"clipped_samples", prompt.clipped_samples},
                                        {"created", to_rfc3339(created)}};
  return boost::json::serialize(metadata) + "\n";
}

fs::path file_of(const fs::path& folder, std::string_view id, std::string_view extension) {
  return folder / std::string(id).append(extension);
}

Result<StoredPrompt> store(const Audio& audio, std::string source_name, const fs::path& folder, Time created) {
  std::error_code code;
  if (!fs::is_directory(folder, code)) {
    return fail(ErrorCode::Io, "the prompt folder " + folder.string() + " does not exist or is no folder");
  }
  const auto pcm = pcm16_of(audio.samples);
  const std::string sln = sln_bytes(pcm);
  StoredPrompt prompt{.id = sha256_hex(sln).substr(0, kIdDigits),
                      .duration = audio.duration(),
                      .source_name = json_safe(std::move(source_name)),
                      .source_format = audio.source_format,
                      .source_rate = audio.source_rate,
                      .source_channels = audio.source_channels,
                      .clipped_samples = audio.clipped_samples,
                      .peak_dbfs = audio.peak_dbfs,
                      .loudness_lufs = audio.loudness_lufs,
                      .gain_db = audio.gain_db};
  if (is_stored(folder, prompt.id)) return prompt;
  const std::array<std::string, 3> contents = {ulaw_bytes(pcm), alaw_bytes(pcm), sln};
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const auto written = replace_durably(file_of(folder, prompt.id, kExtensions[i]), contents[i]);
    if (!written) return std::unexpected(written.error());
  }
  // The metadata's presence says that the rest is there: the rest has to be on disk first.
  auto done = flush_folder(folder);
  if (done) done = replace_durably(file_of(folder, prompt.id, ".json"), metadata_of(prompt, created));
  if (done) done = flush_folder(folder);
  if (!done) return std::unexpected(done.error());
  prompt.is_new = true;
  return prompt;
}

std::string last_part(std::string_view name) {
  const auto slash = name.find_last_of("/\\");
  return printable(slash == std::string_view::npos ? name : name.substr(slash + 1), 255);
}

}  // namespace

Result<StoredPrompt> store_prompt(const fs::path& file, const fs::path& folder, Time created,
                                  const LoudnessBounds& bounds) {
  auto audio = decode_audio(file);
  if (!audio) return std::unexpected(audio.error());
  return store(normalise(*std::move(audio), bounds), last_part(file.filename().string()), folder, created);
}

Result<StoredPrompt> store_prompt(std::span<const std::byte> bytes, std::string_view name, const fs::path& folder,
                                  Time created, const LoudnessBounds& bounds) {
  auto audio = decode_audio(bytes, name);
  if (!audio) return std::unexpected(audio.error());
  return store(normalise(*std::move(audio), bounds), last_part(name), folder, created);
}

bool is_prompt_id(std::string_view text) {
  return text.size() == kIdDigits &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_stored(const fs::path& folder, std::string_view id) {
  if (!is_prompt_id(id)) return false;
  return std::ranges::all_of(kExtensions, [&](std::string_view extension) {
    std::error_code code;
    return fs::is_regular_file(file_of(folder, id, extension), code);
  });
}

}  // namespace carillon
