#!/usr/bin/env bash
# shellcheck disable=SC2034  # sourced by install.sh, which uses them
# Every version that is pinned, in one place. Debian's and Ubuntu's packages are pinned by the release they come with. All wheels below
# exist for Python 3.10 (Ubuntu 22.04), 3.11 (Debian 12) and 3.12 (Ubuntu 24.04).

# LibTorch by flavour. cuda12 is for V100s (p3), whose kernels (sm_70) CUDA 13 has dropped: the wheel of 2.7.1 is built with CUDA 12.6, and is
# the last on PyPI that has them.
declare -A TORCH=([cpu]=2.11.0 [cuda13]=2.11.0 [cuda12]=2.7.1)
declare -A TORCHVISION=([cpu]=0.26.0 [cuda13]=0.26.0 [cuda12]=0.22.1)

# What LibTorch's CPU libraries load of CUDA, also where there is no GPU: the versions that the wheel asks for.
CUDA_WHEELS=(nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)

# For Ubuntu 22.04, whose own CMake is too old.
CMAKE_WHEEL=cmake==3.31.6

# Tests: what results are compared with.
REFEREE_WHEELS=(numpy==2.2.6 pillow==12.3.0 h5py==3.16.0 tensorboard==2.21.0 scipy==1.15.3 safetensors==0.8.0)

# Tests: what checks the files for AWS, without AWS (tests/launch/). Installed without dependencies: the list is whole but for the parts of
# aws-parallelcluster that make clusters (CDK, Flask; 200 MB less). It has an environment of its own, apart from PyTorch's.
CLOUD_WHEELS=(aws-parallelcluster==3.16.1 boto3==1.44.8 botocore==1.44.8 jmespath==1.1.0 s3transfer==0.19.3 python-dateutil==2.9.0.post0
  six==1.17.0 urllib3==2.8.0 marshmallow==3.26.2 packaging==25.0 tabulate==0.9.0 Jinja2==3.1.6 MarkupSafe==3.0.4 PyYAML==6.0.4
  setuptools==66.1.1
  cfn-lint==1.58.0 jsonpatch==1.33 jsonpointer==3.12 networkx==3.4.2 regex==2025.9.18 sympy==1.14.0 mpmath==1.3.0 typing-extensions==4.16.0
  jsonschema==4.26.0 jsonschema-specifications==2025.9.1 referencing==0.37.0 rpds-py==0.27.1 attrs==23.2.0)
