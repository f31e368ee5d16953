package io.tollkeeper.doctor.explain;

import io.tollkeeper.core.verdict.Verdict;

/// Lays a verdict out for a terminal: the text of [Verdict#text] with long lines broken between words, their
/// continuation under the text and not under its label. Plain text: it is pasted into tickets.
final class TextLayout {

    private static final int WIDTH = 100;
    private static final int LABEL = 9;
    private static final String[] GAPS = {"   ", " ── ", " "};

    private TextLayout() {}

    static String of(Verdict verdict) {
        StringBuilder out = new StringBuilder(1024);
        for (String line : verdict.text().split("\n")) {
            wrap(line, line.startsWith("request ") ? 0 : LABEL, out);
        }
        return out.toString();
    }

    private static void wrap(String line, int label, StringBuilder out) {
        int start = 0;
        int room = WIDTH;
        while (line.length() - start > room) {
            int cut = cut(line, start + (start == 0 ? label : 0), start + room);
            if (cut < 0) {
                break;
            }
            int end = cut;
            while (line.charAt(end - 1) == ' ') {
                end--;
            }
            out.append(line, start, end).append('\n').repeat(" ", LABEL);
            start = cut;
            while (line.charAt(start) == ' ') {
                start++;
            }
            room = WIDTH - LABEL;
        }
        out.append(line, start, line.length()).append('\n');
    }

    /// Where to break a line: between parts, else between the hops of a path, else between words; a hop keeps its sign.
    private static int cut(String line, int from, int to) {
        for (String gap : GAPS) {
            int at = line.lastIndexOf(gap, to);
            if (at > from) {
                return at;
            }
        }
        return line.indexOf(' ', to);
    }
}
