package io.tollkeeper.app.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SettingsPageTest {
    private static final Path PAGE = Path.of("../docs/settings.md");

    @Test void thePageSaysWhatTheRecordsSay() throws IOException {
        if (Boolean.getBoolean("settings.write")) {
            Files.writeString(PAGE, SettingsPage.markdown());
        }
        assertThat(Files.exists(PAGE) ? Files.readString(PAGE) : "")
                .as("docs/settings.md is stale; write it anew with: mvn -q -Dquick -pl app -am test -Dtest=SettingsPageTest"
                        + " -Dsettings.write=true -Dsurefire.failIfNoSpecifiedTests=false")
                .isEqualTo(SettingsPage.markdown());
    }

    @Test void everyDefaultIsAValueOfItsOwnType() {
        for (var key : Keys.ALL) {
            var usual = key.setting().value();
            assertThat(usual.isEmpty() ? "not set" : key.type().parse().apply(usual)).as(key.name()).isNotNull();
        }
    }
}
