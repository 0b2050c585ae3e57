"""ParallelCluster's own checks of its files, without AWS: its schema, and those of its validators that can do with what is known here.

AWS is replaced by a stand-in that knows the instance types of instance_facts.py, takes every subnet and image to exist, and refuses all else; a
validator that asks for more is counted as not run, never as passed."""
import asyncio
import collections
import json
import logging
import os
from typing import NamedTuple

import boto3
import cfnlint
import instance_facts
from marshmallow import ValidationError
from pcluster.aws.aws_api import AWSApi
from pcluster.aws.aws_resources import ImageInfo, InstanceTypeInfo
from pcluster.aws.common import AWSClientError
from pcluster.config.common import Resource
from pcluster.schemas.cluster_schema import ClusterSchema
from pcluster.schemas.imagebuilder_schema import ImageBuilderSchema
from pcluster.utils import yaml_load
from pcluster.validators.common import ValidatorContext

REGION = "us-east-1"
logging.disable(logging.CRITICAL)
os.environ["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"] = REGION


class Report(NamedTuple):
    problems: list  # lines: where or which validator, and what
    warnings: list
    ran: collections.Counter  # kinds of validators
    not_run: collections.Counter


class NeedsAws(AWSClientError):
    """ParallelCluster's own kind of error, so that it goes on where it can without AWS."""

    def __init__(self, call):
        super().__init__(call, f"NeedsAws {call}")


class Service:
    def __init__(self, name):
        self._name = name

    def __getattr__(self, call):
        if call.startswith("__"):
            raise AttributeError(call)

        def refuse(*_, **__):
            raise NeedsAws(f"{self._name}.{call}")
        return refuse


class Ec2(Service):
    def __init__(self):
        super().__init__("ec2")
        names = os.path.join(os.path.dirname(cfnlint.__file__), "data/schemas/extensions/aws_ec2_instance/instancetype_enum.json")
        with open(names, encoding="utf-8") as file:
            self._types = json.load(file)[REGION]["enum"]

    def list_instance_types(self):
        return self._types

    def get_instance_type_info(self, name):
        assert name in instance_facts.FACTS or name not in self._types, f"{name} needs a line in tests/support/instance_facts.py"
        if name not in instance_facts.FACTS:
            raise NeedsAws(f"an instance type {name}, which {REGION} does not have")
        return InstanceTypeInfo(instance_facts.describe(name))

    def get_supported_architectures(self, name):
        return self.get_instance_type_info(name).supported_architecture()

    def get_subnet_avail_zone(self, _subnet):
        return REGION + "a"

    def get_subnets_az_mapping(self, subnets):
        return {subnet: REGION + "a" for subnet in subnets}

    def get_subnet_vpc(self, _subnet):
        return "vpc-00000000000000000"

    def get_official_image_id(self, *_, **__):
        return "ami-00000000000000000"

    def describe_image(self, ami_id):
        return ImageInfo({"ImageId": ami_id, "Architecture": "x86_64", "RootDeviceName": "/dev/sda1", "State": "available", "Tags": [],
                          "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 45}}]})

    def describe_images(self, ami_ids=(), **_):
        return [self.describe_image(ami_id) for ami_id in ami_ids or ["ami-00000000000000000"]]


class Aws:
    aws_region = REGION

    def __init__(self):
        self.ec2 = Ec2()

    def __getattr__(self, service):
        return Service(service)


def _install(ran, not_run):
    """Puts the stand-in in place, and counts apart the validators that ask it for more than it has."""

    def refuse(*_, **__):
        raise NeedsAws("boto3")
    boto3.client = boto3.resource = boto3.session.Session.client = boto3.session.Session.resource = refuse
    aws = Aws()
    AWSApi.instance = staticmethod(lambda: aws)

    def run(arguments, validator):
        try:
            found = validator.execute(**arguments)
        except NeedsAws:
            not_run[validator.type] += 1
            return []
        # Some turn every exception into a failure of their own: ours is told by its text.
        if any("NeedsAws" in str(one.message) for one in found):
            not_run[validator.type] += 1
            return []
        ran[validator.type] += 1
        return found

    async def nothing():
        return []

    def leave_out(_arguments, validator):
        not_run[validator.type] += 1  # the asynchronous ones ask S3 and web servers
        return nothing()

    Resource._validator_execute_sync = staticmethod(run)
    Resource._validator_execute_async = staticmethod(leave_out)


def _leaves(errors, path=""):
    if isinstance(errors, dict):
        for key, value in errors.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(errors, list):
        for value in errors:
            yield from _leaves(value, path)
    else:
        yield f"schema: {path}: {errors}"


def check(text, image=False):
    """A Report on the text of a cluster's file, or of one for `pcluster build-image`."""
    report = Report([], [], collections.Counter(), collections.Counter())
    try:
        data = yaml_load(text)
    except Exception as error:  # YAML's own, or a key that is there twice
        report.problems.append(f"yaml: {error}")
        return report
    _install(report.ran, report.not_run)
    asyncio.set_event_loop(asyncio.new_event_loop())
    try:
        config = ImageBuilderSchema().load(data) if image else ClusterSchema(cluster_name="offline").load(data)
    except ValidationError as error:
        report.problems.extend(_leaves(error.messages))
        return report
    if image:
        config.source_config = data
    try:
        for found in config.validate(context=ValidatorContext()):
            (report.problems if found.level.name == "ERROR" else report.warnings).append(f"{found.validator_type}: {found.message}")
    except NeedsAws as error:
        report.problems.append(f"validation broke off: {error}")
    return report
