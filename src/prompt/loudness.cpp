#include <ebur128.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "prompt/audio.h"

namespace carillon {
namespace {

constexpr std::size_t kGatingBlock = kTelephoneRate * 400 / 1000;  // BS.1770-4: integrated loudness needs 400 ms

// Gain may fall to nothing within 5 ms before a peak, and comes back within 50 ms after it: too slow to be heard as
// distortion, too fast to be heard as a hole.
constexpr float kFallMs = 5.0F;
constexpr float kRiseMs = 50.0F;

struct CloseMeter {
  void operator()(ebur128_state* state) const { ebur128_destroy(&state); }
};

float ratio_of(double db) { return static_cast<float>(std::pow(10.0, db / 20.0)); }

// Mean power without gate or weighting, on BS.1770's scale.
double ungated_loudness(std::span<const float> samples) {
  double energy = 0;
  for (const float sample : samples) energy += double{sample} * double{sample};
  const double mean = samples.empty() ? 0 : energy / static_cast<double>(samples.size());
  return std::max(-0.691 + 10 * std::log10(std::max(mean, 1e-12)), -120.0);
}

float peak_of(std::span<const float> samples) {
  float peak = 0;
  for (const float sample : samples) peak = std::max(peak, std::fabs(sample));
  return peak;
}

void limit_peaks(std::span<float> samples, float ceiling, int rate = kTelephoneRate) {
  const float samples_per_ms = static_cast<float>(rate) / 1000.0F;
  const float fall = 1.0F / (samples_per_ms * kFallMs);
  const float rise = 1.0F / (samples_per_ms * kRiseMs);
  if (peak_of(samples) <= ceiling) return;
  std::vector<float> gains(samples.size());
  std::ranges::transform(samples, gains.begin(), [ceiling](float sample) {
    return std::fabs(sample) > ceiling ? ceiling / std::fabs(sample) : 1.0F;
  });
  for (std::size_t i = gains.size() - 1; i > 0; --i) gains[i - 1] = std::min(gains[i - 1], gains[i] + fall);
  for (std::size_t i = 1; i < gains.size(); ++i) gains[i] = std::min(gains[i], gains[i - 1] + rise);
  for (std::size_t i = 0; i < gains.size(); ++i) samples[i] *= gains[i];
}

}  // namespace

double peak_dbfs_of(std::span<const float> samples) {
  return 20 * std::log10(std::max(double{peak_of(samples)}, 1e-6));
}

double loudness_of(std::span<const float> samples) {
  const std::unique_ptr<ebur128_state, CloseMeter> meter(ebur128_init(1, kTelephoneRate, EBUR128_MODE_I));
  CARILLON_CHECK(meter != nullptr);
  if (ebur128_add_frames_float(meter.get(), samples.data(), samples.size()) != EBUR128_SUCCESS) {
    return ungated_loudness(samples);
  }
  double loudness = 0;
  const bool is_short = samples.size() < kGatingBlock;
  const int status = is_short ? ebur128_loudness_window(meter.get(), samples.size() * 1000 / kTelephoneRate, &loudness)
                              : ebur128_loudness_global(meter.get(), &loudness);
  return status == EBUR128_SUCCESS && std::isfinite(loudness) ? loudness : ungated_loudness(samples);
}

Audio normalise(Audio audio, const LoudnessBounds& bounds) {
  const bool is_within = audio.loudness_lufs >= bounds.lowest_lufs && audio.loudness_lufs <= bounds.highest_lufs;
  // Decoders of compressed audio overshoot; beyond full scale the codec would cut.
  if (is_within && audio.peak_dbfs <= 0) {
    limit_peaks(audio.wide, 1.0F, kWideRate);
    return audio;
  }
  const double gain_db = is_within ? 0 : std::min(bounds.target_lufs - audio.loudness_lufs, bounds.max_gain_db);
  for (float& sample : audio.samples) sample *= ratio_of(gain_db);
  for (float& sample : audio.wide) sample *= ratio_of(gain_db);
  limit_peaks(audio.samples, ratio_of(bounds.ceiling_dbfs));
  limit_peaks(audio.wide, ratio_of(bounds.ceiling_dbfs), kWideRate);
  audio.gain_db += gain_db;
  audio.peak_dbfs = peak_dbfs_of(audio.samples);
  audio.loudness_lufs = loudness_of(audio.samples);
  return audio;
}

}  // namespace carillon
