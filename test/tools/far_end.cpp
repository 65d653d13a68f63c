// The far end of all calls' audio: the people who were called, as the system tests and the demo need them.
// One UDP socket on 127.0.0.1 for each persona; a persona listens, may press keys by a script, and may send every
// audio packet back, so that a call has audio both ways. It measures what it hears.
//
//   far_end --control PORT [--echo] --persona NAME:PORT[:SCRIPT] …
//
// SCRIPT is KEY@MILLISECONDS,…, counted from the first packet of a stream: 1@2000,9@6000. It prints "ready" once
// all ports are open. The control port takes one word per datagram: stats (answers JSON), reset, quit.
//
// A stream is one call: RTP from one source port. One thread; all times are of CLOCK_REALTIME, the clock by which
// the kernel stamps what arrives (SO_TIMESTAMPNS), so that our own scheduling does not count as the sender's jitter.
#include <fmt/core.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <optional>
#include <queue>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using Time = std::chrono::nanoseconds;  // since the epoch, or a span
using Byte = std::uint8_t;

constexpr Byte kPcmu = 0;
constexpr Byte kTelephoneEvent = 101;
constexpr std::size_t kRtpHeader = 12;
constexpr Time kPacketTime = 20ms;
constexpr std::uint32_t kSamplesPerPacket = 160;
constexpr int kKeyReports = 5;             // packets while the key is down …
constexpr int kKeyEnds = 3;                // … and of its end: RFC 4733 2.5.1.4
constexpr Time kBetweenKeys = 60ms;        // two keys are never one: at least this from one's end to the next
constexpr Time kTalkSpurtGap = 400ms;      // a longer gap before a packet with the marker is a pause of the speaker
constexpr int kSourceChangeWindow = 50;    // packets; see continues_after()
constexpr Time kBatchTime = 2ms;           // packets of this span share their system calls
constexpr std::size_t kBatch = 128;
constexpr int kSocketBuffer = 32 << 20;
constexpr std::array<std::pair<Time, const char*>, 6> kGapClasses{
    {{25ms, "le25"}, {30ms, "le30"}, {40ms, "le40"}, {60ms, "le60"}, {100ms, "le100"}, {Time::max(), "gt100"}}};

Time now() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return std::chrono::seconds(t.tv_sec) + Time(t.tv_nsec);
}
timespec to_timespec(Time t) { return {t / 1s, (t % 1s).count()}; }
double to_ms(Time t) { return std::chrono::duration<double, std::milli>(t).count(); }
std::uint32_t to_samples(Time t) { return static_cast<std::uint32_t>(std::max(t, Time{}) / 125us); }

std::uint32_t read_number(std::span<const Byte> bytes) {
  std::uint32_t value = 0;
  for (Byte b : bytes) value = value << 8 | b;
  return value;
}
void write_number(std::span<Byte> bytes, std::uint32_t value) {
  for (auto b = bytes.rbegin(); b != bytes.rend(); ++b, value >>= 8) *b = static_cast<Byte>(value);
}

struct Press {
  Byte event;  // RFC 4733 3.2: 0-9, * is 10, # is 11
  Time after;
};

// What came from one source port between the first packet and the last one, and what is sent back to it.
struct Stream {
  std::uint64_t id = 0;  // tells it from another call on the same port; 0: over
  sockaddr_in source{};
  std::uint32_t ssrc = 0;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  Time first{}, last{}, last_audio{};

  std::uint32_t own_ssrc = 0;
  std::uint16_t own_sequence = 1000;
  std::uint32_t own_timestamp = 80'000;  // what the last audio packet bears when it goes back; low: wraps after days

  std::size_t key = 0;  // index in the script
  int key_packet = 0;   // how many packets of it are sent
  std::uint32_t key_timestamp = 0;
};

struct Statistics {
  std::uint64_t streams = 0, packets = 0, lost = 0, keys_sent = 0, dropped_here = 0;
  std::array<std::uint64_t, kGapClasses.size()> gaps{};
  Time max_gap{};
  std::vector<Time> lasted;

  void add_gap(Time gap) {
    std::size_t c = 0;
    while (gap > kGapClasses[c].first) ++c;
    ++gaps[c];
    max_gap = std::max(max_gap, gap);
  }

