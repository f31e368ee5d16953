package io.tollkeeper.core.verdict;

import java.util.Collection;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/// Finds the known name that somebody probably meant. Pure functions.
public final class Nearest {

    private Nearest() {}

    /// The nearest of `known`, or null when nothing is near: more than a third of the letters would have to change.
    public static @Nullable String to(String name, Collection<String> known) {
        String best = null;
        int bestDistance = Integer.MAX_VALUE;
        for (String candidate : known) {
            int distance = distance(plain(name), plain(candidate));
            if (distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        if (best == null) {
            return null;
        }
        int allowed = Math.max(1, Math.max(name.length(), best.length()) / 3);
        return bestDistance <= allowed ? best : null;
    }

    /// ` (did you mean x?)`, or ` (known: a, b, c)` when nothing is near and the list is short, or nothing.
    public static String hint(String name, Collection<String> known) {
        var nearest = to(name, known);
        if (nearest != null) {
            return " (did you mean " + nearest + "?)";
        }
        return known.isEmpty() || known.size() > 12 ? "" : " (known: " + String.join(", ", known) + ")";
    }

    /// `ConnectTimeout`, `connect_timeout` and `connect-timeout` are the same word to a reader.
    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// Edits (insert, delete, replace, swap of neighbours) that turn one word into the other.
    static int distance(String a, String b) {
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            cost[i][0] = i;
        }
        for (int j = 0; j <= b.length(); j++) {
            cost[0][j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            for (int j = 1; j <= b.length(); j++) {
                int replaced = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                cost[i][j] = Math.min(replaced, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
                }
            }
        }
        return cost[a.length()][b.length()];
    }
}
