package io.tollkeeper.compat.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// Makes new inputs of known ones: the same for the same seed. Used by one thread.
final class Mutations {

    private static final int LONGEST = 8_192;
    private static final List<String> WORDS = List.of(
            "[", "]", "[]", "[a]", "[][b]", "=", "&", "&&", "%", "%5B", "%5D", "%00", "%FF", "%C3%A4", "%zz", "+", " ", ";", "#", "\0",
            "\r\n", "\n", "0", "1", "-1", "9223372036854775808", "usage", "usage[hits]", "transactions[0]", "no_body", "é", "\u00ff",
            "<", "\"", "{", "}", ":", ",", "null", "true", "/", "//", "/../", "%2e%2e", "2026-11-20 10:00:00", "T", "Z", "app_id=a");

    private final Random random;
    private final List<byte[]> corpus;

    Mutations(long seed, List<byte[]> corpus) {
        random = new Random(seed);
        this.corpus = corpus;
    }

    byte[] next() {
        byte[] input = any();
        for (int i = random.nextInt(4); i >= 0; i--) {
            input = mutated(input);
        }
        return input.length > LONGEST ? Arrays.copyOf(input, LONGEST) : input;
    }

    private byte[] any() {
        return corpus.get(random.nextInt(corpus.size()));
    }

    private byte[] mutated(byte[] input) {
        int at = random.nextInt(input.length + 1);
        int to = Math.min(input.length, at + random.nextInt(Math.max(1, input.length / 2)));
        return switch (random.nextInt(6)) {
            case 0 -> joined(input, at, new byte[0], to);
            case 1 -> joined(input, at, WORDS.get(random.nextInt(WORDS.size())).getBytes(StandardCharsets.ISO_8859_1), at);
            case 2 -> joined(input, at, Arrays.copyOfRange(input, at, to), at);
            case 3 -> joined(input, at, new byte[] {(byte) random.nextInt(256)}, Math.min(input.length, at + 1));
            case 4 -> spliced(input, at);
            default -> joined(input, at, WORDS.get(random.nextInt(WORDS.size())).getBytes(StandardCharsets.ISO_8859_1), to);
        };
    }

    private byte[] spliced(byte[] input, int at) {
        byte[] other = any();
        int from = random.nextInt(other.length + 1);
        return joined(input, at, Arrays.copyOfRange(other, from, other.length), input.length);
    }

    /// The input with everything from `at` to `to` replaced.
    private static byte[] joined(byte[] input, int at, byte[] middle, int to) {
        var joined = new ByteArrayOutputStream();
        joined.write(input, 0, at);
        joined.write(middle, 0, middle.length);
        joined.write(input, to, input.length - to);
        return joined.toByteArray();
    }
}
