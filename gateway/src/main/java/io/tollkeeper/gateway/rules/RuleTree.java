package io.tollkeeper.gateway.rules;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/// The patterns of a product as one tree, so that the cost of a match grows with the path and not with the number of
/// rules. Immutable after [#of]; walked with a [RuleScratch] of the calling loop.
///
/// Patterns that begin alike share nodes; a node carries the bytes that lead to it from its parent (its label) or is a
/// wild node, which takes one or more characters of a segment. As long as no wild node is in sight, a walk is one
/// comparison of bytes after the other. From the first one on, all nodes that the path may have reached are advanced
/// together, character by character: no backtracking, hence no path that makes it slow.
///
/// ```
///   patterns   /orders   /orders/{id}$   /order-items           nodes  n: labelStart labelLength firstChild children
///                                                                          wildChild firstRule rules firstExact exact
///   root ── "/order" ─┬─ "s" ● ── "/" ── {…} ●$
///                     └─ "-items" ●
/// ```
final class RuleTree {

    private static final int LABEL_START = 0;
    private static final int LABEL_LENGTH = 1;
    private static final int FIRST_CHILD = 2;
    private static final int CHILDREN = 3;
    private static final int WILD_CHILD = 4;
    /// Rules that match whatever follows.
    private static final int FIRST_RULE = 5;
    private static final int RULES = 6;
    /// Rules that match only at the end of the path.
    private static final int FIRST_EXACT = 7;
    private static final int EXACT = 8;
    /// Any rule at or below this node, to name a rule that came near.
    private static final int SAMPLE = 9;
    private static final int WIDTH = 10;

    private static final int NONE = -1;
    private static final int ROOT = 0;

    private final int[] nodes;
    private final byte[] labels;
    private final int[] rules;

    private RuleTree(int[] nodes, byte[] labels, int[] rules) {
        this.nodes = nodes;
        this.labels = labels;
        this.rules = rules;
    }

    /// Builds the tree; `patterns[i]` belongs to rule `i`, null matches nothing.
    static RuleTree of(List<@Nullable PathPattern> patterns) {
        Branch root = new Branch();
        for (int i = 0; i < patterns.size(); i++) {
            PathPattern pattern = patterns.get(i);
            if (pattern == null) {
                continue;
            }
            Branch at = root;
            at.sample = Math.min(at.sample, i);
            for (int k = 0; k < pattern.parts().length(); k++) {
                at = at.child(pattern.parts().charAt(k));
                at.sample = Math.min(at.sample, i);
            }
            (pattern.anchored() ? at.exact : at.rules).add(i);
        }
        return new Layout().lay(root);
    }

    /// Gives every rule whose pattern matches to `found`, in no particular order.
    void match(String path, RuleScratch found) {
        int n = path.length();
        int node = ROOT;
        int at = 0;
        while (true) {
            collect(node, at == n, found);
            if (at == n) {
                return;
            }
            char c = path.charAt(at);
            if (nodes[node * WIDTH + WILD_CHILD] != NONE) {
                matchAll(path, node, at, found);
                return;
            }
            int child = childFor(node, c);
            if (child == NONE) {
                return;
            }
            int start = nodes[child * WIDTH + LABEL_START];
            int length = nodes[child * WIDTH + LABEL_LENGTH];
            if (at + length > n) {
                return;
            }
            for (int k = 1; k < length; k++) {
                if (labels[start + k] != path.charAt(at + k)) {
                    return;
                }
            }
            at += length;
            node = child;
        }
    }

    /// Goes on from `node`, reached at `at` and collected already, with all nodes that the rest of the path can reach.
    private void matchAll(String path, int node, int at, RuleScratch found) {
        int n = path.length();
        found.start(nodes.length / WIDTH);
        spread(node, path.charAt(at), found);
        for (int i = at; i < n && found.pending() > 0; i++) {
            char next = i + 1 < n ? path.charAt(i + 1) : 0;
            boolean last = i + 1 == n;
            found.turn();
            for (int s = 0; s < found.active(); s++) {
                int state = found.activeNode(s);
                int taken = found.activeTaken(s) + 1;
                int base = state * WIDTH;
                if (nodes[base + LABEL_LENGTH] == 0) {
                    // a wild node has taken this character, and may take the next one too
                    collectOnce(state, last, found);
                    if (!last) {
                        spread(state, next, found);
                        if (PathPattern.isSegment(next)) {
                            found.addOnce(state);
                        }
                    }
                } else if (taken == nodes[base + LABEL_LENGTH]) {
                    collectOnce(state, last, found);
                    if (!last) {
                        spread(state, next, found);
                    }
                } else if (!last && labels[nodes[base + LABEL_START] + taken] == next) {
                    found.add(state, taken);
                }
            }
        }
    }

    /// Makes those children of `node` pending that can take `c`.
    private void spread(int node, char c, RuleScratch found) {
        int child = childFor(node, c);
        if (child != NONE) {
            found.add(child, 0);
        }
        int wild = nodes[node * WIDTH + WILD_CHILD];
        if (wild != NONE && PathPattern.isSegment(c)) {
            found.addOnce(wild);
        }
    }

