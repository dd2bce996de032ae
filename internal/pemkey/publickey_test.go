// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

func TestParseAgreesWithOpenSSL(t *testing.T) {
	t.Parallel()
	seen := map[pemkey.PublicKey]string{}
	for line := range strings.Lines(fixture(t, "fingerprints.txt")) {
		name, fingerprint, _ := strings.Cut(strings.TrimSpace(line), " ")
		text := fixture(t, "rsa2048_"+name+".spki.pem")
		key := mustParse(t, text)
		if got := key.Fingerprint(); got != fingerprint {
			t.Errorf("%s: fingerprint is %s, and OpenSSL has %s", name, got, fingerprint)
		}
		if got := key.PEM(); got != text {
			t.Errorf("%s: PEM differs from the one of OpenSSL:\n%s", name, got)
		}
		if got := mustParse(t, fixture(t, "rsa2048_"+name+".pkcs1.pem")); got != key {
			t.Errorf("%s: PKCS#1 gives another key", name)
		}
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s are equal", name, other)
		}
		seen[key] = name
	}
	if len(seen) != 3 {
		t.Errorf("%d keys compared, want 3", len(seen))
	}
}

func TestPublicKey(t *testing.T) {
	t.Parallel()
	text := fixture(t, "rsa2048_a.spki.pem")
	der := decode(t, text)
	key := mustParse(t, text)

	if key.IsZero() {
		t.Error("a parsed key is zero")
	}
	if !bytes.Equal(decode(t, key.PEM()), der) {
		t.Error("PEM holds something else than the PEM that was parsed")
	}
	sum := sha256.Sum256(der)
	if got, want := key.Fingerprint(), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("fingerprint is %s, want %s", got, want)
	}
	for _, format := range []string{"%v", "%+v", "%s"} {
		if got := fmt.Sprintf(format, key); got != key.Fingerprint() {
			t.Errorf("%s prints %q, want the fingerprint", format, got)
		}
	}
}

func TestZeroPublicKey(t *testing.T) {
	t.Parallel()
	var key pemkey.PublicKey
	if !key.IsZero() {
		t.Error("IsZero is false")
	}
	if key.PEM() != "" || key.Fingerprint() != "" || key.String() != "" {
		t.Error("the zero value holds something")
	}
}

func TestFromRSA(t *testing.T) {
	t.Parallel()
	want := mustParse(t, fixture(t, "rsa2048_a.spki.pem"))
	source := rsaKey(t, want.PEM())
	got, err := pemkey.FromRSA(source)
	if err != nil {
		t.Fatal(err)
	}
	source.N.SetInt64(1)
	if got != want {
		t.Errorf("key is %s, want %s", got, want)
	}
}

func TestFromRSAErrors(t *testing.T) {
	t.Parallel()
	n := rsaKey(t, fixture(t, "rsa2048_a.spki.pem")).N
	rounded := new(big.Int).Sub(n, new(big.Int).Mod(n, big.NewInt(751)))
	if rounded.Bit(0) == 0 {
		rounded.Add(rounded, big.NewInt(751))
	}

	tests := map[string]struct {
		key  *rsa.PublicKey
		kind pemkey.Kind
		says string
	}{
		"nil":               {nil, pemkey.KindEmpty, "no key"},
		"no modulus":        {&rsa.PublicKey{E: 65537}, pemkey.KindEmpty, "no key"},
		"modulus zero":      {&rsa.PublicKey{N: new(big.Int), E: 65537}, pemkey.KindUnusableNumbers, "positive"},
		"modulus negative":  {&rsa.PublicKey{N: new(big.Int).Neg(n), E: 65537}, pemkey.KindUnusableNumbers, "positive"},
		"modulus even":      {&rsa.PublicKey{N: new(big.Int).Sub(n, big.NewInt(1)), E: 65537}, pemkey.KindUnusableNumbers, "even"},
		"modulus composite": {&rsa.PublicKey{N: rounded, E: 65537}, pemkey.KindUnusableNumbers, "small factor"},
		"2047 bits":         {&rsa.PublicKey{N: new(big.Int).Rsh(n, 1), E: 65537}, pemkey.KindWrongSize, "has 2047 bits"},
		"2049 bits":         {&rsa.PublicKey{N: new(big.Int).Lsh(n, 1), E: 65537}, pemkey.KindWrongSize, "has 2049 bits"},
		"exponent zero":     {&rsa.PublicKey{N: n}, pemkey.KindUnusableNumbers, "exponent"},
		"exponent negative": {&rsa.PublicKey{N: n, E: -3}, pemkey.KindUnusableNumbers, "exponent"},
		"exponent one":      {&rsa.PublicKey{N: n, E: 1}, pemkey.KindUnusableNumbers, "exponent"},
		"exponent even":     {&rsa.PublicKey{N: n, E: 65536}, pemkey.KindUnusableNumbers, "exponent"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := pemkey.FromRSA(test.key)
			checkError(t, key, err, test.kind, test.says)
		})
	}
}

