// The way of decoded frames to telephone samples: checked, mixed down to mono, resampled to 8000 Hz, and to 16000 Hz
// for G.722 if the source has more than 8000. One per source, owned by the decoder. It holds the result and one block,
// whatever a file's header claims.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "prompt/audio.h"
#include "prompt/resampler.h"

namespace carillon {

class Intake {
 public:
  // `name` is for error texts.
  static Result<Intake> open(std::string name, int rate, int channels);

  // Interleaved samples, whole frames. An error if they are no audio, or too many.
  Result<void> take(std::span<const float> interleaved);
  // After the last frame: the audio with its facts, or why it cannot be used.
  Result<Audio> finish();

  std::uint64_t frames() const { return frames_; }

 private:
  Intake(std::string name, int rate, int channels, Resampler narrow);

  std::string name_;
  int rate_;
  int channels_;
  std::uint64_t frames_ = 0;
  std::size_t clipped_ = 0;
  float source_peak_ = 0;
  std::vector<float> mono_;
  Resampler narrow_;
  std::optional<Resampler> wide_;  // none for sources at 8000 Hz or less
};

}  // namespace carillon