  void add(const Statistics& other) {
    streams += other.streams;
    packets += other.packets;
    lost += other.lost;
    keys_sent += other.keys_sent;
    dropped_here += other.dropped_here;
    for (std::size_t c = 0; c < gaps.size(); ++c) gaps[c] += other.gaps[c];
    max_gap = std::max(max_gap, other.max_gap);
    lasted.insert(lasted.end(), other.lasted.begin(), other.lasted.end());
  }

  std::string to_json() {
    std::string classes;
    for (std::size_t c = 0; c < gaps.size(); ++c)
      classes += fmt::format(R"({}"{}":{})", c ? "," : "", kGapClasses[c].second, gaps[c]);
    std::ranges::sort(lasted);
    if (lasted.empty()) lasted.push_back(0ms);
    return fmt::format(
        R"({{"streams":{},"packets":{},"lost":{},"dropped_here":{},"gaps":{{{}}},"max_gap_ms":{:.1f},"keys_sent":{},)"
        R"("lasted_ms":{{"min":{:.0f},"median":{:.0f},"max":{:.0f}}}}})",
        streams, packets, lost, dropped_here, classes, to_ms(max_gap), keys_sent, to_ms(lasted.front()),
        to_ms(lasted[lasted.size() / 2]), to_ms(lasted.back()));
  }
};

struct Persona {
  std::string name;
  std::uint16_t port = 0;
  std::vector<Press> script;
  int fd = -1;
  std::unordered_map<std::uint64_t, Stream> streams;  // by source; bounded by the number of ports
  Statistics statistics;
  std::uint32_t drops_before = 0;

  // Packets that the kernel threw away because we were slow: to be told from what the sender did not send.
  std::uint32_t drops() const {
    std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
    socklen_t size = sizeof info;
    getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info.data(), &size);
    return info[SK_MEMINFO_DROPS];
  }
};

struct Options {
  std::uint16_t control = 0;
  bool echo = false;
  std::vector<Persona> personas;
};

// A block of datagrams that is received by one system call; those to be echoed leave by another.
class Batch {
 public:
  int receive(int fd) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts_[i] = {bytes_[i].data(), bytes_[i].size()};
      headers_[i].msg_hdr = {&sources_[i], sizeof sources_[i], &parts_[i], 1, stamps_[i].data(), stamps_[i].size(), 0};
    }
    return recvmmsg(fd, headers_.data(), kBatch, MSG_DONTWAIT, nullptr);
  }
  std::span<Byte> packet(std::size_t i) { return {bytes_[i].data(), headers_[i].msg_len}; }
  const sockaddr_in& source(std::size_t i) const { return sources_[i]; }
  Time arrival(std::size_t i) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&headers_[i].msg_hdr); c; c = CMSG_NXTHDR(&headers_[i].msg_hdr, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec t{};
      std::memcpy(&t, CMSG_DATA(c), sizeof t);
      return std::chrono::seconds(t.tv_sec) + Time(t.tv_nsec);
    }
    return now();
  }

  void send_back(std::size_t i) {
    parts_[i].iov_len = headers_[i].msg_len;
    back_[back_count_++].msg_hdr = {&sources_[i], sizeof sources_[i], &parts_[i], 1, nullptr, 0, 0};
  }
  void flush(int fd) {
    for (std::size_t done = 0; done < back_count_;) {
      const int sent = sendmmsg(fd, &back_[done], static_cast<unsigned>(back_count_ - done), 0);
      done += sent > 0 ? static_cast<std::size_t>(sent) : 1;  // one that cannot be sent is lost, as on a network
    }
    back_count_ = 0;
  }

 private:
  std::array<std::array<Byte, 2048>, kBatch> bytes_{};
  std::array<std::array<Byte, 128>, kBatch> stamps_{};
  std::array<sockaddr_in, kBatch> sources_{};
  std::array<iovec, kBatch> parts_{};
  std::array<mmsghdr, kBatch> headers_{}, back_{};
  std::size_t back_count_ = 0;
};

class FarEnd {
 public:
  explicit FarEnd(Options options);
  void run();

