package io.tollkeeper.core.proxy;

import java.util.List;

/// Which requests count as what: `method` (exact, or `ANY`), a path pattern, conditions on the query, and the metric
/// to increase by `delta`. `last` ends the evaluation after a match. Order of the list is order of evaluation.
public record MappingRule(
        String method, String pattern, List<QueryCondition> query, String metric, long delta, boolean last) {

    /// Matches every method.
    public static final String ANY = "ANY";

    public MappingRule {
        query = List.copyOf(query);
    }

    /// `expected` is an exact value; if it contains `{word}` the argument only has to be present.
    public record QueryCondition(String name, String expected) {}
}
