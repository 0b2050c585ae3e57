# Since Packer 1.7 (`packer init ami/packer`). In a file of its own, because Debian's Packer, which has the plugin built in, does not know it.
packer {
  required_plugins {
    amazon = {
      version = ">= 1.2.0"
      source  = "github.com/hashicorp/amazon"
    }
  }
}