 private:
  struct Timer {
    Time due;
    std::size_t persona;
    std::uint64_t source, stream;
    bool operator>(const Timer& other) const { return due > other.due; }
  };

  void receive(std::size_t persona);
  bool on_packet(std::size_t persona, std::span<Byte> packet, const sockaddr_in& from, Time at);
  Stream& begin(std::size_t persona, std::uint64_t source, Time at);
  void press_due_keys(Time at);
  std::optional<Time> press(Persona& persona, Stream& stream, Time due);
  bool answer_control();
  std::string statistics() const;
  void reset();

  Options options_;
  std::vector<pollfd> fds_;  // signals, control, then one per persona
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;  // at most one per stream
  std::uint64_t stream_count_ = 0;
  Batch batch_;
};

std::uint64_t source_of(const sockaddr_in& from) { return std::uint64_t{from.sin_addr.s_addr} << 16 | from.sin_port; }

int open_socket(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (auto [force, plain] : {std::pair{SO_RCVBUFFORCE, SO_RCVBUF}, std::pair{SO_SNDBUFFORCE, SO_SNDBUF}})
    if (setsockopt(fd, SOL_SOCKET, force, &kSocketBuffer, sizeof kSocketBuffer))
      setsockopt(fd, SOL_SOCKET, plain, &kSocketBuffer, sizeof kSocketBuffer);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address))
    throw std::runtime_error(fmt::format("cannot open UDP port {}: {}", port, std::strerror(errno)));
  return fd;
}

FarEnd::FarEnd(Options options) : options_(std::move(options)) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  fds_.push_back({signalfd(-1, &signals, SFD_CLOEXEC), POLLIN, 0});
  fds_.push_back({open_socket(options_.control), POLLIN, 0});
  for (Persona& persona : options_.personas) {
    persona.fd = open_socket(persona.port);
    fds_.push_back({persona.fd, POLLIN, 0});
  }
}

void FarEnd::run() {
  for (;;) {
    const timespec wait = to_timespec(timers_.empty() ? Time{} : std::max(timers_.top().due - now(), Time{}));
    ppoll(fds_.data(), fds_.size(), timers_.empty() ? nullptr : &wait, nullptr);
    if (fds_[0].revents) return;
    for (std::size_t i = 0; i < options_.personas.size(); ++i)
      if (fds_[2 + i].revents) receive(i);
    press_due_keys(now());
    if (fds_[1].revents && !answer_control()) return;
    const timespec pause = to_timespec(kBatchTime);
    nanosleep(&pause, nullptr);
  }
}

void FarEnd::receive(std::size_t persona) {
  const int fd = options_.personas[persona].fd;
  for (std::size_t count = kBatch; count == kBatch;) {
    count = static_cast<std::size_t>(std::max(batch_.receive(fd), 0));
    for (std::size_t i = 0; i < count; ++i)
      if (on_packet(persona, batch_.packet(i), batch_.source(i), batch_.arrival(i)) && options_.echo)
        batch_.send_back(i);
    batch_.flush(fd);
  }
}

// A new SSRC is a new call that got a used port, unless the sequence numbers go on: then the call's audio has
// another source (Asterisk does that when it bridges the call).
bool continues_after(const Stream& stream, std::uint16_t sequence) {
  const auto step = static_cast<std::int16_t>(sequence - stream.sequence);
  return step > 0 && step <= kSourceChangeWindow;
}

