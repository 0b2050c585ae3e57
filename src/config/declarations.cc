#include "config/declarations.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "config/nearest.h"

namespace ringmaster::config {
namespace {

bool is_snake_case(std::string_view name) {
  return !name.empty() &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

bool has_name(const Key& key, std::string_view name) {
  return key.name == name ||
         std::find(key.aliases.begin(), key.aliases.end(), name) != key.aliases.end();
}

}  // namespace

void Declarations::group(std::string heading) {
  group_ = std::move(heading);
}

void Declarations::add(std::string name, Target target, std::string help,
                       const std::vector<Trait>& traits) {
  Key key;
  key.name = std::move(name);
  key.help = std::move(help);
  key.group = group_;
  key.target = target;
  key.origin = "default";
  for (const Trait& trait : traits) trait(key);
  key.default_text = value_text(key);

  RM_CHECK(is_snake_case(key.name), "key '", key.name, "'");
  RM_CHECK(find(key.name) == nullptr, "key ", key.name, " is declared twice");
  for (const std::string& other : key.aliases)
    RM_CHECK(is_snake_case(other) && find(other) == nullptr, "alias ", other, " of ", key.name);
  RM_CHECK(!key.flag || std::holds_alternative<bool*>(key.target), "flag ", key.name);
  keys_.push_back(std::move(key));
}

const Key* Declarations::find(std::string_view name) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return has_name(key, name); });
  return found == keys_.end() ? nullptr : &*found;
}

Key* Declarations::find(std::string_view name) {
  return const_cast<Key*>(std::as_const(*this).find(name));
}

Key& Declarations::at(const std::string& name, const std::string& origin) {
  if (Key* key = find(name)) return *key;
  std::vector<std::string> names;
  for (const Key& key : keys_) {
    names.push_back(key.name);
    names.insert(names.end(), key.aliases.begin(), key.aliases.end());
  }
  const std::string hint =
      names.empty() ? "no key is taken here" : "did you mean '" + nearest(name, names) + "'?";
  throw Error(ErrorKind::kInvalidArgument,
              join_text(origin, ": unknown key '", name, "'; ", hint, " (--help lists all)"));
}

}  // namespace ringmaster::config
