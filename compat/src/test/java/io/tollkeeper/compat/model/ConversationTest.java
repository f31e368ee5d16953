package io.tollkeeper.compat.model;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

import io.tollkeeper.compat.model.House.App;
import io.tollkeeper.compat.model.House.Limit;
import io.tollkeeper.compat.model.House.Metric;
import io.tollkeeper.compat.model.House.Service;
import io.tollkeeper.compat.program.MeterInProcess;
import io.tollkeeper.compat.program.MovableClock;
import io.tollkeeper.compat.program.Wire;
import io.tollkeeper.compat.program.WireAnswer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/// Random products, random calls, the clock moving on between them: every answer and, in the end, every counter is what
/// the slow reference says. `-Dmodel.seed=N -Dmodel.houses=N` for other and more conversations; a failure names the seed
/// and the calls before it.
class ConversationTest {

    private static final long SEED = Long.getLong("model.seed", 20_261_120L);
    private static final int HOUSES = Integer.getInteger("model.houses", 15);
    private static final int CALLS = 60;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    private static Path folder;

    private static MovableClock clock;
    private static MeterInProcess meter;
    private static Wire wire;

    private Random random = new Random(0);
    private final List<String> said = new ArrayList<>();

    @BeforeAll
    static void start() {
        clock = new MovableClock(Instant.parse("2026-11-20T16:27:05Z"));
        meter = MeterInProcess.start(folder.resolve("data"), clock);
        wire = new Wire(meter.port(), clock);
    }

    @AfterAll
    static void stop() {
        meter.close();
    }

    @Test
    void everyAnswerAndEveryCounterIsWhatTheSpecificationSays() throws IOException {
        for (int number = 0; number < HOUSES; number++) {
            random = new Random(SEED + number);
            said.clear();
            var house = house(number);
            build(house);
            var model = new ReferenceMeter(house);
            for (int call = 0; call < CALLS; call++) {
                if (random.nextInt(6) == 0) {
                    clock.move(Duration.ofSeconds(1L << random.nextInt(random.nextInt(8) == 0 ? 22 : 8)));
                }
                if (random.nextInt(4) == 0) {
                    report(number, house, model);
                } else {
                    call(number, house, model);
                }
            }
            counters(number, house, model);
        }
    }

    // ---- what exists -----------------------------------------------------------------------------------------------

    private House house(int number) {
        var house = new House();
        for (int i = 0; i < 3; i++) {
            var id = "7" + (number * 10 + i);
            var service = new Service(id, i < 2 ? "pk" + number : "other" + number, one("1", "2", "oauth"), chance(6), chance(2));
            service.tokens.add("st" + id);
            metrics(service, Integer.parseInt(id) * 100);
            for (var app : List.of("a", "b", "c", "d")) {
                service.apps.put(app, new App(app, chance(5) ? "active" : one("suspended", "pending"), chance(5) ? "P & <" + id + ">" : null,
                        chance(2) ? null : "http://r.test/?x=1&y=2",
                        chance(2) ? House.sorted() : House.sorted("k1", "k<2>"), chance(2) ? House.sorted() : House.sorted("*.acme.test", "10.0.0.*", "x"),
                        House.sorted("uk-" + app)));
            }
            house.services.put(id, service);
        }
        return house;
    }

    private void metrics(Service service, int id) {
        var names = List.of("hits", "a", "b", "leaf", "alone");
        var parents = new LinkedHashMap<String, @Nullable String>();
        parents.put("hits", null);
        parents.put("a", "hits");
        parents.put("b", chance(2) ? "hits" : null);
        parents.put("leaf", one("a", "b"));
        parents.put("alone", null);
        for (int i = 0; i < names.size(); i++) {
            service.metrics.put(names.get(i), new Metric(id + i, names.get(i), parents.get(names.get(i))));
        }
        for (var metric : service.metrics.values()) {
            for (var period : ReferenceMeter.PERIODS) {
                if (random.nextInt(5) == 0) {
                    service.limits.add(new Limit(metric, period, random.nextInt(10) == 0 ? 0 : random.nextInt(30)));
                }
            }
        }
    }

