package io.tollkeeper.app.document;

import java.util.List;

/// One value of a configuration document, with the line on which it starts. Immutable.
///
/// Scalars keep the text as it was written: `0123` stays a key with a leading zero and `1e3` stays what somebody chose
/// as an id, whatever YAML would make of them. The reader of a field decides what it wants.
public sealed interface Node {

    /// First line is 1.
    int line();

    /// What a person would call it, for messages: "a list", "nothing", …
    default String kind() {
        return switch (this) {
            case Text text -> "\"" + text.value() + "\"";
            case Nothing _ -> "nothing";
            case Fields _ -> "a block of keys";
            case Items _ -> "a list";
        };
    }

    /// A scalar as written.
    record Text(int line, String value) implements Node {}

    /// An empty value, `~` or `null`: treated as absent everywhere.
    record Nothing(int line) implements Node {}

    /// Keys with values, in the order of the document. A key appears once; a repeated one is a finding.
    record Fields(int line, List<Field> fields) implements Node {
        public Fields {
            fields = List.copyOf(fields);
        }
    }

    /// One key of a [Fields] and its value.
    record Field(int line, String key, Node value) {}

    /// A list.
    record Items(int line, List<Node> items) implements Node {
        public Items {
            items = List.copyOf(items);
        }
    }
}
