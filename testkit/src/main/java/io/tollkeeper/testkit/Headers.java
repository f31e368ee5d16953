package io.tollkeeper.testkit;

import java.util.List;

import org.jspecify.annotations.Nullable;

/// The field lines of a message in the order in which they arrived. Names are compared without regard to case.
public record Headers(List<Header> all) {

    public Headers {
        all = List.copyOf(all);
    }

    /// The value of the first field line of that name, null if there is none.
    public @Nullable String first(String name) {
        for (var header : all) {
            if (header.name().equalsIgnoreCase(name)) {
                return header.value();
            }
        }
        return null;
    }

    /// The values of all field lines of that name, in order.
    public List<String> values(String name) {
        return all.stream().filter(header -> header.name().equalsIgnoreCase(name)).map(Header::value).toList();
    }

    public boolean has(String name) {
        return first(name) != null;
    }
}