    private static void build(House house) throws IOException {
        for (var service : house.services.values()) {
            put("PUT", "/services/" + service.id, Map.of("service", Map.of("id", service.id, "provider_key", service.providerKey,
                    "backend_version", service.mode, "state", service.active ? "active" : "suspended",
                    "referrer_filters_required", service.filtersRequired)));
            put("POST", "/service_tokens/", Map.of("service_tokens", Map.of("st" + service.id, Map.of("service_id", service.id))));
            for (var metric : service.metrics.values()) {
                var attributes = new LinkedHashMap<String, Object>(Map.of("name", metric.name()));
                if (metric.parent() != null) {
                    attributes.put("parent_id", Integer.toString(idOf(service, metric.parent())));
                }
                put("PUT", "/services/" + service.id + "/metrics/" + metric.id(), Map.of("metric", attributes));
            }
            for (var limit : service.limits) {
                put("PUT", "/services/" + service.id + "/plans/9/usagelimits/" + limit.metric().id() + "/" + limit.period(),
                        Map.of("usagelimit", Map.of(limit.period(), limit.max())));
            }
            for (var app : service.apps.values()) {
                application(service, app);
            }
        }
    }

    private static int idOf(Service service, String metric) {
        var found = service.metrics.get(metric);
        return found == null ? -1 : found.id();
    }

    private static void application(Service service, App app) throws IOException {
        var path = "/services/" + service.id + "/applications/" + app.id();
        var attributes = new LinkedHashMap<String, Object>(Map.of("state", app.state()));
        if (app.plan() != null) {
            attributes.put("plan_id", "9");
            attributes.put("plan_name", app.plan());
        }
        if (app.redirectUrl() != null) {
            attributes.put("redirect_url", app.redirectUrl());
        }
        put("PUT", path, Map.of("application", attributes));
        for (var key : app.keys()) {
            put("POST", path + "/keys/", Map.of("application_key", Map.of("value", key)));
        }
        for (var filter : app.filters()) {
            put("POST", path + "/referrer_filters", Map.of("referrer_filter", filter));
        }
        for (var key : app.userKeys()) {
            put("PUT", path + "/key/" + key, Map.of());
        }
    }

    private static void put(String method, String path, Object json) throws IOException {
        var answer = wire.internal(method, path, JSON.writeValueAsString(json));
        assertThat(answer.status()).as(path + " " + answer.body()).isIn(200, 201);
    }

    // ---- calls -----------------------------------------------------------------------------------------------------

    private void call(int number, House house, ReferenceMeter model) throws IOException {
        var service = List.copyOf(house.services.values()).get(random.nextInt(3));
        var asked = asked(number, service);
        said.add(clock.instant() + " " + asked);
        var expected = model.answer(asked, clock.instant());
        check(number, expected, wire.call("GET", asked.target(), null, asked.headers()));
    }

    private Asked asked(int number, Service service) {
        var values = new LinkedHashMap<String, @Nullable String>();
        credentials(number, service, values);
        boolean byUserKey = service.isUserKey() != (random.nextInt(12) == 0);
        if (byUserKey || random.nextInt(20) == 0) {
            values.put("user_key", chance(12) ? "uk-" + app() : one("nobody", "", " ", "<&>"));
        }
        if (!byUserKey || random.nextInt(20) == 0) {
            values.put("app_id", chance(12) ? app() : one("ghost", "", "  ", " a", "<\"&>"));
        }
        if (random.nextInt(2) == 0) {
            values.put("app_key", oneOrBare("k1", "k1", " k1 ", "k<2>", "", " ", "wrong<&>"));
        }
        if (random.nextInt(2) == 0) {
            values.put("referrer", one("www.acme.test", "10.0.0.7:80/x", "*", "", "x", "acme.test", "<&>", "X", "x\n"));
        }
        if (random.nextInt(4) == 0) {
            values.put("redirect_url", oneOrBare("http://r.test/?x=1&y=2", "http://evil.test", ""));
        }
        if (random.nextInt(4) == 0) {
            values.put("redirect_uri", oneOrBare("http://r.test/?x=1&y=2", "http://<evil>.test", ""));
        }
        if (random.nextInt(40) == 0) {
            values.put("user_id", oneOrBare("x", ""));
        }
        var usage = random.nextInt(30) == 0 ? Map.<String, @Nullable String>of() : usage();
        if (usage.isEmpty() && random.nextInt(10) == 0) {
            values.put("usage", oneOrBare("1", ""));
        }
        if (random.nextInt(3) == 0) {
            values.put("log[code]", code());
        }
        values.put("unknown", "1");
        return new Asked(one("authorize", "authrep", "authrep", "oauth_authorize", "oauth_authrep", "authrep"), values, usage, options());
    }

