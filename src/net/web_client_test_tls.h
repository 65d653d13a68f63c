// For web_client_test.cpp: a TLS server on 127.0.0.1 with a certificate of its own making, in a thread of its own.
// Every connection gets one answer.
#pragma once

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include "base/no_pipe_signal.h"
#include "base/text.h"
#include "net/test_sockets.h"

namespace carillon::net {

class TlsServer {
 public:
  // `name` is what the certificate is for.
  explicit TlsServer(const std::string& name) {
    key_ = EVP_EC_gen("P-256");
    certificate_ = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_set_version(certificate_, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    auto* subject = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate_, subject);
    auto* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
    X509_add_ext(certificate_, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate_, key_, EVP_sha256());
    if (FILE* out = std::fopen(file_.c_str(), "w")) {
      PEM_write_X509(out, certificate_);
      std::fclose(out);
    }
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, certificate_);
    SSL_CTX_use_PrivateKey(context_, key_);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listening_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listening_, 16), 0);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() {
    is_stopping_ = true;
    RawSocket::connect(port());
    thread_.join();
    ::close(listening_);
    SSL_CTX_free(context_);
    X509_free(certificate_);
    EVP_PKEY_free(key_);
    std::filesystem::remove(file_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::uint16_t port() const { return port_; }
  const std::filesystem::path& certificate_file() const { return file_; }

 private:
  void serve() {
    const NoPipeSignal no_signal;  // of clients that do not trust it and leave
    while (!is_stopping_) {
      const int fd = ::accept(listening_, nullptr, nullptr);
      SSL* tls = SSL_new(context_);
      SSL_set_fd(tls, fd);
      char request[4096];
      if (SSL_accept(tls) == 1 && SSL_read(tls, request, sizeof request) > 0) {
        constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nover TLS";
        SSL_write(tls, answer.data(), static_cast<int>(answer.size()));
        SSL_shutdown(tls);
      }
      SSL_free(tls);
      ::close(fd);
    }
  }

  int listening_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::uint16_t port_ = 0;
  std::filesystem::path file_ = std::filesystem::temp_directory_path() / ("tls-" + random_hex(6) + ".pem");
  EVP_PKEY* key_ = nullptr;
  X509* certificate_ = nullptr;
  SSL_CTX* context_ = nullptr;
  std::atomic<bool> is_stopping_ = false;
  std::thread thread_;
};

}  // namespace carillon::net
