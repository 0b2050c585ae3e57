"""The settings that the templates for AWS name: what each may look like, and where it is found."""
import ipaddress
import re
from typing import NamedTuple


class Setting(NamedTuple):
    pattern: str  # the whole value
    hint: str  # what it is, and where to find it


SETTINGS = {
    "ACCOUNT": Setting(r"\d{12}", "the account's 12 digits: aws sts get-caller-identity --query Account"),
    "REGION": Setting(r"[a-z]{2}(-[a-z]+)+-\d", "a region, as us-east-1"),
    "BUCKET": Setting(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "the name of an S3 bucket: 3 to 63 small letters, digits and -"),
    "HEAD_SUBNET": Setting(r"subnet-[0-9a-f]{8,17}", "aws ec2 describe-subnets --query 'Subnets[].[SubnetId,AvailabilityZone]'"),
    "COMPUTE_SUBNET": Setting(r"subnet-[0-9a-f]{8,17}", "aws ec2 describe-subnets; in a zone that has the instance type"),
    "SSH_FROM": Setting(r"\d+\.\d+\.\d+\.\d+/\d+", "an IPv4 network, as 203.0.113.7/32"),
    "CUSTOM_AMI": Setting(r"ami-[0-9a-f]{8,17}", "the image that pcluster build-image made: pcluster describe-image (docs/AWS.md, step 3)"),
    "PARENT_IMAGE": Setting(r"ami-[0-9a-f]{8,17}", "an image of Ubuntu 24.04 in this region (docs/AWS.md, step 3)"),
    "FLAVOUR": Setting(r"cuda13|cuda12|cpu", "cuda13, cuda12 (V100) or cpu"),
    "NODES": Setting(r"[1-9]\d{0,3}", "a number from 1"),
    "FSX_GIB": Setting(r"\d{4,6}", "1200, or a multiple of 2400"),
    "FSX_MBS_PER_TIB": Setting(r"125|250|500|1000", "125, 250, 500 or 1000"),
    "BUDGET_USD": Setting(r"[1-9]\d*", "whole dollars a month"),
    "BUDGET_EMAIL": Setting(r"[^@\s\"']+@[^@\s\"']+\.[a-z]+", "who is told by mail"),
    "PROJECT": Setting(r"[A-Za-z0-9_-]{1,64}", "a tag's value: letters, digits, _ and -"),
}

# An access key's id, and 40 characters that look like its secret.
SECRET = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
WIDEST_SSH = 16  # bits of a network's address


def parse(text, path):
    """(values, problems) of a settings file; a problem is one line that says where and what."""
    values, problems = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}:{number}"
        if SECRET.search(line):
            problems.append(f"{where}: this looks like an access key. None belongs here; take the key out of use")
            continue
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            problems.append(f"{where}: expected NAME = VALUE, found: {line.strip()}")
        elif name not in SETTINGS:
            problems.append(f"{where}: there is no setting {name}. There are: {' '.join(SETTINGS)}")
        elif name in values:
            problems.append(f"{where}: {name} was given before")
        else:
            values[name] = value
    return values, problems


def problem_of(name, value):
    """What is wrong with one setting; None for nothing."""
    setting = SETTINGS[name]
    if not value:
        return f"{name} is not filled in: {setting.hint}"
    if not re.fullmatch(setting.pattern, value):
        return f"{name} = {value}: it must be {setting.hint}"
    if name == "FSX_GIB" and int(value) != 1200 and int(value) % 2400:
        return f"{name} = {value}: FSx sells {setting.hint}"
    if name == "SSH_FROM":
        return _ssh_problem(value)
    return None


def _ssh_problem(value):
    try:
        network = ipaddress.ip_network(value)
    except ValueError as error:
        return f"SSH_FROM = {value}: {error}"
    if network.prefixlen < WIDEST_SSH:
        return f"SSH_FROM = {value}: that opens SSH to much of the world. Give your own address, as 203.0.113.7/32, or leave it closed"
    return None