    private void credentials(int number, Service service, Map<String, @Nullable String> values) {
        switch (random.nextInt(12)) {
            case 0 -> values.put("provider_key", oneOrBare("pk" + number, "nobody", "other" + number, "", " "));
            case 1 -> {
                values.put("provider_key", one("pk" + number, "other" + number, "nobody<&>"));
                values.put("service_id", one(service.id, "0", "<&>", "", " " + service.id));
                values.put("service_token", "st" + service.id);
            }
            case 2 -> {
                values.put("service_token", oneOrBare("st" + service.id, "st7", "", "<&>"));
                values.put("service_id", oneOrBare(service.id, "0", "", " " + service.id));
            }
            case 3, 4, 5 -> {
                values.put("provider_key", service.providerKey);
                values.put("service_id", service.id);
            }
            default -> {
                values.put("service_token", "st" + service.id);
                values.put("service_id", service.id);
            }
        }
    }

    private Map<String, @Nullable String> usage() {
        var usage = new LinkedHashMap<String, @Nullable String>();
        for (int i = random.nextInt(4); i > 0; i--) {
            var name = random.nextInt(25) == 0 ? one("nothing", "<m>", " hits", "Hits") : one("hits", "a", "b", "leaf", "alone");
            var value = random.nextInt(30) == 0 ? oneOrBare("-1", "1.5", "", " ", "x<&>", "+1", "##2", "#")
                    : random.nextInt(8) == 0 ? one("0", "00", " 2", "3 ", "#3", "#0", " #3", "#12")
                    : Integer.toString(random.nextInt(6));
            usage.put(name, value);
        }
        return usage;
    }

    private Set<String> options() {
        var options = new LinkedHashSet<String>();
        for (var option : List.of("rejection_reason_header", "limit_headers", "hierarchy", "list_app_keys", "flat_usage", "no_body")) {
            if (random.nextInt(option.equals("flat_usage") || option.equals("no_body") ? 6 : 2) == 0) {
                options.add(option);
            }
        }
        return options;
    }

    private String code() {
        return one("200", "201", "404", "403", "500", "503", "301", "100", "999", "20", "2000", " 200", "abc", "");
    }

    private void report(int number, House house, ReferenceMeter model) throws IOException {
        var service = List.copyOf(house.services.values()).get(random.nextInt(3));
        var values = new LinkedHashMap<String, @Nullable String>();
        credentials(number, service, values);
        var providerKey = values.get("provider_key");
        if (providerKey != null && providerKey.isBlank()) {
            values.remove("provider_key"); // empty, it would not count as absent (5.2)
        }
        var transactions = new ArrayList<ReferenceMeter.Transaction>();
        for (int i = random.nextInt(12) == 0 ? 0 : 1 + random.nextInt(4); i > 0; i--) {
            transactions.add(transaction());
        }
        boolean flat = random.nextInt(8) == 0;
        var body = body(values, transactions);
        said.add(clock.instant() + " report " + body);
        var expected = model.report(values.get("provider_key"), values.get("service_token"), values.get("service_id"), transactions, flat, clock.instant());
        var headers = new LinkedHashMap<>(Map.of("Content-Type", "application/x-www-form-urlencoded"));
        if (flat) {
            headers.put("3scale-options", "flat_usage=1");
        }
        check(number, expected, wire.call("POST", "/transactions.xml", body.getBytes(StandardCharsets.UTF_8), headers));
    }

