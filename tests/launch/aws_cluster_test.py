#!/usr/bin/env python3
"""The files for ParallelCluster pass its own schema and validators and our rules for them; broken ones are refused by the same checks."""
import os
import re
import sys
import tempfile

SOURCE = os.environ["RINGMASTER_SOURCE"]
sys.path.insert(0, f"{SOURCE}/tests/support")
import cloud  # noqa: E402

cloud.enter()
import instance_facts  # noqa: E402
import pcluster_offline  # noqa: E402
import yaml  # noqa: E402

# Warnings that are no news: the test's image is made up, FSx goes with its cluster because S3 has the data, the way in is Session Manager, and
# g5 does without EFA.
KNOWN_WARNINGS = {"CustomAmiTagValidator", "AmiOsCompatibleValidator", "DeletionPolicyValidator", "KeyPairValidator"}
KNOWN_OF_G5 = {"EfaValidator"}
CLUSTERS = {"p4d.yaml": "p4d.24xlarge", "g5.yaml": "g5.12xlarge", "p3.yaml": "p3.8xlarge"}


def house_rules(text):
    """What ParallelCluster leaves open and we do not."""
    file = yaml.safe_load(text)
    head, queues = file["HeadNode"], file["Scheduling"]["SlurmQueues"]
    volumes = [head["LocalStorage"]["RootVolume"]] + [queue["ComputeSettings"]["LocalStorage"]["RootVolume"] for queue in queues]
    lustre = [storage["FsxLustreSettings"] for storage in file["SharedStorage"] if storage["StorageType"] == "FsxLustre"]
    resources = [resource for queue in queues for resource in queue["ComputeResources"]]
    facts = [instance_facts.FACTS[resource["InstanceType"]] for resource in resources]
    rules = {
        "IMDSv2 is required": file["Imds"]["ImdsSupport"] == "v2.0" and head["Imds"]["Secured"],
        "volumes are encrypted": all(volume["Encrypted"] for volume in volumes),
        "SSH is closed to the world": head["Ssh"]["AllowedIps"] == "255.255.255.255/32",
        "an image of our own": file["Image"]["CustomAmi"].startswith("ami-"),
        "spot and on demand, and one without GPUs": [queue["CapacityType"] for queue in queues] == ["SPOT", "ONDEMAND", "ONDEMAND"],
        "a placement group": all(queue["Networking"]["PlacementGroup"]["Enabled"] for queue in queues if queue["Name"] != "cpu"),
        "one subnet": len({subnet for queue in queues for subnet in queue["Networking"]["SubnetIds"]}) == 1,
        "idle nodes go": all(resource["MinCount"] == 0 for resource in resources),
        "EFA between p4d": all(resource.get("Efa", {}).get("Enabled", False) == (fact["efa"] == 4) for resource, fact in zip(resources, facts)),
        "NVMe where there is some": all(("EphemeralVolume" in queue["ComputeSettings"]["LocalStorage"]) ==
                                        instance_facts.FACTS[queue["ComputeResources"][0]["InstanceType"]]["nvme"] for queue in queues),
        "Lustre mirrors S3": len(lustre) == 1 and [association["DataRepositoryPath"].rsplit("/", 1)[1] for association in
                                                   lustre[0]["DataRepositoryAssociations"]] == ["imagenet", "shards", "runs"],
        "logs and alarms": file["Monitoring"]["Logs"]["CloudWatch"]["Enabled"] and file["Monitoring"]["Alarms"]["Enabled"],
        "a tag for the bill": [tag["Key"] for tag in file["Tags"]] == ["project"],
    }
    return [f"house: {rule}" for rule, holds in rules.items() if not holds]


def image_rules(text):
    file = yaml.safe_load(text)
    rules = {"IMDSv2 is required": file["Build"]["Imds"]["ImdsSupport"] == "v2.0",
             "volumes are encrypted": file["Image"]["RootVolume"]["Encrypted"],
             "our component": [part["Type"] for part in file["Build"]["Components"]] == ["arn"]}
    return [f"house: {rule}" for rule, holds in rules.items() if not holds]


def problems_of(name, text):
    """(all that is wrong with a file, the report of ParallelCluster)."""
    image = name == "image.yaml"
    report = pcluster_offline.check(text, image)
    known = KNOWN_WARNINGS | (KNOWN_OF_G5 if name == "g5.yaml" else set())
    problems = report.problems + [warning for warning in report.warnings if warning.split(":")[0] not in known]
    if not report.problems:
        problems += image_rules(text) if image else house_rules(text)
    return problems, report


def good_files_pass(texts):
    for name, instance in CLUSTERS.items():
        problems, report = problems_of(name, texts[name])
        assert not problems, f"{name}: {problems}"
        assert instance in texts[name] and len(report.ran) >= 60, f"{name}: only {sorted(report.ran)} ran, not {sorted(report.not_run)}"
        print(f"{name}: {sum(report.ran.values())} checks of {len(report.ran)} kinds; without AWS not run: {' '.join(sorted(report.not_run))}")
    problems, report = problems_of("image.yaml", texts["image.yaml"])
    assert not problems and len(report.ran) >= 5, (problems, report)
    print(f"image.yaml: {sum(report.ran.values())} checks")


