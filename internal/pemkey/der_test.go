// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

type spki struct {
	Algorithm pkix.AlgorithmIdentifier
	PublicKey asn1.BitString
}

func marshalSPKI(tb testing.TB, algorithm pkix.AlgorithmIdentifier, key []byte) []byte {
	tb.Helper()
	return marshal(tb, spki{algorithm, asn1.BitString{Bytes: key, BitLength: len(key) * 8}})
}

func TestParse_algorithmNames(t *testing.T) {
	t.Parallel()
	for id, name := range map[string]string{
		"1.2.840.113549.1.1.7":    "RSAES-OAEP",
		"1.2.840.113549.1.1.10":   "RSA-PSS",
		"1.2.840.10045.2.1":       "EC (elliptic curve)",
		"1.2.840.10040.4.1":       "DSA",
		"1.2.840.113549.1.3.1":    "Diffie-Hellman",
		"1.2.840.10046.2.1":       "Diffie-Hellman",
		"1.3.101.110":             "X25519",
		"1.3.101.111":             "X448",
		"1.3.101.112":             "Ed25519",
		"1.3.101.113":             "Ed448",
		"2.16.840.1.101.3.4.3.17": "ML-DSA",
		"2.16.840.1.101.3.4.3.18": "ML-DSA",
		"2.16.840.1.101.3.4.3.19": "ML-DSA",
		"2.16.840.1.101.3.4.4.1":  "ML-KEM",
		"2.16.840.1.101.3.4.4.2":  "ML-KEM",
		"2.16.840.1.101.3.4.4.3":  "ML-KEM",
		"1.2.840.113549.1.1.2":    "another algorithm",
	} {
		var algorithm pkix.AlgorithmIdentifier
		for arc := range strings.SplitSeq(id, ".") {
			number, err := strconv.Atoi(arc)
			if err != nil {
				t.Fatal(err)
			}
			algorithm.Algorithm = append(algorithm.Algorithm, number)
		}
		key, err := pemkey.Parse(encode("PUBLIC KEY", marshalSPKI(t, algorithm, []byte{0x30, 0})))
		checkError(t, key, err, pemkey.KindNotRSA, "The public key is for "+name+", and")
	}
}

// derInputs are well-formed PEM blocks with the wrong content.
func derInputs(tb testing.TB) []badInput {
	tb.Helper()
	public := fixture(tb, "rsa2048_a.spki.pem")
	pkcs1 := fixture(tb, "rsa2048_a.pkcs1.pem")
	der := decode(tb, public)
	numbers := rsaKey(tb, public)
	n, e := numbers.N, big.NewInt(int64(numbers.E))
	rsaAlgorithm := pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}
	flipped := bytes.Clone(der)
	flipped[1]++

	return []badInput{
		{"a missing line", armour("PUBLIC KEY", body(public)[:64]+body(public)[128:]), pemkey.KindBadDER, "not a well-formed public key"},
		{"another length", encode("PUBLIC KEY", flipped), pemkey.KindBadDER, "not a well-formed public key"},
		{"text in base64", armour("PUBLIC KEY", base64Of("this is not a key")), pemkey.KindBadDER, "not a well-formed public key"},
		{"a sequence without anything", encode("PUBLIC KEY", []byte{0x30, 0x00}), pemkey.KindBadDER, "not a well-formed public key"},
		{"one byte", encode("PUBLIC KEY", []byte{0x30}), pemkey.KindBadDER, "not a well-formed public key"},
		{"a length without its bytes", encode("PUBLIC KEY", []byte{0x30, 0x84}), pemkey.KindBadDER, "not a well-formed public key"},
		{"RSA with strange parameters", encode("PUBLIC KEY", marshalSPKI(tb, pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.RawValue{FullBytes: []byte{0x02, 0x01, 0x01}}}, decode(tb, pkcs1))), pemkey.KindBadDER, "not a well-formed public key"},
		{"unused bits", encode("PUBLIC KEY", marshal(tb, spki{rsaAlgorithm, asn1.BitString{Bytes: []byte{0x30, 0x00}, BitLength: 15}})), pemkey.KindBadDER, "not a well-formed public key"},
		{"a third number", encode("RSA PUBLIC KEY", marshal(tb, struct{ N, E, D *big.Int }{n, e, e})), pemkey.KindBadDER, "not a well-formed public key"},
		{"trailing data", encode("PUBLIC KEY", append(bytes.Clone(der), 0)), pemkey.KindTrailingData, "More data"},
		{"trailing data, PKCS#1", encode("RSA PUBLIC KEY", append(decode(tb, pkcs1), decode(tb, pkcs1)...)), pemkey.KindTrailingData, "More data"},
		{"trailing data inside", encode("PUBLIC KEY", marshalSPKI(tb, rsaAlgorithm, append(decode(tb, pkcs1), 0))), pemkey.KindTrailingData, "More data"},

		{"PKCS#1 labelled as SPKI", armour("PUBLIC KEY", body(pkcs1)), pemkey.KindWrongLabel, "Write RSA PUBLIC KEY"},
		{"SPKI labelled as PKCS#1", armour("RSA PUBLIC KEY", body(public)), pemkey.KindWrongLabel, "Write PUBLIC KEY"},

		{"EC", fixture(tb, "ec.spki.pem"), pemkey.KindNotRSA, "EC (elliptic curve)"},
		{"Ed25519", fixture(tb, "ed25519.spki.pem"), pemkey.KindNotRSA, "Ed25519"},
		{"Ed448", fixture(tb, "ed448.spki.pem"), pemkey.KindNotRSA, "Ed448"},
		{"X25519", fixture(tb, "x25519.spki.pem"), pemkey.KindNotRSA, "X25519"},
		{"DSA", fixture(tb, "dsa.spki.pem"), pemkey.KindNotRSA, "DSA"},
		{"RSA-PSS", fixture(tb, "rsapss.spki.pem"), pemkey.KindNotRSA, "RSA-PSS"},
		{"unknown algorithm", encode("PUBLIC KEY", marshalSPKI(tb, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 1234567890}}, der)), pemkey.KindNotRSA, "another algorithm"},
	}
}
