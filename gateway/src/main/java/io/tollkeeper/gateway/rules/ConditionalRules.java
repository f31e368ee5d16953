package io.tollkeeper.gateway.rules;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.MappingRule.QueryCondition;
import org.jspecify.annotations.Nullable;

/// Rules of one pattern that have conditions on the query, found by their first condition: by name and value where it
/// wants a value, by name where the argument only has to be present. Immutable.
final class ConditionalRules {

    private final Map<String, Map<String, List<Conditional>>> byValue;
    private final Map<String, List<Conditional>> byName;

    private ConditionalRules(
            Map<String, Map<String, List<Conditional>>> byValue, Map<String, List<Conditional>> byName) {
        this.byValue = byValue;
        this.byName = byName;
    }

    /// A rule's index and its conditions.
    private record Conditional(int rule, List<QueryCondition> conditions) {

        boolean holds(Arguments arguments) {
            for (QueryCondition condition : conditions) {
                boolean met = isPresence(condition)
                        ? arguments.has(condition.name())
                        : arguments.is(condition.name(), condition.expected());
                if (!met) {
                    return false;
                }
            }
            return true;
        }
    }

    void match(Arguments arguments, RuleScratch found) {
        for (Map.Entry<String, String> argument : arguments.values().entrySet()) {
            collect(byName.get(argument.getKey()), arguments, found);
            Map<String, List<Conditional>> ofName = byValue.get(argument.getKey());
            if (ofName != null) {
                collect(ofName.get(argument.getValue()), arguments, found);
            }
        }
    }

    private static void collect(
            @Nullable List<Conditional> rules, Arguments arguments, RuleScratch found) {
        if (rules != null) {
            for (Conditional rule : rules) {
                if (rule.holds(arguments)) {
                    found.found(rule.rule());
                }
            }
        }
    }

    /// A rule of this group to name in an explanation, one of the request's method if there is any.
    int sample(String method, List<MappingRule> all) {
        int any = Integer.MAX_VALUE;
        int ofMethod = Integer.MAX_VALUE;
        List<List<Conditional>> lists = new ArrayList<>(byName.values());
        byValue.values().forEach(values -> lists.addAll(values.values()));
        for (List<Conditional> list : lists) {
            for (Conditional rule : list) {
                any = Math.min(any, rule.rule());
                String wanted = all.get(rule.rule()).method();
                if (wanted.equals(method) || wanted.equals(MappingRule.ANY)) {
                    ofMethod = Math.min(ofMethod, rule.rule());
                }
            }
        }
        return ofMethod == Integer.MAX_VALUE ? any : ofMethod;
    }

    /// `{word}` anywhere in the expected value: the argument only has to be there.
    private static boolean isPresence(QueryCondition condition) {
        String expected = condition.expected();
        for (int open = expected.indexOf('{'); open >= 0; open = expected.indexOf('{', open + 1)) {
            int i = open + 1;
            while (i < expected.length() && isWord(expected.charAt(i))) {
                i++;
            }
            if (i > open + 1 && i < expected.length() && expected.charAt(i) == '}') {
                return true;
            }
        }
        return false;
    }

    private static boolean isWord(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-';
    }

    /// Gathers the rules of one pattern.
    static final class Builder {
        private final Map<String, Map<String, List<Conditional>>> byValue = new HashMap<>();
        private final Map<String, List<Conditional>> byName = new HashMap<>();

        void add(int index, MappingRule rule) {
            Conditional conditional = new Conditional(index, rule.query());
            // The most telling condition is the key: one that wants a value, if there is any.
            for (QueryCondition condition : rule.query()) {
                if (!isPresence(condition)) {
                    byValue.computeIfAbsent(condition.name(), _ -> new HashMap<>())
                            .computeIfAbsent(condition.expected(), _ -> new ArrayList<>(1))
                            .add(conditional);
                    return;
                }
            }
            byName.computeIfAbsent(rule.query().getFirst().name(), _ -> new ArrayList<>(1)).add(conditional);
        }

        ConditionalRules build() {
            return new ConditionalRules(byValue, byName);
        }
    }
}
