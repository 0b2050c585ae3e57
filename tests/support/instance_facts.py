"""What AWS says of the instance types that launch/aws/ and ami/ name, in the terms of its DescribeInstanceTypes: a file that names another type
needs a line here. By hand, from AWS's public pages of instance types."""


def _fact(vcpus, gib, gpus=0, gpu="", cards=1, efa=0, nvme=False):
    return {"vcpus": vcpus, "gib": gib, "gpus": gpus, "gpu": gpu, "cards": cards, "efa": efa, "nvme": nvme}


FACTS = {
    "p4d.24xlarge": _fact(96, 1152, 8, "A100", cards=4, efa=4, nvme=True),
    "g5.xlarge": _fact(4, 16, 1, "A10G", nvme=True),
    "g5.12xlarge": _fact(48, 192, 4, "A10G", efa=1, nvme=True),
    "p3.8xlarge": _fact(32, 244, 4, "V100"),
    "m6i.xlarge": _fact(4, 16),
    "c6i.4xlarge": _fact(16, 32),
}


def describe(name):
    fact = FACTS[name]
    described = {
        "InstanceType": name, "SupportedUsageClasses": ["on-demand", "spot"], "InstanceStorageSupported": fact["nvme"],
        "ProcessorInfo": {"SupportedArchitectures": ["x86_64"]}, "EbsInfo": {"EbsOptimizedSupport": "default"},
        "VCpuInfo": {"DefaultVCpus": fact["vcpus"], "DefaultCores": fact["vcpus"] // 2, "DefaultThreadsPerCore": 2},
        "MemoryInfo": {"SizeInMiB": fact["gib"] * 1024},
        "PlacementGroupInfo": {"SupportedStrategies": ["cluster", "partition", "spread"]},
        "NetworkInfo": {"EfaSupported": fact["efa"] > 0, "EfaInfo": {"MaximumEfaInterfaces": fact["efa"]},
                        "NetworkCards": [{"NetworkCardIndex": card, "MaximumNetworkInterfaces": 15} for card in range(fact["cards"])]},
    }
    if fact["gpus"]:
        described["GpuInfo"] = {"Gpus": [{"Name": fact["gpu"], "Manufacturer": "NVIDIA", "Count": fact["gpus"]}]}
    return described
