// The far end of all calls' audio: the people who were called, as the system tests and the demo need them.
//
//   far_end --control PORT [--echo] [--record FILE] [--tone NAME:HERTZ] … --persona NAME:PORT[:SCRIPT] …
//
// Each persona is one UDP socket on 127.0.0.1. It listens and measures; it presses the keys of its SCRIPT, which is
// KEY@MILLISECONDS,… from the first packet of a call (1@2000,9@6000); with --echo it says back what it hears, with
// --tone it says that tone. --record keeps every packet of audio that is heard, as Record has it. Prints
// "ready" once all ports are open. The control port takes a word per datagram: stats (answers JSON), reset, quit.
//
// The echo has a beat of its own, a packet per 20 ms as long as audio was heard within the last second: two personas
// that are bridged keep each other talking, and never faster than that. One thread. Times are of CLOCK_REALTIME, by
// which the kernel stamps arrivals (SO_TIMESTAMPNS): our own delays do not count as the sender's jitter.
#include <fmt/core.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <numbers>
#include <regex>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using Time = std::chrono::nanoseconds;  // since the epoch, or a span
using Byte = std::uint8_t;

constexpr Byte kPcmu = 0, kTelephoneEvent = 101, kMarker = 0x80, kUlawSilence = 0xff;
constexpr std::size_t kRtpHeader = 12, kSamplesPerPacket = 160, kOneSecond = 8000;
constexpr std::uint32_t kOwnSsrc = 0xfa000000, kOwnSsrcMask = 0xff000000;
constexpr Time kPacketTime = 20ms, kNever = Time::max();
constexpr int kKeyReports = 5;         // packets while the key is down …
constexpr int kKeyEnds = 3;            // … and of its end: RFC 4733 2.5.1.4
constexpr Time kBetweenKeys = 60ms;    // at least, from one key's last packet to the next key
constexpr Time kTalksOn = 1s;          // after the last packet heard
constexpr Time kCatchUp = 100ms;       // packets that are later than this are left out
constexpr Time kTalkSpurtGap = 400ms;  // a longer gap before a packet with the marker is a pause of the speaker
constexpr Time kBatchTime = 2ms;       // packets of this span share their system calls
constexpr std::size_t kBatch = 128;
constexpr int kSocketBuffer = 32 << 20;
constexpr std::array<std::pair<Time, const char*>, 6> kGapClasses{
    {{25ms, "le25"}, {30ms, "le30"}, {40ms, "le40"}, {60ms, "le60"}, {100ms, "le100"}, {Time::max(), "gt100"}}};

Time to_time(const timespec& t) { return std::chrono::seconds(t.tv_sec) + Time(t.tv_nsec); }
Time now() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return to_time(t);
}
double to_ms(Time t) { return std::chrono::duration<double, std::milli>(t).count(); }

std::uint32_t read_number(std::span<const Byte> bytes) {
  std::uint32_t value = 0;
  for (Byte b : bytes) value = value << 8 | b;
  return value;
}
void write_number(std::span<Byte> bytes, std::uint64_t value) {
  for (auto b = bytes.rbegin(); b != bytes.rend(); ++b, value >>= 8) *b = static_cast<Byte>(value);
}

// ITU-T G.711 mu-law of a 16-bit sample.
Byte to_ulaw(int sample) {
  constexpr int kBias = 132, kClip = 32'635;
  const int sign = sample < 0 ? 0x80 : 0;
  const int magnitude = std::min(std::abs(sample), kClip) + kBias;
  int exponent = 7;
  for (int mask = 0x4000; exponent > 0 && !(magnitude & mask); mask >>= 1) --exponent;
  return static_cast<Byte>(~(sign | exponent << 4 | (magnitude >> (exponent + 3) & 0x0f)));
}

// What stands before each packet's audio in the file of --record, little-endian without gaps.
struct [[gnu::packed]] Record {
  std::int64_t arrival_ns;  // since the epoch
  std::uint32_t ssrc, timestamp;
  std::uint16_t source_port, sequence, bytes;
  Byte persona;  // in the order of the command line
};

struct Persona;

// One call: what comes from one source port, and what is said to it.
struct Stream {
  Persona* persona = nullptr;
  sockaddr_in source{};
  std::uint32_t ssrc = 0, last_ssrc = 0;  // of the caller itself; of the last packet, whosever audio it was
  std::uint16_t sequence = 0;
  Time first{}, last{};
  std::array<Byte, kSamplesPerPacket> heard{};  // the last packet's audio

