package io.tollkeeper.core.authorize;

import java.util.List;
import java.util.Set;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class ChecksTest {

    /// Sections 8.1 and 8.2: endpoint and mode, keys of the application, key sent → code and text.
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "1, false, k1, wrong, -",
                "2, false, '', anything, -",
                "2, false, '', -, -",
                "2, false, k1|k2, k2, -",
                "2, false, k1, -, application key is missing",
                "2, false, k1, '', application key is missing",
                "2, false, k1, wrong, 'application key \"wrong\" is invalid'",
                "oauth, false, k1, -, -",
                "oauth, false, k1, k1, -",
                "oauth, false, '', '', application key is missing",
                "oauth, false, '', any, 'application key \"any\" is invalid'",
                "oauth, true, k1, -, -",
                "oauth, true, k1, wrong, 'application key \"wrong\" is invalid'",
                "2, true, k1, k1, oauth is not enabled",
                "1, true, '', -, oauth is not enabled"
            })
    void keysAreCheckedAsTheModeAndTheEndpointWant(
            String mode, boolean oauthEndpoint, String keys, @Nullable String sent, @Nullable String text) {
        Set<String> ofApplication = keys.isEmpty() ? Set.of() : Set.of(keys.split("\\|"));
        Call call = call(House.product(mode)).appKey(sent);
        if (oauthEndpoint) {
            call.oauthEndpoint();
        }
        assertText(
                application(
                        call.product(), House.application(1, "x").withKeys(ofApplication), call),
                text);
    }

    /// Section 8.3: stored, redirect_url, redirect_uri → text.
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "https://a, -, -, -",
                "https://a, https://a, -, -",
                "https://a, -, https://a, -",
                "https://a, '', https://evil, -",
                "https://a, https://evil, https://a, 'redirect_url \"https://evil\" is invalid'",
                "https://a, -, https://evil, 'redirect_uri \"https://evil\" is invalid'",
                "-, https://a, -, 'redirect_url \"https://a\" is invalid'",
                "https://a, https://A, -, 'redirect_url \"https://A\" is invalid'"
            })
    void redirectsMustEqualTheStoredOne(
            @Nullable String stored, @Nullable String url, @Nullable String uri, @Nullable String text) {
        assertText(Checks.redirect(stored, url, uri), text);
    }

    /// Section 8.4: filter, referrer → does it match?
    @ParameterizedTest
    @CsvSource({
        "*.acme.test, x.y.acme.test, true",
        "*.acme.test, .acme.test, true",
        "*.acme.test, acme.test, false",
        "10.0.0.*, 10.0.0.7:80/x, true",
        "acme.test, acme.test, true",
        "acme.test, acmeXtest, false",
        "acme.test, acme.test/x, false",
        "Acme.test, acme.test, false",
        "*, anything, true",
        "a*b*c, aXbYbZc, true",
        "a*b*c, aXbYbZ, false",
        "a**c, abc, true"
    })
    void referrerFiltersAreLiteralTextWithStars(String filter, String referrer, boolean matches) {
        assertThat(Checks.matches(filter, referrer)).isEqualTo(matches);
    }

    @Test
    void aStarDoesNotCrossLinesAndATrailingLineFeedIsAMismatch() {
        assertThat(Checks.matches("a*b", "aX\nb")).isFalse();
        assertThat(Checks.matches("acme.test", "acme.test\n")).isFalse();
        assertThat(Checks.matches("acme.*", "acme.test\n")).isFalse();
    }

    @Test
    void referrersOnlyMatterWhereTheProductRequiresThemAndTheApplicationHasFilters() {
        Application filtered = House.application(1, "x").withReferrerFilters(List.of("*.acme.test"));
        Product required = House.product("2", true, true);
        assertText(application(House.product("2"), filtered, call(House.product("2"))), null);
        assertText(application(required, House.application(1, "x"), call(required)), null);
        assertText(application(required, filtered, call(required)), "referrer is missing");
        assertText(application(required, filtered, call(required).referrer(" ")), "referrer is missing");
        assertText(application(required, filtered, call(required).referrer("*")), null);
        assertText(application(required, filtered, call(required).referrer("x.acme.test")), null);
        Call inside = call(required).referrer("https://x.acme.test/path");
        assertText(application(required, filtered, inside), "referrer \"https://x.acme.test/path\" is not allowed");
        assertText(Checks.application(required, filtered, inside, ReferrerMatch.PART), null);
        assertText(
                application(required, filtered, call(required).referrer("evil.test")),
                "referrer \"evil.test\" is not allowed");
    }

    @Test
    void onlyTheFirstFailureOfTheOrderIsReported() {
        Product product = House.product("2", false, true);
        Application application = new Application(
                1, "7301", "x", "suspended", "9", null, null, Set.of("k"), List.of("acme.test"));
        Call call = call(product);
        assertText(application(product, application, call), "application key is missing");
        call.appKey("k");
        assertText(application(product, application, call), "referrer is missing");
        call.referrer("acme.test");
        assertText(application(product, application, call), "application is not active");
        Application active =
                new Application(1, "7301", "x", "active", "9", null, null, Set.of("k"), List.of("acme.test"));
        assertText(application(product, active, call), "service is not active");
    }

    @Test
    void everyStateButActiveIsNotActive() {
        for (String state : new String[] {"pending", "live", "suspended", "Active", "", "deleted"}) {
            Application application =
                    new Application(1, "7301", "x", state, "9", null, null, Set.of(), List.of());
            Product product = House.product("2");
            assertText(application(product, application, call(product)), "application is not active");
        }
    }

    /// Section 7.1, steps 8 to 11: mode, oauth endpoint, app_id, user_key → code and text.
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "2, false, x, -, -, -",
                "1, false, -, k, -, -",
                "2, true, -, k, APPLICATION_NOT_FOUND, application id is missing",
                "2, false, -, -, APPLICATION_NOT_FOUND, application id is missing",
                "2, false, -, k, APPLICATION_NOT_FOUND, application id is missing",
                "1, false, -, -, USER_KEY_INVALID, user key is missing",
                "1, false, x, -, USER_KEY_INVALID, user key is missing",
                "1, false, x, k, AUTHENTICATION_ERROR, 'either app_id or user_key is allowed, not both'",
                "oauth, true, x, k, AUTHENTICATION_ERROR, 'either app_id or user_key is allowed, not both'",
                "oauth, false, -, k, APPLICATION_NOT_FOUND, application id is missing"
            })
    void exactlyOneWayToFindTheApplicationIsWanted(
            String mode,
            boolean oauthEndpoint,
            @Nullable String appId,
            @Nullable String userKey,
            @Nullable Reason reason,
            @Nullable String text) {
        Decision.@Nullable Denied denied =
                Checks.identification(House.product(mode).mode(), oauthEndpoint, appId, userKey);
        assertText(denied, text);
        assertThat(denied == null ? null : denied.reason()).isEqualTo(reason);
    }

    @Test
    void evidenceNeverShowsAWholeKey() {
        Product product = House.product("2");
        Decision.@Nullable Denied denied = application(
                product, House.application(1, "x").withKeys(Set.of("secret-of-acme")), call(product).appKey("wrong-key-sent"));
        assertThat(denied == null ? "" : denied.evidence())
                .contains("wro…")
                .doesNotContain("wrong-key-sent", "secret-of-acme");
    }

    private static Call call(Product product) {
        return new Call().begin(product, Call.Kind.AUTHORIZE, House.NOON);
    }

    private static void assertText(Decision.@Nullable Denied denied, @Nullable String text) {
        assertThat(denied == null ? null : denied.message()).isEqualTo(text);
    }

    private static Decision.@Nullable Denied application(Product product, Application application, Call call) {
        return Checks.application(product, application, call, ReferrerMatch.WHOLE);
    }
}
