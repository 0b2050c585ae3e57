// How the process treats memory that it allocates and frees.
#pragma once

namespace ringmaster {

// From now on malloc keeps what is freed for the next allocation, of any size, instead of giving it
// back to the kernel, and has huge pages where the kernel has them for who asks. A training step
// allocates and frees the same gigabytes each time; large blocks from a fresh mapping cost a page
// fault every 4 KiB (in a ResNet-50 step on CPU 12 % of the time), and small pages cost misses in
// the tables that translate addresses (some 4 %). The process keeps the memory of its peak until it
// ends, and its address space looks some gigabytes larger than what it uses.
//
// For the whole process; call it in main(), before other threads start. glibc's malloc only, which
// all platforms that ami/install.sh knows have.
void tune_heap();

}  // namespace ringmaster
