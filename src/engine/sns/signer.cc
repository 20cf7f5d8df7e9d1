#include "engine/sns/signer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <vector>

#include "base/check.h"
#include "base/encoding.h"
#include "engine/record.h"
#include "engine/sns/keys.h"

namespace engine::sns {
namespace {

constexpr int kKeyBits = 2048;
constexpr long kValiditySeconds = 10L * 365 * 24 * 3600;

template <class Write>
std::string pem_of(const Write& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  CHECK(bio != nullptr && write(bio.get()) == 1, "OpenSSL cannot write PEM to memory");
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string make_certificate(EVP_PKEY* key, base::Timestamp now) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  CHECK(certificate != nullptr, "OpenSSL is out of memory");
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  const auto from = static_cast<time_t>(base::to_epoch_seconds(now));
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), from);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), from + kValiditySeconds);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("sns.amazonaws.com"), -1,
                             -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  CHECK(X509_sign(certificate.get(), key, EVP_sha256()) > 0, "OpenSSL cannot sign a certificate");
  return pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
}

// OpenSSL asks between its steps whether to go on.
int goes_on(EVP_PKEY_CTX* context) {
  return *static_cast<const std::atomic<bool>*>(EVP_PKEY_CTX_get_app_data(context)) ? 0 : 1;
}

// nullptr if abandoned.
EVP_PKEY* make_key(const std::atomic<bool>& abandon) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr), EVP_PKEY_CTX_free);
  CHECK(context != nullptr && EVP_PKEY_keygen_init(context.get()) == 1 &&
            EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), kKeyBits) == 1,
        "OpenSSL cannot make a key");
  EVP_PKEY_CTX_set_app_data(context.get(), const_cast<std::atomic<bool>*>(&abandon));
  EVP_PKEY_CTX_set_cb(context.get(), goes_on);
  EVP_PKEY* key = nullptr;
  CHECK(EVP_PKEY_generate(context.get(), &key) == 1 || abandon, "OpenSSL cannot make a key");
  return key;
}

}  // namespace

std::unique_ptr<Signer> Signer::open(store::KvStore& store, base::Timestamp now, const std::atomic<bool>& abandon) {
  std::unique_ptr<Signer> out(new Signer);
  EVP_PKEY* key = nullptr;
  if (const auto row = store.get(keys::kSigningKey)) {
    std::string key_pem;
    RecordReader reader(*row);
    while (reader.next()) (reader.field() == 1 ? key_pem : out->certificate_pem_) = reader.text();
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
        BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())), BIO_free);
    key = PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr);
    store::require_intact(reader.ok() && key != nullptr, "the signing key of SNS");
  } else {
    key = make_key(abandon);
    if (key == nullptr) return nullptr;
    out->certificate_pem_ = make_certificate(key, now);
    const std::string key_pem =
        pem_of([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
    store::WriteBatch batch;
    batch.put(std::string(keys::kSigningKey), RecordWriter().text(1, key_pem).text(2, out->certificate_pem_).take());
    out->written_ = store.write(batch);
  }
  out->key_ = std::shared_ptr<void>(key, [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); });
  out->certificate_name_ =
      std::string(kCertificatePrefix) + base::hex_encode(base::sha256(out->certificate_pem_)).substr(0, 32) + ".pem";
  return out;
}

Signer::~Signer() = default;

std::string Signer::sign(std::string_view text, std::string_view version) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  auto* key = static_cast<EVP_PKEY*>(key_.get());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  bool ok = context != nullptr &&
            EVP_DigestSignInit(context.get(), nullptr, version == "2" ? EVP_sha256() : EVP_sha1(), nullptr, key) == 1 &&
            EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1;
  std::string out(size, '\0');
  ok =
      ok && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, text.size()) == 1;
  CHECK(ok, "OpenSSL cannot sign");
  out.resize(size);
  return base::base64_encode(out);
}

}  // namespace engine::sns
