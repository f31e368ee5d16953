package io.tollkeeper.app.document;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.Finding.Severity;

/// Collects what is wrong while a document is read, so that everything can be told at once. Belongs to one thread.
public final class Findings {
    private static final Comparator<Finding> BY_PLACE =
            Comparator.comparing(Finding::file).thenComparingInt(Finding::line).thenComparingInt(Finding::column);

    private final List<Finding> found = new ArrayList<>();

    /// A mistake.
    ///
    /// @param source a file name, the name of a variable or `--set`
    /// @param line   first line is 1; 0 where the source has no lines
    /// @param key    the path of keys to the value, e.g. `upstream.connect-timeout`; empty for the document as a whole
    public void add(String source, int line, String key, String message) {
        add(source, line, 0, key, message);
    }

    /// A mistake whose column is known: a document may be one long line.
    public void add(String source, int line, int column, String key, String message) {
        found.add(new Finding(Severity.ERROR, source, line, column, key, message, null));
    }

    /// A doubt: it works, but probably not as meant.
    public void warn(String source, int line, String key, String message) {
        warn(source, line, 0, key, message);
    }

    public void warn(String source, int line, int column, String key, String message) {
        found.add(new Finding(Severity.WARNING, source, line, column, key, message, null));
    }

    public void addAll(List<Finding> more) {
        found.addAll(more);
    }

    public boolean hasErrors() {
        return found.stream().anyMatch(Finding::isError);
    }

    /// By source and line; the order of reading decides between equal lines.
    public List<Finding> sorted() {
        return found.stream().sorted(BY_PLACE).toList();
    }
}
