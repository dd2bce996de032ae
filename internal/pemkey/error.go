// SPDX-License-Identifier: MPL-2.0

package pemkey

// Kind names a kind of bad input, so that callers and tests need not look at
// the wording.
type Kind string

// The kinds of bad input. If there is a private key anywhere in the input, the
// kind is [KindPrivateKey] or [KindEncryptedPrivateKey], whatever else is
// wrong. Otherwise it is the kind of what has to be repaired first.
const (
	KindEmpty               Kind = "empty"                 // nothing, or nothing but whitespace; also a nil *rsa.PublicKey
	KindTooLarge            Kind = "too_large"             // more than 64 KiB
	KindPrivateKey          Kind = "private_key"           // PEM (RSA, EC, PKCS#8, OpenSSH, PGP, …), bare base64, JSON Web Key or PuTTY
	KindEncryptedPrivateKey Kind = "encrypted_private_key" // PKCS#8 with PBES, or PEM with "Proc-Type: 4,ENCRYPTED"
	KindCertificate         Kind = "certificate"           // X.509 certificate, or a chain of them
	KindCertificateRequest  Kind = "certificate_request"   // PKCS#10
	KindOpenSSH             Kind = "openssh"               // one-line public key, "ssh-rsa AAAA…"
	KindSSH2                Kind = "ssh2"                  // RFC 4716, "---- BEGIN SSH2 PUBLIC KEY ----"
	KindPGP                 Kind = "pgp"                   // any PGP block that is not a private key
	KindJWK                 Kind = "json_web_key"          // RFC 7517, public
	KindJSON                Kind = "json"                  // any other JSON, such as a quoted PEM
	KindOtherBlock          Kind = "other_block"           // PEM with a label that no other kind covers
	KindSeveralBlocks       Kind = "several_blocks"        // more than one PEM block
	KindSurroundingText     Kind = "surrounding_text"      // text before or after the block
	KindEscapedNewlines     Kind = "escaped_newlines"      // backslashes, mostly with an n, instead of newlines
	KindLostNewlines        Kind = "lost_newlines"         // spaces or nothing instead of newlines
	KindIndented            Kind = "indented"              // the END line begins with spaces or tabs
	KindInvisible           Kind = "invisible"             // characters that cannot be seen, such as a no-break space
	KindURLEncoded          Kind = "url_encoded"           // percent-encoded
	KindHTMLEncoded         Kind = "html_encoded"          // with HTML entities
	KindEscapedCharacters   Kind = "escaped_characters"    // with escape sequences for other characters than line breaks
	KindSpacesInBase64      Kind = "spaces_in_base64"      // typically each was a "+" once
	KindNoArmour            Kind = "no_armour"             // base64 of a key, without BEGIN and END
	KindEncodedPEM          Kind = "encoded_pem"           // base64 of a whole PEM
	KindFilePath            Kind = "file_path"             // where the key is, instead of the key
	KindNotPEM              Kind = "not_pem"               // nothing recognisable
	KindTruncated           Kind = "truncated"             // BEGIN without END, END without BEGIN, or nothing between them
	KindEndMismatch         Kind = "end_mismatch"          // END names another label than BEGIN
	KindMalformedBoundary   Kind = "malformed_boundary"    // BEGIN or END with other dashes, spaces or letters than RFC 7468 wants
	KindHeaders             Kind = "headers"               // "Name: value" lines inside the block
	KindBadBase64           Kind = "bad_base64"            // does not decode
	KindBadDER              Kind = "bad_der"               // decodes, but not to the DER that the label announces
	KindTrailingData        Kind = "trailing_data"         // bytes after the end of the DER
	KindWrongLabel          Kind = "wrong_label"           // PKCS#1 under "PUBLIC KEY", or SPKI under "RSA PUBLIC KEY"
	KindNotRSA              Kind = "not_rsa"               // another algorithm, RSA-PSS included
	KindWrongSize           Kind = "wrong_size"            // RSA, but not 2048 bits
	KindUnusableNumbers     Kind = "unusable_numbers"      // modulus or exponent that no sound RSA key has
)

// The kinds that only [Derive] returns. From Derive, [KindPrivateKey] means a
// private key in a format that is not read, such as OpenSSH;
// [KindEncryptedPrivateKey] and [KindCertificate] do not occur.
const (
	KindMissingPassphrase     Kind = "missing_passphrase"     // encrypted, and no passphrase given
	KindWrongPassphrase       Kind = "wrong_passphrase"       // decrypts to nothing sensible
	KindSeveralPassphrases    Kind = "several_passphrases"    // more than one given
	KindUnsupportedEncryption Kind = "unsupported_encryption" // PBES1, or a cipher, a hash or a key derivation that is not read
	KindExcessiveCost         Kind = "excessive_cost"         // a key derivation that would take too much time or memory
)

// Error says what is wrong with an input that should have been a key. It never
// quotes the input, which may be a private key: the texts are fixed but for
// known PEM labels, known names of algorithms, and numbers.
type Error struct {
	Kind    Kind
	Problem string // what is wrong, a whole sentence
	Remedy  string // what to do next, one or more whole sentences
}

// Error returns the problem and the remedy, separated by a space.
func (e *Error) Error() string {
	return e.Problem + " " + e.Remedy
}
