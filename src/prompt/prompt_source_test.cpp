#include "prompt/prompt_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/text.h"

namespace carillon {
namespace {

using enum PromptKind;
using ::testing::HasSubstr;

TEST(PromptSource, MeansWhatItLooksLike) {
  struct Row {
    std::string_view audio;
    PromptKind kind;
    std::string_view value;
    std::string_view bucket = "";
  };
  const Row rows[] = {
      {"welcome", kBuiltIn, "welcome"},
      {"message.mp3", kBuiltIn, "message.mp3"},
      {"0123456789abcdef0123456789abcdef", kStored, "0123456789abcdef0123456789abcdef"},
      {"0123456789ABCDEF0123456789ABCDEF", kBuiltIn, "0123456789ABCDEF0123456789ABCDEF"},
      {"/srv/audio/a.wav", kFile, "/srv/audio/a.wav"},
      {"//srv/a.wav", kFile, "/srv/a.wav"},
      {"audio/a.wav", kFile, "audio/a.wav"},
      {"../a.wav", kFile, "../a.wav"},
      {"my message.wav", kFile, "my message.wav"},
      {"C:\\a.wav", kFile, "C:\\a.wav"},
      {"file:a.wav", kFile, "a.wav"},
      {"file:/srv/a.wav", kFile, "/srv/a.wav"},
      {"file:///srv/a.wav", kFile, "/srv/a.wav"},
      {"https://example.org/a.mp3?x=1", kHttps, "https://example.org/a.mp3?x=1"},
      {"HTTPS://Example.org:8443/a", kHttps, "https://Example.org:8443/a"},
      {"https://example.org", kHttps, "https://example.org"},
      {"https://[2001:db8::1]:8443/a", kHttps, "https://[2001:db8::1]:8443/a"},
      {"s3://my-bucket/a/b c.mp3", kS3, "a/b c.mp3", "my-bucket"},
      {"say:Hello {name}", kSay, "Hello {name}"},
      {"say:https://example.org", kSay, "https://example.org"},
      {"say:שלום", kSay, "שלום"},
  };
  for (const auto& row : rows) {
    const auto source = parse_prompt_source(row.audio);
    ASSERT_TRUE(source) << row.audio << ": " << source.error().detail;
    EXPECT_EQ(source->kind, row.kind) << row.audio;
    EXPECT_EQ(source->value, row.value);
    EXPECT_EQ(source->bucket, row.bucket);
  }
}

TEST(PromptSource, WhatIsNoneIsRefusedWithAHint) {
  struct Row {
    std::string audio;
    std::string_view hint;
  };
  const Row rows[] = {
      {"", "no audio is named"},
      {"http://example.org/a.mp3", "use https:"},
      {"ftp://example.org/a.mp3", "there are https: s3: file: and say:"},
      {"data:audio/wav;base64,AAAA", "of a kind that is not known"},
      {"https:example.org", "is no URL"},
      {"https://", "has no host"},
      {"https:///a.mp3", "has no host"},
      {"https://user:secret@example.org/a", "user and password"},
      {"https://example.org@127.0.0.1/a", "user and password"},
      {"https://example.org:99999999/a", "has no host"},
      {"https://[::1/a", "has no host"},
      {"https://example.org\\@evil.org/", "is no URL"},
      {"https://example.org/a b", "is no URL"},
      {"https://example.org/a\r\nHost: evil", "control characters"},
      {"https://example.org/" + std::string(2048, 'a'), "longer than 2,048"},
      {"s3://bucket", "is no source such as s3:"},
      {"s3://B/key", "has no bucket"},
      {"s3://a..b/key", "has no bucket"},
      {"s3://bucket/", "has no key"},
      {"s3://bucket/folder/", "has no key"},
      {"s3://bucket/" + std::string(1025, 'a'), "has no key"},
      {"file://server/a.wav", "names a host"},
      {"file:", "is no path"},
      {"/" + std::string(1024, 'a'), "is no path"},
      {std::string("a\0b", 3), "control characters"},
      {"say:", "nothing to be spoken"},
      {"say:Hello {name", "without its }"},
  };
  for (const auto& row : rows) {
    const auto source = parse_prompt_source(row.audio);
    ASSERT_FALSE(source) << row.audio;
    EXPECT_EQ(source.error().code, ErrorCode::AudioInvalid);
    EXPECT_THAT(source.error().detail, HasSubstr(row.hint));
  }
}

TEST(PromptSource, AnyBytesAreASourceOrAnError) {
  EXPECT_TRUE(rc::check("no name breaks it", [] {
    const auto start = *rc::gen::element<std::string>("", "https://", "s3://", "file:", "say:", "https://[");
    const auto rest = *rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::elementOf(std::string("[]:/@{}.a1")), rc::gen::arbitrary<char>()));
    const auto source = parse_prompt_source(start + rest);
    if (!source || source->kind == kSay) return;
    RC_ASSERT(!source->value.empty());
    RC_ASSERT(printable(source->value, 10'000) == source->value);
  }));
}

}  // namespace
}  // namespace carillon
