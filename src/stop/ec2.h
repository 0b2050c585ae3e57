// Whether this machine is an EC2 instance, told without any network.
#pragma once

#include <string>

namespace ringmaster::stop {

// By what firmware and hypervisor say of themselves under `sys` (the kernel's /sys): the DMI vendor
// "Amazon EC2" (Nitro), a BIOS version that ends in "amazon", or a hypervisor's uuid that begins
// with "ec2" (Xen, such as p3). Files that don't exist say no.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html
[[nodiscard]] bool on_ec2(const std::string& sys = "/sys");

}  // namespace ringmaster::stop
