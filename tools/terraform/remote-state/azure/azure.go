// SPDX-License-Identifier: MPL-2.0

package azure

import "github.com/hashicorp/terraform/internal/backend"

// New takes the place of a state backend that no test needs.
func New() backend.Backend { panic("this build has no azure backend") }
