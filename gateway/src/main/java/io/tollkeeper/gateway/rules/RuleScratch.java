package io.tollkeeper.gateway.rules;

import java.util.Arrays;

/// Working memory of a match, one per event loop, and the rules that it found. Grows as needed, never shrinks.
public final class RuleScratch {

    private int[] rules = new int[16];
    private int size;

    // Nodes that take the current character, and those that will take the next one: node and bytes of its label taken.
    private int[] active = new int[32];
    private int activeSize;
    private int[] pending = new int[32];
    private int pendingSize;
    private int[] seen = new int[0];
    private int generation;
    private int[] visited = new int[0];
    private int walk;

    /// How many rules matched.
    public int size() {
        return size;
    }

    /// Index of the i-th rule that matched, in the product's list; ascending.
    public int rule(int i) {
        return rules[i];
    }

    void clear() {
        size = 0;
    }

    void found(int rule) {
        if (size == rules.length) {
            rules = Arrays.copyOf(rules, size * 2);
        }
        rules[size++] = rule;
    }

    /// Insertion: a request matches a handful of rules.
    void sort() {
        if (size > 32) {
            Arrays.sort(rules, 0, size);
            return;
        }
        for (int i = 1; i < size; i++) {
            int rule = rules[i];
            int k = i - 1;
            while (k >= 0 && rules[k] > rule) {
                rules[k + 1] = rules[k];
                k--;
            }
            rules[k + 1] = rule;
        }
    }

    void truncate(int newSize) {
        size = newSize;
    }

    void set(int i, int rule) {
        rules[i] = rule;
    }

    // ---- the set of nodes that a path may have reached

    void start(int nodes) {
        if (seen.length < nodes) {
            seen = new int[nodes];
            visited = new int[nodes];
            generation = 0;
            walk = 0;
        }
        if (++walk == Integer.MAX_VALUE) {
            Arrays.fill(visited, 0);
            walk = 1;
        }
        activeSize = 0;
        pendingSize = 0;
        turnGeneration();
    }

    /// What was pending becomes active.
    void turn() {
        int[] free = active;
        active = pending;
        activeSize = pendingSize;
        pending = free;
        pendingSize = 0;
        turnGeneration();
    }

    private void turnGeneration() {
        if (++generation == Integer.MAX_VALUE) {
            Arrays.fill(seen, 0);
            generation = 1;
        }
    }

    boolean isFirstVisit(int node) {
        boolean first = visited[node] != walk;
        visited[node] = walk;
        return first;
    }

    int pending() {
        return pendingSize / 2;
    }

    int active() {
        return activeSize / 2;
    }

    int activeNode(int i) {
        return active[2 * i];
    }

    int activeTaken(int i) {
        return active[2 * i + 1];
    }

    void add(int node, int taken) {
        if (pendingSize == pending.length) {
            pending = Arrays.copyOf(pending, pendingSize * 2);
        }
        pending[pendingSize++] = node;
        pending[pendingSize++] = taken;
    }

    /// Adds a wild node, which can be reached in two ways at the same character.
    void addOnce(int node) {
        if (seen[node] != generation) {
            seen[node] = generation;
            add(node, 0);
        }
    }
}