  std::uint16_t own_sequence = 1000;
  std::uint32_t own_ssrc = 0;
  std::size_t key = 0;  // index in the script
  int key_packet = 0;   // of that key, the next to be sent
  Time key_due{}, due = kNever;

  static bool is_own(std::uint32_t any_ssrc) { return (any_ssrc & kOwnSsrcMask) == kOwnSsrc; }
  // In a native bridge Asterisk passes the other persona's packets on as they are.
  bool is_passed_on(std::uint32_t new_ssrc) const { return is_own(new_ssrc) && !is_own(ssrc); }
  // A new SSRC is a new call on a used port, unless this call was bridged: then Asterisk passes packets on, or changes
  // the SSRC and goes on with the sequence numbers (with any timestamp; a new call would begin near 0).
  bool goes_on_with(std::uint32_t new_ssrc, std::uint16_t new_sequence, std::uint32_t new_timestamp) const {
    const bool is_next = new_sequence == static_cast<std::uint16_t>(sequence + 1) && new_timestamp >= kOneSecond;
    return new_ssrc == ssrc || is_passed_on(new_ssrc) || is_next;
  }
};

struct Statistics {
  std::uint64_t streams = 0, packets = 0, lost = 0, keys_sent = 0;
  std::uint64_t dropped_here = 0;  // by the kernel because we were slow: not the sender's fault
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

struct Press {
  Byte event;  // RFC 4733 3.2: 0-9, * is 10, # is 11
  Time after;
};

struct Persona {
  std::string name;
  std::uint16_t port = 0;
  std::vector<Press> script;
  int hertz = 0;  // of the tone that it says; 0: none
  int fd = -1;
  std::unordered_map<std::uint64_t, Stream> streams;  // by source; bounded by the number of ports
  Statistics statistics;
  std::uint64_t drops_before = 0;

  std::uint64_t drops() const {
    std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
    socklen_t size = sizeof info;
    getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info.data(), &size);
    return info[SK_MEMINFO_DROPS];
  }
};

struct Options {
  std::uint16_t control = 0;
  bool echo = false;
  std::string record;  // file; empty: none
  std::vector<std::pair<std::string, int>> tones;
  std::vector<Persona> personas;

  bool speaks(const Persona& persona) const { return echo || persona.hertz > 0; }
};

// Datagrams that share one system call, in or out.
class Batch {
 public:
  int receive(int fd) {
    for (std::size_t i = 0; i < kBatch; ++i) prepare(i, bytes_[i].size(), sizeof stamps_[i]);
    return recvmmsg(fd, headers_.data(), kBatch, MSG_DONTWAIT, nullptr);
  }
  std::span<const Byte> packet(std::size_t i) const { return {bytes_[i].data(), headers_[i].msg_len}; }
  const sockaddr_in& source(std::size_t i) const { return addresses_[i]; }
  Time arrival(std::size_t i) {
    const cmsghdr* stamp = CMSG_FIRSTHDR(&headers_[i].msg_hdr);
    if (!stamp || stamp->cmsg_type != SCM_TIMESTAMPNS) return now();
    timespec t{};
    std::memcpy(&t, CMSG_DATA(stamp), sizeof t);
    return to_time(t);
  }

  void send(int fd, const sockaddr_in& to, std::span<const Byte> packet) {
    if (fd != fd_ || count_ == kBatch) flush();
    fd_ = fd;
    addresses_[count_] = to;
    std::ranges::copy(packet, bytes_[count_].begin());
    prepare(count_++, packet.size(), 0);
  }
  void flush() {
    for (std::size_t done = 0; done < count_;) {
      const int sent = sendmmsg(fd_, &headers_[done], static_cast<unsigned>(count_ - done), 0);
      done += sent > 0 ? static_cast<std::size_t>(sent) : 1;  // one that cannot be sent is lost, as on a network
    }
    count_ = 0;
  }

