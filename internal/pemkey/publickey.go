// SPDX-License-Identifier: MPL-2.0

// Package pemkey reads the RSA public keys that WhatsApp Flows are encrypted
// with, compares them, and explains what is wrong with a text that is not one.
//
// [Parse] reads a public key and nothing else, for values that are going to be
// uploaded. [Derive] also reads a certificate or a private key, and returns the
// public key that belongs to it:
//
//	key, err := pemkey.Derive(text, passphrase)
//	if err != nil {
//		return err // an *Error: what is wrong, and what to do next
//	}
//	if key != uploaded {
//		upload(key.PEM())
//	}
//
// [ParseLenient] is for what a server returns, and repairs it first.
//
// A [PublicKey] is compared with ==. Two texts that hold the same key give
// equal values, whatever their line endings, line lengths and encodings are.
//
// # Limits
//
// A text holds exactly one PEM block, nothing around it but whitespace, and has
// at most 64 KiB. The key is RSA with 2048 bits, which is all that the Graph
// API accepts. A damaged text gives an error and never another key, so private
// keys have to be consistent although only their public half is returned.
//
// An encrypted private key says itself what its decryption costs. Derive
// refuses PBKDF2 with more than 5,000,000 iterations, and scrypt with more than
// 32 MiB of memory or N·r·p above 4,194,304. Within these limits it can take
// some seconds.
//
// The package does no I/O, does not log and keeps no state. An error never
// quotes the input, which may be a private key. Private keys and passphrases
// are not erased from memory.
//
// # Compatibility
//
// What OpenSSL 3 writes by default is read: public keys as SubjectPublicKeyInfo
// (RFC 5280) or PKCS#1 (RFC 8017), X.509 certificates, and private keys in
// PKCS#1 or PKCS#8. Private keys may be encrypted with PBES2 (RFC 8018), that
// is, with AES or Triple-DES in CBC mode and PBKDF2 or scrypt, or by the older
// headers of the PEM block (RFC 1421), also with DES. [PublicKey.PEM] and
// [PublicKey.Fingerprint] are byte for byte what OpenSSL prints. OpenSSH, PGP,
// PuTTY, PKCS#12 and JSON Web Key are recognised, to say how to convert them,
// but not read.
//
// # Messages
//
// The advice in an [Error] is worded for Terraform configurations. Where a damage
// can be undone it has an expression, in which var.key is the text. It names
// functions such as file and base64decode, heredocs, the resource
// tls_private_key, and provider::whatsapp::public_key, which is this provider's
// name for Derive. A program for something else should look at the [Kind] and
// use its own wording.
package pemkey

