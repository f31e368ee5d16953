package io.tollkeeper.gateway.jwt;

import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

import org.jspecify.annotations.Nullable;

/// Tokens whose signature was checked already. One per process, used on all event loops; never blocks for longer than a
/// swap of two references.
///
/// Entries are found by the SHA-256 of the token: the token itself, which is a secret, is not kept. There are two
/// generations: new entries and those asked for again are in the young one; when that is full it becomes the old one, and
/// what was old and not asked for is gone. So no more than twice half the limit is held, without bookkeeping per request.
final class TokenCache {

    /// Of both generations together (gateway specification, section 10.3).
    static final int MOST_TOKENS = 10_000;
    /// Bytes of payload of both generations together; objects made of them take about four times that.
    private static final int MOST_BYTES = 16 * 1024 * 1024;

    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    private final int mostTokens;
    private final int mostBytes;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private volatile Generation young = new Generation();
    private volatile Generation old = new Generation();

    TokenCache() {
        this(MOST_TOKENS, MOST_BYTES);
    }

    TokenCache(int mostTokens, int mostBytes) {
        this.mostTokens = mostTokens;
        this.mostBytes = mostBytes;
    }

    /// What a token is found by.
    record Digest(long a, long b, long c, long d) {
        @Override
        public int hashCode() {
            return (int) a; // as good as any 32 bits of a SHA-256
        }
    }

    private static final class Generation {
        final ConcurrentHashMap<Digest, Token> tokens = new ConcurrentHashMap<>();
        final AtomicInteger bytes = new AtomicInteger();
    }

    /// What a thread needs to make a digest without garbage.
    private static final class Scratch {
        final MessageDigest sha256;
        byte[] bytes = new byte[4096];
        final byte[] digest = new byte[32];

        Scratch() {
            try {
                sha256 = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has SHA-256", e);
            }
        }

        @SuppressWarnings("deprecation") // the wire's Latin-1 straight into the buffer
        Digest of(String token) {
            int length = token.length();
            if (length > bytes.length) {
                bytes = new byte[length];
            }
            token.getBytes(0, length, bytes, 0);
            sha256.update(bytes, 0, length);
            try {
                sha256.digest(digest, 0, digest.length);
            } catch (DigestException e) {
                throw new IllegalStateException("32 bytes hold a SHA-256", e);
            }
            if (bytes.length > 64 * 1024) {
                bytes = new byte[4096];
            }
            return new Digest(word(0), word(8), word(16), word(24));
        }

        private long word(int at) {
            long word = 0;
            for (int i = at; i < at + 8; i++) {
                word = word << 8 | digest[i] & 0xff;
            }
            return word;
        }
    }

    static Digest digest(String token) {
        return SCRATCH.get().of(token);
    }

    @Nullable Token find(Digest digest) {
        Token token = young.tokens.get(digest);
        if (token == null) {
            token = old.tokens.get(digest);
            if (token == null) {
                misses.increment();
                return null;
            }
            put(digest, token);
        }
        hits.increment();
        return token;
    }

    void put(Digest digest, Token token) {
        Generation into = young;
        if (into.tokens.put(digest, token) == null) {
            int bytes = into.bytes.addAndGet(token.size());
            if (into.tokens.size() >= mostTokens / 2 || bytes >= mostBytes / 2) {
                turn(into);
            }
        }
    }

    private synchronized void turn(Generation full) {
        if (young == full) {
            old = full;
            young = new Generation();
        }
    }

    int size() {
        return young.tokens.size() + old.tokens.size();
    }

    long hits() {
        return hits.sum();
    }

    long misses() {
        return misses.sum();
    }
}
