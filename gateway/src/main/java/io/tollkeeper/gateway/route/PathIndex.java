package io.tollkeeper.gateway.route;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.gateway.rules.MappingRules;
import io.tollkeeper.gateway.rules.RuleScratch;
import org.jspecify.annotations.Nullable;

/// The products that share a host, found by their mapping rules: the first, in the order of the document, with a rule
/// that matches method, path and arguments of the URL (gateway specification, section 2.7). Immutable; used on event
/// loops, each with its own [RuleScratch].
///
/// Rules are put together by the first segment of the path that they want (`/orders/…`), and those that begin with
/// less than a whole segment in a group of their own. So a request looks at two groups however many products there are,
/// and a change of one product compiles the groups that it takes part in. Of rules that ask for the same, the first
/// product's is kept: the others can never decide.
final class PathIndex {

    private static final Group NOTHING = Group.of(List.of(), List.of());

    private final List<Route> candidates;
    private final Map<String, Group> bySegment;
    private final Group others;
    private final IdentityHashMap<Route, Integer> order;

    private PathIndex(List<Route> candidates, Map<String, Group> bySegment, Group others) {
        this.candidates = candidates;
        this.bySegment = bySegment;
        this.others = others;
        order = new IdentityHashMap<>(candidates.size());
        for (int i = 0; i < candidates.size(); i++) {
            order.put(candidates.get(i), i);
        }
    }

    /// @param before an earlier index of the host, whose groups are used again where nothing changed
    static PathIndex of(List<Route> candidates, @Nullable PathIndex before) {
        if (before != null && before.hasSame(candidates)) {
            return before;
        }
        Map<String, Draft> drafts = new HashMap<>();
        Draft rest = new Draft();
        for (Route route : candidates) {
            for (MappingRule rule : route.service().config().rules()) {
                String segment = firstSegment(rule.pattern());
                (segment == null ? rest : drafts.computeIfAbsent(segment, _ -> new Draft())).add(route, rule);
            }
        }
        Map<String, Group> groups = HashMap.newHashMap(drafts.size());
        drafts.forEach((segment, draft) ->
                groups.put(segment, draft.group(before == null ? null : before.bySegment.get(segment))));
        return new PathIndex(List.copyOf(candidates), groups, rest.group(before == null ? null : before.others));
    }

    private boolean hasSame(List<Route> others) {
        if (candidates.size() != others.size()) {
            return false;
        }
        for (int i = 0; i < candidates.size(); i++) {
            if (candidates.get(i) != others.get(i)) {
                return false;
            }
        }
        return true;
    }

    /// @param path in normal form
    @Nullable Route find(String method, String path, @Nullable String query, RuleScratch scratch) {
        int end = path.indexOf('/', 1);
        Route one = bySegment
                .getOrDefault(path.substring(1, end < 0 ? path.length() : end), NOTHING)
                .find(method, path, query, scratch);
        Route other = others.find(method, path, query, scratch);
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return order.getOrDefault(one, 0) <= order.getOrDefault(other, 0) ? one : other;
    }

    /// The whole first segment of all paths that a pattern matches; null if they may differ in it.
    private static @Nullable String firstSegment(String pattern) {
        int start = 0;
        while (start < pattern.length() && pattern.charAt(start) == '/') {
            start++;
        }
        if (start == 0) {
            return null;
        }
        for (int i = start; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            boolean ends = c == '$' && (i + 1 == pattern.length() || pattern.charAt(i + 1) == '?');
            if (c == '/' || ends) {
                return pattern.substring(start, i);
            }
            if (c == '{' || c == '?') {
                return null;
            }
        }
        return null;
    }

    /// Rules of one group while they are gathered.
    private static final class Draft {
        private final List<Route> owners = new ArrayList<>(1);
        private final List<MappingRule> rules = new ArrayList<>();

        void add(Route owner, MappingRule rule) {
            owners.add(owner);
            rules.add(rule);
        }

        Group group(@Nullable Group before) {
            return before != null && before.hasOwners(owners) ? before : Group.of(owners, rules);
        }
    }

    /// Rules that are looked at together. A route's rules never change, so that equal owners have equal rules.
    @SuppressWarnings("ArrayRecordComponent") // asked by position, never compared
    private record Group(List<Route> gathered, MappingRules rules, Route[] owners) {

        static Group of(List<Route> owners, List<MappingRule> rules) {
            Set<MappingRule> seen = new HashSet<>();
            List<MappingRule> kept = new ArrayList<>(rules.size());
            List<Route> ownersKept = new ArrayList<>(rules.size());
            for (int i = 0; i < rules.size(); i++) {
                MappingRule rule = rules.get(i);
                int mark = rule.pattern().indexOf('?');
                String pattern = mark < 0 ? rule.pattern() : rule.pattern().substring(0, mark);
                // what it counts and whether it ends an evaluation play no part here
                MappingRule asked = new MappingRule(rule.method(), pattern, rule.query(), "", 0, false);
                MappingRule any = new MappingRule(MappingRule.ANY, pattern, rule.query(), "", 0, false);
                if (!seen.contains(any) && seen.add(asked)) {
                    kept.add(asked);
                    ownersKept.add(owners.get(i));
                }
            }
            return new Group(List.copyOf(owners), MappingRules.compile(kept), ownersKept.toArray(Route[]::new));
        }

        boolean hasOwners(List<Route> others) {
            if (gathered.size() != others.size()) {
                return false;
            }
            for (int i = 0; i < others.size(); i++) {
                if (gathered.get(i) != others.get(i)) {
                    return false;
                }
            }
            return true;
        }

        @Nullable Route find(String method, String path, @Nullable String query, RuleScratch scratch) {
            rules.match(method, path, query, null, scratch);
            return scratch.size() == 0 ? null : owners[scratch.rule(0)];
        }
    }
}
