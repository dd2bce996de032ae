// SPDX-License-Identifier: MPL-2.0

// Package pemkey reads the RSA public keys that WhatsApp Flows are encrypted with. It knows when
// two texts are the same key, and says precisely what is wrong with a text that is not one. It is
// pure: no I/O, no logging, no state.
package pemkey

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
)

const (
	keyBits    = 2048     // the only size that the Graph API takes
	maxTextLen = 64 << 10 // bytes; a key has about 450

	labelSPKI  = "PUBLIC KEY"     // RFC 7468, section 13
	labelPKCS1 = "RSA PUBLIC KEY" // RFC 8017, appendix A.1.1
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

// DER returns the SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7) in a slice that the caller may
// change. The zero value gives an empty slice.
func (k PublicKey) DER() []byte {
	return []byte(k.der)
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

// RSA returns the key for use with crypto/rsa, a new copy with every call. The zero value gives nil.
func (k PublicKey) RSA() *rsa.PublicKey {
	key, err := x509.ParsePKIXPublicKey([]byte(k.der))
	if err != nil {
		return nil
	}
	rsaKey, _ := key.(*rsa.PublicKey)
	return rsaKey
}

// IsZero reports whether there is no key.
func (k PublicKey) IsZero() bool {
	return k == PublicKey{}
}

// String returns the fingerprint, so that a key that is formatted by accident stays short.
func (k PublicKey) String() string {
	return k.Fingerprint()
}

// pemBlock is a PEM block with the header lines of RFC 1421 that an encrypted private key can have.
type pemBlock struct {
	label   string
	headers map[string]string
	der     []byte
}

// decodeBlock returns the one block, with one of the labels, that text must be. When it is not ok,
// diagnose finds out why. encoding/pem would skip what it cannot read and go on to the next block,
// so that a text with a damaged key in it could still yield a key.
func decodeBlock(text string, labels []string) (block pemBlock, ok bool) {
	first, rest, _ := cutLine(trim(text))
	label, isBegin := strings.CutPrefix(strings.TrimSuffix(first, "-----"), "-----BEGIN ")
	if !isBegin || !strings.HasSuffix(first, "-----") || !slices.Contains(labels, label) {
		return pemBlock{}, false
	}

	block.label = label
	var body strings.Builder
	body.Grow(len(rest))
	for found := true; found; {
		var line string
		line, rest, found = cutLine(rest)
		name, value, isHeader := strings.Cut(line, ":")
		switch {
		case line == "-----END "+label+"-----":
			der, err := base64.StdEncoding.Strict().DecodeString(body.String())
			block.der = der
			return block, err == nil && len(der) > 0 && rest == ""
		case isHeader && body.Len() == 0:
			if block.headers == nil {
				block.headers = map[string]string{}
			}
			block.headers[name] = strings.TrimSpace(value)
		default:
			body.WriteString(line)
		}
	}
	return pemBlock{}, false
}

// trim takes away what is around a block without being a part of it.
func trim(text string) string {
	return strings.TrimSpace(strings.TrimPrefix(text, byteOrderMark))
}

// cutLine splits text after its first line, which may end in LF, CR or CRLF. The spaces and tabs
// that end the line are dropped; none of them can be part of the key without the base64 or the DER
// coming out too short.
func cutLine(text string) (line, rest string, found bool) {
	i := strings.IndexAny(text, "\r\n")
	if i < 0 {
		return strings.TrimRight(text, " \t"), "", false
	}
	return strings.TrimRight(text[:i], " \t"), text[i+1:], true
}

type subjectPublicKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	PublicKey asn1.BitString
}

type rsaPublicKey struct {
	N, E *big.Int
}

// decodeNumbers is stricter and laxer than crypto/x509: nothing may follow a field that is known,
// and the NULL that RFC 4055 wants as parameters of rsaEncryption may be missing.
func decodeNumbers(label string, der []byte, what string) (rsaPublicKey, error) {
	pkcs1 := der
	if label == labelSPKI {
		info, err := unmarshal[subjectPublicKeyInfo](der, what)
		if err != nil {
			return rsaPublicKey{}, err
		}
		if err := checkAlgorithm(info.Algorithm, what); err != nil {
			return rsaPublicKey{}, err
		}
		pkcs1 = info.PublicKey.Bytes
	}
	return unmarshal[rsaPublicKey](pkcs1, what)
}

// checkAlgorithm wants what, a public or private key, to be one for rsaEncryption.
func checkAlgorithm(algorithm pkix.AlgorithmIdentifier, what string) error {
	if name := algorithmName(algorithm.Algorithm); name != "RSA" {
		return notRSA(what, name)
	}
	if p := algorithm.Parameters.FullBytes; len(p) > 0 && !bytes.Equal(p, asn1.NullBytes) {
		return badDER(what)
	}
	return nil
}

func notRSA(what, algorithm string) error {
	return &Error{
		KindNotRSA,
		fmt.Sprintf("The %s is for %s, and WhatsApp takes only RSA keys (algorithm rsaEncryption) of 2048 bits.", what, algorithm),
		newPair,
	}
}

func unmarshal[T any](der []byte, what string) (value T, err error) {
	rest, err := asn1.Unmarshal(der, &value)
	if err != nil {
		return value, badDER(what)
	}
	if len(rest) > 0 {
		return value, trailingData()
	}
	// encoding/asn1 ignores unknown fields at the end of a sequence.
	again, err := asn1.Marshal(value)
	if err != nil || !bytes.Equal(again, der) {
		return value, badDER(what)
	}
	return value, nil
}

// mislabelled replaces err, which came up when der was read as what label announces, if der is
// something else that is in order.
func mislabelled(label string, der []byte, err error) error {
	other, content := labelPKCS1, "a PKCS#1 key"
	_, otherErr := unmarshal[rsaPublicKey](der, "")
	if label == labelPKCS1 {
		other, content = labelSPKI, "a SubjectPublicKeyInfo"
		_, otherErr = unmarshal[subjectPublicKeyInfo](der, "")
	}
	if otherErr == nil {
		return &Error{
			KindWrongLabel,
			fmt.Sprintf("The PEM block is labelled %s, but holds %s.", label, content),
			fmt.Sprintf("Write %s into its BEGIN and END lines, or export the public key again with `openssl rsa -in private.pem -pubout -out public.pem`.", other),
		}
	}
	if _, certErr := certificateKey(der); certErr == nil {
		return &Error{
			KindCertificate,
			fmt.Sprintf("The PEM block is labelled %s, but holds a certificate.", label),
			fmt.Sprintf("Write %s into its BEGIN and END lines, and take the public key out of it with provider::whatsapp::public_key(…) or with `openssl x509 -in certificate.pem -pubkey -noout`.", labelCertificate),
		}
	}
	return err
}

func badDER(what string) error {
	return &Error{
		KindBadDER,
		fmt.Sprintf("The base64 of the PEM block can be read, but what it encodes is not a well-formed %s.", what),
		copyAgain,
	}
}

func trailingData() error {
	return &Error{KindTrailingData, "More data follows the end of the key inside the PEM block.", copyAgain}
}

func unusable(problem string) error {
	return &Error{KindUnusableNumbers, problem, copyAgain}
}

// algorithmName returns "RSA" for rsaEncryption only. Identifiers that are not known are not
// printed: the input may be anything.
func algorithmName(id asn1.ObjectIdentifier) string {
	switch id.String() {
	case "1.2.840.113549.1.1.1":
		return "RSA"
	case "1.2.840.113549.1.1.7":
		return "RSAES-OAEP"
	case "1.2.840.113549.1.1.10":
		return "RSA-PSS"
	case "1.2.840.10045.2.1":
		return "EC (elliptic curve)"
	case "1.2.840.10040.4.1":
		return "DSA"
	case "1.2.840.113549.1.3.1", "1.2.840.10046.2.1":
		return "Diffie-Hellman"
	case "1.3.101.110":
		return "X25519"
	case "1.3.101.111":
		return "X448"
	case "1.3.101.112":
		return "Ed25519"
	case "1.3.101.113":
		return "Ed448"
	case "2.16.840.1.101.3.4.3.17", "2.16.840.1.101.3.4.3.18", "2.16.840.1.101.3.4.3.19":
		return "ML-DSA"
	case "2.16.840.1.101.3.4.4.1", "2.16.840.1.101.3.4.4.2", "2.16.840.1.101.3.4.4.3":
		return "ML-KEM"
	default:
		return "another algorithm"
	}
}

func fromNumbers(n, e *big.Int) (PublicKey, error) {
	switch {
	case n.Sign() <= 0:
		return PublicKey{}, unusable("The RSA modulus of the key is not a positive number.")
	case n.BitLen() != keyBits:
		return PublicKey{}, &Error{
			KindWrongSize,
			fmt.Sprintf("The RSA key has %d bits, and WhatsApp takes only keys of exactly %d bits.", n.BitLen(), keyBits),
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
