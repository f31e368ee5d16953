package io.tollkeeper.gateway.jwt;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import tools.jackson.databind.json.JsonMapper;

/// Makes tokens as a provider does, good ones and others.
public final class Signer {

    private static final JsonMapper JSON = new JsonMapper();
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private final String kid;
    private final String algorithm;
    private final KeyPair keys;

    private Signer(String kid, String algorithm, KeyPair keys) {
        this.kid = kid;
        this.algorithm = algorithm;
        this.keys = keys;
    }

    public static Signer of(String kid, String algorithm) throws GeneralSecurityException {
        KeyPairGenerator generator = switch (algorithm.substring(0, 2)) {
            case "RS", "PS" -> KeyPairGenerator.getInstance("RSA");
            case "ES" -> KeyPairGenerator.getInstance("EC");
            default -> KeyPairGenerator.getInstance("Ed25519");
        };
        switch (algorithm) {
            case "ES256" -> generator.initialize(new ECGenParameterSpec("secp256r1"));
            case "ES384" -> generator.initialize(new ECGenParameterSpec("secp384r1"));
            case "ES512" -> generator.initialize(new ECGenParameterSpec("secp521r1"));
            case "EdDSA" -> {}
            default -> generator.initialize(2048);
        }
        return new Signer(kid, algorithm, generator.generateKeyPair());
    }

    /// Its public key as a provider publishes it.
    public Map<String, Object> jwk() {
        Map<String, Object> jwk = new LinkedHashMap<>(Map.of("kid", kid, "use", "sig"));
        switch (keys.getPublic()) {
            case RSAPublicKey rsa -> {
                jwk.put("kty", "RSA");
                jwk.put("n", BASE64.encodeToString(rsa.getModulus().toByteArray()));
                jwk.put("e", BASE64.encodeToString(rsa.getPublicExponent().toByteArray()));
            }
            case ECPublicKey ec -> {
                int bits = ec.getParams().getCurve().getField().getFieldSize();
                jwk.put("kty", "EC");
                jwk.put("crv", "P-" + bits);
                jwk.put("x", BASE64.encodeToString(ec.getW().getAffineX().toByteArray()));
                jwk.put("y", BASE64.encodeToString(ec.getW().getAffineY().toByteArray()));
            }
            case EdECPublicKey edwards -> {
                byte[] encoded = edwards.getEncoded();
                byte[] point = new byte[32];
                System.arraycopy(encoded, encoded.length - 32, point, 0, 32);
                jwk.put("kty", "OKP");
                jwk.put("crv", "Ed25519");
                jwk.put("x", BASE64.encodeToString(point));
            }
            default -> throw new IllegalStateException("no such key");
        }
        return jwk;
    }

    public String pem() {
        return "-----BEGIN PUBLIC KEY-----\n" + Base64.getMimeEncoder().encodeToString(keys.getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----\n";
    }

    /// Claims that are good at `now` (seconds).
    public static Map<String, Object> claims(String issuer, long now) {
        Map<String, Object> claims = new TreeMap<>();
        claims.put("iss", issuer);
        claims.put("sub", "s1");
        claims.put("aud", "someone");
        claims.put("azp", "app-1");
        claims.put("exp", now + 300);
        claims.put("iat", now);
        return claims;
    }

    public String token(Map<String, Object> claims) {
        return token(Map.of("alg", algorithm, "kid", kid, "typ", "JWT"), claims);
    }

    public String token(Map<String, Object> header, Map<String, Object> claims) {
        return token(JSON.writeValueAsString(header), JSON.writeValueAsString(claims));
    }

    public String token(String header, String claims) {
        String signed = part(header) + "." + part(claims);
        try {
            return signed + "." + BASE64.encodeToString(sign(signed.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static String part(String text) {
        return BASE64.encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private byte[] sign(byte[] bytes) throws GeneralSecurityException {
        int bits = algorithm.equals("EdDSA") ? 0 : Integer.parseInt(algorithm.substring(2));
        Signature signer = switch (algorithm.substring(0, 2)) {
            case "RS" -> Signature.getInstance("SHA" + bits + "withRSA");
            case "ES" -> Signature.getInstance("SHA" + bits + "withECDSAinP1363Format");
            case "PS" -> Signature.getInstance("RSASSA-PSS");
            default -> Signature.getInstance("Ed25519");
        };
        if (algorithm.startsWith("PS")) {
            signer.setParameter(new PSSParameterSpec("SHA-" + bits, "MGF1", new MGF1ParameterSpec("SHA-" + bits), bits / 8, 1));
        }
        signer.initSign(keys.getPrivate());
        signer.update(bytes);
        return signer.sign();
    }

    /// A token that is protected by a shared secret.
    static String shared(String algorithm, String kid, byte[] secret, Map<String, Object> claims) throws GeneralSecurityException {
        String signed = part(JSON.writeValueAsString(Map.of("alg", algorithm, "kid", kid))) + "." + part(JSON.writeValueAsString(claims));
        Mac mac = Mac.getInstance("HmacSHA" + algorithm.substring(2));
        mac.init(new SecretKeySpec(secret, "HMAC"));
        return signed + "." + BASE64.encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
    }
}
