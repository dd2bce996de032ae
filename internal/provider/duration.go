// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"time"
)

func checkDuration(s string) error {
	if d, err := time.ParseDuration(s); err != nil || d <= 0 {
		return fmt.Errorf("%q is not a duration greater than zero; use one such as \"90s\", \"5m\" or \"1h\"", s)
	}
	return nil
}

func shortDuration(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

func checkMaxWait(s string) error {
	if err := checkDuration(s); err != nil {
		return err
	}
	if d, _ := time.ParseDuration(s); d < time.Second || d > longestMaxWait {
		return fmt.Errorf("%q is not between 1s and %s", s, shortDuration(longestMaxWait))
	}
	return nil
}
