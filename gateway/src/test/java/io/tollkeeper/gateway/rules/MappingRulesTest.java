package io.tollkeeper.gateway.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.MappingRule.QueryCondition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class MappingRulesTest {

    @ParameterizedTest
    @CsvSource(delimiter = '>', textBlock = """
            / > /anything > true
            /foo > /foo > true
            /foo > /foo/bar > true
            /foo > /foobar > true
            /foo > /fo > false
            /foo$ > /foo > true
            /foo$ > /foo/ > false
            /foo$ > /foobar > false
            /foo?x={y} > /foo > true
            /v1/{id}/items$ > /v1/a.b-c/items > true
            /v1/{id}/items$ > /v1/a/b/items > false
            /v1/{id}/items$ > /v1//items > false
            /foo%20/bar/ > /foo%20/bar/ > true
            /foo%20/bar/ > /foo%20/bar > false
            /Foo > /foo > false
            /word.pdf > /wordXpdf > false
            /a+b > /a+b > true
            /a+b > /aab > false
            /x(y) > /x(y) > true
            /x(y) > /xy > false
            /a* > /aaa > false
            /a* > /a* > true
            /a$b > /a$b/c > true
            //a//b > /a/b > true
            /i/{id} > /i/ > false
            /i/{id} > /i/1/2 > true
            /f/{name}.json > /f/a.json > true
            /f/{name}.json > /f/a.jsonx > true
            /f/{name}.json > /f/a/b.json > false
            /f/{name}.json > /f/a.json.json > true
            /f/{n}.json$ > /f/a.json.json > true
            /f/{n}.json$ > /f/.json > false
            /{a}-{b}$ > /x-y-z > true
            /{a}-{b}$ > /xyz > false
            /{a}{b} > /x > false
            /{a}{b} > /xy > true
            /{a}/{b}/c > /1/2/c/d > true
            /x{any thing}y > /x1y > true
            /a|/b > /b > false
            foo > /foo > false
            /a|b > /a > false
            """)
    void aPatternMatchesAsSpecified(String pattern, String path, boolean matches) {
        assertThat(matched(List.of(rule("GET", pattern, "m", 1, false)), "GET", path, null, null))
                .isEqualTo(matches ? List.of(0) : List.of());
    }

    /// The recorded case "mapping rules/prefix, exact and wildcard".
    @ParameterizedTest
    @CsvSource(delimiter = '>', textBlock = """
            /p > prefix
            /p/ > prefix
            /p/q > prefix
            /pq > prefix
            /P > -
            /x > exact
            /x/ > -
            /x/y > -
            /i/1 > item
            /i/ > -
            /i > -
            /i/1/2 > item
            /i/1/sub > item,item_sub
            /i/1/sub/ > item
            /f/a.json > json
            /f/a.xml > -
            /f/a.jsonx > json
            /f/a/b.json > -
            /zzz > -
            """)
    void recordedPrefixExactAndWildcardHold(String path, String metrics) {
        List<MappingRule> rules = List.of(
                rule("GET", "/p", "prefix", 1, false),
                rule("GET", "/x$", "exact", 1, false),
                rule("GET", "/i/{id}", "item", 1, false),
                rule("GET", "/i/{id}/sub$", "item_sub", 1, false),
                rule("GET", "/f/{name}.json", "json", 1, false));
        assertThat(metrics(rules, "GET", path)).isEqualTo(metrics);
    }

    /// The recorded case "mapping rules/last stops the evaluation".
    @ParameterizedTest
    @CsvSource(delimiter = '>', textBlock = """
            /a/b > m1
            /a > m2,m3
            /z > m3
            """)
    void recordedLastStopsTheEvaluation(String path, String metrics) {
        List<MappingRule> rules = List.of(
                rule("GET", "/a/b", "m1", 1, true),
                rule("GET", "/a", "m2", 1, false),
                rule("GET", "/", "m3", 1, true),
                rule("GET", "/a", "m4", 1, false));
        assertThat(metrics(rules, "GET", path)).isEqualTo(metrics);
    }

    /// The recorded case "mapping rules/path normalisation", without those that are refused.
    @ParameterizedTest
    @CsvSource(delimiter = '>', textBlock = """
            /a/b > ab
            //a/b > ab
            /a//b > ab
            /a/./b > ab
            /a/c/../b > ab
            /a%2Fb > ab
            /x/1%2F2/y > -
            /x/a%20b/y > xpy
            /a/b/.. > -
            """)
    void recordedPathNormalisationHolds(String path, String metrics) {
        List<MappingRule> rules = List.of(rule("GET", "/a/b", "ab", 1, false), rule("GET", "/x/{p}/y", "xpy", 1, false));
        String normal = NormalPath.of(path);
        assertThat(normal).isNotNull();
        assertThat(metrics(rules, "GET", normal)).isEqualTo(metrics);
    }

    @Test
    void anyMatchesEveryMethodAndOtherMethodsMatchExactly() {
        List<MappingRule> rules = List.of(rule("ANY", "/a", "any", 1, false), rule("GET", "/a", "get", 1, false));
        assertThat(metrics(rules, "GET", "/a")).isEqualTo("any,get");
        assertThat(metrics(rules, "PROPFIND", "/a")).isEqualTo("any");
        assertThat(metrics(rules, "get", "/a")).isEqualTo("any");
        assertThat(metrics(rules, "HEAD", "/a")).isEqualTo("any");
    }

    @Test
    void lastOfAnotherMethodDoesNotStopTheEvaluation() {
        List<MappingRule> rules = List.of(rule("POST", "/a", "p", 1, true), rule("GET", "/a", "g", 1, false));
        assertThat(metrics(rules, "GET", "/a")).isEqualTo("g");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '>', nullValues = "-", textBlock = """
            type=book > - > true
            type=film > - > false
            type=film&type=book > - > true
            type=book&type=film > - > false
            type=b%6Fok > - > true
            TYPE=book > - > false
            type > - > false
            - > type=book > true
            type=book > type=film > false
            type=film > type=book > true
            x=1&type=book&y > - > true
            - > - > false
            """)
    void aConditionOnAValueLooksAtTheLastDecodedArgumentAndTheBodyHidesTheUrl(
            @Nullable String query, @Nullable String form, boolean matches) {
        MappingRule rule = conditional("POST", "/s?type=book", "book", new QueryCondition("type", "book"));
        assertThat(matched(List.of(rule), "POST", "/s", query, form)).isEqualTo(matches ? List.of(0) : List.of());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '>', nullValues = "-", textBlock = """
            id=1 > true
            id= > true
            id > true
            ID=1 > false
            - > false
            """)
    void aConditionInBracesWantsThePresenceOnly(@Nullable String query, boolean matches) {
        MappingRule rule = conditional("GET", "/s", "m", new QueryCondition("id", "{id}"));
        assertThat(matched(List.of(rule), "GET", "/s", query, null)).isEqualTo(matches ? List.of(0) : List.of());
    }

    @Test
    void allConditionsMustHold() {
        MappingRule rule =
                conditional("GET", "/s", "m", new QueryCondition("a", "{a}"), new QueryCondition("b", "x y"));
        assertThat(matched(List.of(rule), "GET", "/s", "a=1&b=x+y", null)).containsExactly(0);
        assertThat(matched(List.of(rule), "GET", "/s", "a=1&b=x%20y&c=3", null)).containsExactly(0);
        assertThat(matched(List.of(rule), "GET", "/s", "b=x+y", null)).isEmpty();
    }

    @Test
    void rulesWithAndWithoutConditionsKeepTheOrderOfTheList() {
        List<MappingRule> rules = List.of(
                conditional("GET", "/s", "m0", new QueryCondition("t", "1")),
                rule("GET", "/s", "m1", 1, false),
                new MappingRule("GET", "/s", List.of(new QueryCondition("t", "{x}")), "m2", 1, true),
                rule("GET", "/s", "m3", 1, false));
        assertThat(matched(rules, "GET", "/s", "t=1", null)).containsExactly(0, 1, 2);
        assertThat(matched(rules, "GET", "/s", null, null)).containsExactly(1, 3);
    }

    @Test
    void argumentsBeyondTheHundredthAreNotLookedAt() {
        StringBuilder query = new StringBuilder();
        IntStream.range(0, 100).forEach(i -> query.append("a").append(i).append("=1&"));
        MappingRule rule = conditional("GET", "/s", "m", new QueryCondition("late", "1"));
        assertThat(matched(List.of(rule), "GET", "/s", query + "late=1", null)).isEmpty();
        assertThat(matched(List.of(rule), "GET", "/s", "late=1&" + query, null)).containsExactly(0);
    }

    /// The tree against a plain loop over regular expressions, on many small random rule sets.
    @Test
    void theTreeFindsWhatAPlainLoopFinds() {
        Random random = new Random(20_261_120);
        String[] pieces = {"/", "/a", "/ab", "b", "{x}", "/{y}", "-", ".c", "/{z}.c", "a{w}b"};
        String[] pathPieces = {"/", "/a", "/ab", "b", "x", "-", ".c", "/a.c", "ab", "c"};
        for (int round = 0; round < 4_000; round++) {
            List<MappingRule> rules = new ArrayList<>();
            for (int i = 0; i < 1 + random.nextInt(12); i++) {
                StringBuilder pattern = new StringBuilder("/");
                for (int k = 0; k < random.nextInt(5); k++) {
                    pattern.append(pieces[random.nextInt(pieces.length)]);
                }
                rules.add(rule("GET", pattern + (random.nextInt(3) == 0 ? "$" : ""), "m" + i, 1, random.nextInt(9) == 0));
            }
            MappingRules compiled = MappingRules.compile(rules);
            RuleScratch found = new RuleScratch();
            for (int i = 0; i < 8; i++) {
                StringBuilder path = new StringBuilder("/");
                for (int k = 0; k < random.nextInt(6); k++) {
                    path.append(pathPieces[random.nextInt(pathPieces.length)]);
                }
                String normal = NormalPath.of(path.toString());
                assertThat(normal).isNotNull();
                compiled.match("GET", normal, null, null, found);
                assertThat(listOf(found)).as("%s in %s", normal, rules).isEqualTo(plainLoop(rules, normal));
            }
        }
    }

    private static List<Integer> plainLoop(List<MappingRule> rules, String path) {
        List<Integer> matched = new ArrayList<>();
        for (int i = 0; i < rules.size(); i++) {
            String pattern = rules.get(i).pattern().replaceAll("/+", "/");
            boolean anchored = pattern.endsWith("$");
            StringBuilder regex = new StringBuilder();
            for (String part : pattern.substring(0, pattern.length() - (anchored ? 1 : 0)).split("(?=\\{)|(?<=\\})")) {
                regex.append(part.startsWith("{") ? "[A-Za-z0-9_\\-.~%!$&'()*+,;=@:]+" : Pattern.quote(part));
            }
            if (Pattern.compile(regex + (anchored ? "\\z" : "")).matcher(path).lookingAt()) {
                matched.add(i);
                if (rules.get(i).last()) {
                    break;
                }
            }
        }
        return matched;
    }

    @Test
    void aPathMadeToBacktrackIsMatchedInOneWalk() {
        List<MappingRule> rules = List.of(rule("GET", "/{a}a{b}a{c}a{d}a{e}z$", "m", 1, false));
        long start = System.nanoTime();
        assertThat(matched(rules, "GET", "/" + "a".repeat(8_000), null, null)).isEmpty();
        assertThat(System.nanoTime() - start).isLessThan(2_000_000_000L);
    }

    @Test
    void theNearestMissIsNamed() {
        List<MappingRule> rules = List.of(
                rule("GET", "/v1/orders", "o", 1, false),
                rule("POST", "/v1/items$", "i", 1, false),
                conditional("GET", "/search?type=book", "s", new QueryCondition("type", "book")));
        assertThat(nearMiss(rules, "GET", "/v2/orders"))
                .isEqualTo("GET /v2/orders matched none of 3 rules; closest is GET /v1/orders");
        assertThat(nearMiss(rules, "PUT", "/v1/orders/7")).contains("GET /v1/orders matches the path but not the method");
        assertThat(nearMiss(rules, "POST", "/v1/items/7"))
                .contains("closest is POST /v1/items$ (the $ at its end wants the path to stop there)");
        assertThat(nearMiss(rules, "GET", "/v1/ORDERS")).contains("closest is GET /v1/orders (letter case differs)");
        assertThat(nearMiss(rules, "GET", "/search"))
                .contains("GET /search?type=book matches the path but not the query: it expects type=book");
        assertThat(nearMiss(List.of(), "GET", "/a")).isEqualTo("GET /a: this product has no mapping rules");
    }

    @Test
    void tenThousandRulesAreCompiledAndEachIsFound() {
        List<MappingRule> rules = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            rules.add(rule("GET", "/api/v" + i % 7 + "/resource" + i + "/{id}/part$", "m", 1, false));
        }
        MappingRules compiled = MappingRules.compile(rules);
        RuleScratch found = new RuleScratch();
        for (int i = 0; i < 10_000; i++) {
            compiled.match("GET", "/api/v" + i % 7 + "/resource" + i + "/42/part", null, null, found);
            assertThat(listOf(found)).containsExactly(i);
        }
    }

    private static MappingRule rule(String method, String pattern, String metric, long delta, boolean last) {
        return new MappingRule(method, pattern, List.of(), metric, delta, last);
    }

    private static MappingRule conditional(String method, String pattern, String metric, QueryCondition... conditions) {
        return new MappingRule(method, pattern, List.of(conditions), metric, 1, false);
    }

    private static String nearMiss(List<MappingRule> rules, String method, String path) {
        return MappingRules.compile(rules).nearMiss(method, path);
    }

    private static List<Integer> matched(
            List<MappingRule> rules, String method, String path, @Nullable String query, @Nullable String form) {
        RuleScratch found = new RuleScratch();
        MappingRules.compile(rules).match(method, path, query, form, found);
        return listOf(found);
    }

    private static String metrics(List<MappingRule> rules, String method, String path) {
        List<Integer> found = matched(rules, method, path, null, null);
        return found.isEmpty() ? "-" : String.join(",", found.stream().map(i -> rules.get(i).metric()).toList());
    }

    private static List<Integer> listOf(RuleScratch found) {
        return IntStream.range(0, found.size()).mapToObj(found::rule).toList();
    }
}