// Returns whether the packet is audio; it is then rewritten to be sent back.
bool FarEnd::on_packet(std::size_t index, std::span<Byte> packet, const sockaddr_in& from, Time at) {
  if (packet.size() < kRtpHeader || packet[0] >> 6 != 2) return false;
  if (packet[1] >= 192 && packet[1] <= 223) return false;  // RFC 5761 4: RTCP
  const bool is_audio = (packet[1] & 0x7f) == kPcmu, has_marker = packet[1] & 0x80;
  const auto sequence = static_cast<std::uint16_t>(read_number(packet.subspan(2, 2)));
  const std::uint32_t timestamp = read_number(packet.subspan(4, 4)), ssrc = read_number(packet.subspan(8, 4));

  Persona& persona = options_.personas[index];
  auto found = persona.streams.find(source_of(from));
  const bool is_new_source = found == persona.streams.end() || found->second.ssrc != ssrc;
  const bool is_new_call =
      found == persona.streams.end() || (is_new_source && !continues_after(found->second, sequence));
  if (is_new_call && !is_audio) return false;
  Stream& stream = is_new_call ? begin(index, source_of(from), at) : found->second;
  if (is_new_call) {
    stream.source = from;
  } else {
    const auto step = static_cast<std::int16_t>(sequence - stream.sequence);
    const bool is_new_spurt = is_new_source || (has_marker && at - stream.last > kTalkSpurtGap);
    if (is_audio && !is_new_spurt) persona.statistics.add_gap(at - stream.last);
    if (step > 1) persona.statistics.lost += static_cast<std::uint64_t>(step - 1);
  }
  stream.ssrc = ssrc;
  stream.sequence = sequence;
  stream.last = at;
  if (!is_audio) return false;

  ++persona.statistics.packets;
  // Our clock follows the sender's timestamps; where they jump, it follows the time.
  const std::uint32_t step = timestamp - stream.timestamp;
  const bool is_plausible = !is_new_source && step > 0 && step < to_samples(60s);
  if (!is_new_call) stream.own_timestamp += is_plausible ? step : to_samples(at - stream.last_audio);
  stream.timestamp = timestamp;
  stream.last_audio = at;
  if (!options_.echo) return true;
  write_number(packet.subspan(2, 2), stream.own_sequence++);
  write_number(packet.subspan(4, 4), stream.own_timestamp);
  write_number(packet.subspan(8, 4), stream.own_ssrc);
  return true;
}

Stream& FarEnd::begin(std::size_t index, std::uint64_t source, Time at) {
  // A port serves one call at a time: whoever was called from it before will press nothing more.
  for (Persona& persona : options_.personas)
    if (auto other = persona.streams.find(source); other != persona.streams.end()) other->second.id = 0;
  Persona& persona = options_.personas[index];
  auto [entry, is_new] = persona.streams.try_emplace(source);
  Stream& stream = entry->second;
  if (!is_new) persona.statistics.lasted.push_back(stream.last - stream.first);
  stream = Stream{};
  stream.id = ++stream_count_;
  stream.own_ssrc = static_cast<std::uint32_t>(0xfa000000 + stream.id);
  stream.first = stream.last = stream.last_audio = at;
  ++persona.statistics.streams;
  if (!persona.script.empty()) timers_.push({at + persona.script.front().after, index, source, stream.id});
  return stream;
}

void FarEnd::press_due_keys(Time at) {
  while (!timers_.empty() && timers_.top().due <= at) {
    const Timer timer = timers_.top();
    timers_.pop();
    Persona& persona = options_.personas[timer.persona];
    const auto found = persona.streams.find(timer.source);
    if (found == persona.streams.end() || found->second.id != timer.stream) continue;
    if (auto next = press(persona, found->second, timer.due))
      timers_.push({*next, timer.persona, timer.source, timer.stream});
  }
}

// Sends one packet of the key that the stream is at; returns when the next one is due.
std::optional<Time> FarEnd::press(Persona& persona, Stream& stream, Time due) {
  const int number = stream.key_packet++;
  if (number == 0) stream.key_timestamp = stream.own_timestamp + to_samples(due - stream.last_audio);
  const bool is_end = number >= kKeyReports;
  const std::uint32_t duration = kSamplesPerPacket * static_cast<std::uint32_t>(std::min(number, kKeyReports) + 1);

  std::array<Byte, kRtpHeader + 4> bytes{0x80, static_cast<Byte>(kTelephoneEvent | (number == 0 ? 0x80 : 0))};
  const std::span packet(bytes);
  write_number(packet.subspan(2, 2), stream.own_sequence++);
  write_number(packet.subspan(4, 4), stream.key_timestamp);
  write_number(packet.subspan(8, 4), stream.own_ssrc);
  packet[12] = persona.script[stream.key].event;
  packet[13] = static_cast<Byte>((is_end ? 0x80 : 0) | 10);  // -10 dBm0
  write_number(packet.subspan(14, 2), duration);
  sendto(persona.fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&stream.source),
         sizeof stream.source);

  if (number + 1 < kKeyReports + kKeyEnds) return due + kPacketTime;
  ++persona.statistics.keys_sent;
  stream.key_packet = 0;
  if (++stream.key == persona.script.size()) return std::nullopt;
  return std::max(stream.first + persona.script[stream.key].after, due + kBetweenKeys);
}