 private:
  void prepare(std::size_t i, std::size_t size, std::size_t stamp_size) {
    parts_[i] = {bytes_[i].data(), size};
    headers_[i].msg_hdr = {&addresses_[i], sizeof addresses_[i], &parts_[i], 1, &stamps_[i], stamp_size, 0};
  }
  std::array<std::array<Byte, 2048>, kBatch> bytes_{};
  std::array<std::array<std::uint64_t, 8>, kBatch> stamps_{};
  std::array<sockaddr_in, kBatch> addresses_{};
  std::array<iovec, kBatch> parts_{};
  std::array<mmsghdr, kBatch> headers_{};
  std::size_t count_ = 0;
  int fd_ = -1;
};

int open_socket(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
  for (auto [force, plain] : {std::pair{SO_RCVBUFFORCE, SO_RCVBUF}, std::pair{SO_SNDBUFFORCE, SO_SNDBUF}})
    if (setsockopt(fd, SOL_SOCKET, force, &kSocketBuffer, sizeof kSocketBuffer))
      setsockopt(fd, SOL_SOCKET, plain, &kSocketBuffer, sizeof kSocketBuffer);
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  const sockaddr_in address{AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}, {}};
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address))
    throw std::runtime_error(fmt::format("cannot open UDP port {}: {}", port, std::strerror(errno)));
  return fd;
}

class FarEnd {
 public:
  explicit FarEnd(Options options) : options_(std::move(options)) {
    fds_.push_back({open_socket(options_.control), POLLIN, 0});
    for (Persona& persona : options_.personas) {
      persona.fd = open_socket(persona.port);
      fds_.push_back({persona.fd, POLLIN, 0});
      for (const auto& [name, hertz] : options_.tones)
        if (name == persona.name) persona.hertz = hertz;
    }
    if (options_.record.empty()) return;
    record_.reset(std::fopen(options_.record.c_str(), "wb"));
    if (!record_) throw std::runtime_error("cannot write " + options_.record);
  }

  void run() {
    for (;;) {
      poll(fds_.data(), fds_.size(), talking_.empty() ? -1 : 0);
      for (std::size_t i = 0; i < options_.personas.size(); ++i)
        if (fds_[1 + i].revents) receive(options_.personas[i]);
      talk(now());
      if (fds_[0].revents && !answer_control()) return;
      const timespec pause = {0, kBatchTime.count()};
      nanosleep(&pause, nullptr);
    }
  }

 private:
  void receive(Persona& persona) {
    for (std::size_t count = kBatch; count == kBatch;) {
      count = static_cast<std::size_t>(std::max(in_.receive(persona.fd), 0));
      for (std::size_t i = 0; i < count; ++i) on_packet(persona, in_.packet(i), in_.source(i), in_.arrival(i));
    }
  }

  void on_packet(Persona& persona, std::span<const Byte> packet, const sockaddr_in& from, Time at) {
    if (packet.size() < kRtpHeader || packet[0] >> 6 != 2) return;
    if (packet[1] >= 192 && packet[1] <= 223) return;  // RFC 5761 4: RTCP
    const bool is_audio = (packet[1] & 0x7f) == kPcmu;
    const auto sequence = static_cast<std::uint16_t>(read_number(packet.subspan(2, 2)));
    const std::uint32_t timestamp = read_number(packet.subspan(4, 4)), ssrc = read_number(packet.subspan(8, 4));

    const std::uint64_t source = std::uint64_t{from.sin_addr.s_addr} << 16 | from.sin_port;
    const auto found = persona.streams.find(source);
    const bool is_new = found == persona.streams.end() || !found->second.goes_on_with(ssrc, sequence, timestamp);
    if (is_new && !is_audio) return;
    Stream& stream = is_new ? begin(persona, source, from, ssrc, at) : found->second;
    const bool is_same_source = !is_new && ssrc == stream.last_ssrc, is_passed_on = stream.is_passed_on(ssrc);
    const bool is_talk_spurt = at - stream.last > kTalkSpurtGap && packet[1] & kMarker;
    const auto step = static_cast<std::int16_t>(sequence - stream.sequence);
    if (is_same_source && is_audio && !is_talk_spurt) persona.statistics.add_gap(at - stream.last);
    if (is_same_source && !is_passed_on && step > 1) persona.statistics.lost += static_cast<std::uint64_t>(step - 1);
    if (!is_passed_on && (!is_same_source || step > 0)) {
      stream.ssrc = ssrc;
      stream.sequence = sequence;
    }
    stream.last_ssrc = ssrc;
    stream.last = at;
    if (!is_audio) return;

    ++persona.statistics.packets;
    const auto audio = packet.subspan(kRtpHeader);
    if (record_) {
      const Record record{at.count(),
                          ssrc,
                          timestamp,
                          ntohs(from.sin_port),
                          sequence,
                          static_cast<std::uint16_t>(audio.size()),
                          static_cast<Byte>(&persona - options_.personas.data())};
      std::fwrite(&record, sizeof record, 1, record_.get());
      std::fwrite(audio.data(), 1, audio.size(), record_.get());
    }
    std::ranges::fill(stream.heard, kUlawSilence);
    std::ranges::copy(audio.first(std::min(audio.size(), stream.heard.size())), stream.heard.begin());
    if (options_.speaks(persona) && stream.due == kNever) stream.due = at;
    if (stream.due != kNever) talking_.insert(&stream);
  }

