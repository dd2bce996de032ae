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

// mockName is the name of the build, and of the program, of the mock server.
const mockName = "graphmock"

// target is a platform that the provider is released for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "_" + t.arch }

// config is what the checks need of .goreleaser.yml.
type config struct {
	project string
	targets []target // of the provider
	mock    []target // of the mock server
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
			ID      string   `yaml:"id"`
			Targets []string `yaml:"targets"`
		} `yaml:"builds"`
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		return config{}, fmt.Errorf("%s: %w", file, err)
	}
	out := config{project: c.ProjectName}
	lists := map[string]*[]target{"provider": &out.targets, mockName: &out.mock}
	for _, b := range c.Builds {
		list, ok := lists[b.ID]
		if !ok {
			return config{}, fmt.Errorf("%s has a build %q, for which there are no checks", file, b.ID)
		}
		for _, text := range b.Targets {
			t, err := parseTarget(text)
			if err != nil {
				return config{}, fmt.Errorf("%s: %w", file, err)
			}
			*list = append(*list, t)
		}
	}
	if c.ProjectName == "" || len(out.targets) == 0 || len(out.mock) == 0 {
		return config{}, fmt.Errorf("%s does not have a project_name and lists of targets for the builds provider and %s", file, mockName)
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
			return config{c.project, []target{t}, []target{t}}, nil
		}
	}
	return config{}, errors.New("the provider is not released for " + text)
}
