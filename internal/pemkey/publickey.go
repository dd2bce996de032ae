// SPDX-License-Identifier: MPL-2.0

// Package pemkey reads the RSA public keys that WhatsApp Flows are encrypted with. It knows when
// two texts are the same key, and says precisely what is wrong with a text that is not one. It is
// pure: no I/O, no logging, no state.
package pemkey

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math"
	"math/big"
)

const (
	keyBits    = 2048     // the only size that the Graph API takes
	maxTextLen = 64 << 10 // bytes; a key has about 450
)

// PublicKey is an RSA-2048 public key in the one form that the Graph API takes. It is immutable
// and comparable: two values are equal (==) exactly when they are the same key, however the texts
// that they were parsed from looked. The zero value is "no key".
type PublicKey struct {
	der string // SubjectPublicKeyInfo as crypto/x509 marshals it
}

// Parse reads exactly one PEM block (RFC 7468) that holds an RSA public key of 2048 bits, as
// SubjectPublicKeyInfo ("PUBLIC KEY", RFC 5280) or as PKCS#1 ("RSA PUBLIC KEY", RFC 8017). A byte
// order mark in front, whitespace around the block, any line endings, any line length, blank lines
// and trailing spaces make no difference. Every error is an [*Error].
func Parse(text string) (PublicKey, error) {
	if len(text) > maxTextLen {
		return PublicKey{}, publicKeyExpected.tooLarge()
	}
	block, ok := decodeBlock(text, publicKeyExpected.labels)
	if !ok || len(block.headers) > 0 {
		return PublicKey{}, diagnosePublicKey(text)
	}
	if err := privateKeyInDER(block.der); err != nil {
		return PublicKey{}, err
	}
	numbers, err := decodeNumbers(block.label, block.der, "public key")
	if err != nil {
		return PublicKey{}, mislabelled(block.label, block.der, err)
	}
	return fromNumbers(numbers.N, numbers.E)
}

// FromRSA makes a PublicKey from a key that is already parsed, with the same demands as [Parse].
// It keeps no reference to key. Every error is an [*Error].
func FromRSA(key *rsa.PublicKey) (PublicKey, error) {
	if key == nil || key.N == nil {
		return PublicKey{}, &Error{KindEmpty, "There is no key.", "Give an RSA public key."}
	}
	return fromNumbers(key.N, big.NewInt(int64(key.E)))
}

// PEM returns the key as text: label "PUBLIC KEY", base64 in lines of 64 characters, each line
// ended by LF, the last one too. The zero value gives "".
func (k PublicKey) PEM() string {
	if k.IsZero() {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: labelSPKI, Bytes: []byte(k.der)}))
}

// Fingerprint returns the SHA-256 of the SubjectPublicKeyInfo as 64 lower-case hexadecimal digits,
// the same as `openssl pkey -pubin -outform DER | sha256sum`. The zero value gives "".
func (k PublicKey) Fingerprint() string {
	if k.IsZero() {
		return ""
	}
	sum := sha256.Sum256([]byte(k.der))
	return hex.EncodeToString(sum[:])
}

// IsZero reports whether there is no key.
func (k PublicKey) IsZero() bool {
	return k == PublicKey{}
}

// String returns the fingerprint, so that a key that is formatted by accident stays short.
func (k PublicKey) String() string {
	return k.Fingerprint()
}

func fromNumbers(n, e *big.Int) (PublicKey, error) {
	switch {
	case n.Sign() <= 0:
		return PublicKey{}, unusable("The RSA modulus of the key is not a positive number.")
	case n.BitLen() != keyBits:
		return PublicKey{}, &Error{
			KindWrongSize,
			fmt.Sprintf("The RSA key has %d bits, and WhatsApp accepts only keys of exactly %d bits.", n.BitLen(), keyBits),
			newPair,
		}
	case n.Bit(0) == 0:
		return PublicKey{}, unusable("The RSA modulus of the key is even, so it is not the product of two large primes.")
	case new(big.Int).GCD(nil, nil, n, smallPrimes).Cmp(big.NewInt(1)) != 0:
		return PublicKey{}, unusable("The RSA modulus of the key has a small factor, so it is not the product of two large primes.")
	case e.Cmp(big.NewInt(3)) < 0 || e.Bit(0) == 0:
		return PublicKey{}, unusable("The public exponent of the RSA key is not an odd number of 3 or more.")
	case e.Cmp(big.NewInt(math.MaxInt32)) > 0:
		return PublicKey{}, unusable("The public exponent of the RSA key is larger than 2^31-1, the most that is supported.")
	}
	der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n, E: int(e.Int64())})
	if err != nil {
		return PublicKey{}, unusable("The RSA key cannot be encoded.")
	}
	return PublicKey{der: string(der)}, nil
}

// smallPrimes is the product of the odd primes below 752: NIST SP 800-56B, section 6.4.2.2, lets a
// modulus have no factor below that. A modulus with one wrong character almost always has.
//
// It is made when the program starts, and the CLI starts a provider several times in a run, so it is
// made by division: Int.ProbablyPrime takes a hundred times as long.
var smallPrimes = func() *big.Int {
	product := big.NewInt(1)
	var primes []int64
next:
	for n := int64(3); n < 752; n += 2 {
		for _, p := range primes {
			if n%p == 0 {
				continue next
			}
		}
		primes = append(primes, n)
		product.Mul(product, big.NewInt(n))
	}
	return product
}()

func unusable(problem string) error {
	return &Error{KindUnusableNumbers, problem, copyAgain}
}
