#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Makes the fixtures in private/ with OpenSSL 3, from the keys that generate.sh
# has made: what Derive reads, and what it has to refuse. The passphrase of
# everything that is encrypted is "fixture", unless the name says otherwise.
set -eu
cd "$(dirname "$0")"
rm -rf private
mkdir private
key=rsa2048_a.private_pkcs1.pem
pass=pass:fixture

# Encrypted by the PEM itself. DES is in OpenSSL's legacy provider.
for cipher in des3 aes128 aes192 aes256; do
	openssl rsa -in $key -traditional -$cipher -passout $pass -out "private/legacy_$cipher.pem"
done
openssl rsa -in $key -traditional -des -passout $pass -out private/legacy_des.pem \
	-provider legacy -provider default

# Encrypted by PKCS#8: every cipher with every pseudorandom function of PBKDF2,
# and with scrypt. hmacWithSHA1 is what the file does not name.
for cipher in des3 aes128 aes192 aes256; do
	for prf in SHA1 SHA224 SHA256 SHA384 SHA512 SHA512-224 SHA512-256; do
		openssl pkcs8 -topk8 -in $key -v2 $cipher -v2prf "hmacWith$prf" -passout $pass \
			-out "private/pbkdf2_${cipher}_$prf.pem"
	done
	openssl pkcs8 -topk8 -in $key -v2 $cipher -scrypt -passout $pass -out "private/scrypt_$cipher.pem"
done
openssl pkcs8 -topk8 -in $key -iter 600000 -passout $pass -out private/pbkdf2_600000_iterations.pem
openssl pkcs8 -topk8 -in $key -noiter -passout $pass -out private/pbkdf2_1_iteration.pem
openssl pkcs8 -topk8 -in $key -scrypt -scrypt_N 32768 -scrypt_r 7 -scrypt_p 2 -passout $pass \
	-out private/scrypt_32768_7_2.pem
openssl pkcs8 -topk8 -in $key -passout "pass:  grüße & \"co\" \$x" -out private/passphrase_special.pem
openssl pkcs8 -topk8 -in $key -passout pass: -out private/passphrase_empty.pem

# A key of three primes, which is rare.
openssl genrsa -aes256 -primes 3 -passout $pass -out private/multiprime.pem 2048
openssl rsa -in private/multiprime.pem -passin $pass -pubout -out private/multiprime.spki.pem
openssl rsa -in private/multiprime.pem -passin $pass -traditional -out private/multiprime.pkcs1.pem

# Certificates: as a CA would mark it, of version 1, and with a serial number
# that RFC 5280 does not allow.
openssl x509 -in certificate.pem -trustout -addtrust serverAuth -out private/certificate_trusted.pem
openssl x509 -req -in request.pem -key $key -days 36500 -out private/certificate_v1.pem
openssl x509 -req -in request.pem -key $key -days 36500 -set_serial -1 -out private/certificate_negative_serial.pem

# Encrypted in ways that are refused.
for cipher in aria-256-cbc camellia-256-cbc sm4-cbc aes-256-cfb; do
	openssl pkcs8 -topk8 -in $key -v2 $cipher -passout $pass -out "private/refused_pbes2_$cipher.pem"
	openssl rsa -in $key -traditional -$cipher -passout $pass -out "private/refused_legacy_$cipher.pem"
done
openssl pkcs8 -topk8 -in $key -v2 des-cbc -passout $pass -out private/refused_pbes2_des-cbc.pem \
	-provider legacy -provider default
openssl pkcs8 -topk8 -in $key -v2 rc2-cbc -passout $pass -out private/refused_pbes2_rc2-cbc.pem \
	-provider legacy -provider default
openssl pkcs8 -topk8 -in $key -v2prf hmacWithMD5 -passout $pass -out private/refused_prf_md5.pem
for scheme in PBE-SHA1-3DES PBE-SHA1-RC4-128 PBE-MD5-DES; do
	openssl pkcs8 -topk8 -in $key -v1 $scheme -passout $pass -out "private/refused_pbes1_$scheme.pem" \
		-provider legacy -provider default
done
openssl pkcs8 -topk8 -in $key -iter 5000001 -passout $pass -out private/refused_iterations.pem
openssl pkcs8 -topk8 -in $key -scrypt -scrypt_N 16384 -scrypt_r 8 -scrypt_p 64 -passout $pass \
	-out private/refused_scrypt_work.pem

# Keys that WhatsApp does not take.
openssl genrsa -traditional -out private/rsa1024.pem 1024
openssl rsa -in private/rsa1024.pem -traditional -aes128 -passout $pass -out private/rsa1024_legacy.pem
openssl pkcs8 -topk8 -in private/rsa1024.pem -passout $pass -out private/rsa1024_pbes2.pem
openssl req -x509 -key private/rsa1024.pem -subj /CN=fixture -days 36500 -out private/rsa1024_certificate.pem
openssl pkcs8 -topk8 -nocrypt -in private_ec.pem -out private/ec_pkcs8.pem
openssl pkcs8 -topk8 -in private_ec.pem -passout $pass -out private/ec_pbes2.pem
openssl ec -in private_ec.pem -aes128 -passout $pass -out private/ec_legacy.pem
openssl req -x509 -key private_ec.pem -subj /CN=fixture -days 36500 -out private/ec_certificate.pem
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out private/rsapss.pem
chmod 644 private/*.pem
