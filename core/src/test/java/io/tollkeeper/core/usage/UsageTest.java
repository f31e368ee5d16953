package io.tollkeeper.core.usage;

import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class UsageTest {

    private static final int HITS = 0;
    private static final int A = 1;
    private static final int B = 2;
    private static final int LEAF = 3;

    private static final Product PRODUCT = new Product(
            new ProductSettings(1, "7301", "pk", "2", true, false),
            List.of(
                    new Metric(HITS, "41", "hits", null),
                    new Metric(A, "42", "a", "41"),
                    new Metric(B, "43", "b", "41"),
                    new Metric(LEAF, "44", "leaf", "42")),
            List.of());

    private final Usage usage = new Usage();

    /// The table of the specification's section 9.2.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a=2|+2",
                "hits=3&a=2|+5",
                "a=1&b=1|+2",
                "a=#7|#7",
                "a=#7&b=#9|#9",
                "a=#7&b=4|+4",
                "b=4&a=#7|#7",
                "hits=#100&a=5|+5",
                "hits=4&a=#7|#7",
                "leaf=2&a=3|+5",
                "leaf=#2&b=1|+1"
            })
    void parentsGetWhatTheOrderSentMakesOfIt(String sent, String effectOnHits) {
        send(sent);
        assertThat(usage.resolve(PRODUCT)).isNull();
        usage.propagate(PRODUCT, false);
        assertThat(effect(HITS)).isEqualTo(effectOnHits);
    }

    /// 4 096 metrics cost 10 ms when every one of them was looked for among all others.
    @Test
    void fourThousandMetricsCostNoMoreEachThanFew() {
        var metrics = new ArrayList<Metric>();
        metrics.add(new Metric(0, "0", "all", null));
        for (int i = 1; i <= 4_096; i++) {
            metrics.add(new Metric(i, "" + i, "m" + i, "0"));
        }
        var product = new Product(new ProductSettings(1, "1", "pk", "2", true, false), metrics, List.of());
        send(product, 4_096);
        assertThat(usage.total()).isEqualTo(4_097);
        assertThat(usage.amount(usage.indexOf(0))).isEqualTo(8_193);
        assertThat(usage.amount(usage.indexOf(7))).isEqualTo(3);
        assertThat(usage.use(product, 0)).isEqualTo(8_193);
        assertThat(usage.applied(product, 4_096, 10)).isEqualTo(12);
        assertThat(usage.indexOf(5_000)).isEqualTo(-1);
        nanos(product, 16, 25_600);
        nanos(product, 4_096, 100);
        assertThat(nanos(product, 4_096, 100)).isLessThan(20 * nanos(product, 16, 25_600));
    }

    private long nanos(Product product, int metrics, int rounds) {
        long began = System.nanoTime();
        for (int round = 0; round < rounds; round++) {
            send(product, metrics);
        }
        return System.nanoTime() - began;
    }

    private void send(Product product, int metrics) {
        usage.clear();
        for (int i = metrics; i > 0; i--) {
            usage.name("m" + i, "2");
        }
        usage.name(" m7 ", "3");
        assertThat(usage.resolve(product)).isNull();
        usage.propagate(product, false);
    }

    @Test
    void flatUsageStaysWhereItWasSent() {
        send("a=2");
        assertThat(usage.resolve(PRODUCT)).isNull();
        usage.propagate(PRODUCT, true);
        assertThat(usage.indexOf(HITS)).isEqualTo(-1);
        assertThat(effect(A)).isEqualTo("+2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {"5|+5", " 5 |+5", "007|+7", "#5|#5", "#5 |#5", " #3|+0", "0|+0", "9223372036854775807|+9223372036854775807"})
    void wellFormedValuesAreRead(String text, String effect) {
        usage.name("a", text);
        assertThat(usage.resolve(PRODUCT)).isNull();
        usage.propagate(PRODUCT, true);
        assertThat(effect(A)).isEqualTo(effect);
    }

    @ParameterizedTest
    @ValueSource(strings = {"+1", "-1", "1.5", "1e3", "0x10", "1_000", "##2", "#", "#-5", "# 5", "１", "x", "1 2"})
    void otherTextsAreInvalid(String text) {
        usage.name("a", text);
        assertThat(usage.resolve(PRODUCT))
                .isEqualTo(new UsageFault(
                        Reason.USAGE_VALUE_INVALID, "a", "usage value \"" + text + "\" for metric \"a\" is invalid"));
    }

    @Test
    void missingAndBlankValuesCanNotBeEmpty() {
        for (@Nullable String text : new String[] {null, "", "  ", "\n"}) {
            usage.clear();
            usage.name("a", text);
            UsageFault fault = usage.resolve(PRODUCT);
            assertThat(fault).isNotNull();
            assertThat(fault.message()).isEqualTo("usage value for metric \"a\" can not be empty");
        }
    }

    @Test
    void theValueIsCheckedBeforeTheName() {
        usage.name("ghost", "x");
        UsageFault fault = usage.resolve(PRODUCT);
        assertThat(fault).isNotNull();
        assertThat(fault.reason()).isEqualTo(Reason.USAGE_VALUE_INVALID);
        usage.clear();
        usage.name("ghost", "1");
        assertThat(usage.resolve(PRODUCT))
                .isEqualTo(new UsageFault(Reason.METRIC_INVALID, "ghost", "metric \"ghost\" is invalid"));
    }

    @Test
    void namesAreTrimmedAndTheLaterSpellingCounts() {
        usage.name("a", "1");
        usage.name(" a\n", "4");
        assertThat(usage.resolve(PRODUCT)).isNull();
        usage.propagate(PRODUCT, false);
        assertThat(effect(A)).isEqualTo("+4");
        assertThat(effect(HITS)).isEqualTo("+4");
        assertThat(usage.unknownName(PRODUCT)).isNotNull();
    }

    @Test
    void valuesBeyond64BitsCompareAsHugeAndCannotBeStored() {
        usage.name("a", "9223372036854775808");
        assertThat(usage.resolve(PRODUCT)).isNull();
        usage.propagate(PRODUCT, false);
        assertThat(usage.isHuge(usage.indexOf(HITS))).isTrue();
        UsageFault fault = usage.unstorable(PRODUCT);
        assertThat(fault).isNotNull();
        assertThat(fault.message()).isEqualTo("usage value \"9223372036854775808\" for metric \"a\" is invalid");
    }

    @Test
    void aSumBeyond64BitsIsHugeButItsPartsCanBeStored() {
        send("hits=9223372036854775807&a=1");
        assertThat(usage.resolve(PRODUCT)).isNull();
        usage.propagate(PRODUCT, false);
        assertThat(usage.isHuge(usage.indexOf(HITS))).isTrue();
        assertThat(usage.unstorable(PRODUCT)).isNull();
    }

    @Test
    void onlyLiteralZerosLeaveNoTrace() {
        send("a=0&b=0");
        assertThat(usage.onlyLiteralZero()).isTrue();
        usage.clear();
        send("a=00");
        assertThat(usage.onlyLiteralZero()).isFalse();
        usage.clear();
        send("a=0&b=#0");
        assertThat(usage.onlyLiteralZero()).isFalse();
    }

    @Test
    void additionsByNumberAddUpAndNonPositiveOnesCanBeDropped() {
        usage.add(A, 2);
        usage.add(B, 1);
        usage.add(A, 3);
        usage.add(B, -1);
        usage.dropNonPositive();
        usage.propagate(PRODUCT, false);
        assertThat(effect(A)).isEqualTo("+5");
        assertThat(usage.indexOf(B)).isEqualTo(-1);
        assertThat(effect(HITS)).isEqualTo("+5");
        usage.clear();
        usage.add(B, 0);
        usage.dropNonPositive();
        assertThat(usage.present()).isFalse();
    }

    private void send(String pairs) {
        for (String pair : pairs.split("&")) {
            int equals = pair.indexOf('=');
            usage.name(pair.substring(0, equals), pair.substring(equals + 1));
        }
    }

    private String effect(int metric) {
        int at = usage.indexOf(metric);
        assertThat(at).isNotNegative();
        return (usage.isSet(at) ? "#" : "+") + usage.amount(at);
    }
}
