package io.tollkeeper.core.usage;

import org.jspecify.annotations.Nullable;

/// Somebody asked for the usage of a product to be deleted, and how far that got. `asked` is different for every time
/// it was asked; applications up to the id `after` are done.
public record UsageDeletion(int product, String productId, long asked, @Nullable String after) {

    public UsageDeletion doneUpTo(String applicationId) {
        return new UsageDeletion(product, productId, asked, applicationId);
    }
}
