package io.tollkeeper.gateway.jwt;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.cert.CertificateFactory;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;

import org.jspecify.annotations.Nullable;

/// Reads keys: members of a JWK (RFC 7517), or the `pem` of 3scale's document, which for HS algorithms is the shared
/// secret itself. Pure functions.
final class KeyReader {

    /// Beyond it one signature costs more than a whole call may.
    private static final int MOST_RSA_BITS = 8192;
    /// Below it a modulus can be factored at home.
    private static final int LEAST_RSA_BITS = 1024;

    private static final String BEGIN = "-----BEGIN";

    /// Where a key comes from: what everybody may read can hold no secret.
    enum Origin {
        DOCUMENT,
        PUBLISHED
    }

    /// A key, or the reason why it is none.
    sealed interface Read {
        record Good(VerificationKey key) implements Read {}

        record Bad(String message) implements Read {}
    }

    private KeyReader() {}

    static Read read(String kid, Map<?, ?> jwk, Origin origin) {
        try {
            Key key = key(jwk, origin);
            return key == null
                    ? new Read.Bad(unknown(jwk))
                    : new Read.Good(new VerificationKey(kid, checked(key), Json.text(jwk, "alg")));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return new Read.Bad(e.getMessage() == null ? e.toString() : e.getMessage());
        }
    }

    private static String unknown(Map<?, ?> jwk) {
        String type = Json.text(jwk, "kty");
        return type == null
                ? "it has neither kty nor pem (expected: a JWK, or a public key as PEM)"
                : "kty " + type + " with these members is not known (expected: RSA, EC or OKP, or x5c)";
    }

    private static Key checked(Key key) throws GeneralSecurityException {
        if (key instanceof RSAPublicKey rsa) {
            int bits = rsa.getModulus().bitLength();
            if (bits > MOST_RSA_BITS || bits < LEAST_RSA_BITS || rsa.getPublicExponent().bitLength() > 64) {
                throw new GeneralSecurityException("an RSA key of " + bits + " bits (expected: " + LEAST_RSA_BITS + " to "
                        + MOST_RSA_BITS + ", and an exponent of at most 64)");
            }
        }
        return key;
    }

    private static @Nullable Key key(Map<?, ?> jwk, Origin origin) throws GeneralSecurityException {
        String pem = Json.text(jwk, "pem");
        if (pem != null) {
            return pem.contains(BEGIN) ? ofPem(pem) : secret(pem.getBytes(StandardCharsets.UTF_8), origin);
        }
        String type = Json.text(jwk, "kty");
        if ("RSA".equals(type) && jwk.containsKey("n")) {
            return KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(number(jwk, "n"), number(jwk, "e")));
        }
        if ("EC".equals(type) && jwk.containsKey("x")) {
            return ellipticCurve(jwk);
        }
        if ("OKP".equals(type) && jwk.containsKey("x")) {
            return edwards(jwk);
        }
        if ("oct".equals(type)) {
            return secret(bytes(jwk, "k"), origin);
        }
        return jwk.get("x5c") instanceof List<?> chain && !chain.isEmpty() && chain.getFirst() instanceof String first
                ? certificate(Base64.getMimeDecoder().decode(first))
                : null;
    }

    private static Key secret(byte[] bytes, Origin origin) throws GeneralSecurityException {
        if (origin == Origin.PUBLISHED) {
            throw new GeneralSecurityException("it is a shared secret that everybody can read: tokens signed with it prove nothing");
        }
        if (bytes.length == 0) {
            throw new GeneralSecurityException("the shared secret is empty");
        }
        return new SecretKeySpec(bytes, "HMAC");
    }

    private static Key ofPem(String pem) throws GeneralSecurityException {
        int begin = pem.indexOf('\n', pem.indexOf(BEGIN));
        int end = pem.indexOf("-----END", Math.max(begin, 0));
        if (begin < 0 || end < 0) {
            throw new GeneralSecurityException("the pem has no end (expected: -----BEGIN PUBLIC KEY----- … -----END PUBLIC KEY-----)");
        }
        byte[] der = Base64.getMimeDecoder().decode(pem.substring(begin, end));
        if (pem.contains("-----BEGIN CERTIFICATE-----")) {
            return certificate(der);
        }
        for (String kind : List.of("RSA", "EC", "EdDSA")) {
            try {
                return KeyFactory.getInstance(kind).generatePublic(new X509EncodedKeySpec(der));
            } catch (GeneralSecurityException _) {
                // of another kind, perhaps: the next one tells
            }
        }
        throw new GeneralSecurityException("the pem holds no public key that can be read (expected: RSA, EC or EdDSA)");
    }

    private static Key certificate(byte[] der) throws GeneralSecurityException {
        return CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der)).getPublicKey();
    }

    private static Key ellipticCurve(Map<?, ?> jwk) throws GeneralSecurityException {
        String curve = Json.text(jwk, "crv");
        String name = switch (curve == null ? "" : curve) {
            case "P-256" -> "secp256r1";
            case "P-384" -> "secp384r1";
            case "P-521" -> "secp521r1";
            default -> throw new GeneralSecurityException("crv " + curve + " is not known (expected: P-256, P-384 or P-521)");
        };
        AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
        parameters.init(new ECGenParameterSpec(name));
        ECParameterSpec domain = parameters.getParameterSpec(ECParameterSpec.class);
        ECPoint point = new ECPoint(number(jwk, "x"), number(jwk, "y"));
        if (!isOn(domain, point)) {
            throw new GeneralSecurityException("x and y are no point of " + curve);
        }
        return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, domain));
    }

    private static boolean isOn(ECParameterSpec domain, ECPoint point) {
        BigInteger p = ((ECFieldFp) domain.getCurve().getField()).getP();
        BigInteger x = point.getAffineX();
        BigInteger y = point.getAffineY();
        return x.compareTo(p) < 0
                && y.compareTo(p) < 0
                && y.multiply(y).mod(p).equals(
                        x.pow(3).add(domain.getCurve().getA().multiply(x)).add(domain.getCurve().getB()).mod(p));
    }

    private static Key edwards(Map<?, ?> jwk) throws GeneralSecurityException {
        String curve = Json.text(jwk, "crv");
        NamedParameterSpec name = switch (curve == null ? "" : curve) {
            case "Ed25519" -> NamedParameterSpec.ED25519;
            case "Ed448" -> NamedParameterSpec.ED448;
            default -> throw new GeneralSecurityException("crv " + curve + " is not known (expected: Ed25519 or Ed448)");
        };
        byte[] littleEndian = bytes(jwk, "x");
        if (littleEndian.length != (name == NamedParameterSpec.ED25519 ? 32 : 57)) {
            throw new GeneralSecurityException("x has " + littleEndian.length + " bytes, which " + curve + " has not");
        }
        byte[] y = new byte[littleEndian.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = littleEndian[y.length - 1 - i];
        }
        boolean xOdd = (y[0] & 0x80) != 0;
        y[0] &= 0x7f;
        return KeyFactory.getInstance("EdDSA").generatePublic(
                new EdECPublicKeySpec(name, new EdECPoint(xOdd, new BigInteger(1, y))));
    }

    private static BigInteger number(Map<?, ?> jwk, String member) throws GeneralSecurityException {
        return new BigInteger(1, bytes(jwk, member));
    }

    private static byte[] bytes(Map<?, ?> jwk, String member) throws GeneralSecurityException {
        String text = Json.text(jwk, member);
        if (text == null || text.isEmpty()) {
            throw new GeneralSecurityException("it has no " + member);
        }
        return Base64.getUrlDecoder().decode(text);
    }
}
