package io.tollkeeper.app.portal;

import java.util.List;

import io.tollkeeper.app.declaration.DocumentText;
import io.tollkeeper.core.proxy.Finding;

/// What a portal said when asked for configurations. Immutable.
sealed interface PortalAnswer {

    /// @param pages  one or several documents, in order
    /// @param doubts services that could not be had, while the others could
    record Pages(List<DocumentText> pages, List<Finding> doubts) implements PortalAnswer {
        public Pages {
            pages = List.copyOf(pages);
            doubts = List.copyOf(doubts);
        }
    }

    /// Nothing that could be used.
    ///
    /// @param wrong tells status, URL without credentials, and what to do
    record Failed(Finding wrong) implements PortalAnswer {}
}
