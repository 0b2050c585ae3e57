// The gate before libmatio, which believes every size and dimension that a MATLAB file of format 5
// states, and asks for that much memory.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace ringmaster::sharding {

// A file of format 5 that has the variable `variable` of `file` alone, unpacked. In it every
// element lies inside the one that holds it, dimensions count no more than what is stored, and
// there is nothing but structs, text and real numbers: what libmatio takes for it is in proportion
// to it. Error{kBadData} with `name` for anything else. The format: MathWorks, "MAT-File Format",
// chapter 1.
[[nodiscard]] std::vector<std::byte> checked_matlab_file(std::span<const std::byte> file,
                                                         const std::string& variable,
                                                         const std::string& name);

}  // namespace ringmaster::sharding
