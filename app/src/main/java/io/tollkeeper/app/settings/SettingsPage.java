package io.tollkeeper.app.settings;

import java.util.List;
import java.util.Map;

/// Writes `docs/settings.md` from the records, so that the page and the program cannot disagree. Pure computation.
final class SettingsPage {

    private SettingsPage() {}

    static String markdown() {
        var page = new StringBuilder("""
                # Settings

                <!-- Made from app/src/main/java/io/tollkeeper/app/settings/Settings.java; do not edit by hand. -->

                A later source beats an earlier one: the default, then the file `tollkeeper.yaml` (or `--config FILE`), then
                the variable, then `--set key=value`. In the file the dots of a key are nesting:

                ```yaml
                upstream:
                  connect-timeout: 5s
                ```

                Unknown keys and variables are errors. `tollkeeper check FILE` tells every mistake at once.

                """);
        String section = "-";
        for (var key : Keys.ALL) {
            int dot = key.name().indexOf('.');
            var of = dot < 0 ? "" : key.name().substring(0, dot);
            if (!of.equals(section)) {
                section = of;
                page.append(section.isEmpty() ? "## The program" : "\n## " + section).append("\n\n");
                page.append("| Key | Default | Takes | What it does |\n|---|---|---|---|\n");
            }
            page.append("| `").append(key.name()).append("`<br>`").append(key.variable()).append('`');
            if (!key.setting().alias().isEmpty()) {
                page.append(" (or `").append(String.join("`, `", key.aliases())).append("`)");
            }
            var usual = key.setting().value();
            page.append(" | ").append(usual.isEmpty() ? "not set" : "`" + usual + "`")
                    .append(" | ").append(key.type().expected().replace("|", "\\|"))
                    .append(" | ").append(key.setting().says().replace("|", "\\|")).append(" |\n");
        }
        return page.append(threescale()).toString();
    }

    private static String threescale() {
        var page = new StringBuilder("""

                ## 3scale's variables

                What a running 3scale installation sets for its gateway, listener, worker and cron; those of a part that a command
                does not have are told, and not taken. None is silently ignored: of those
                without effect a line at start says so, and `tollkeeper check` too.

                | Variable | Here |
                |---|---|
                """);
        for (var key : Keys.ALL) {
            for (var alias : key.aliases()) {
                page.append("| `").append(alias).append("` | is `").append(key.name()).append("` |\n");
            }
        }
        page.append("| `APICAST_SERVICE_<id>_CONFIGURATION_VERSION` | is part of `gateway.portal.versions` |\n");
        GatewayVariables.READ_ELSEWHERE.entrySet().stream().sorted(Map.Entry.comparingByKey())
                .forEach(read -> page.append("| `").append(read.getKey()).append("` | ").append(read.getValue()).append(" |\n"));
        without(ThreescaleVariables.WITHOUT_EFFECT, page);
        without(GatewayVariables.WITHOUT_EFFECT, page);
        return page.toString();
    }

    private static void without(List<ThreescaleVariables.WithoutEffect> all, StringBuilder page) {
        for (var without : all) {
            page.append("| ").append(without.name().endsWith("_*") && without.reason().contains("knows no such") ? "any other `" + without.name() + "`" : "`" + without.name() + "`")
                    .append(" | no effect: ").append(without.reason()).append(" |\n");
        }
    }
}
