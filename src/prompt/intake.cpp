#include "prompt/intake.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace carillon {
namespace {

constexpr int kMinRate = 4000;
constexpr int kMaxRate = 192000;
constexpr int kMaxChannels = 8;
// 16 bits at full scale; 8 bits and compressed formats that reach it are beyond.
constexpr float kClipped = 32767.0F / 32768.0F;
// Floating-point files may hold more than full scale, even 16-bit numbers as they are; beyond this it is no audio.
constexpr float kAbsurd = 1e6F;
constexpr float kSilent = 0.001F;  // -60 dBFS

Error invalid(const std::string& name, const std::string& what) {
  return Error(ErrorCode::AudioInvalid, name + " " + what);
}

// Half the distance between the highest and the lowest sample: a constant offset is silence too.
float swing_of(std::span<const float> samples) {
  if (samples.empty()) return 0;
  const auto [lowest, highest] = std::ranges::minmax(samples);
  return (highest - lowest) / 2;
}

}  // namespace

Intake::Intake(std::string name, int rate, int channels, Resampler narrow)
    : name_(std::move(name)), rate_(rate), channels_(channels), narrow_(std::move(narrow)) {}

Result<Intake> Intake::open(std::string name, int rate, int channels) {
  if (rate < kMinRate || rate > kMaxRate) {
    return std::unexpected(invalid(name, "has a sample rate of " + std::to_string(rate) + " Hz; " +
                                             std::to_string(kMinRate) + " to " + std::to_string(kMaxRate) +
                                             " Hz are accepted"));
  }
  if (channels < 1 || channels > kMaxChannels) {
    return std::unexpected(invalid(name, "has " + std::to_string(channels) + " channels; up to " +
                                             std::to_string(kMaxChannels) + " are accepted"));
  }
  auto narrow = Resampler::open(rate, kTelephoneRate);
  if (!narrow) return std::unexpected(narrow.error());
  Intake intake(std::move(name), rate, channels, *std::move(narrow));
  if (rate > kTelephoneRate) {
    auto wide = Resampler::open(rate, kWideRate);
    if (!wide) return std::unexpected(wide.error());
    intake.wide_ = *std::move(wide);
  }
  return intake;
}

Result<void> Intake::take(std::span<const float> interleaved) {
  const auto channels = static_cast<std::size_t>(channels_);
  mono_.clear();
  for (std::size_t frame = 0; frame + channels <= interleaved.size(); frame += channels) {
    float sum = 0;
    for (const float sample : interleaved.subspan(frame, channels)) {
      // Written so that NaN fails it.
      if (!(std::fabs(sample) < kAbsurd)) {
        return std::unexpected(invalid(name_, "is damaged: it has samples that are no numbers, or absurd ones"));
      }
      if (std::fabs(sample) >= kClipped) ++clipped_;
      source_peak_ = std::max(source_peak_, std::fabs(sample));
      sum += sample;
    }
    mono_.push_back(sum / static_cast<float>(channels_));
  }
  frames_ += mono_.size();
  if (frames_ > static_cast<std::uint64_t>(rate_) * static_cast<std::uint64_t>(kMaxAudioDuration.count()) / 1000) {
    return std::unexpected(invalid(name_, "is longer than " + to_words(kMaxAudioDuration)));
  }
  if (auto taken = narrow_.take(mono_); !taken || !wide_) return taken;
  return wide_->take(mono_);
}

Result<Audio> Intake::finish() {
  if (frames_ == 0) return std::unexpected(invalid(name_, "has no audio in it, or is damaged"));
  const auto source_ms = static_cast<Duration::rep>(frames_ * 1000 / static_cast<std::uint64_t>(rate_));
  if (Duration(source_ms) < kMinAudioDuration) {
    return std::unexpected(invalid(name_, "is only " + to_words(Duration(source_ms)) + " long; at least " +
                                              to_words(kMinAudioDuration) + " are needed"));
  }
  auto flushed = narrow_.finish();
  if (flushed && wide_) flushed = wide_->finish();
  if (!flushed) return std::unexpected(flushed.error());
  if (swing_of(narrow_.samples()) < kSilent) {
    return std::unexpected(invalid(name_, source_peak_ < kSilent ? "is silent all through"
                                                                 : "is silent once its channels are mixed to one, or "
                                                                   "has nothing that a telephone can carry"));
  }
  Audio audio;
  audio.source_rate = rate_;
  audio.source_channels = channels_;
  audio.clipped_samples = clipped_;
  audio.samples = std::move(narrow_.samples());
  if (wide_) {
    audio.wide = std::move(wide_->samples());
    audio.wide.resize(audio.samples.size() * 2);  // roundings of the two may differ by a sample
  }
  audio.peak_dbfs = peak_dbfs_of(audio.samples);
  audio.loudness_lufs = loudness_of(audio.samples);
  return audio;
}

}  // namespace carillon
