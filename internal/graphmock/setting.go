// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Setting is a value that a [Preset] can be given.
type Setting struct {
	Name    string
	Default string // "" = there is none, and the setting has to be given
	Means   string

	check func(text string) error
}

// The words that stand for every value and for no end.
const (
	wordAny    = "any"
	wordAlways = "always"
)

// RequestSettings are those that every preset with Requests has.
func RequestSettings() []Setting {
	return []Setting{
		settingMethod(wordAny),
		{"object", wordAny, "the phone number ID, or the ID of the account, in the path of the requests", digitsOr(wordAny)},
		{"after", "0", "how many such requests are answered as usual first", whole(0, 1_000_000)},
		{"times", wordAlways, "how many requests are disturbed", wholeOr(wordAlways, 1, 1_000_000)},
	}
}

func settingMethod(def string) Setting {
	return Setting{"method", def, "the method of the requests: GET, POST or any", oneOf(http.MethodGet, http.MethodPost, wordAny)}
}

func settingReads(def string) Setting {
	return Setting{"reads", def, "how many reads after each upload are affected", wholeOr(wordAlways, 1, 1_000_000)}
}

func oneOf(words ...string) func(string) error {
	return func(text string) error {
		if !slices.Contains(words, text) {
			return errors.New("is not one of " + strings.Join(words, ", "))
		}
		return nil
	}
}

func digitsOr(word string) func(string) error {
	return func(text string) error {
		if text != word && (text == "" || strings.Trim(text, "0123456789") != "") {
			return errors.New("is neither an ID, which has only digits, nor " + word)
		}
		return nil
	}
}

func whole(least, most int) func(string) error {
	return func(text string) error {
		if n, err := strconv.Atoi(text); err != nil || n < least || n > most {
			return fmt.Errorf("is not a whole number from %d to %d", least, most)
		}
		return nil
	}
}

func wholeOr(word string, least, most int) func(string) error {
	return func(text string) error {
		if text != word && whole(least, most)(text) != nil {
			return fmt.Errorf("is neither a whole number from %d to %d nor %s", least, most, word)
		}
		return nil
	}
}

func duration(most time.Duration) func(string) error {
	return func(text string) error {
		if d, err := time.ParseDuration(text); err != nil || d <= 0 || d > most {
			return fmt.Errorf("is not a time such as 10s or 1m30s, up to %s", most)
		}
		return nil
	}
}

func anyText(text string) error {
	if text == "" {
		return errors.New("is empty")
	}
	return nil
}

// values are the checked values of all settings of a preset.
type values map[string]string

// number is the value of a whole number; -1 for "always".
func (v values) number(name string) int {
	if v[name] == wordAlways {
		return -1
	}
	n, _ := strconv.Atoi(v[name])
	return n
}

func (v values) duration(name string) time.Duration {
	d, _ := time.ParseDuration(v[name])
	return d
}

// word is the value, or "" for "any".
func (v values) word(name string) string {
	if v[name] == wordAny {
		return ""
	}
	return v[name]
}
