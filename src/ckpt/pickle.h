// Reads pickles of protocol 2 as torch.save writes them, into a tree of plain values. Nothing is
// ever called or imported: what a pickle asks to call is kept as a value that says so. Made for
// files from anywhere: errors are Error{kBadData}, memory is proportional to the pickle's size, and
// no depth of nesting overflows the stack.
//
// Opcodes: Lib/pickletools.py of CPython.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringmaster::ckpt {

struct PickleValue {
  enum class Kind {
    kNone,
    kBool,        // integer: 0 or 1
    kInteger,     // integer
    kReal,        // real
    kText,        // text, UTF-8
    kTuple,       // items
    kList,        // items
    kDict,        // items: key, value, key, value ... (also for collections.OrderedDict)
    kGlobal,      // text: "module name"
    kCall,        // items: what is called, its arguments (a tuple)
    kPersistent,  // items: the id; how torch.save writes the place of a tensor's storage
    kOpaque,      // something that no checkpoint needs: bytes, an integer above 64 bits
  };
  Kind kind = Kind::kNone;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<const PickleValue*> items;

  // The value under a text key of a dict; nullptr where there is none or this is no dict. The last
  // one where a key stands twice, as in Python.
  [[nodiscard]] const PickleValue* find(std::string_view key) const;
};

// Owns the values; pointers to them live as long as it does.
class Pickle {
 public:
  // `path` is for messages.
  Pickle(std::span<const std::byte> bytes, const std::string& path);
  Pickle(Pickle&&) = default;
  Pickle(const Pickle&) = delete;
  [[nodiscard]] const PickleValue& root() const { return *root_; }

 private:
  std::deque<PickleValue> values_;
  const PickleValue* root_ = nullptr;
};

}  // namespace ringmaster::ckpt