    /// The child whose label begins with `c`: children are neighbours, sorted by that byte.
    private int childFor(int node, char c) {
        int first = nodes[node * WIDTH + FIRST_CHILD];
        int low = 0;
        int high = nodes[node * WIDTH + CHILDREN] - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int difference = labels[nodes[(first + middle) * WIDTH + LABEL_START]] - c;
            if (difference == 0) {
                return first + middle;
            }
            if (difference < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return NONE;
    }

    private void collect(int node, boolean atEnd, RuleScratch found) {
        int base = node * WIDTH;
        collect(nodes[base + FIRST_RULE], nodes[base + RULES], found);
        if (atEnd) {
            collect(nodes[base + FIRST_EXACT], nodes[base + EXACT], found);
        }
    }

    /// Behind a wild node, a node may be reached at several places of the path; its rules count once.
    private void collectOnce(int node, boolean atEnd, RuleScratch found) {
        int base = node * WIDTH;
        if (nodes[base + RULES] > 0 && found.isFirstVisit(node)) {
            collect(nodes[base + FIRST_RULE], nodes[base + RULES], found);
        }
        if (atEnd) {
            collect(nodes[base + FIRST_EXACT], nodes[base + EXACT], found);
        }
    }

    private void collect(int from, int count, RuleScratch found) {
        for (int i = 0; i < count; i++) {
            found.found(rules[from + i]);
        }
    }

    /// A rule whose pattern begins like the path for as long as any does; −1 without rules. For explanations only:
    /// wild nodes are taken greedily.
    int nearest(String path) {
        int node = ROOT;
        int at = 0;
        while (at < path.length()) {
            char c = path.charAt(at);
            int child = childFor(node, c);
            if (child != NONE) {
                int start = nodes[child * WIDTH + LABEL_START];
                int length = nodes[child * WIDTH + LABEL_LENGTH];
                int k = 1;
                while (k < length && at + k < path.length() && labels[start + k] == path.charAt(at + k)) {
                    k++;
                }
                node = child;
                at += k;
                if (k < length) {
                    break;
                }
                continue;
            }
            int wild = nodes[node * WIDTH + WILD_CHILD];
            if (wild == NONE || !PathPattern.isSegment(c)) {
                break;
            }
            while (at < path.length() && PathPattern.isSegment(path.charAt(at))) {
                at++;
            }
            node = wild;
        }
        int sample = nodes[node * WIDTH + SAMPLE];
        return sample == Integer.MAX_VALUE ? NONE : sample;
    }

    /// A node while the tree grows: one byte per step.
    private static final class Branch {
        private final TreeMap<Byte, Branch> children = new TreeMap<>();
        private @Nullable Branch wild;
        private final List<Integer> rules = new ArrayList<>(0);
        private final List<Integer> exact = new ArrayList<>(0);
        private int sample = Integer.MAX_VALUE;

        private Branch child(char part) {
            if (part != PathPattern.WILD) {
                return children.computeIfAbsent((byte) part, _ -> new Branch());
            }
            Branch child = wild;
            if (child == null) {
                child = new Branch();
                wild = child;
            }
            return child;
        }

        private boolean isChainLink() {
            return children.size() == 1 && wild == null && rules.isEmpty() && exact.isEmpty();
        }
    }

    /// Lays the grown tree into arrays, chains of single bytes joined to labels.
    private static final class Layout {
        private final ArrayDeque<Unfilled> unfilled = new ArrayDeque<>();
        private int[] nodes = new int[16 * WIDTH];
        private int nodeCount;
        private byte[] labels = new byte[64];
        private int labelLength;
        private int[] rules = new int[16];
        private int ruleCount;

        private RuleTree lay(Branch root) {
            unfilled.add(new Unfilled(add(0, 0), root));
            for (Unfilled next = unfilled.poll(); next != null; next = unfilled.poll()) {
                fill(next.node(), next.branch());
            }
            return new RuleTree(
                    Arrays.copyOf(nodes, nodeCount * WIDTH),
                    Arrays.copyOf(labels, labelLength),
                    Arrays.copyOf(rules, ruleCount));
        }

        private int add(int labelStart, int length) {
            if ((nodeCount + 1) * WIDTH > nodes.length) {
                nodes = Arrays.copyOf(nodes, nodes.length * 2);
            }
            nodes[nodeCount * WIDTH + LABEL_START] = labelStart;
            nodes[nodeCount * WIDTH + LABEL_LENGTH] = length;
            return nodeCount++;
        }

        private void fill(int node, Branch branch) {
            int base = node * WIDTH;
            nodes[base + SAMPLE] = branch.sample;
            nodes[base + FIRST_RULE] = ruleCount;
            nodes[base + RULES] = append(branch.rules);
            nodes[base + FIRST_EXACT] = ruleCount;
            nodes[base + EXACT] = append(branch.exact);
            List<Branch> ends = new ArrayList<>(branch.children.size());
            nodes[base + FIRST_CHILD] = nodeCount;
            nodes[base + CHILDREN] = branch.children.size();
            branch.children.forEach((first, child) -> {
                int start = labelLength;
                label(first);
                Branch end = child;
                while (end.isChainLink()) {
                    var link = end.children.firstEntry();
                    label(link.getKey());
                    end = link.getValue();
                }
                add(start, labelLength - start);
                ends.add(end);
            });
            Branch wild = branch.wild;
            int wildNode = wild == null ? NONE : add(0, 0);
            nodes[base + WILD_CHILD] = wildNode;
            int firstChild = nodes[base + FIRST_CHILD];
            for (int i = 0; i < ends.size(); i++) {
                unfilled.add(new Unfilled(firstChild + i, ends.get(i)));
            }
            if (wild != null) {
                unfilled.add(new Unfilled(wildNode, wild));
            }
        }

        /// A node whose place is taken and whose branch is still to be laid out. No recursion: patterns may be long.
        private record Unfilled(int node, Branch branch) {}

        private void label(byte b) {
            if (labelLength == labels.length) {
                labels = Arrays.copyOf(labels, labels.length * 2);
            }
            labels[labelLength++] = b;
        }

        private int append(List<Integer> list) {
            for (int rule : list) {
                if (ruleCount == rules.length) {
                    rules = Arrays.copyOf(rules, rules.length * 2);
                }
                rules[ruleCount++] = rule;
            }
            return list.size();
        }
    }
}
