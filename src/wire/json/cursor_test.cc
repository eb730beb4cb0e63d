#include "wire/json/cursor.h"

#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::wire::json {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs texts_of(std::string text, bool* ok = nullptr) {
  Pairs pairs;
  Cursor in(text.data(), text.data() + text.size());
  in.texts([&](std::string_view name, std::string_view value) { pairs.emplace_back(name, value); });
  if (ok != nullptr) *ok = in.ok() && in.at_end();
  return pairs;
}

/// An object as one of the clients writes it, and what is in it.
class Writing {
 public:
  explicit Writing(std::mt19937& random) : random_(random) {
    text_ = "{";
    const std::size_t members = random_() % 20;
    for (std::size_t i = 0; i < members; ++i) member(i);
    text_ += blank() + "}";
  }
  const std::string& text() const { return text_; }
  const Pairs& pairs() const { return pairs_; }

 private:
  std::string blank() { return random_() % 8 == 0 ? " \n" : ""; }
  std::string word() {
    return std::string(random_() % 90, static_cast<char>('a' + random_() % 26));
  }

  void member(std::size_t i) {
    if (i > 0) text_ += blank() + ",";
    const std::string name = word();
    text_ += blank() + "\"" + name + "\"" + blank() + ":" + blank();
    const auto add = [&](const std::string& written, const std::string& meant) {
      text_ += written;
      pairs_.emplace_back(name, meant);
    };
    const std::string value = word();
    switch (random_() % 10) {
      case 0: return add("\"" + value + "\\u0001\\\"z\"", value + "\x01\"z");
      case 1: return add("17", "17");
      case 2: return void(text_ += R"([1,{"x":"}"}])");
      default: return add("\"" + value + "\"", value);
    }
  }

  std::mt19937& random_;
  std::string text_;
  Pairs pairs_;
};

TEST(JsonCursor, TakesTextsHoweverTheyAreWritten) {
  std::mt19937 random(11);
  for (int round = 0; round < 5'000; ++round) {
    const Writing object(random);
    bool ok = false;
    ASSERT_EQ(texts_of(object.text(), &ok), object.pairs()) << object.text();
    ASSERT_TRUE(ok) << object.text();
  }
}

TEST(JsonCursor, SaysOfAnObjectThatIsCutShortThatItIsNone) {
  const std::string whole = R"({"name":"value","other":"some \u0041 text","n":1})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    bool ok = true;
    texts_of(whole.substr(0, size), &ok);
    EXPECT_FALSE(ok) << whole.substr(0, size);
  }
}

}  // namespace
}  // namespace sluice::wire::json
