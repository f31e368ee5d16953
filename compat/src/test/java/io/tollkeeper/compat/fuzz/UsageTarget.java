package io.tollkeeper.compat.fuzz;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.usage.Usage;
import org.jspecify.annotations.Nullable;

import static io.tollkeeper.compat.fuzz.FuzzTarget.require;
import static io.tollkeeper.compat.fuzz.FuzzTarget.same;

/// Usage values mean, and climb to the ancestors, as sections 9.1 and 9.2 say, with numbers of any length. The input is
/// `name` `=` `value` separated by `&`; a first `!` asks for flat usage.
final class UsageTarget implements FuzzTarget {

    private static final Pattern VALUE = Pattern.compile("[ \\t-\\r]*(#?)([0-9]+)[ \\t-\\r]*");
    private static final BigInteger MOST = BigInteger.valueOf(Long.MAX_VALUE);
    private static final Map<String, String> PARENTS = Map.of("a", "hits", "b", "hits", "leaf", "a");
    private static final Product PRODUCT = new Product(
            new ProductSettings(1, "7301", "pk", "2", true, false),
            List.of(
                    new Metric(0, "41", "hits", null),
                    new Metric(1, "42", "a", "41"),
                    new Metric(2, "43", "b", "41"),
                    new Metric(3, "44", "leaf", "42"),
                    new Metric(4, "45", "alone", null)),
            List.of());

    private final Usage usage = new Usage();

    private record Amount(boolean set, BigInteger value) {}

    @Override
    public void run(byte[] input) {
        var text = new String(input, StandardCharsets.UTF_8);
        boolean flat = text.startsWith("!");
        var sent = new LinkedHashMap<String, @Nullable String>();
        for (var pair : text.substring(flat ? 1 : 0).split("&")) {
            int equals = pair.indexOf('=');
            sent.put(equals < 0 ? pair : pair.substring(0, equals), equals < 0 ? null : pair.substring(equals + 1));
        }
        usage.clear();
        sent.forEach(usage::name);
        same("literally zero", usage.onlyLiteralZero(), sent.values().stream().allMatch("0"::equals));
        var unknown = usage.unknownName(PRODUCT);
        same("first unknown name", unknown == null ? "none" : unknown.message(),
                sent.keySet().stream().filter(name -> !isMetric(name)).findFirst()
                        .map(name -> "metric \"" + name + "\" is invalid").orElse("none"));

        var direct = new LinkedHashMap<String, Amount>();
        String expectedFault = null;
        for (var entry : sent.entrySet()) {
            expectedFault = expectedFault == null ? read(entry.getKey(), entry.getValue(), direct) : expectedFault;
        }
        var fault = usage.resolve(PRODUCT);
        same("fault", fault == null ? "none" : fault.reason().meterCode() + " " + fault.message(),
                expectedFault == null ? "none" : expectedFault);
        if (expectedFault == null) {
            usage.propagate(PRODUCT, flat);
            compare(direct, flat ? direct : propagated(direct));
        }
    }

    /// Section 9.1; the fault, or none.
    private static @Nullable String read(String name, @Nullable String text, Map<String, Amount> direct) {
        if (text == null || strip(text).isEmpty()) {
            return "usage_value_invalid usage value for metric \"" + name + "\" can not be empty";
        }
        Matcher value = VALUE.matcher(text);
        if (!value.matches()) {
            return "usage_value_invalid usage value \"" + text + "\" for metric \"" + name + "\" is invalid";
        }
        if (!isMetric(strip(name))) {
            return "metric_invalid metric \"" + name + "\" is invalid";
        }
        boolean hash = value.group(1).equals("#");
        boolean blankBeforeHash = hash && text.charAt(0) != '#';
        var number = blankBeforeHash ? BigInteger.ZERO : new BigInteger(value.group(2));
        direct.put(strip(name), new Amount(hash && !blankBeforeHash, number));
        return null;
    }

    /// Section 9.2, word for word.
    private static Map<String, Amount> propagated(Map<String, Amount> direct) {
        var result = new LinkedHashMap<>(direct);
        direct.forEach((metric, value) -> {
            for (var ancestor = PARENTS.get(metric); ancestor != null; ancestor = PARENTS.get(ancestor)) {
                var there = result.get(ancestor);
                var before = there == null || there.set() ? BigInteger.ZERO : there.value();
                result.put(ancestor, value.set() ? value : new Amount(false, before.add(value.value())));
            }
        });
        return result;
    }

    private void compare(Map<String, Amount> direct, Map<String, Amount> expected) {
        var names = new ArrayList<String>();
        for (int i = 0; i < usage.total(); i++) {
            var name = PRODUCT.metricName(usage.metric(i));
            names.add(name);
            var wanted = expected.get(name);
            if (wanted == null) {
                throw new AssertionError(name + " is touched but should not be");
            }
            boolean huge = wanted.value().compareTo(MOST) > 0;
            same("set of " + name, usage.isSet(i), wanted.set());
            same("beyond 64 bits of " + name, usage.isHuge(i), huge);
            require(huge || BigInteger.valueOf(usage.amount(i)).equals(wanted.value()), name, usage.amount(i), wanted.value());
        }
        same("metrics touched", names, List.copyOf(expected.keySet()));
        boolean storable = direct.values().stream().allMatch(amount -> amount.value().compareTo(MOST) <= 0);
        same("storable", usage.unstorable(PRODUCT) == null, storable);
    }

    private static boolean isMetric(String name) {
        return PRODUCT.metricNumber(name) != Product.NONE;
    }

    /// Around names NUL is a blank like the others; around values it is not.
    private static String strip(String text) {
        return text.replaceAll("^[\\x00 \\t-\\r]+|[\\x00 \\t-\\r]+\\z", "");
    }
}
