package io.tollkeeper.gateway.rules;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.proxy.MappingRule;
import org.jspecify.annotations.Nullable;

/// The mapping rules of a product, compiled: which of them does a request match, and what does it use then? Immutable;
/// used from all event loops, each with its own [RuleScratch]. Semantics: gateway specification, section 4.
///
/// Paths are matched by a [RuleTree]. Rules with conditions on the query are entered into it as groups of the same
/// pattern, each with an index of its conditions, so that a thousand rules `/search?type=…` cost one look-up.
public final class MappingRules {

    private final List<MappingRule> rules;
    private final List<String> metrics;
    private final int[] metricOf;
    private final RuleTree tree;
    /// What an entry of the tree stands for: entry i < rules.size() is rule i, the others are groups.
    private final List<ConditionalRules> groups;
    private final String conditionalMethods;

    private MappingRules(
            List<MappingRule> rules, List<String> metrics, int[] metricOf, RuleTree tree, List<ConditionalRules> groups) {
        this.rules = rules;
        this.metrics = metrics;
        this.metricOf = metricOf;
        this.tree = tree;
        this.groups = groups;
        StringBuilder methods = new StringBuilder(" ");
        for (MappingRule rule : rules) {
            if (!rule.query().isEmpty() && methods.indexOf(" " + rule.method() + " ") < 0) {
                methods.append(rule.method()).append(' ');
            }
        }
        this.conditionalMethods = methods.toString();
    }

    /// Compiles rules; those whose pattern can match nothing are left out (see [#matchesNothing]).
    public static MappingRules compile(List<MappingRule> rules) {
        Map<String, Integer> metrics = new LinkedHashMap<>();
        int[] metricOf = new int[rules.size()];
        List<@Nullable PathPattern> entries = new ArrayList<>(rules.size());
        Map<PathPattern, ConditionalRules.Builder> conditional = new LinkedHashMap<>();
        for (int i = 0; i < rules.size(); i++) {
            MappingRule rule = rules.get(i);
            Integer known = metrics.putIfAbsent(rule.metric(), metrics.size());
            metricOf[i] = known == null ? metrics.size() - 1 : known;
            PathPattern pattern = PathPattern.of(rule.pattern());
            if (pattern == null || rule.query().isEmpty()) {
                entries.add(pattern);
            } else {
                entries.add(null);
                conditional.computeIfAbsent(pattern, _ -> new ConditionalRules.Builder()).add(i, rule);
            }
        }
        List<ConditionalRules> groups = new ArrayList<>(conditional.size());
        conditional.forEach((pattern, group) -> {
            entries.add(pattern);
            groups.add(group.build());
        });
        return new MappingRules(
                List.copyOf(rules), List.copyOf(metrics.keySet()), metricOf, RuleTree.of(entries), List.copyOf(groups));
    }

    /// Whether a pattern can match no path: it does not start with `/`, or it has a character that is always escaped
    /// in paths (a blank, a letter beyond ASCII: write `%20`, `%C3%A9`).
    public static boolean matchesNothing(String pattern) {
        return PathPattern.of(pattern) == null;
    }

    public int size() {
        return rules.size();
    }

    public MappingRule rule(int i) {
        return rules.get(i);
    }

    /// System names of the metrics that these rules count; their positions are the slots of [#metricSlot].
    public List<String> metrics() {
        return metrics;
    }

    /// Position in [#metrics] of the metric of rule `i`.
    public int metricSlot(int i) {
        return metricOf[i];
    }

    /// Whether some rule of this method has conditions on the query, which a form body may answer.
    public boolean hasConditions(String method) {
        return conditionalMethods.length() > 1
                && (conditionalMethods.contains(" " + MappingRule.ANY + " ")
                        || conditionalMethods.contains(" " + method + " "));
    }

