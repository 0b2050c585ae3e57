# An image with Ringmaster in /opt/ringmaster, for instances outside ParallelCluster (a cluster's image: ../image.yaml).
#
#   git archive --output ringmaster.tar.gz HEAD
#   packer init ami/packer && packer build -var region=us-east-1 -var subnet=subnet-… ami/packer
#
# The instance is reached through Session Manager: no port is open. ringmaster-packer is an instance profile with AmazonSSMManagedInstanceCore
# alone; who runs Packer needs launch/aws/policies/packer-builder.json.

variable "region" {
  type = string
}

variable "subnet" {
  type = string
}

variable "flavour" {
  type        = string
  default     = "cpu"
  description = "As in ami/install.sh: cpu, cuda13 or cuda12. For the latter two the parent image must bring nvcc."
}

variable "instance_type" {
  type    = string
  default = "m6i.2xlarge"
}

variable "parent_name" {
  type    = string
  default = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"
}

variable "parent_owner" {
  type        = string
  default     = "099720109477"
  description = "Canonical."
}

source "amazon-ebs" "ringmaster" {
  ami_name             = "ringmaster-${var.flavour}-{{timestamp}}"
  region               = var.region
  subnet_id            = var.subnet
  instance_type        = var.instance_type
  ssh_username         = "ubuntu"
  ssh_interface        = "session_manager"
  iam_instance_profile = "ringmaster-packer"
  encrypt_boot         = true
  source_ami_filter {
    filters = {
      name                = var.parent_name
      virtualization-type = "hvm"
    }
    owners      = [var.parent_owner]
    most_recent = true
  }
  launch_block_device_mappings {
    device_name           = "/dev/sda1"
    volume_type           = "gp3"
    volume_size           = 60
    iops                  = 3000
    throughput            = 125
    delete_on_termination = true
  }
  # Since Packer 1.7: IMDSv2 while building, and of every instance of the image.
  imds_support = "v2.0"
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
  tags = {
    project = "ringmaster"
  }
}

build {
  sources = ["source.amazon-ebs.ringmaster"]
  provisioner "file" {
    source      = "ringmaster.tar.gz"
    destination = "/tmp/ringmaster.tar.gz"
  }
  provisioner "shell" {
    inline = [
      "cloud-init status --wait",
      "sudo mkdir -p /opt/ringmaster",
      "sudo tar -xzf /tmp/ringmaster.tar.gz -C /opt/ringmaster",
      "sudo /opt/ringmaster/ami/image.sh ${var.flavour}",
    ]
  }
}
