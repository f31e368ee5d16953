package io.tollkeeper.compat.recorded;

import java.nio.file.Path;
import java.util.List;

/// A difference that is meant.
///
/// @param step   number of the step, from 1
/// @param field  how the difference begins: `status`, `body`, `header NAME`, `counter`
/// @param reason why ours is better
record Deviation(String name, int step, String field, String reason) {

    static List<Deviation> read(Path file) {
        return Comparison.JSON.readTree(file).valueStream()
                .map(row -> new Deviation(row.path("case").stringValue(), row.path("step").intValue(),
                        row.path("field").stringValue(), row.path("reason").stringValue()))
                .toList();
    }
}
