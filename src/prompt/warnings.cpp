#include <algorithm>
#include <cmath>

#include "prompt/audio.h"

namespace carillon {
namespace {

constexpr std::size_t kBlock = kTelephoneRate / 100;  // 10 ms
constexpr std::size_t kBlocksPerSecond = 100;
constexpr double kBelowPeakDb = 40;  // a room's noise is silence to who waits for the voice
constexpr double kSilenceDbfs = -60;
constexpr std::size_t kClippedOneIn = 2000;
constexpr double kQuietLufs = -40;  // with all the gain that is allowed it just comes within the bounds

double level_of(std::span<const float> block) {
  double energy = 0;
  for (const float sample : block) energy += double{sample} * double{sample};
  return 10 * std::log10(std::max(energy / static_cast<double>(block.size()), 1e-12));
}

}  // namespace

std::vector<std::string> warnings_of(const Audio& source) {
  std::vector<std::string> warnings;
  const double threshold = std::max(kSilenceDbfs, source.peak_dbfs - kBelowPeakDb);
  const std::span<const float> samples(source.samples);
  const std::size_t blocks = samples.size() / kBlock;
  const auto is_silent = [&](std::size_t block) {
    return level_of(samples.subspan(block * kBlock, kBlock)) < threshold;
  };
  std::size_t leading = 0;
  while (leading < blocks && is_silent(leading)) ++leading;
  std::size_t trailing = 0;
  while (trailing + leading < blocks && is_silent(blocks - 1 - trailing)) ++trailing;
  if (leading > kBlocksPerSecond) warnings.emplace_back("leading-silence");
  if (trailing > kBlocksPerSecond) warnings.emplace_back("trailing-silence");
  const auto source_samples = static_cast<std::size_t>(source.duration().count()) *
                              static_cast<std::size_t>(source.source_rate) / 1000 *
                              static_cast<std::size_t>(std::max(source.source_channels, 1));
  if (source.clipped_samples > source_samples / kClippedOneIn) warnings.emplace_back("clipping");
  if (source.loudness_lufs - source.gain_db < kQuietLufs) warnings.emplace_back("quiet");
  return warnings;
}

}  // namespace carillon