# file, what is replaced by what, and a word of the refusal
BROKEN = [
    ("p4d.yaml", "MaxCount:", "MaxCuont:", "MaxCuont"),
    ("p4d.yaml", "CapacityType: SPOT", "CapacityType: SPOTTY", "CapacityType"),
    ("p4d.yaml", "PerUnitStorageThroughput: 1000", "PerUnitStorageThroughput: fast", "PerUnitStorageThroughput"),
    ("p4d.yaml", "  InstanceType: m6i.xlarge", "  # none", "InstanceType: Missing"),
    ("p4d.yaml", "Tags:", "Region: eu-west-1\nTags:", "yaml:"),
    ("p4d.yaml", "AllowedIps: 255.255.255.255/32", "AllowedIps: everybody", "AllowedIps"),
    ("p4d.yaml", "InstanceType: p4d.24xlarge", "InstanceType: p4d.23xlarge", "p4d.23xlarge"),
    ("p4d.yaml", "MinCount: 0", "MinCount: 9", "ComputeResourceSizeValidator"),
    ("p4d.yaml", "StorageCapacity: 1200", "StorageCapacity: 1300", "FsxStorageCapacityValidator"),
    ("p4d.yaml", "MountDir: /fsx", "MountDir: /opt/slurm", "SharedStorageMountDirValidator"),
    ("p4d.yaml", "- KillWait: 60", "- Prolog: /fsx/prolog.sh", "CustomSlurmSettingsValidator"),
    ("p4d.yaml", "- Name: p4d-ondemand", "- Name: p4d-spot", "DuplicateNameValidator"),
    ("g5.yaml", "MountDir: /local_scratch", "MountDir: /fsx", "DuplicateMountDirValidator"),
    ("p3.yaml", "InstanceType: p3.8xlarge", "InstanceType: p3.8xlarge\n          Efa: {Enabled: true}", "EfaValidator"),
    ("p3.yaml", "Throughput: 500", "Throughput: 5000", "EbsVolumeThroughputValidator"),
    ("p4d.yaml", "ImdsSupport: v2.0", "ImdsSupport: v1.0", "house: IMDSv2"),
    ("p4d.yaml", "Secured: true", "Secured: false", "house: IMDSv2"),
    ("p4d.yaml", "Encrypted: true", "Encrypted: false", "house: volumes"),
    ("p4d.yaml", "AllowedIps: 255.255.255.255/32", "AllowedIps: 0.0.0.0/0", "house: SSH"),
    ("p4d.yaml", "Efa: {Enabled: true}", "Efa: {Enabled: false}", "house: EFA"),
    ("p4d.yaml", "PlacementGroup: {Enabled: true}", "PlacementGroup: {Enabled: false}", "house: a placement group"),
    ("g5.yaml", "CapacityType: ONDEMAND", "CapacityType: SPOT", "house: spot and on demand"),
    ("g5.yaml", "MinCount: 0, ", "MinCount: 1, ", "house: idle nodes go"),
    ("image.yaml", "Type: arn", "Type: bash", "Type"),
    ("image.yaml", "ParentImage:", "ParentImag:", "ParentImag"),
    ("image.yaml", "InstanceType: g5.xlarge", "InstanceType: g5.xlarg", "g5.xlarg"),
    ("image.yaml", "Build:", "Build:\n  SubnetId: subnet-0123456789abcdef0", "SecurityGroupsAndSubnetValidator"),
    ("image.yaml", "ImdsSupport: v2.0", "ImdsSupport: v1.0", "house: IMDSv2"),
    ("image.yaml", "Encrypted: true", "Encrypted: false", "house: volumes"),
]


def broken_files_are_refused(texts):
    for name, old, new, expected in BROKEN:
        problems, _ = problems_of(name, cloud.edited(texts[name], old, new))
        cloud.refused(problems, expected, f"{name}: {old} -> {new}")
    print(f"{len(BROKEN)} broken files are refused")


def jobs_fit_nodes(texts):
    """Each launch file asks for exactly the GPUs of its instance type, for no more CPUs than it has, and for no more nodes than the queue."""

    def asked_by(name):
        with open(f"{SOURCE}/launch/{name}.sbatch", encoding="utf-8") as file:
            return {key: int(value) for key, value in re.findall(r"--(nodes|ntasks-per-node|gpus-per-node|cpus-per-task)=(\d+)", file.read())}

    for name, cluster in {"p4d_8x": "p4d.yaml", "p4d_1x": "p4d.yaml", "g5_4x": "g5.yaml", "p3_4x": "p3.yaml"}.items():
        asked, fact = asked_by(name), instance_facts.FACTS[CLUSTERS[cluster]]
        assert asked["gpus-per-node"] == asked["ntasks-per-node"] == fact["gpus"], (name, asked)
        assert asked["ntasks-per-node"] * asked["cpus-per-task"] == fact["vcpus"], (name, asked)
        resource = yaml.safe_load(texts[cluster])["Scheduling"]["SlurmQueues"][0]["ComputeResources"][0]
        assert asked["nodes"] <= resource["MaxCount"] and "DisableSimultaneousMultithreading" not in resource, (name, resource)
    for name in ("shard", "cpu_smoke"):
        assert asked_by(name)["cpus-per-task"] <= instance_facts.FACTS["c6i.4xlarge"]["vcpus"], asked_by(name)
    print("the launch files fit the nodes")


def main():
    with tempfile.TemporaryDirectory() as folder:
        texts = cloud.rendered(folder)
    good_files_pass(texts)
    broken_files_are_refused(texts)
    jobs_fit_nodes(texts)


if __name__ == "__main__":
    main()
