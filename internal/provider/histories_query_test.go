// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"net/http"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// queries runs terraform query for all numbers of the account, with the resources
// as an import would leave them, or only with their identities.
func queries(wholeResources, withoutKey bool) step {
	return step{text: fmt.Sprintf("terraform query, with whole resources: %t, and numbers without a key: %t", wholeResources, withoutKey), virtual: true, do: func(s *simulation) {
		s.arm(command{}, nil)
		defer s.disarm()
		s.query(wholeResources, withoutKey)
	}}
}

func (s *simulation) query(wholeResources, withoutKey bool) {
	r := s.newRun(s.projects[0], 0, 1)
	c := r.newCall("the query", "list", nil)
	typ := storySchemas().ListResourceSchemas[resourceType].ValueType()
	config, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, map[string]tftypes.Value{
		attrWABAID: text(storyWABA), attrIncludeWithoutKey: tftypes.NewValue(tftypes.Bool, withoutKey),
	}))
	if err != nil {
		panic(err)
	}
	list, ok := r.plugin.ProviderServer.(tfprotov6.ListResourceServer)
	if !ok {
		panic("the provider lists nothing")
	}
	ctx, cancel := context.WithCancel(c.context())
	defer cancel()
	stream, err := list.ListResource(ctx, &tfprotov6.ListResourceRequest{TypeName: resourceType, Config: &config, IncludeResource: wholeResources, Limit: 100})
	if err != nil {
		s.violated("the query fails: %s", err)
		return
	}
	listed := map[string]bool{}
	for result := range stream.Results {
		if r.say("the query", result.Diagnostics, nil) {
			break
		}
		if result.Identity == nil {
			continue // a warning
		}
		number := s.numberIn(result.Identity)
		listed[number] = true
		seen := lastOf(c.exchanges, func(x *exchange) bool { return x.object == number && x.read })
		switch {
		case seen == nil:
			s.violated("the query lists %s without a look at it", number)
		case wholeResources:
			c.number = number
			r.judgeState(c, s.decode(result.Resource), seen)
			r.noWriteOnly(number, "a query", s.decode(result.Resource))
		}
	}
	r.judgeWords(r.project.blocks)
	if s.calm() && hasError(r.said) {
		s.violated("the query fails, and nothing is wrong: %v", r.said)
	}
	for _, x := range c.exchanges {
		if x.method != http.MethodGet {
			s.violated("the query sends %s", x)
		}
		if x.read && x.shown != keyNone && !listed[x.object] && !hasError(r.said) {
			s.violated("the query leaves out %s, and has seen %s", x.object, x)
		}
	}
}
