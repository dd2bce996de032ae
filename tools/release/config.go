// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

const configFile = ".goreleaser.yml"

// target is a platform that the provider is released for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "_" + t.arch }

// config is what the checks need of .goreleaser.yml.
type config struct {
	project string
	targets []target
}

// readConfig reads the only list of the targets.
func readConfig(file string) (config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return config{}, err
	}
	var c struct {
		ProjectName string `yaml:"project_name"`
		Builds      []struct {
			Targets []string `yaml:"targets"`
		} `yaml:"builds"`
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		return config{}, fmt.Errorf("%s: %w", file, err)
	}
	if c.ProjectName == "" || len(c.Builds) != 1 || len(c.Builds[0].Targets) == 0 {
		return config{}, fmt.Errorf("%s does not have a project_name and exactly one build with a list of targets", file)
	}
	out := config{project: c.ProjectName}
	for _, text := range c.Builds[0].Targets {
		t, err := parseTarget(text)
		if err != nil {
			return config{}, fmt.Errorf("%s: %w", file, err)
		}
		out.targets = append(out.targets, t)
	}
	return out, nil
}

// parseTarget reads a platform as GoReleaser and the CLI write it.
func parseTarget(text string) (target, error) {
	goos, arch, ok := strings.Cut(text, "_")
	if !ok || goos == "" || arch == "" || strings.Contains(arch, "_") {
		return target{}, fmt.Errorf("the target %q is not an operating system and an architecture, such as linux_amd64", text)
	}
	return target{goos, arch}, nil
}

// restrict leaves only one target, in a list that has it.
func (c config) restrict(text string) (config, error) {
	wanted, err := parseTarget(text)
	if err != nil {
		return config{}, err
	}
	for _, t := range c.targets {
		if t == wanted {
			return config{c.project, []target{t}}, nil
		}
	}
	return config{}, errors.New("the provider is not released for " + text)
}
