// Uploaded audio: any bytes under any name are decoded within the bounds or refused with a sentence, and what is
// decoded can be brought to the telephone.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "prompt/audio.h"

// libsndfile 1.2.0 does not free what libvorbis holds when an OGG header is damaged: some kilobytes, not ours to mend.
extern "C" const char* __lsan_default_suppressions() { return "leak:libvorbis.so\nleak:libsndfile.so\n"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace carillon;
  if (size == 0) return 0;
  constexpr std::array<std::string_view, 4> names = {"upload", "upload.ulaw", "upload.alaw", "upload.sln16"};
  // The last byte chooses, so that samples of real files stay what they are.
  const std::string_view name = names[data[size - 1] % 16 < 13 ? 0 : data[size - 1] % 16 - 12];
  const auto audio = decode_audio(std::as_bytes(std::span(data, size)), name);
  if (!audio) {
    CARILLON_CHECK(!audio.error().detail.empty());
    return 0;
  }
  CARILLON_CHECK(audio->duration() <= kMaxAudioDuration + Duration(10));
  const Audio normal = normalise(*audio);
  CARILLON_CHECK(std::isfinite(normal.loudness_lufs) && std::isfinite(normal.peak_dbfs) && normal.peak_dbfs <= 0.01);
  const auto pcm = pcm16_of(normal.samples);
  CARILLON_CHECK(ulaw_bytes(pcm).size() == pcm.size() && sln_bytes(pcm).size() == 2 * pcm.size());
  return 0;
}