    private ReferenceMeter.Transaction transaction() {
        boolean byUserKey = chance(2);
        var name = random.nextInt(25) == 0 ? "ghost" : app();
        boolean both = random.nextInt(40) == 0;
        Long age = random.nextInt(3) > 0 ? null
                : random.nextInt(10) == 0 ? Long.valueOf(one(86_401L, -3_601L, 200_000L)) : Long.valueOf(one(0L, 59L, 61L, 3_600L, 86_400L, -3_600L, -60L, -1L, 43_000L));
        return new ReferenceMeter.Transaction(byUserKey && !both ? null : name, byUserKey || both ? "uk-" + name : null,
                usage(), age, random.nextInt(2) == 0 ? code() : null);
    }

    private static String body(Map<String, @Nullable String> values, List<ReferenceMeter.Transaction> transactions) {
        var pairs = new ArrayList<String>();
        values.forEach((name, value) -> pairs.add(Asked.pair(name, value)));
        for (int i = 0; i < transactions.size(); i++) {
            var one = transactions.get(i);
            var prefix = "transactions[" + i + "]";
            if (one.appId() != null) {
                pairs.add(Asked.pair(prefix + "[app_id]", one.appId()));
            }
            if (one.userKey() != null) {
                pairs.add(Asked.pair(prefix + "[user_key]", one.userKey()));
            }
            one.usage().forEach((name, value) -> pairs.add(Asked.pair(prefix + "[usage][" + name + "]", value)));
            if (one.age() != null) {
                pairs.add(Asked.pair(prefix + "[timestamp]", Long.toString(clock.instant().getEpochSecond() - one.age())));
            }
            if (one.code() != null) {
                pairs.add(Asked.pair(prefix + "[log][code]", one.code()));
            }
        }
        return String.join("&", pairs);
    }

    // ---- what came -------------------------------------------------------------------------------------------------

    private void check(int number, Expected expected, WireAnswer came) {
        var headers = new TreeMap<String, String>();
        came.headers().forEach((name, value) -> {
            if (name.startsWith("3scale-")) {
                headers.put(name, value);
            }
        });
        var got = new Expected(came.status(), headers, came.body());
        if (!got.equals(expected)) {
            throw new AssertionError("seed " + (SEED + number) + " (-Dmodel.seed=" + (SEED + number) + " -Dmodel.houses=1)\ncalls:    "
                    + String.join("\n          ", said) + "\ncame:     " + got + "\nexpected: " + expected);
        }
    }

    private void counters(int number, House house, ReferenceMeter model) throws IOException {
        for (var service : house.services.values()) {
            var apps = new ArrayList<>(service.apps.keySet());
            apps.add("");
            for (var app : apps) {
                for (var period : ReferenceMeter.periodsOf(app)) {
                    for (var metric : service.metrics.keySet()) {
                        counter(number, model, service, app, period, "metric", metric);
                    }
                    for (var code : List.of("2XX", "4XX", "5XX", "200", "403", "404", "500", "503")) {
                        counter(number, model, service, app, period, "code", code);
                    }
                }
            }
        }
    }

    private void counter(int number, ReferenceMeter model, Service service, String app, String period, String kind, String name) throws IOException {
        var at = clock.instant();
        long expected = model.counter(service, app, kind + " " + name, period, at);
        if (expected == 0 && chance(8)) {
            return; // most counters are 0, and some of them tell as much as all
        }
        var path = "/services/" + service.id + "/counters?period=" + period + (kind.equals("code") ? "&response_code=" : "&metric=") + name
                + (app.isEmpty() ? "" : "&app_id=" + app);
        var came = wire.internal("GET", path, null);
        if (came.status() != 200 || JSON.readTree(came.body()).path("counter").path("value").longValue() != expected) {
            throw new AssertionError("seed " + (SEED + number) + ", " + at + " " + path + ": came " + came.body() + ", expected " + expected
                    + "\ncalls: " + String.join("\n       ", said));
        }
    }

    // ---- chance ----------------------------------------------------------------------------------------------------

    /// True in all but one of so many.
    private boolean chance(int many) {
        return random.nextInt(many) != 0;
    }

    private String app() {
        return one("a", "b", "c", "d");
    }

    /// One of them, or none, which stands for a name without `=`.
    private @Nullable String oneOrBare(String... all) {
        int index = random.nextInt(all.length + 1);
        return index == all.length ? null : all[index];
    }

    @SafeVarargs
    private <T> T one(T... all) {
        return all[random.nextInt(all.length)];
    }
}
