package io.tollkeeper.gateway.jwt;

import java.security.Key;

import org.jspecify.annotations.Nullable;

/// A key that a provider signs with. Immutable; equal keys are the same key, wherever they were read.
///
/// @param kid       its name
/// @param key       public key, or shared secret
/// @param algorithm the only `alg` it may be used with; null: any that its kind allows
record VerificationKey(String kid, Key key, @Nullable String algorithm) {

    /// Why a token of this algorithm cannot be checked with this key; null if it can.
    @Nullable String unfit(Algorithm wanted) {
        if (algorithm != null && !algorithm.equals(wanted.text())) {
            return "the token's alg is " + wanted.text() + ", key " + kid + " is for " + algorithm;
        }
        String unfit = wanted.unfit(key);
        return unfit == null ? null : "key " + kid + ": " + unfit;
    }

    @Override
    public String toString() {
        return "VerificationKey[" + kid + "]"; // the key may be a secret
    }
}