// TestSmallFactors multiplies each prime with a number that has no small factor
// and makes 2048 bits.
func TestSmallFactors(t *testing.T) {
	t.Parallel()
	n := rsaKey(t, fixture(t, "rsa2048_a.spki.pem")).N
	for _, prime := range primesBelow800() {
		cofactor := withoutSmallFactor(new(big.Int).Div(n, prime))
		key, err := pemkey.FromRSA(&rsa.PublicKey{N: new(big.Int).Mul(prime, cofactor), E: 65537})
		if prime.Int64() < 752 {
			checkError(t, key, err, pemkey.KindUnusableNumbers, "small factor")
		} else if err != nil {
			t.Errorf("with a factor of %d: %v", prime, err)
		}
	}
}

// primesBelow800 are the odd ones.
func primesBelow800() (primes []*big.Int) {
	for p := int64(3); p < 800; p += 2 {
		if prime := big.NewInt(p); prime.ProbablyPrime(0) { // exact below 2^64
			primes = append(primes, prime)
		}
	}
	return primes
}

// withoutSmallFactor returns the first number from n on that no prime below 800
// divides.
func withoutSmallFactor(n *big.Int) *big.Int {
	product, one := big.NewInt(2), big.NewInt(1)
	for _, prime := range primesBelow800() {
		product.Mul(product, prime)
	}
	n = new(big.Int).Set(n)
	for new(big.Int).GCD(nil, nil, n, product).Cmp(one) != 0 {
		n.Add(n, one)
	}
	return n
}

// TestParseChangedBits compares what Parse makes of each change with what
// crypto/x509 reads.
func TestParseChangedBits(t *testing.T) {
	t.Parallel()
	der := decode(t, fixture(t, "rsa2048_a.spki.pem"))
	read := 0
	for bit := range 8 * len(der) {
		changed := slices.Clone(der)
		changed[bit/8] ^= 1 << (bit % 8)
		got, gotErr := pemkey.Parse(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: changed})))

		var want pemkey.PublicKey
		parsed, wantErr := x509.ParsePKIXPublicKey(changed)
		if public, ok := parsed.(*rsa.PublicKey); ok {
			want, wantErr = pemkey.FromRSA(public)
		}
		if (gotErr == nil) != (wantErr == nil) || got != want {
			t.Errorf("with bit %d changed, the key is %s (%v), want %s (%v)", bit, got, gotErr, want, wantErr)
		}
		if gotErr == nil {
			read++
			if again := decode(t, got.PEM()); !bytes.Equal(again, changed) {
				t.Errorf("with bit %d changed, the DER is % x", bit, again)
			}
		}
	}
	if read == 0 {
		t.Error("no change gives another key")
	}
}

// TestParseNearlyDER has the parts of the usual encoding of a key, but not in one.
func TestParseNearlyDER(t *testing.T) {
	t.Parallel()
	der := decode(t, fixture(t, "rsa2048_a.spki.pem"))
	head, modulus, tail := der[:33], der[33:289], der[289:]
	n := new(big.Int).SetBytes(modulus)
	short := withoutSmallFactor(n.SetBit(n, 2047, 0))
	for name, parts := range map[string][][]byte{
		"no head":              {modulus, tail},
		"no tail":              {head, modulus},
		"only the modulus":     {modulus},
		"longer modulus":       {head, {0}, modulus, tail},
		"shorter modulus":      {head, modulus[1:], tail},
		"modulus below 2^2047": {head, short.FillBytes(make([]byte, 256)), tail},
		"twice the tail":       {head, modulus, tail, tail},
		"twice the head":       {head, head, modulus, tail},
	} {
		key, err := pemkey.Parse(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: bytes.Join(parts, nil)})))
		if err == nil || !key.IsZero() {
			t.Errorf("%s: the key is %s (%v), want an error", name, key, err)
		}
	}
}

func marshalPKCS1(tb testing.TB, n, e *big.Int) []byte {
	tb.Helper()
	return marshal(tb, struct{ N, E *big.Int }{n, e})
}

