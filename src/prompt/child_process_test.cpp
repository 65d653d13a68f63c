#include "prompt/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/text.h"
#include "prompt/testing.h"

namespace carillon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ChildRequest shell(std::string script) { return {.arguments = {"/bin/sh", "-c", std::move(script)}}; }

std::size_t open_descriptors() {
  const auto entries = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

TEST(RunChild, GivesInputAndTakesOutput) {
  const auto output = run_child({.arguments = {"cat"}, .input = "שלום"});
  ASSERT_TRUE(output) << output.error().detail;
  EXPECT_EQ(*output, "שלום");
}

TEST(RunChild, MoreThanAPipeHoldsGoesThroughBothWays) {
  const std::string much(1'000'000, 'x');
  EXPECT_EQ(run_child({.arguments = {"cat"}, .input = much}).value_or(""), much);
}

TEST(RunChild, ArgumentsAreNotReadByAShell) {
  EXPECT_EQ(run_child({.arguments = {"echo", "$HOME `id` ; *"}}).value_or(""), "$HOME `id` ; *\n");
}

TEST(RunChild, AMissingProgramIsTold) {
  const auto output = run_child({.arguments = {"no-such-program"}});
  EXPECT_EQ(output.error().code, ErrorCode::NotFound);
  EXPECT_EQ(output.error().detail, "the program no-such-program is not installed");
  EXPECT_EQ(run_child({.arguments = {"/etc/passwd"}}).error().code, ErrorCode::Io);
}

TEST(RunChild, AFailureCarriesWhatTheProgramSaid) {
  const auto output = run_child(shell("echo half; echo no such voice >&2; exit 3"));
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::Io);
  EXPECT_EQ(output.error().detail, "the program /bin/sh ended with code 3: no such voice");
  EXPECT_THAT(run_child(shell("kill -9 $$")).error().detail, HasSubstr("killed by signal 9"));
  EXPECT_LT(run_child(shell("yes | head -c 1000000 >&2; exit 1")).error().detail.size(), 400U);
}

TEST(RunChild, TheDeadlineEndsItAndItsChildren) {
  const prompt_testing::TempFolder folder;
  const auto fifo = folder / "held";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  auto request = shell("sleep 600 >" + fifo.string() + " & wait");
  request.deadline = std::chrono::milliseconds(300);
  const auto output = run_child(request);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::Timeout);
  EXPECT_EQ(output.error().detail, "the program /bin/sh took longer than 300 ms");
  // The pipe ends once nobody holds it any more.
  const auto begin = std::chrono::steady_clock::now();
  ::fcntl(reader, F_SETFL, 0);
  char byte = 0;
  EXPECT_EQ(::read(reader, &byte, 1), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(100));
  ::close(reader);
}

TEST(RunChild, OneThatLeavesAChildBehindIsNotWaitedFor) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(run_child(shell("sleep 60 & echo done")).value_or(""), "done\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(RunChild, TooMuchOutputEndsIt) {
  auto request = ChildRequest{.arguments = {"yes"}};
  request.max_output_bytes = 100'000;
  EXPECT_EQ(run_child(request).error().code, ErrorCode::TooLarge);
}

TEST(RunChild, OneThatDoesNotReadItsInputDoesNotEndUs) {
  EXPECT_EQ(run_child({.arguments = {"true"}, .input = std::string(1'000'000, 'x')}).value_or("-"), "");
  sigset_t pending;
  ::sigpending(&pending);
  EXPECT_EQ(::sigismember(&pending, SIGPIPE), 0);
}

TEST(RunChild, GetsNoneOfOurDescriptors) {
  const int secret = ::open("/dev/null", O_RDONLY);  // without close-on-exec, as a library may do it
  // ls itself opens the folder, as the next free one.
  EXPECT_EQ(run_child({.arguments = {"ls", "/proc/self/fd"}}).value_or(""), "0\n1\n2\n3\n");
  ::close(secret);
}

TEST(RunChild, LeavesNoDescriptorOpen) {
  const auto before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    run_child({.arguments = {"true"}});
    run_child({.arguments = {"false"}});
    run_child({.arguments = {"no-such-program"}});
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(RunChild, DoesNotSeeOurSecrets) {
  ::setenv("CARILLON_API_KEY", "ck_secret", 1);
  ::setenv("VOICE_LICENCE", "yes", 1);
  EXPECT_THAT(run_child({.arguments = {"env"}}).value_or("-"),
              testing::AllOf(HasSubstr("PATH="), Not(HasSubstr("ck_secret")), Not(HasSubstr("VOICE_LICENCE"))));
  EXPECT_THAT(run_child({.arguments = {"env"}, .environment = {"VOICE_LICENCE"}}).value_or("-"),
              HasSubstr("VOICE_LICENCE=yes"));
}

TEST(RunChild, SeveralThreadsAtATime) {
  std::vector<std::thread> threads;
  std::vector<std::string> outputs(8);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 10; ++k) outputs[i] += run_child({.arguments = {"cat"}, .input = "x"}).value_or("-");
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& output : outputs) EXPECT_EQ(output, std::string(10, 'x'));
}

}  // namespace
}  // namespace carillon