    /// Finds the rules that match, in the order of the product's list and no further than the first that is `last`.
    ///
    /// @param path  normal form, see [NormalPath]
    /// @param query as sent, decoded only if a rule asks
    /// @param form  a form body as sent, none if there is none or it was not read
    public void match(String method, String path, @Nullable String query, @Nullable String form, RuleScratch found) {
        found.clear();
        tree.match(path, found);
        if (!groups.isEmpty()) {
            resolveGroups(query, form, found);
        }
        found.sort();
        int kept = 0;
        for (int i = 0; i < found.size(); i++) {
            MappingRule rule = rules.get(found.rule(i));
            if (isFor(rule, method)) {
                found.set(kept++, found.rule(i));
                if (rule.last()) {
                    break;
                }
            }
        }
        found.truncate(kept);
    }

    private void resolveGroups(@Nullable String query, @Nullable String form, RuleScratch found) {
        Arguments arguments = null;
        int entries = found.size();
        int kept = 0;
        int[] hits = new int[0];
        int hitCount = 0;
        for (int i = 0; i < entries; i++) {
            int entry = found.rule(i);
            if (entry < rules.size()) {
                found.set(kept++, entry);
            } else {
                if (hits.length == 0) {
                    hits = new int[entries];
                }
                hits[hitCount++] = entry - rules.size();
            }
        }
        found.truncate(kept);
        for (int i = 0; i < hitCount; i++) {
            if (arguments == null) {
                arguments = new Arguments(query, form);
            }
            groups.get(hits[i]).match(arguments, found);
        }
    }

    private static boolean isFor(MappingRule rule, String method) {
        return rule.method().equals(method) || rule.method().equals(MappingRule.ANY);
    }

    /// What to tell about a request that matched nothing: how many rules there are, and which came nearest. Walks the
    /// tree once more, so the price of a refusal does not grow with the number of rules either.
    public String nearMiss(String method, String path) {
        String asked = method + " " + shortened(path);
        if (rules.isEmpty()) {
            return asked + ": this product has no mapping rules";
        }
        String text = asked + " matched none of " + rules.size() + (rules.size() == 1 ? " rule" : " rules");
        RuleScratch found = new RuleScratch();
        tree.match(path, found);
        for (int i = 0; i < found.size(); i++) {
            int entry = found.rule(i);
            if (entry < rules.size()) {
                MappingRule rule = rules.get(entry);
                return text + "; " + rule.method() + " " + rule.pattern() + " matches the path but not the method";
            }
        }
        if (found.size() > 0) {
            MappingRule rule = rules.get(groups.get(found.rule(0) - rules.size()).sample(method, rules));
            return text + "; " + rule.method() + " " + rule.pattern() + " matches the path but not "
                    + (isFor(rule, method) ? "the query: it expects " + conditions(rule) : "the method");
        }
        int nearest = tree.nearest(path);
        if (nearest < 0) {
            return text;
        }
        MappingRule rule = rules.get(
                nearest < rules.size() ? nearest : groups.get(nearest - rules.size()).sample(method, rules));
        return text + "; closest is " + rule.method() + " " + rule.pattern() + hint(rule.pattern(), path);
    }

    private static String hint(String pattern, String path) {
        PathPattern read = PathPattern.of(pattern);
        if (read != null && read.anchored() && new ProbeOf(pattern).matches(path)) {
            return " (the $ at its end wants the path to stop there)";
        }
        return pattern.regionMatches(true, 0, path, 0, pattern.length()) ? " (letter case differs)" : "";
    }

    /// Tries a pattern without its end.
    private record ProbeOf(String pattern) {
        boolean matches(String path) {
            int end = pattern.indexOf('?');
            String text = end < 0 ? pattern : pattern.substring(0, end);
            PathPattern open = PathPattern.of(text.substring(0, text.length() - 1));
            RuleScratch found = new RuleScratch();
            RuleTree.of(java.util.Collections.singletonList(open)).match(path, found);
            return found.size() > 0;
        }
    }

    private static String conditions(MappingRule rule) {
        StringBuilder text = new StringBuilder();
        for (MappingRule.QueryCondition condition : rule.query()) {
            text.append(text.isEmpty() ? "" : "&").append(condition.name()).append('=').append(condition.expected());
        }
        return text.toString();
    }

    private static String shortened(String path) {
        return path.length() <= 200 ? path : path.substring(0, 200) + "…";
    }
}
