package io.tollkeeper.gateway.jwt;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import javax.crypto.Mac;
import javax.crypto.SecretKey;

import org.jspecify.annotations.Nullable;

/// The signature algorithms of JOSE (RFC 7518, RFC 8037) that may protect a token. `none` is not among them and cannot
/// be configured. Each takes keys of one kind only, so a public key can never be taken for a shared secret. Any thread.
enum Algorithm {
    RS256("RS256", Kind.RSA, "SHA256withRSA", 0),
    RS384("RS384", Kind.RSA, "SHA384withRSA", 0),
    RS512("RS512", Kind.RSA, "SHA512withRSA", 0),
    PS256("PS256", Kind.RSA, "SHA-256", 32),
    PS384("PS384", Kind.RSA, "SHA-384", 48),
    PS512("PS512", Kind.RSA, "SHA-512", 64),
    ES256("ES256", Kind.EC, "SHA256withECDSAinP1363Format", 256),
    ES384("ES384", Kind.EC, "SHA384withECDSAinP1363Format", 384),
    ES512("ES512", Kind.EC, "SHA512withECDSAinP1363Format", 521),
    HS256("HS256", Kind.SECRET, "HmacSHA256", 0),
    HS384("HS384", Kind.SECRET, "HmacSHA384", 0),
    HS512("HS512", Kind.SECRET, "HmacSHA512", 0),
    EDDSA("EdDSA", Kind.EDWARDS, "EdDSA", 0);

    /// What a key is made of.
    enum Kind {
        RSA("an RSA key"),
        EC("an elliptic-curve key"),
        EDWARDS("an Edwards-curve key"),
        SECRET("a shared secret");

        final String words;

        Kind(String words) {
            this.words = words;
        }

        static @Nullable Kind of(Key key) {
            return switch (key) {
                case RSAPublicKey _ -> RSA;
                case ECPublicKey _ -> EC;
                case EdECPublicKey _ -> EDWARDS;
                case SecretKey _ -> SECRET;
                default -> null;
            };
        }
    }

    private final String text;
    private final Kind kind;
    private final String jca;
    /// Salt length of PSS in bytes; bits of the curve of ECDSA.
    private final int size;

    Algorithm(String text, Kind kind, String jca, int size) {
        this.text = text;
        this.kind = kind;
        this.jca = jca;
        this.size = size;
    }

    /// The word that stands in `alg`.
    String text() {
        return text;
    }

    /// The algorithm of that name, none for `none` and whatever else we do not know.
    static @Nullable Algorithm named(String alg) {
        for (Algorithm algorithm : values()) {
            if (algorithm.text.equals(alg)) {
                return algorithm;
            }
        }
        return null;
    }

    /// Why a key cannot be used with this algorithm; null if it can.
    @Nullable String unfit(Key key) {
        Kind found = Kind.of(key);
        if (found != kind) {
            return text + " wants " + kind.words + ", this one is " + (found == null ? "of another kind" : found.words);
        }
        if (key instanceof ECPublicKey point && bits(point) != size) {
            return text + " wants a curve of " + size + " bits, this key's has " + bits(point);
        }
        return null;
    }

    private static int bits(ECPublicKey key) {
        return key.getParams().getCurve().getField().getFieldSize();
    }

    /// Whether `signature` was made over `signed` by the owner of a key that is not [#unfit]. A signature of the wrong
    /// length, or one that is none, is simply not valid.
    boolean verifies(Key key, byte[] signed, byte[] signature) {
        try {
            if (key instanceof SecretKey secret) {
                Mac mac = Mac.getInstance(jca);
                mac.init(secret);
                return MessageDigest.isEqual(mac.doFinal(signed), signature);
            }
            if (kind == Kind.EC && signature.length != (size + 7) / 8 * 2) {
                return false;
            }
            Signature checker = checker();
            checker.initVerify((PublicKey) key);
            checker.update(signed);
            return checker.verify(signature);
        } catch (GeneralSecurityException _) {
            return false; // not a signature of this algorithm, or not by a key that can be used: not valid either way
        }
    }

    private Signature checker() throws GeneralSecurityException {
        if (kind != Kind.RSA || size == 0) {
            return Signature.getInstance(jca);
        }
        Signature pss = Signature.getInstance("RSASSA-PSS");
        pss.setParameter(new PSSParameterSpec(jca, "MGF1", new MGF1ParameterSpec(jca), size, PSSParameterSpec.TRAILER_FIELD_BC));
        return pss;
    }
}
