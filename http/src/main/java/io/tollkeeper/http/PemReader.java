package io.tollkeeper.http;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

import org.jspecify.annotations.Nullable;

/// Reads certificates and private keys as people keep them: PKCS#8, plain or encrypted, and the older forms of OpenSSL
/// for RSA and EC. Blocks.
///
/// All methods throw [IllegalArgumentException] if something cannot be used; its message names it.
final class PemReader {

    /// AlgorithmIdentifier of RSA: `1.2.840.113549.1.1.1`, NULL.
    private static final byte[] RSA = {0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
    /// Object identifier of EC keys: `1.2.840.10045.2.1`.
    private static final byte[] EC = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01};
    private static final List<String> KEY_TYPES = List.of("RSA", "EC", "EdDSA");

    private PemReader() {}

    static List<X509Certificate> certificates(Pem pem) {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (byte[] der : blocks(pem.text(), "CERTIFICATE")) {
                certificates.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
            }
        } catch (IOException e) {
            throw unusable("certificate", pem, "cannot be read: " + e, e);
        } catch (GeneralSecurityException e) {
            throw unusable("certificate", pem, "is broken: " + e.getMessage(), e);
        }
        if (certificates.isEmpty()) {
            throw unusable("certificate", pem, "holds no certificate (expected: PEM, -----BEGIN CERTIFICATE-----)", null);
        }
        return certificates;
    }

    /// @param passwords file of pass phrases for encrypted keys, one per line, tried in turn; null for none
    static PrivateKey key(Pem pem, @Nullable Path passwords) {
        try {
            String text = pem.text();
            List<byte[]> plain = blocks(text, "PRIVATE KEY");
            if (!plain.isEmpty()) {
                return decode(plain.getFirst());
            }
            if (text.contains("Proc-Type: 4,ENCRYPTED")) {
                throw unusable("key", pem, "is encrypted in OpenSSL's old form (expected: PKCS#8; openssl pkcs8 -topk8 converts it)", null);
            }
            List<byte[]> rsa = blocks(text, "RSA PRIVATE KEY");
            if (!rsa.isEmpty()) {
                return decode(pkcs8(RSA, rsa.getFirst()));
            }
            List<byte[]> ec = blocks(text, "EC PRIVATE KEY");
            if (!ec.isEmpty()) {
                return decode(pkcs8(sequence(concat(EC, curve(ec.getFirst()))), ec.getFirst()));
            }
            List<byte[]> encrypted = blocks(text, "ENCRYPTED PRIVATE KEY");
            if (!encrypted.isEmpty()) {
                return decrypt(pem, encrypted.getFirst(), passwords);
            }
        } catch (IOException e) {
            throw unusable("key", pem, "cannot be read: " + e, e);
        } catch (GeneralSecurityException | IndexOutOfBoundsException e) {
            throw unusable("key", pem, "is broken: " + e.getMessage(), e);
        }
        throw unusable("key", pem, "holds no private key (expected: PEM, -----BEGIN PRIVATE KEY-----)", null);
    }

    /// A file that is being replaced is often half new: a key that does not belong to its certificate is told at once,
    /// not by every client in its handshake.
    static void checkPair(X509Certificate certificate, PrivateKey key, Pem certificateFile, Pem keyFile) {
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> "EdDSA";
        };
        boolean fits;
        try {
            byte[] probe = {1, 2, 3};
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(probe);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(probe);
            fits = signature.verify(signed);
        } catch (GeneralSecurityException _) {
            fits = false; // of another kind
        }
        if (!fits) {
            throw new IllegalArgumentException(
                    "key " + keyFile.describe() + " does not belong to certificate " + certificateFile.describe());
        }
    }

    private static PrivateKey decode(byte[] pkcs8) throws GeneralSecurityException {
        GeneralSecurityException last = null;
        for (String type : KEY_TYPES) {
            try {
                return KeyFactory.getInstance(type).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (GeneralSecurityException e) {
                last = e;
            }
        }
        throw new GeneralSecurityException("no RSA, EC or EdDSA key", last);
    }

    private static PrivateKey decrypt(Pem pem, byte[] der, @Nullable Path passwords) throws IOException, GeneralSecurityException {
        if (passwords == null) {
            throw unusable("key", pem, "is encrypted, and no file with its pass phrase is named", null);
        }
        EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
        // PBES2 tells its algorithm in its parameters only.
        String algorithm = info.getAlgParameters() != null && info.getAlgName().equals("PBES2")
                ? info.getAlgParameters().toString()
                : info.getAlgName();
        int tried = 0;
        for (String password : Files.readAllLines(passwords, StandardCharsets.UTF_8)) {
            tried++;
            try {
                Cipher cipher = Cipher.getInstance(algorithm);
                cipher.init(Cipher.DECRYPT_MODE,
                        SecretKeyFactory.getInstance(algorithm).generateSecret(new PBEKeySpec(password.toCharArray())),
                        info.getAlgParameters());
                return decode(info.getKeySpec(cipher).getEncoded());
            } catch (GeneralSecurityException _) {
                // not this one
            }
        }
        throw unusable("key", pem, "cannot be decrypted with any of the " + tried + " pass phrases in " + passwords, null);
    }

    // ---- PEM and DER -----------------------------------------------------------------------------------------------

    private static List<byte[]> blocks(String text, String label) {
        List<byte[]> found = new ArrayList<>();
        String begin = "-----BEGIN " + label + "-----";
        String end = "-----END " + label + "-----";
        for (int at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at + 1)) {
            int stop = text.indexOf(end, at);
            if (stop < 0) {
                break;
            }
            String base64 = text.substring(at + begin.length(), stop).replaceAll("\\s", "");
            try {
                found.add(Base64.getDecoder().decode(base64));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(label + " is no base64: " + e.getMessage(), e);
            }
        }
        return found;
    }

    /// PrivateKeyInfo around a key in its own form (RFC 5958).
    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        return sequence(concat(concat(new byte[] {0x02, 0x01, 0x00}, algorithm), tagged(0x04, key)));
    }

    /// The curve in an ECPrivateKey (RFC 5915): the content of its element `[0]`.
    private static byte[] curve(byte[] der) throws GeneralSecurityException {
        int at = contentStart(der, 0);
        while (at < der.length) {
            int start = contentStart(der, at);
            int end = start + length(der, at);
            if ((der[at] & 0xff) == 0xa0) {
                return Arrays.copyOfRange(der, start, end);
            }
            at = end;
        }
        throw new GeneralSecurityException("the EC key does not name its curve");
    }

    private static int contentStart(byte[] der, int at) {
        return (der[at + 1] & 0x80) == 0 ? at + 2 : at + 2 + (der[at + 1] & 0x7f);
    }

    private static int length(byte[] der, int at) {
        if ((der[at + 1] & 0x80) == 0) {
            return der[at + 1];
        }
        int length = 0;
        for (int i = 0; i < (der[at + 1] & 0x7f); i++) {
            length = length << 8 | der[at + 2 + i] & 0xff;
        }
        return length;
    }

    private static byte[] sequence(byte[] content) {
        return tagged(0x30, content);
    }

    private static byte[] tagged(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else if (content.length < 0x100) {
            out.write(0x81);
            out.write(content.length);
        } else {
            out.write(0x82);
            out.write(content.length >> 8);
            out.write(content.length);
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static IllegalArgumentException unusable(String what, Pem pem, String why, @Nullable Throwable cause) {
        return new IllegalArgumentException(what + " " + pem.describe() + " " + why, cause);
    }
}
