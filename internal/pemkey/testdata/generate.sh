#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Makes the fixtures beside this script with OpenSSL 3 and ssh-keygen. Every
# run makes new keys; the tests depend on their kind, not on their value.
# The private keys are throw-away keys that protect nothing.
set -eu
cd "$(dirname "$0")"
rm -f ./*.pem ./*.txt ./*.pub

# Two pairs of the kind that is accepted, in both armours; a third one with
# the rarer exponent 3, whose DER has another length.
for name in a b; do
	openssl genrsa -traditional -out "rsa2048_$name.private_pkcs1.pem" 2048
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
	-pkeyopt rsa_keygen_pubexp:3 -out rsa2048_e3.private_pkcs8.pem
openssl pkey -in rsa2048_a.private_pkcs1.pem -out rsa2048_a.private_pkcs8.pem
for name in a.private_pkcs1 b.private_pkcs1 e3.private_pkcs8; do
	openssl rsa -in "rsa2048_$name.pem" -pubout -out "rsa2048_${name%%.*}.spki.pem"
	openssl rsa -in "rsa2048_$name.pem" -RSAPublicKey_out -out "rsa2048_${name%%.*}.pkcs1.pem"
done

# The fingerprints as OpenSSL computes them: SHA-256 of the SPKI DER.
for name in a b e3; do
	printf '%s ' "$name"
	openssl pkey -pubin -in "rsa2048_$name.spki.pem" -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1
done >fingerprints.txt

# Private keys in the other wrappings that people paste.
openssl rsa -in rsa2048_a.private_pkcs1.pem -traditional -aes128 -passout pass:fixture \
	-out private_encrypted_legacy.pem
openssl pkcs8 -topk8 -in rsa2048_a.private_pkcs1.pem -v2 aes-256-cbc -passout pass:fixture \
	-out private_encrypted_pbes2.pem
openssl ecparam -name prime256v1 -genkey -out private_ec.pem
openssl genpkey -algorithm ED25519 -out private_ed25519.pem
cp rsa2048_a.private_pkcs1.pem private_openssh.pem
chmod 600 private_openssh.pem
ssh-keygen -q -p -N '' -f private_openssh.pem

# Wrong sizes and wrong algorithms, public halves only.
for bits in 1024 3072 4096; do
	openssl genrsa "$bits" | openssl rsa -pubout -out "rsa$bits.spki.pem"
done
openssl pkey -in private_ec.pem -pubout -out ec.spki.pem
openssl pkey -in private_ed25519.pem -pubout -out ed25519.spki.pem
for algorithm in X25519 ED448; do
	openssl genpkey -algorithm "$algorithm" | openssl pkey -pubout -out "$(echo "$algorithm" | tr '[:upper:]' '[:lower:]').spki.pem"
done
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 |
	openssl pkey -pubout -out rsapss.spki.pem
openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -pkeyopt dsa_paramgen_q_bits:160 |
	openssl genpkey -paramfile /dev/stdin | openssl pkey -pubout -out dsa.spki.pem

# Things that hold a public key, but are not one.
openssl req -x509 -key rsa2048_a.private_pkcs1.pem -subj /CN=fixture -days 36500 -out certificate.pem
openssl req -new -key rsa2048_a.private_pkcs1.pem -subj /CN=fixture -out request.pem
openssl ecparam -name prime256v1 -out ec_parameters.pem
openssl crl2pkcs7 -nocrl -certfile certificate.pem -out pkcs7.pem
openssl rsa -pubin -in rsa2048_a.spki.pem -text -out rsa2048_a.text.txt
ssh-keygen -y -f private_openssh.pem | sed 's/$/ user@host/' >openssh_rsa.pub
ssh-keygen -e -m RFC4716 -f private_openssh.pem |
	sed 's/^Comment: .*/Comment: "user@host"/' >ssh2_rsa.pub
ssh-keygen -q -t ed25519 -N '' -C user@host -f openssh_ed25519
rm openssh_ed25519
chmod 644 ./*.pem ./*.txt ./*.pub