// Returns whether to go on.
bool FarEnd::answer_control() {
  std::array<char, 64> word{};
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const auto length = recvfrom(fds_[1].fd, word.data(), word.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
  std::string_view command(word.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  while (command.ends_with('\n')) command.remove_suffix(1);
  if (command == "reset") reset();
  const bool is_known = command == "reset" || command == "quit";
  const std::string answer = command == "stats" ? statistics() : is_known ? "ok\n" : "unknown command\n";
  sendto(fds_[1].fd, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
  return command != "quit";
}

std::string FarEnd::statistics() const {
  Statistics total;
  std::string personas;
  for (const Persona& persona : options_.personas) {
    Statistics s = persona.statistics;
    s.dropped_here = persona.drops() - persona.drops_before;
    for (const auto& [source, stream] : persona.streams) s.lasted.push_back(stream.last - stream.first);
    total.add(s);
    personas += fmt::format(R"({}"{}":{})", personas.empty() ? "" : ",", persona.name, s.to_json());
  }
  return fmt::format("{{\"personas\":{{{}}},\"total\":{}}}\n", personas, total.to_json());
}

void FarEnd::reset() {
  for (Persona& persona : options_.personas) {
    persona.statistics = {};
    persona.streams.clear();
    persona.drops_before = persona.drops();
  }
  timers_ = {};
}

template <class T>
T parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  if (error != std::errc{} || end != text.end() || text.empty())
    throw std::invalid_argument(fmt::format("not a number: '{}'", text));
  return value;
}

std::pair<std::string_view, std::string_view> split(std::string_view text, char at) {
  const auto where = text.find(at);
  if (where == text.npos) return {text, {}};
  return {text.substr(0, where), text.substr(where + 1)};
}

Persona parse_persona(std::string_view text) {
  const auto [name, rest] = split(text, ':');
  auto [port, script] = split(rest, ':');
  Persona persona;
  persona.name = name;
  persona.port = parse_number<std::uint16_t>(port);
  constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  if (name.empty() || name.find_first_not_of(kNameCharacters) != name.npos)
    throw std::invalid_argument(fmt::format("a persona's name is of a-z 0-9 - _, not '{}'", name));
  while (!script.empty()) {
    const auto [item, others] = split(script, ',');
    const auto [key, after] = split(item, '@');
    const auto event = std::string_view("0123456789*#").find(key);
    if (key.size() != 1 || event == std::string_view::npos)
      throw std::invalid_argument(fmt::format("a key press is KEY@MILLISECONDS, not '{}'", item));
    persona.script.push_back({static_cast<Byte>(event), std::chrono::milliseconds(parse_number<unsigned>(after))});
    script = others;
  }
  return persona;
}

Options parse(std::span<char*> arguments) {
  Options options;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (name == "--echo") {
      options.echo = true;
      continue;
    }
    if ((name != "--control" && name != "--persona") || i + 1 == arguments.size())
      throw std::invalid_argument(fmt::format("unknown option, or no value: '{}'", name));
    if (name == "--control") options.control = parse_number<std::uint16_t>(arguments[++i]);
    else options.personas.push_back(parse_persona(arguments[++i]));
  }
  const bool has_no_port = std::ranges::any_of(options.personas, [](const Persona& p) { return p.port == 0; });
  if (options.control == 0 || options.personas.empty() || has_no_port)
    throw std::invalid_argument("a control port and at least one persona are needed, with ports of their own");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    FarEnd far_end(parse({argv, static_cast<std::size_t>(argc)}));
    fmt::print("ready\n");
    std::fflush(stdout);
    far_end.run();
    return 0;
  } catch (const std::exception& problem) {
    fmt::print(stderr, "far_end: {}\n", problem.what());
    fmt::print(stderr, "usage: far_end --control PORT [--echo] --persona NAME:PORT[:KEY@MILLISECONDS,…] …\n");
    return 2;
  }
}
