package io.tollkeeper.bench;

import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.gateway.rules.MappingRules;
import io.tollkeeper.gateway.rules.RuleScratch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// Which of a product's rules does a request match? Five match, whatever the number of the others.
@State(Scope.Thread)
public class MappingRulesBenchmark {

    private static final List<String> MATCHING =
            List.of("/", "/v1", "/v1/orders", "/v1/orders/{id}", "/v1/orders/{id}/items$");

    @Param({"10", "200", "10000"})
    public int count;

    private final RuleScratch found = new RuleScratch();
    private MappingRules rules = MappingRules.compile(List.of());

    @Setup
    public void compile() {
        var patterns = new ArrayList<String>();
        for (var i = 0; i < count - MATCHING.size(); i++) {
            patterns.add(switch (i % 5) {
                case 0 -> "/v1/resource" + i + "/{id}";
                case 1 -> "/v1/orders/{id}/part" + i;
                case 2 -> "/v2/orders/{id}/items/" + i + "$";
                case 3 -> "/v1/{kind}/" + i + "/items";
                default -> "/v1/orders/17/items/" + i;
            });
        }
        patterns.addAll(patterns.size() / 2, MATCHING);
        rules = MappingRules.compile(patterns.stream()
                .map(pattern -> new MappingRule("GET", pattern, List.of(), "hits", 1, false))
                .toList());
        if (match() != MATCHING.size()) {
            throw new IllegalStateException(match() + " rules match (expected: " + MATCHING.size() + ")");
        }
    }

    @Benchmark
    public int match() {
        rules.match("GET", "/v1/orders/17/items", null, null, found);
        return found.size();
    }

    @Benchmark
    public int missEarly() {
        rules.match("GET", "/v3/customers", null, null, found);
        return found.size();
    }
}
