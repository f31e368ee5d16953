package io.tollkeeper.app.portal;

import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;

import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.declaration.Declared;
import io.tollkeeper.app.declaration.DocumentText;
import io.tollkeeper.http.fetch.Fetcher;
import org.jspecify.annotations.Nullable;

/// A portal that is asked for everything at once: at start, at intervals, when somebody says so. Blocks; one at a time.
public final class Portal {
    private final PortalClient client;
    private final LastGood lastGood;
    private final InstantSource clock;
    private Declared known = Declared.NOTHING;

    /// @param folder the data folder
    public Portal(Fetcher fetcher, PortalSettings settings, Path folder, InstantSource clock) {
        this.client = new PortalClient(fetcher, settings);
        this.lastGood = new LastGood(folder, settings);
        this.clock = clock;
    }

    /// The same settings with the products that the portal has now; what is good is kept on disk.
    public synchronized Loaded load(Configuration settings) {
        return switch (client.load(null)) {
            case PortalAnswer.Failed(var wrong) -> new Loaded.Bad(List.of(wrong));
            case PortalAnswer.Pages(var texts, var doubts) -> {
                var loaded = settings.declaring(texts, doubts, known);
                if (loaded instanceof Loaded.Good(var configuration)) {
                    known = configuration.declared();
                    keep(texts);
                }
                yield loaded;
            }
        };
    }

    private void keep(List<DocumentText> texts) {
        // Written even when nothing changed: its time is the age of what a start without the portal finds.
        lastGood.write(Set.of(new LastGood.Kept("", clock.instant(), texts)));
    }

    /// A configuration of an earlier day.
    public record Old(Configuration configuration, Instant at) {}

    /// What the portal said last, as it stands in the data folder; null without that.
    public synchronized @Nullable Old old(Configuration settings) {
        for (var one : lastGood.read()) {
            if (one.host().isEmpty() && settings.declaring(one.texts(), List.of(), known) instanceof Loaded.Good(var configuration)) {
                known = configuration.declared();
                return new Old(configuration, one.at());
            }
        }
        return null;
    }
}
