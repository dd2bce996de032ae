// SPDX-License-Identifier: MPL-2.0

package childprocess

import "strings"

// Children returns the IDs of the child processes whose file has a name that
// begins with prefix. Linux knows only the first 15 bytes of a name.
func Children(parent int, prefix string) ([]int, error) {
	all, err := list()
	if err != nil {
		return nil, err
	}
	var children []int
	for _, p := range all {
		if p.parent == parent && strings.HasPrefix(p.name, prefix) {
			children = append(children, p.id)
		}
	}
	return children, nil
}