// numberInputs are RSA public keys of the wrong size or with unusable numbers.
func numberInputs(tb testing.TB) []badInput {
	tb.Helper()
	public := fixture(tb, "rsa2048_a.spki.pem")
	numbers := rsaKey(tb, public)
	n, e := numbers.N, big.NewInt(int64(numbers.E))

	return []badInput{
		{"1024 bits", fixture(tb, "rsa1024.spki.pem"), pemkey.KindWrongSize, "has 1024 bits"},
		{"3072 bits", fixture(tb, "rsa3072.spki.pem"), pemkey.KindWrongSize, "has 3072 bits"},
		{"4096 bits", fixture(tb, "rsa4096.spki.pem"), pemkey.KindWrongSize, "has 4096 bits"},

		{"even modulus", encode("RSA PUBLIC KEY", marshalPKCS1(tb, new(big.Int).Sub(n, big.NewInt(1)), e)), pemkey.KindUnusableNumbers, "even"},
		{"negative modulus", encode("RSA PUBLIC KEY", marshalPKCS1(tb, new(big.Int).Neg(n), e)), pemkey.KindUnusableNumbers, "positive"},
		{"exponent 1", encode("RSA PUBLIC KEY", marshalPKCS1(tb, n, big.NewInt(1))), pemkey.KindUnusableNumbers, "3 or more"},
		{"even exponent", encode("RSA PUBLIC KEY", marshalPKCS1(tb, n, big.NewInt(65536))), pemkey.KindUnusableNumbers, "odd number"},
		{"large exponent", encode("RSA PUBLIC KEY", marshalPKCS1(tb, n, n)), pemkey.KindUnusableNumbers, "2^31-1"},
		{"exponent 2^31+1", encode("RSA PUBLIC KEY", marshalPKCS1(tb, n, big.NewInt(1<<31+1))), pemkey.KindUnusableNumbers, "2^31-1"},
	}
}

func FuzzParse(f *testing.F) {
	for _, test := range badInputs(f) {
		if len(test.text) < 10_000 {
			f.Add(test.text)
		}
	}
	for _, name := range []string{"a", "b", "e3"} {
		f.Add(fixture(f, "rsa2048_"+name+".spki.pem"))
		f.Add(fixture(f, "rsa2048_"+name+".pkcs1.pem"))
	}

	canonical := regexp.MustCompile(`^-----BEGIN PUBLIC KEY-----\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{1,64}={0,2}\n-----END PUBLIC KEY-----\n$`)
	f.Fuzz(func(t *testing.T, text string) {
		key, err := pemkey.Parse(text)
		if err != nil {
			var problem *pemkey.Error
			if !errors.As(err, &problem) {
				t.Fatalf("error is %T", err)
			}
			if !key.IsZero() || problem.Kind == "" || problem.Problem == "" || problem.Remedy == "" {
				t.Errorf("incomplete error: %#v", problem)
			}
			checkLeak(t, text, err)
			return
		}

		if !canonical.MatchString(key.PEM()) {
			t.Errorf("PEM is not canonical:\n%s", key.PEM())
		}
		for name, variant := range map[string]string{
			"PEM":         key.PEM(),
			"PEM, CRLF":   strings.ReplaceAll(key.PEM(), "\n", "\r\n"),
			"input, CRLF": strings.ReplaceAll(text, "\n", "\r\n"),
			"input, CR":   strings.ReplaceAll(text, "\n", "\r"),
		} {
			if again, err := pemkey.Parse(variant); err != nil || again != key {
				t.Errorf("%s: %s, %v; want %s", name, again, err, key)
			}
		}
		parsed := rsaKey(t, key.PEM())
		if again, err := pemkey.FromRSA(parsed); err != nil || again != key {
			t.Errorf("FromRSA: %s, %v; want %s", again, err, key)
		}
		if parsed.N.BitLen() != 2048 {
			t.Errorf("a key of %d bits", parsed.N.BitLen())
		}
		if strings.Contains(text, "PRIVATE KEY") {
			t.Error("a text with a private key gives a key")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"rsa2048_a.spki.pem", "rsa2048_a.pkcs1.pem", "rsa2048_a.private_pkcs1.pem"} {
		text := fixture(b, name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = pemkey.Parse(text)
			}
		})
	}
}

func BenchmarkFingerprint(b *testing.B) {
	key := mustParse(b, fixture(b, "rsa2048_a.spki.pem"))
	b.ReportAllocs()
	for b.Loop() {
		_ = key.Fingerprint()
	}
}

func TestRSA(t *testing.T) {
	text := fixture(t, "rsa2048_a.spki.pem")
	if got := mustParse(t, text).RSA(); !got.Equal(rsaKey(t, text)) {
		t.Error("the key is another one")
	}
	if got := (pemkey.PublicKey{}).RSA(); got != nil {
		t.Error("the zero value is a key")
	}
}
