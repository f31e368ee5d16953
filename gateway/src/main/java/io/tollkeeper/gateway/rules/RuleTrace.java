package io.tollkeeper.gateway.rules;

import java.util.Collections;

import io.tollkeeper.core.proxy.MappingRule;
import org.jspecify.annotations.Nullable;

/// Tells of a request that no rule matched what was tried and why it failed, rule by rule, for whoever asks with the
/// product's debug token. Pure; bounded, but for people and not for the road.
public final class RuleTrace {

    /// Rules told; more are only counted.
    private static final int TOLD = 24;
    private static final int LONGEST = 2_000;

    private RuleTrace() {}

    /// `GET /a$ (path), POST /a (method)`: each rule, and which part of the request it did not want.
    public static String of(MappingRules rules, String method, String path, @Nullable String query, @Nullable String form) {
        if (rules.size() == 0) {
            return "none";
        }
        StringBuilder text = new StringBuilder();
        int i = 0;
        for (; i < rules.size() && i < TOLD && text.length() < LONGEST; i++) {
            MappingRule rule = rules.rule(i);
            text.append(i == 0 ? "" : ", ").append(rule.method()).append(' ').append(rule.pattern())
                    .append(" (").append(why(rule, method, path, query, form)).append(')');
        }
        if (i < rules.size()) {
            text.append(" and ").append(rules.size() - i).append(" more");
        }
        return text.toString();
    }

    private static String why(MappingRule rule, String method, String path, @Nullable String query, @Nullable String form) {
        PathPattern pattern = PathPattern.of(rule.pattern());
        if (pattern == null) {
            return "never matches";
        }
        RuleScratch found = new RuleScratch();
        RuleTree.of(Collections.singletonList(pattern)).match(path, found);
        if (found.size() == 0) {
            return "path";
        }
        if (!rule.method().equals(method) && !rule.method().equals(MappingRule.ANY)) {
            return "method";
        }
        if (rule.query().isEmpty()) {
            return "matches";
        }
        MappingRules.compile(Collections.singletonList(rule)).match(method, path, query, form, found);
        return found.size() == 0 ? "query" : "matches";
    }
}
