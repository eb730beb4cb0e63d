#include "client/signature.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.h"
#include "wire/remoting/command.h"

namespace sluice::client {

using namespace wire::remoting;

namespace {

std::string base64(std::span<const unsigned char> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL writes a zero behind it
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string hmac_sha1(const std::string& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum;
  unsigned int size = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), sum.data(), &size);
  return base64(std::span(sum).first(size));
}

}  // namespace

Buffer signed_frame(Buffer frame, const Credentials& credentials) {
  Command command;
  const bool whole = decode({frame.data(), frame.size()}, command).has_value();
  SLUICE_ASSERT(whole);  // it is our own
  std::vector<ExtField> fields(command.ext.begin(), command.ext.end());
  fields.push_back({"AccessKey", credentials.access_key});
  if (!credentials.security_token.empty()) {
    fields.push_back({"SecurityToken", credentials.security_token});
  }
  std::ranges::sort(fields, {}, &ExtField::name);
  std::string content;
  for (const ExtField& field : fields) content += field.value;
  content += as_text(command.body);
  const std::string signature = hmac_sha1(credentials.secret_key, content);

  Buffer out;
  FrameWriter writer(out, {.kind = command.kind,
                           .code = command.code,
                           .opaque = command.opaque,
                           .flag = command.flag,
                           .remark = command.remark,
                           .language = command.language});
  for (const ExtField& field : fields) writer.field(field.name, field.value);
  writer.field("Signature", std::string_view(signature));
  writer.finish(command.body.size());
  out.append(command.body);
  return out;
}

}  // namespace sluice::client
