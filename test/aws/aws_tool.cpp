// The AWS clients as a command, for test/system/test_aws.py: one verb, its arguments, options as --name value. What
// comes back is one JSON object: on standard output, or, with exit status 1, the error on standard error. Configured by
// AWS's own environment variables alone.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "aws/cloudwatch.h"
#include "aws/credential_chain.h"
#include "aws/metadata.h"
#include "aws/polly.h"
#include "aws/s3.h"
#include "aws/sns.h"
#include "aws/sqs.h"
#include "aws/sts.h"

namespace {

using namespace carillon;
namespace json = boost::json;
using Answer = Result<json::object>;

struct Arguments {
  std::vector<std::string> words;
  std::map<std::string, std::string> options;
  std::string option(const std::string& name) const {
    const auto found = options.find(name);
    return found == options.end() ? std::string() : found->second;
  }
};

struct Tool {
  aws::Environment environment = aws::Environment::of_process();
  net::WebClient web{{.ca_file = environment.get("AWS_CA_BUNDLE")}};
  aws::InstanceMetadata metadata{web, environment};
};

aws::Message message_of(const Arguments& arguments, const std::string& text) {
  aws::Message message{
      .text = text, .group_id = arguments.option("group"), .deduplication_id = arguments.option("dedup")};
  if (const auto type = arguments.option("type"); !type.empty()) message.attributes["type"] = {type};
  return message;
}

json::object to_json(const aws::Sent& sent) {
  return {{"message_id", sent.message_id}, {"sequence_number", sent.sequence_number}};
}

json::object to_json(const Error& error) { return {{"code", slug_of(error.code)}, {"detail", error.detail}}; }

json::object to_json(const aws::S3Object& object) {
  return {{"key", object.key}, {"etag", object.etag}, {"bytes", object.bytes}, {"unchanged", object.is_unchanged}};
}

Answer batch_of(const Result<aws::SentBatch>& batch) {
  if (!batch) return std::unexpected(batch.error());
  json::array entries;
  for (const auto& each : *batch) entries.push_back(each ? to_json(*each) : to_json(each.error()));
  return json::object{{"entries", std::move(entries)}};
}

template <class T>
Answer answer_of(const Result<T>& result) {
  if (!result) return std::unexpected(result.error());
  return to_json(*result);
}

Answer receive(aws::Client& client, const Arguments& arguments) {
  aws::Sqs sqs(client);
  const auto received = sqs.receive(arguments.words[1], {.wait = std::chrono::seconds(1)});
  if (!received) return std::unexpected(received.error());
  json::array messages;
  for (const auto& each : *received) {
    if (auto removed = sqs.remove(arguments.words[1], each.receipt_handle); !removed)
      return std::unexpected(removed.error());
    json::object attributes;
    for (const auto& [name, attribute] : each.attributes) attributes[name] = attribute.value;
    messages.push_back(json::object{{"body", each.body}, {"attributes", std::move(attributes)}});
  }
  return json::object{{"messages", std::move(messages)}};
}

Answer get(aws::Client& client, const Arguments& arguments) {
  aws::S3Get get{
      .bucket = arguments.words[1], .key = arguments.words[2], .if_none_match = arguments.option("if-none-match")};
  if (const auto limit = arguments.option("max-bytes"); !limit.empty()) get.max_bytes = std::stoul(limit);
  if (const auto range = arguments.option("range"); !range.empty())
    get.range = aws::S3Range{std::stoull(range), std::stoull(range.substr(range.find('-') + 1))};
  return answer_of(aws::S3(client).get_to_file(get, arguments.words[3]));
}

Answer list(aws::Client& client, const Arguments& arguments) {
  aws::S3 s3(client);
  aws::S3List list{.bucket = arguments.words[1], .prefix = arguments.words[2], .max_keys = 2};
  json::array keys;
  for (;;) {
    const auto page = s3.list(list);
    if (!page) return std::unexpected(page.error());
    for (const auto& each : page->objects) keys.emplace_back(each.key);
    if (page->next.empty()) return json::object{{"keys", std::move(keys)}};
    list.continuation = page->next;
  }
}

Answer speak(aws::Client& client, const Arguments& arguments) {
  const auto speech = aws::Polly(client).synthesize(
      {.text = arguments.words[2], .is_ssml = arguments.option("ssml") == "yes", .voice = arguments.words[1]});
  if (!speech) return std::unexpected(speech.error());
  std::ofstream(arguments.words[3], std::ios::binary) << speech->audio;
  return json::object{{"content_type", speech->content_type}, {"billed_characters", speech->billed_characters}};
}

Answer metric(aws::Client& client, const Arguments& arguments) {
  const aws::Datum datum{.name = arguments.words[2],
                         .value = std::stod(arguments.words[3]),
                         .unit = "Count",
                         .time = wall_clock_now(),
                         .dimensions = {{"Trunk", "main trunk"}}};
  if (auto put = aws::CloudWatch(client).put(arguments.words[1], std::vector{datum}); !put)
    return std::unexpected(put.error());
  return json::object{};
}

Answer who(aws::Client& client) {
  const auto identity = aws::Sts(client).caller_identity();
  if (!identity) return std::unexpected(identity.error());
  return json::object{{"account", identity->account}, {"arn", identity->arn}, {"region", client.settings().region}};
}

// A message may stand for many letters: "@262144".
std::string text_of(const std::string& word) {
  return word.starts_with('@') ? std::string(std::stoul(word.substr(1)), 'x') : word;
}

Answer run(Tool& tool, const Arguments& arguments) {
  const auto profiles = aws::load_profiles(tool.environment);
  if (!profiles) return std::unexpected(profiles.error());
  const auto settings = aws::read_settings(tool.environment, *profiles, [&] { return tool.metadata.region(); });
  if (!settings) return std::unexpected(settings.error());
  aws::CredentialProvider provider(aws::credential_chain(tool.web, tool.environment, *settings));
  aws::Client client(tool.web, provider, *settings, {.retry = {.max_attempts = 4}});
  const auto& words = arguments.words;
  const auto is = [&](std::string_view verb, std::size_t count) {
    return words[0] == verb && words.size() == count + 1;
  };
  if (is("who", 0)) return who(client);
  if (is("publish", 2)) return answer_of(aws::Sns(client).publish(words[1], message_of(arguments, text_of(words[2]))));
  if (is("send", 2)) return answer_of(aws::Sqs(client).send(words[1], message_of(arguments, text_of(words[2]))));
  if (words[0] == "publish-batch" || words[0] == "send-batch") {
    std::vector<aws::Message> messages;
    for (std::size_t i = 2; i < words.size(); ++i) messages.push_back(message_of(arguments, text_of(words[i])));
    return batch_of(words[0] == "publish-batch" ? aws::Sns(client).publish_batch(words[1], messages)
                                                : aws::Sqs(client).send_batch(words[1], messages));
  }
  if (is("receive", 1)) return receive(client, arguments);
  if (is("get", 3)) return get(client, arguments);
  if (is("head", 2)) return answer_of(aws::S3(client).head(words[1], words[2]));
  if (is("list", 2)) return list(client, arguments);
  if (is("speak", 3)) return speak(client, arguments);
  if (is("metric", 3)) return metric(client, arguments);
  return fail(ErrorCode::BadRequest, "no such verb, or not its arguments: " + words[0]);
}

}  // namespace

int main(int count, char** texts) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string text(texts[i]);
    if (text.starts_with("--") && i + 1 < count)
      arguments.options[text.substr(2)] = texts[++i];
    else
      arguments.words.push_back(text);
  }
  if (arguments.words.empty()) arguments.words.emplace_back("");
  Tool tool;
  const auto answer = run(tool, arguments);
  std::fprintf(answer ? stdout : stderr, "%s\n", json::serialize(answer ? *answer : to_json(answer.error())).c_str());
  return answer ? 0 : 1;
}
