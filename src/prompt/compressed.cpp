#include <sndfile.h>

#include <algorithm>
#include <memory>

#include "prompt/audio.h"
#include "prompt/spandsp_g722.h"

namespace carillon {
namespace {

constexpr std::size_t kGsmFrame = 160;
constexpr int kG722BitRate = 64000;

struct CloseFile {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
struct FreeEncoder {
  void operator()(g722_encode_state_t* encoder) const { g722_encode_free(encoder); }
};

// libsndfile writes a headerless file from its beginning to its end.
sf_count_t append(const void* data, sf_count_t count, void* user) {
  static_cast<std::string*>(user)->append(static_cast<const char*>(data), static_cast<std::size_t>(count));
  return count;
}
sf_count_t size_of(void* user) { return static_cast<sf_count_t>(static_cast<std::string*>(user)->size()); }

std::string little_endian(std::size_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xff);
  return text;
}

}  // namespace

Result<std::string> gsm_bytes(std::span<const std::int16_t> samples) {
  std::string bytes;
  SF_VIRTUAL_IO io{size_of, [](sf_count_t, int, void* user) { return size_of(user); },
                   [](void*, sf_count_t, void*) -> sf_count_t { return 0; }, append, size_of};
  SF_INFO info{};
  info.samplerate = kTelephoneRate;
  info.channels = 1;
  info.format = SF_FORMAT_RAW | SF_FORMAT_GSM610;
  std::unique_ptr<SNDFILE, CloseFile> file(sf_open_virtual(&io, SFM_WRITE, &info, &bytes));
  if (file == nullptr) return fail(ErrorCode::Internal, "this libsndfile cannot write GSM 06.10");
  std::vector<std::int16_t> whole(samples.begin(), samples.end());
  whole.resize((samples.size() + kGsmFrame - 1) / kGsmFrame * kGsmFrame);
  const auto count = static_cast<sf_count_t>(whole.size());
  if (sf_write_short(file.get(), whole.data(), count) != count) {
    return fail(ErrorCode::Internal, "encoding GSM 06.10 failed");
  }
  file.reset();  // writes the last frame
  return bytes;
}

std::string g722_bytes(std::span<const std::int16_t> wide_samples) {
  const std::unique_ptr<g722_encode_state_t, FreeEncoder> encoder(g722_encode_init(nullptr, kG722BitRate, 0));
  CARILLON_CHECK(encoder != nullptr);
  std::vector<std::uint8_t> bytes(wide_samples.size() / 2);
  const int made = g722_encode(encoder.get(), bytes.data(), wide_samples.data(), static_cast<int>(bytes.size() * 2));
  CARILLON_CHECK(made == static_cast<int>(bytes.size()));
  return {bytes.begin(), bytes.end()};
}

std::string wav_bytes(std::span<const std::int16_t> samples) {
  const std::string data = sln_bytes(samples);
  constexpr std::size_t format_size = 16;
  constexpr std::size_t rate = kTelephoneRate;
  return "RIFF" + little_endian(4 + 8 + format_size + 8 + data.size(), 4) + "WAVEfmt " + little_endian(format_size, 4) +
         little_endian(1, 2) + little_endian(1, 2) + little_endian(rate, 4) + little_endian(rate * 2, 4) +
         little_endian(2, 2) + little_endian(16, 2) + "data" + little_endian(data.size(), 4) + data;
}

}  // namespace carillon
