package io.tollkeeper.app.operate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.operate.LiveConfiguration.Outcome;
import io.tollkeeper.core.proxy.Finding;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class LiveConfigurationTest {
    private static final String ONE = "products: {a: {hosts: [a], upstream: 'http://u', rules: [{method: ANY, pattern: /}]}}\n";
    private static final String BROKEN = "products: {a: {hosts: [a], upstrem: 'http://u', rules: []}}\n";

    @TempDir private Path folder;
    private Path file;
    private final List<Configuration> taken = new ArrayList<>();
    private List<Finding> inTheWay = List.of();
    private List<Finding> ofProducts = List.of();
    private LiveConfiguration live;

    @BeforeEach void start() throws IOException {
        file = Files.writeString(folder.resolve("t.yaml"), "gateway: {listen: 127.0.0.1:1}\n");
        live = new LiveConfiguration(((Loaded.Good) load()).configuration(), List.of(), "none", this::load, this::takeOver, InstantSource.system());
    }

    @Test void aGoodFileIsTakenOverAndSettingsThatWaitForTheNextStartAreNamed() throws IOException {
        Files.writeString(file, "gateway: {listen: 127.0.0.1:2}\nupstream: {forwarded: pass}\n" + ONE);
        assertThat(live.reload()).isInstanceOfSatisfying(Outcome.Taken.class, outcome ->
                assertThat(outcome.atNextStart()).containsExactly("gateway.listen"));
        assertThat(taken).hasSize(1);
        assertThat(live.describe()).contains("1 product,").contains("read at the next start only: gateway.listen");
    }

    @Test void aBrokenFileChangesNothingAndTheStatusSaysWhyUntilItIsMended() throws IOException {
        var before = live.current();
        Files.writeString(file, BROKEN);
        assertThat(live.reload()).isInstanceOf(Outcome.Refused.class);
        assertThat(live.current()).isSameAs(before);
        assertThat(taken).isEmpty();
        assertThat(live.describe()).contains("a newer one was refused at").contains(":1  products.a.upstrem: unknown key (did you mean upstream?)");
        Files.writeString(file, ONE);
        assertThat(live.reload()).isInstanceOf(Outcome.Taken.class);
        assertThat(live.describe()).doesNotContain("refused");
    }

    @Test void whatTheGatewayCannotCompileIsRefusedToo() throws IOException {
        Files.writeString(file, ONE);
        inTheWay = List.of(new Finding(Finding.Severity.ERROR, "t.yaml", 1, 0, "products.a", "cannot be compiled", null));
        assertThat(live.reload()).isEqualTo(new Outcome.Refused(inTheWay));
        assertThat(live.describe()).contains("t.yaml:1  products.a: cannot be compiled");
    }

    @Test void theStatusTellsWhatIsWrongWithSingleProductsMistakesFirst() throws IOException {
        Files.writeString(file, ONE);
        ofProducts = List.of(
                new Finding(Finding.Severity.WARNING, "product b", 0, 0, "hosts", "belongs to a", null),
                new Finding(Finding.Severity.ERROR, "d.json", 7, 3, "services[2]", "cannot be served", null));
        assertThat(live.reload()).isInstanceOf(Outcome.Taken.class);
        assertThat(live.describe()).contains(
                "d.json:7:3  services[2]: cannot be served\n                product b  warning: hosts: belongs to a\n");
    }

    @Test void aProductThatDidNotChangeIsKeptOnce() throws IOException {
        Files.writeString(file, ONE);
        live.reload();
        var first = live.current().declared().proxies().getFirst();
        Files.writeString(file, "# a remark\n" + ONE);
        live.reload();
        assertThat(live.current().declared().proxies().getFirst()).isSameAs(first);
    }

    @Test void theWatchTellsOfWritesReplacementsAndRemovalsButNotOfTouching() throws Exception {
        var told = new LinkedBlockingQueue<String>();
        try (var _ = ConfigurationWatch.start(file, () -> told.add("changed"))) {
            Files.writeString(file, ONE);
            assertThat(told.poll(10, TimeUnit.SECONDS)).isNotNull();
            var other = Files.writeString(folder.resolve("other"), BROKEN);
            Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            assertThat(told.poll(10, TimeUnit.SECONDS)).isNotNull();
            Files.setLastModifiedTime(file, java.nio.file.attribute.FileTime.fromMillis(1));
            assertThat(told.poll(1500, TimeUnit.MILLISECONDS)).isNull();
            Files.delete(file);
            assertThat(told.poll(10, TimeUnit.SECONDS)).isNotNull();
        }
    }

    private Loaded load() {
        return Configuration.load(file, Map.of(), List.of());
    }

    private LiveConfiguration.Took takeOver(Configuration next) {
        if (!inTheWay.isEmpty()) {
            return new LiveConfiguration.Took.Nothing(inTheWay);
        }
        taken.add(next);
        return new LiveConfiguration.Took.Over(ofProducts);
    }
}
