//go:build tools

// Package cli pins the Pulumi CLI: rehearsal/engine.py builds it from its published Go modules where the official
// download is out of reach. The import keeps it in go.mod when `go mod tidy` runs; nothing here is compiled.
package cli

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
