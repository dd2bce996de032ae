// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// encryptedInfo is an encrypted PKCS#8 key, for tests that change something in
// it.
type encryptedInfo struct {
	Algorithm struct {
		ID     asn1.ObjectIdentifier
		Params struct{ KDF, Cipher pkix.AlgorithmIdentifier }
	}
	Data []byte
}

type pbkdf2Params struct {
	Salt       []byte
	Iterations int64
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

type scryptParams struct {
	Salt      []byte
	N, R, P   int64
	KeyLength int `asn1:"optional"`
}

// tampered returns a fixture after a change to it.
func tampered(tb testing.TB, name string, change func(info *encryptedInfo)) string {
	tb.Helper()
	var info encryptedInfo
	if _, err := asn1.Unmarshal(decode(tb, fixture(tb, name)), &info); err != nil {
		tb.Fatal(err)
	}
	change(&info)
	return encode("ENCRYPTED PRIVATE KEY", marshal(tb, info))
}

// withKDF returns a fixture with other parameters of its key derivation.
func withKDF(tb testing.TB, name string, params any) string {
	tb.Helper()
	return tampered(tb, name, func(info *encryptedInfo) {
		info.Algorithm.Params.KDF.Parameters = asn1.RawValue{FullBytes: marshal(tb, params)}
	})
}

func withIV(tb testing.TB, name string, iv []byte) string {
	tb.Helper()
	return tampered(tb, name, func(info *encryptedInfo) {
		info.Algorithm.Params.Cipher.Parameters = asn1.RawValue{FullBytes: marshal(tb, iv)}
	})
}

// pbes2Inputs are labelled ENCRYPTED PRIVATE KEY.
func pbes2Inputs(tb testing.TB) underivableInputs {
	tb.Helper()
	pbes2 := fixture(tb, "private/pbkdf2_1_iteration.pem")
	salt := []byte("saltsalt")
	const oneIteration = "private/pbkdf2_1_iteration.pem"
	const scrypt = "private/scrypt_aes256.pem"

	var inputs underivableInputs
	inputs.addFixture(tb, "private/refused_pbes2_des-cbc.pem", pemkey.KindUnsupportedEncryption, "DES", passphrase)
	inputs.addFixture(tb, "private/refused_pbes2_rc2-cbc.pem", pemkey.KindUnsupportedEncryption, "RC2", passphrase)
	inputs.addFixture(tb, "private/refused_prf_md5.pem", pemkey.KindUnsupportedEncryption, "hash function", passphrase)
	for _, scheme := range []string{"PBE-SHA1-3DES", "PBE-SHA1-RC4-128", "PBE-MD5-DES"} {
		inputs.addFixture(tb, "private/refused_pbes1_"+scheme+".pem", pemkey.KindUnsupportedEncryption, "older than PBES2", passphrase)
	}
	inputs.addFixture(tb, "private/refused_pbes1_PBE-SHA1-3DES.pem", pemkey.KindUnsupportedEncryption, "-v2 aes-256-cbc")
	inputs.add("unknown cipher", tampered(tb, oneIteration, func(info *encryptedInfo) {
		info.Algorithm.Params.Cipher.Algorithm = asn1.ObjectIdentifier{1, 2, 3}
	}), pemkey.KindUnsupportedEncryption, "an unknown cipher", passphrase)
	inputs.add("unknown key derivation", tampered(tb, oneIteration, func(info *encryptedInfo) {
		info.Algorithm.Params.KDF.Algorithm = asn1.ObjectIdentifier{1, 2, 3}
	}), pemkey.KindUnsupportedEncryption, "key derivation", passphrase)
	inputs.add("unknown scheme", tampered(tb, oneIteration, func(info *encryptedInfo) {
		info.Algorithm.ID = asn1.ObjectIdentifier{1, 2, 3}
	}), pemkey.KindUnsupportedEncryption, "older than PBES2", passphrase)

	inputs.addFixture(tb, "private/refused_iterations.pem", pemkey.KindExcessiveCost, "5000001 iterations", passphrase)
	inputs.addFixture(tb, "private/refused_scrypt_work.pem", pemkey.KindExcessiveCost, "scrypt work", passphrase)
	inputs.add("endless PBKDF2", withKDF(tb, oneIteration, pbkdf2Params{Salt: salt, Iterations: 1<<63 - 1}), pemkey.KindExcessiveCost, "5000000", passphrase)
	for name, params := range map[string]scryptParams{
		"N": {N: 1 << 62, R: 8, P: 1}, "r": {N: 2, R: 1<<63 - 1, P: 1}, "p": {N: 2, R: 1, P: 1<<63 - 1},
		"all": {N: 1 << 62, R: 1<<63 - 1, P: 1<<63 - 1}, "product": {N: 1 << 21, R: 1 << 21, P: 1 << 21}, "r and p": {N: 2, R: 1 << 10, P: 1 << 13},
	} {
		params.Salt = salt
		inputs.add("endless scrypt: "+name, withKDF(tb, scrypt, params), pemkey.KindExcessiveCost, "scrypt work", passphrase)
	}
	inputs.add("much memory", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 1 << 15, R: 8, P: 1}), pemkey.KindExcessiveCost, "32 MiB", passphrase)
	inputs.add("much memory: p", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 2, R: 8, P: 1 << 15}), pemkey.KindExcessiveCost, "32 MiB", passphrase)

	inputs.add("much memory: one block more than 32 MiB", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 2, R: 1, P: 1<<18 - 3}), pemkey.KindExcessiveCost, "32 MiB", passphrase)

	inputs.add("no iterations", withKDF(tb, oneIteration, pbkdf2Params{Salt: salt}), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("negative iterations", withKDF(tb, oneIteration, pbkdf2Params{Salt: salt, Iterations: -1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("N is not a power of two", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 3, R: 8, P: 1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("N is one", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 1, R: 8, P: 1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("r is zero", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 2, P: 1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("p is negative", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 2, R: 8, P: -1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("salt from elsewhere", withKDF(tb, oneIteration, pkix.AlgorithmIdentifier{Algorithm: oidRSA}), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("scrypt parameters for PBKDF2", withKDF(tb, oneIteration, scryptParams{Salt: salt, N: 2, R: 8, P: 1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("PBKDF2 parameters for scrypt", withKDF(tb, scrypt, pbkdf2Params{Salt: salt, Iterations: 1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("no IV", tampered(tb, oneIteration, func(info *encryptedInfo) {
		info.Algorithm.Params.Cipher.Parameters = asn1.NullRawValue
	}), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("no parameters", encode("ENCRYPTED PRIVATE KEY", marshal(tb, struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}}, make([]byte, 16)})), pemkey.KindBadDER, "encrypted private key", passphrase)
	for _, length := range []int{0, 8, 15, 17, 32} {
		inputs.add(fmt.Sprintf("IV of %d bytes", length), withIV(tb, oneIteration, make([]byte, length)), pemkey.KindBadDER, "encrypted private key", passphrase)
	}
	inputs.add("IV for DES of 16 bytes", withIV(tb, "private/pbkdf2_des3_SHA256.pem", make([]byte, 16)), pemkey.KindBadDER, "encrypted private key", passphrase)
	for _, length := range []int{0, 1, 15, 17} {
		inputs.add(fmt.Sprintf("%d encrypted bytes", length), tampered(tb, oneIteration, func(info *encryptedInfo) { info.Data = info.Data[:length] }), pemkey.KindBadDER, "encrypted private key", passphrase)
	}
	inputs.add("one block", tampered(tb, oneIteration, func(info *encryptedInfo) { info.Data = info.Data[:16] }), pemkey.KindWrongPassphrase, "damaged", passphrase)
	inputs.add("encrypted, trailing data", encode("ENCRYPTED PRIVATE KEY", append(decode(tb, pbes2), 0)), pemkey.KindTrailingData, "More data", passphrase)
	return inputs
}

// TestDerive_limits gives no passphrase, for want of which a key is refused once
// its key derivation is found to be within the limits.
func TestDerive_limits(t *testing.T) {
	t.Parallel()
	const oneIteration, scrypt = "private/pbkdf2_1_iteration.pem", "private/scrypt_aes256.pem"
	salt := []byte("saltsalt")
	for name, text := range map[string]string{
		"iterations":       withKDF(t, oneIteration, pbkdf2Params{Salt: salt, Iterations: 5_000_000}),
		"work of scrypt":   withKDF(t, scrypt, scryptParams{Salt: salt, N: 1 << 11, R: 1 << 3, P: 1 << 8}),
		"memory of scrypt": withKDF(t, scrypt, scryptParams{Salt: salt, N: 2, R: 1, P: 1<<18 - 4}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := pemkey.Derive(text)
			checkError(t, key, err, pemkey.KindMissingPassphrase, "second argument")
		})
	}
}

// TestDerive_padding has plaintext with right and wrong padding.
func TestDerive_padding(t *testing.T) {
	t.Parallel()
	want := mustParse(t, fixture(t, "rsa2048_a.spki.pem"))
	pkcs8 := decode(t, fixture(t, "rsa2048_a.private_pkcs8.pem"))
	right := aes.BlockSize - len(pkcs8)%aes.BlockSize
	for name, test := range map[string]struct {
		plain, padding []byte
		ok             bool
	}{
		"as it has to be":          {pkcs8, bytes.Repeat([]byte{byte(right)}, right), true},
		"first byte of another":    {pkcs8, append([]byte{0xff}, bytes.Repeat([]byte{byte(right)}, right-1)...), false},
		"one block more":           {pkcs8, bytes.Repeat([]byte{byte(right + aes.BlockSize)}, right+aes.BlockSize), false},
		"none":                     {pkcs8, make([]byte, right), false},
		"longer than the plain":    {nil, bytes.Repeat([]byte{aes.BlockSize + 1}, aes.BlockSize), false},
		"much longer than a block": {nil, bytes.Repeat([]byte{0xff}, aes.BlockSize), false},
		"nothing but padding":      {nil, bytes.Repeat([]byte{aes.BlockSize}, aes.BlockSize), false},
	} {
		text := tampered(t, "private/pbkdf2_1_iteration.pem", func(info *encryptedInfo) {
			var params pbkdf2Params
			if _, err := asn1.Unmarshal(info.Algorithm.Params.KDF.Parameters.FullBytes, &params); err != nil {
				t.Fatal(err)
			}
			key, err := pbkdf2.Key(sha256.New, passphrase, params.Salt, 1, 32)
			if err != nil {
				t.Fatal(err)
			}
			block, err := aes.NewCipher(key)
			if err != nil {
				t.Fatal(err)
			}
			var iv []byte
			if _, err := asn1.Unmarshal(info.Algorithm.Params.Cipher.Parameters.FullBytes, &iv); err != nil {
				t.Fatal(err)
			}
			info.Data = append(bytes.Clone(test.plain), test.padding...)
			cipher.NewCBCEncrypter(block, iv).CryptBlocks(info.Data, info.Data)
		})
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := pemkey.Derive(text, passphrase)
			switch {
			case !test.ok:
				checkError(t, key, err, pemkey.KindWrongPassphrase, "cannot be decrypted with this passphrase")
			case err != nil || key != want:
				t.Errorf("%s, %v", key, err)
			}
		})
	}
}
