package io.tollkeeper.app.declaration;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

import io.tollkeeper.app.document.Findings;
import io.tollkeeper.app.settings.Settings;

/// Which services of a 3scale document are served (gateway specification, section 2.7). Pure.
@FunctionalInterface
public interface ServiceFilter {

    ServiceFilter ALL = (_, _) -> true;

    /// @param hosts as written
    boolean keeps(String id, List<String> hosts);

    /// What the settings keep: services that are listed, services of which a host matches; all, if they say neither.
    static ServiceFilter of(Settings.Gateway settings, Findings findings) {
        var listed = settings.services() == null ? Set.<String>of() : Set.copyOf(Arrays.asList(settings.services().split(",", -1)));
        var written = settings.servicesFilterByUrl();
        if (written == null) {
            return listed.isEmpty() ? ALL : (id, _) -> listed.contains(id);
        }
        try {
            var pattern = Pattern.compile(written);
            return (id, hosts) -> listed.contains(id) || hosts.stream().anyMatch(host -> pattern.matcher(host).find());
        } catch (PatternSyntaxException e) {
            findings.add("gateway.services-filter-by-url", 0, "", written + " is no regular expression: " + e.getDescription());
            return ALL;
        }
    }
}
