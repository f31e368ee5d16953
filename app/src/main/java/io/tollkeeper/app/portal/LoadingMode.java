package io.tollkeeper.app.portal;

import java.time.Duration;
import java.util.Set;

import io.tollkeeper.app.settings.CacheTime;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.app.settings.Settings.Loader;

/// When a portal is asked, and how long its answer is good (gateway specification, section 2.3). Immutable.
///
/// @param lazy  per host when a call needs it, instead of everything before calls are taken
/// @param cache never [CacheTime#AUTO]
public record LoadingMode(boolean lazy, CacheTime cache) {
    /// Environments in which changes are to be seen at once.
    private static final Set<String> TRIED_OUT = Set.of("staging", "sandbox", "development");
    private static final CacheTime NONE = new CacheTime(false, Duration.ZERO);
    private static final CacheTime USUAL = new CacheTime(false, Duration.ofMinutes(5));

    public static LoadingMode of(Settings.Gateway settings) {
        boolean triedOut = TRIED_OUT.contains(settings.portal().environment());
        boolean lazy = settings.configurationLoader() == Loader.AUTO ? triedOut : settings.configurationLoader() == Loader.LAZY;
        var cache = settings.configurationCache();
        return new LoadingMode(lazy, !cache.auto() ? cache : triedOut ? NONE : USUAL);
    }
}