  Stream& begin(Persona& persona, std::uint64_t source, const sockaddr_in& from, std::uint32_t ssrc, Time at) {
    // A port serves one call at a time: whoever was called from it before says nothing more.
    for (Persona& p : options_.personas)
      if (const auto other = p.streams.find(source); other != p.streams.end()) other->second.due = kNever;
    const auto [entry, is_new_source] = persona.streams.try_emplace(source);
    Stream& stream = entry->second;
    ++persona.statistics.streams;
    if (!is_new_source) persona.statistics.lasted.push_back(stream.last - stream.first);
    stream = Stream{};
    stream.persona = &persona;
    stream.source = from;
    stream.own_ssrc = kOwnSsrc | (++stream_count_ & ~kOwnSsrcMask);
    stream.ssrc = ssrc;
    stream.first = stream.last = at;
    if (!persona.script.empty()) stream.due = stream.key_due = at + persona.script[0].after;
    if (options_.speaks(persona)) stream.due = at;
    return stream;
  }

  void talk(Time at) {
    std::erase_if(talking_, [&](Stream* stream) {
      if (stream->due <= at) stream->due = say_next(*stream, std::max(stream->due, at - kCatchUp));
      return stream->due == kNever;
    });
    out_.flush();
  }

  // Sends what the person does now, a key press or audio; returns when to come again.
  Time say_next(Stream& stream, Time due) {
    const std::vector<Press>& script = stream.persona->script;
    const bool talks = options_.speaks(*stream.persona) && due - stream.last <= kTalksOn;
    if (stream.key < script.size() && due >= stream.key_due)
      send_key(stream, due);
    else if (talks)
      send(stream, kPcmu, due, stream.persona->hertz > 0 ? tone_of(stream) : stream.heard);
    if (talks || stream.key_packet > 0) return due + kPacketTime;
    return stream.key < script.size() ? stream.key_due : kNever;
  }

