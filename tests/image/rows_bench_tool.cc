// links: rm_data rm_image
// How much faster crops are decoded from files with restart markers and a table of rows (pack
// --optimise) than from the plain files: both in memory, one thread, alternating.
//   rows_bench_tool FOLDER [ROUNDS]     every .jpg, .jpeg and .JPEG below FOLDER
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/philox.h"
#include "data/geometry.h"
#include "image/jpeg_rows.h"

namespace {

using namespace ringmaster;
using Bytes = std::vector<std::byte>;

struct Picture {
  Bytes plain, fast;
  image::Header header;
};

std::vector<Picture> load(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string ending = entry.path().extension();
    if (ending == ".jpg" || ending == ".jpeg" || ending == ".JPEG") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Picture> pictures;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto bytes = std::as_bytes(std::span(text));
    Picture picture{{bytes.begin(), bytes.end()}, {}, image::read_header(bytes)};
    if (image::optimise_jpeg(picture.plain, picture.fast)) pictures.push_back(std::move(picture));
  }
  return pictures;
}

// Milliseconds an image, for the crops of `round`.
double time_of(const std::vector<Picture>& pictures, Bytes Picture::*which, std::uint64_t round) {
  image::Image out;
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    RandomStream random(1, RandomUse::kTest, round, i);
    const auto crop = data::random_resized_crop(
        {pictures[i].header.height, pictures[i].header.width}, 0.08, random);
    image::decode_rgb(pictures[i].*which, crop, out);
  }
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
  return spent.count() / static_cast<double>(pictures.size());
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: rows_bench_tool FOLDER [ROUNDS]\n";
    return 2;
  }
  const std::vector<Picture> pictures = load(argv[1]);
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 11;
  std::vector<double> plain, fast, ratio;
  for (int round = 0; round < rounds; ++round) {
    const auto number = static_cast<std::uint64_t>(round);
    plain.push_back(time_of(pictures, &Picture::plain, number));
    fast.push_back(time_of(pictures, &Picture::fast, number));
    ratio.push_back(fast.back() / plain.back());
  }
  std::size_t plain_bytes = 0, fast_bytes = 0;
  for (const Picture& picture : pictures) {
    plain_bytes += picture.plain.size();
    fast_bytes += picture.fast.size();
  }
  std::cout << pictures.size() << " images, " << rounds << " rounds, medians: plain "
            << median(plain) << " ms an image, with rows " << median(fast) << " ms, ratio "
            << median(ratio) << "; bytes " << plain_bytes << " and " << fast_bytes << ", ratio "
            << static_cast<double>(fast_bytes) / static_cast<double>(plain_bytes) << '\n';
}
