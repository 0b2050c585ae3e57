// Operations that change each level by itself: every pixel's result depends on its own value and,
// for some, on the image's statistics. In place, on RGB, as Pillow's ImageOps and ImageEnhance.
#pragma once

#include "image/image.h"

namespace ringmaster::image {

void invert(Image& image);
void solarize(double threshold, Image& image);  // inverts the levels that are not below it
void posterize(int bits, Image& image);         // keeps the upper `bits`; REQUIRES: 1 to 8

// Stretches each channel to 0 .. 255. A channel of one level stays.
void auto_contrast(Image& image);
// Flattens each channel's histogram. A channel of one level, or one so lopsided that there is
// nothing to spread, stays.
void equalize(Image& image);

void adjust_brightness(double factor, Image& image);  // away from black; factor 1 changes nothing
void adjust_contrast(double factor, Image& image);    // away from the mean of the grey image

}  // namespace ringmaster::image
