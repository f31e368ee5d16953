package io.tollkeeper.app.declaration;

import java.util.List;

/// Which services of a 3scale document are served (gateway specification, section 2.7). Pure.
@FunctionalInterface
public interface ServiceFilter {

    ServiceFilter ALL = (_, _) -> true;

    /// @param hosts as written
    boolean keeps(String id, List<String> hosts);
}
