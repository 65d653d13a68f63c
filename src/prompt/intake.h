// The way of decoded frames to telephone samples: checked, mixed down to mono, resampled to 8000 Hz. One per source,
// owned by the decoder. It holds the result and one block, whatever a file's header claims.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "prompt/audio.h"

struct soxr;

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
  struct CloseResampler {
    void operator()(soxr* resampler) const;
  };

  Intake(std::string name, int rate, int channels);
  Result<void> resample(const float* mono, std::size_t count);

  std::string name_;
  int rate_;
  int channels_;
  std::uint64_t frames_ = 0;
  std::size_t clipped_ = 0;
  float source_peak_ = 0;
  std::vector<float> mono_;
  std::vector<float> samples_;
  std::unique_ptr<soxr, CloseResampler> resampler_;  // none for audio that is at 8000 Hz already
};

}  // namespace carillon