import (
	"bytes"
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

// PublicKey is an RSA public key of 2048 bits, the only kind that the Graph API
// accepts. It is immutable and comparable: two values are equal (==) exactly
// when they are the same key, whatever the texts that they were parsed from
// looked like. The zero value means that there is no key.
type PublicKey struct {
	der string // SubjectPublicKeyInfo as crypto/x509 marshals it
}

// Parse reads exactly one PEM block (RFC 7468) that holds an RSA public key of
// 2048 bits, as SubjectPublicKeyInfo ("PUBLIC KEY", RFC 5280) or as PKCS#1
// ("RSA PUBLIC KEY", RFC 8017). A byte order mark in front, whitespace around
// the block, any line endings, any line length, blank lines, trailing spaces and
// an indented body make no difference. Every error is an [*Error].
func Parse(text string) (PublicKey, error) {
	if len(text) > maxTextLen {
		return PublicKey{}, publicKeyExpected.tooLarge()
	}
	block, ok := decodeBlock(text, publicKeyExpected.labels)
	if !ok || len(block.headers) > 0 {
		return PublicKey{}, diagnosePublicKey(text)
	}
	if key, ok := commonKey(block.der); ok && block.label == labelSPKI {
		return key, nil
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

// FromRSA returns the PublicKey of a key that is already parsed. Its
// requirements are those of [Parse]. It keeps no reference to key. Every error
// is an [*Error].
func FromRSA(key *rsa.PublicKey) (PublicKey, error) {
	if key == nil || key.N == nil {
		return PublicKey{}, &Error{KindEmpty, "There is no key.", "Give an RSA public key."}
	}
	return fromNumbers(key.N, big.NewInt(int64(key.E)))
}

// PEM returns the key as a PEM block labelled "PUBLIC KEY", with base64 in
// lines of 64 characters and LF at the end of each line, including the last. It
// returns "" for the zero value.
func (k PublicKey) PEM() string {
	if k.IsZero() {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: labelSPKI, Bytes: []byte(k.der)}))
}

// Fingerprint returns the SHA-256 of the SubjectPublicKeyInfo as 64 lower-case
// hexadecimal digits, as `openssl pkey -pubin -outform DER | sha256sum` prints
// it. It returns "" for the zero value.
func (k PublicKey) Fingerprint() string {
	if k.IsZero() {
		return ""
	}
	sum := sha256.Sum256([]byte(k.der))
	return hex.EncodeToString(sum[:])
}

// RSA returns the key for use with crypto/rsa, and nil for the zero value.
func (k PublicKey) RSA() *rsa.PublicKey {
	key, _ := x509.ParsePKIXPublicKey([]byte(k.der)) // was marshalled by this package
	public, _ := key.(*rsa.PublicKey)
	return public
}

// IsZero reports whether k is the zero value, which means that there is no key.
func (k PublicKey) IsZero() bool {
	return k == PublicKey{}
}

// String returns the fingerprint, so that a key that is printed by accident is
// short.
func (k PublicKey) String() string {
	return k.Fingerprint()
}

// The SubjectPublicKeyInfo of a key with 2048 bits and the exponent 65537 has
// the modulus between these bytes. Nearly all keys have that exponent.
const (
	beforeModulus = "\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00\x30\x82\x01\x0a\x02\x82\x01\x01\x00"
	afterModulus  = "\x02\x03\x01\x00\x01"
)

// commonKey reads such a key without decoding ASN.1, which takes longer. A key that
// it does not read may still be one.
func commonKey(der []byte) (key PublicKey, ok bool) {
	rest, hasHead := bytes.CutPrefix(der, []byte(beforeModulus))
	modulus, hasTail := bytes.CutSuffix(rest, []byte(afterModulus))
	if !hasHead || !hasTail || len(modulus) != keyBits/8 {
		return PublicKey{}, false
	}
	if checkModulus(new(big.Int).SetBytes(modulus)) != nil {
		return PublicKey{}, false
	}
	return PublicKey{der: string(der)}, true
}

func fromNumbers(n, e *big.Int) (PublicKey, error) {
	if err := checkModulus(n); err != nil {
		return PublicKey{}, err
	}
	switch {
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

// checkModulus returns an error unless n can be the modulus of a key of 2048 bits.
func checkModulus(n *big.Int) error {
	switch {
	case n.Sign() <= 0:
		return unusable("The RSA modulus of the key is not a positive number.")
	case n.BitLen() != keyBits:
		return &Error{
			KindWrongSize,
			fmt.Sprintf("The RSA key has %d bits, and WhatsApp accepts only keys of exactly %d bits.", n.BitLen(), keyBits),
			newPair,
		}
	case n.Bit(0) == 0:
		return unusable("The RSA modulus of the key is even, so it is not the product of two large primes.")
	case hasSmallFactor(n):
		return unusable("The RSA modulus of the key has a small factor, so it is not the product of two large primes.")
	}
	return nil
}

// hasSmallFactor reports whether an odd prime below 752 divides n. NIST SP
// 800-56B, section 6.4.2.2, requires that a modulus has no factor below that.
// Five of six odd numbers have one, so this finds most damaged moduli.
func hasSmallFactor(n *big.Int) bool {
	var quotient, remainder big.Int
	for _, group := range smallPrimes {
		quotient.QuoRem(n, group.product, &remainder)
		for _, prime := range group.primes {
			if remainder.Uint64()%prime == 0 {
				return true
			}
		}
	}
	return false
}

// primeGroup holds primes whose product fits into 64 bits, so that one long
// division serves all of them.
type primeGroup struct {
	product *big.Int
	primes  []uint64
}

// smallPrimes are the odd primes below 752.
//
// They are computed when the program starts, and a CLI starts the provider
// several times in a run, hence the trial division: Int.ProbablyPrime takes more
// than fifty times as long.
var smallPrimes = func() []primeGroup {
	var all []uint64
	var groups []primeGroup
	product := uint64(math.MaxUint64) // no room for the first prime
next:
	for n := uint64(3); n < 752; n += 2 {
		for _, p := range all {
			if n%p == 0 {
				continue next
			}
		}
		all = append(all, n)
		if product > math.MaxUint64/n {
			product = 1
			groups = append(groups, primeGroup{product: new(big.Int)})
		}
		product *= n
		last := &groups[len(groups)-1]
		last.product.SetUint64(product)
		last.primes = append(last.primes, n)
	}
	return groups
}()

func unusable(problem string) error {
	return &Error{KindUnusableNumbers, problem, copyAgain}
}
