#include "config/render.h"

#include <algorithm>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "config/config_text.h"

namespace ringmaster::config {
namespace {

constexpr std::size_t kWidth = 100, kHelpIndent = 6;

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width > text.size() ? width - text.size() : 0, ' ');
}

// Words, filled into lines of at most kWidth columns.
std::string wrapped(const std::string& text, std::size_t indent) {
  std::istringstream words(text);
  std::string lines, line, word;
  while (words >> word) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > kWidth) {
      lines += std::string(indent, ' ') + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return line.empty() ? lines : lines + std::string(indent, ' ') + line + "\n";
}

std::string placeholder(const Key& key) {
  static constexpr const char* kNames[] = {"true|false", "N", "X", "TEXT", "A,B,…", "N,M,…"};
  return key.flag ? "" : std::string(" ") + kNames[key.target.index()];
}

std::string help_of(const Key& key) {
  std::string heading = "  --" + key.name + placeholder(key);
  for (const std::string& name : key.aliases) heading += ", --" + name;
  if (key.positional) heading += "   (or without its name)";
  std::string body = key.help;
  // Type and unit say nothing new where a flag or a free text is asked for.
  const bool plain = key.choices.empty() && key.checks.empty() && key.unit.empty();
  if (!key.flag && !(plain && std::holds_alternative<std::string*>(key.target)))
    body += " Takes " + allowed_values(key) + ".";
  if (key.required) {
    body += " Required.";
  } else if (!key.flag && !key.default_text.empty()) {
    body += " Default: " + key.default_text + ".";
  }
  return heading + "\n" + wrapped(body, kHelpIndent);
}

// Calls visit(key, true where the key begins a new group) for the keys that `wanted` says.
template <typename Wanted, typename Visit>
void for_each_key(const Declarations& keys, Wanted wanted, Visit visit) {
  const std::string* group = nullptr;
  for (const Key& key : keys.keys()) {
    if (!wanted(key)) continue;
    visit(key, group == nullptr || *group != key.group);
    group = &key.group;
  }
}

bool any(const Key&) {
  return true;
}
bool recorded(const Key& key) {
  return key.recorded;
}

nlohmann::ordered_json json_value(const Key& key) {
  return std::visit([](const auto* value) { return nlohmann::ordered_json(*value); }, key.target);
}

}  // namespace

std::string help_text(const Declarations& keys) {
  std::string text;
  for_each_key(keys, any, [&](const Key& key, bool new_group) {
    if (new_group) {
      if (!text.empty()) text += "\n";
      text += (key.group.empty() ? "options" : key.group) + ":\n";
    }
    text += help_of(key);
  });
  return text;
}

std::string table_text(const Declarations& keys) {
  const auto value_of = [](const Key& key) {
    return value_text(key) + (key.unit.empty() ? "" : " " + key.unit);
  };
  std::size_t name_width = 0, value_width = 0;
  for (const Key& key : keys.keys()) {
    name_width = std::max(name_width, key.name.size());
    value_width = std::max(value_width, value_of(key).size());
  }
  std::string text;
  for (const Key& key : keys.keys()) {
    text += padded(key.name, name_width) + "  " + padded(value_of(key), value_width) + "  " +
            key.origin + "\n";
  }
  return text;
}

std::string config_text(const Declarations& keys) {
  constexpr std::size_t kCommentColumn = 40;
  std::string text = "# Resolved configuration; --config takes it again.\n";
  for_each_key(keys, recorded, [&](const Key& key, bool new_group) {
    if (new_group) text += key.group.empty() ? "\n" : "\n# " + key.group + "\n";
    const std::string line = key.name + " = " + quote_value(value_text(key));
    text += padded(line, kCommentColumn - 1) + " # " + key.origin + "\n";
  });
  return text;
}

std::string config_json(const Declarations& keys) {
  auto object = nlohmann::ordered_json::object();
  for_each_key(keys, recorded, [&](const Key& key, bool) { object[key.name] = json_value(key); });
  return object.dump(2);
}

}  // namespace ringmaster::config
