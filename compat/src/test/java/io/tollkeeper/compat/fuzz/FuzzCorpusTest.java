package io.tollkeeper.compat.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

/// Every target over its kept corpus (findings of the past among them), and over some mutations of it, the same ones in
/// every build: `-Dfuzz.seed=N` for others, `-Dfuzz.tries=N` for more. A failure shows the smallest input that fails.
class FuzzCorpusTest {

    private static final Path CORPUS = Path.of("src/test/resources/fuzz");
    private static final long SEED = Long.getLong("fuzz.seed", 20_261_120L);
    private static final int TRIES = Integer.getInteger("fuzz.tries", 20_000);
    /// Targets over sockets and disk take longer for each input.
    private static final Set<String> SLOW = Set.of("path", "internal", "call", "gateway", "http2");

    @TestFactory
    Stream<DynamicTest> everyTargetHoldsOverItsCorpus() {
        return FuzzTargets.byName().keySet().stream().map(name -> dynamicTest(name, () -> {
            var corpus = corpus(name);
            assertThat(corpus).as("corpus of " + name).isNotEmpty();
            var target = FuzzTargets.named(name);
            for (var input : corpus) {
                check(name, target, input);
            }
            var mutations = new Mutations(SEED, corpus);
            for (int i = SLOW.contains(name) ? TRIES / 20 : TRIES; i > 0; i--) {
                check(name, target, mutations.next());
            }
        }));
    }

    private static void check(String name, FuzzTarget target, byte[] input) {
        var problem = problem(target, input);
        if (problem != null) {
            byte[] smallest = Smallest.of(input, shorter -> problem(target, shorter) != null);
            fail("target %s, seed %d: %s%ninput (%d bytes): %s", name, SEED, problem(target, smallest), smallest.length, shown(smallest));
        }
    }

    private static @Nullable Throwable problem(FuzzTarget target, byte[] input) {
        try {
            target.run(input);
            return null;
        } catch (IOException | RuntimeException | AssertionError | StackOverflowError e) {
            return e;
        }
    }

    private static List<byte[]> corpus(String name) throws IOException {
        var inputs = new ArrayList<byte[]>();
        try (var files = Files.list(CORPUS.resolve(name))) {
            for (var file : files.sorted().toList()) {
                inputs.add(Files.readAllBytes(file));
            }
        }
        return inputs;
    }

    /// Bytes as a Java string would have them.
    private static String shown(byte[] input) {
        var text = new StringBuilder("\"");
        for (char c : new String(input, StandardCharsets.ISO_8859_1).toCharArray()) {
            text.append(c == '"' || c == '\\' ? "\\" + c : c < ' ' || c > '~' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
        }
        return text.append('"').toString();
    }
}