  static std::array<Byte, kSamplesPerPacket> tone_of(const Stream& stream) {
    std::array<Byte, kSamplesPerPacket> audio{};
    for (std::size_t i = 0; i < audio.size(); ++i) {
      const double sample = static_cast<double>(stream.own_sequence * kSamplesPerPacket + i);
      const double phase = 2 * std::numbers::pi * stream.persona->hertz * sample / kOneSecond;
      audio[i] = to_ulaw(static_cast<int>(8'000 * std::sin(phase)));
    }
    return audio;
  }

  void send_key(Stream& stream, Time due) {
    const std::vector<Press>& script = stream.persona->script;
    const int number = stream.key_packet++;
    const bool is_end = number >= kKeyReports;
    const int duration = static_cast<int>(kSamplesPerPacket) * (std::min(number, kKeyReports) + 1);
    if (number == 0) stream.key_due = due;  // all packets of a key bear the time of its beginning
    const std::array event{script[stream.key].event, static_cast<Byte>((is_end ? 0x80 : 0) | 10),  // -10 dBm0
                           static_cast<Byte>(duration >> 8), static_cast<Byte>(duration & 0xff)};
    send(stream, static_cast<Byte>(kTelephoneEvent | (number == 0 ? kMarker : 0)), stream.key_due, event);
    // With the first of its ends the key is said: the call may be over, and its port another's, before the last one.
    if (number == kKeyReports) ++stream.persona->statistics.keys_sent;
    if (number + 1 < kKeyReports + kKeyEnds) return;
    stream.key_packet = 0;
    if (++stream.key < script.size())
      stream.key_due = std::max(stream.first + script[stream.key].after, due + kBetweenKeys);
  }

  void send(Stream& stream, Byte type, Time at, std::span<const Byte> payload) {
    std::array<Byte, kRtpHeader + kSamplesPerPacket> bytes{0x80, type};
    const std::span packet(bytes);
    write_number(packet.subspan(2, 2), stream.own_sequence++);
    write_number(packet.subspan(4, 4), 80'000 + static_cast<std::uint64_t>((at - stream.first) / 125us));
    write_number(packet.subspan(8, 4), stream.own_ssrc);
    std::ranges::copy(payload, packet.subspan(kRtpHeader).begin());
    out_.send(stream.persona->fd, stream.source, packet.first(kRtpHeader + payload.size()));
  }

  // Returns whether to go on.
  bool answer_control() {
    std::array<char, 64> word{};
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const auto length = recvfrom(fds_[0].fd, word.data(), word.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    std::string_view command(word.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    while (command.ends_with('\n')) command.remove_suffix(1);
    if (command == "reset") reset();
    if (record_) std::fflush(record_.get());
    const bool is_known = command == "reset" || command == "quit";
    const std::string answer = command == "stats" ? statistics() : is_known ? "ok\n" : "unknown command\n";
    sendto(fds_[0].fd, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    return command != "quit";
  }

  std::string statistics() const {
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

  void reset() {
    talking_.clear();
    for (Persona& persona : options_.personas) {
      persona.statistics = {};
      persona.streams.clear();
      persona.drops_before = persona.drops();
    }
  }

  Options options_;
  std::vector<pollfd> fds_;              // control, then one per persona
  std::unordered_set<Stream*> talking_;  // those with something due
  std::uint32_t stream_count_ = 0;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> record_{nullptr, &std::fclose};
  Batch in_, out_;
};

std::uint16_t parse_port(const std::string& text) {
  const int port = std::regex_match(text, std::regex("[0-9]{1,5}")) ? std::stoi(text) : 0;
  if (port < 1 || port > 65535) throw std::invalid_argument(fmt::format("not a port: '{}'", text));
  return static_cast<std::uint16_t>(port);
}

Persona parse_persona(const std::string& text) {
  static const std::regex shape("([a-z0-9-]+):([0-9]+)(:[0-9*#]@[0-9]{1,8}(,[0-9*#]@[0-9]{1,8})*)?");
  static const std::regex press("([0-9*#])@([0-9]+)");
  std::smatch part;
  if (!std::regex_match(text, part, shape))
    throw std::invalid_argument(fmt::format("a persona is NAME:PORT[:KEY@MILLISECONDS,…], not '{}'", text));
  Persona persona;
  persona.name = part[1];
  persona.port = parse_port(part[2]);
  for (std::sregex_iterator i(text.begin(), text.end(), press), end; i != end; ++i) {
    const auto event = std::string_view("0123456789*#").find((*i)[1].str());
    persona.script.push_back({static_cast<Byte>(event), std::chrono::milliseconds(std::stoi((*i)[2]))});
  }
  return persona;
}

std::pair<std::string, int> parse_tone(const std::string& text) {
  std::smatch part;
  if (!std::regex_match(text, part, std::regex("([a-z0-9-]+):([0-9]{2,4})")))
    throw std::invalid_argument(fmt::format("a tone is NAME:HERTZ, not '{}'", text));
  return {part[1], std::stoi(part[2])};
}

Options parse(std::span<char*> arguments) {
  Options options;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string name = arguments[i], value = i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (name == "--echo") options.echo = true;
    if (name == "--control") options.control = parse_port(value);
    if (name == "--persona") options.personas.push_back(parse_persona(value));
    if (name == "--record") options.record = value;
    if (name == "--tone") options.tones.push_back(parse_tone(value));
    constexpr std::array kNames{"--echo", "--control", "--persona", "--record", "--tone"};
    if (std::ranges::find(kNames, name) == kNames.end()) throw std::invalid_argument("unknown option " + name);
    i += name == "--echo" ? 0 : 1;
  }
  if (options.control == 0 || options.personas.empty())
    throw std::invalid_argument("a control port and at least one persona are needed");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGTERM, [](int) { _exit(0); });
  std::signal(SIGINT, [](int) { _exit(0); });
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
