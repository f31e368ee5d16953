package io.tollkeeper.meter.params;

import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// The rules of the specification's section 4, on the parser alone.
class ParamsTest {

    private final Params params = new Params();

    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
        "a=1 {a=1}",
        "a=1&b=2 {a=1,b=2}",
        "a {a=null}",
        "a= {a=}",
        "a=1&a=2 {a=2}",
        "a=1&b=2&a=3 {a=3,b=2}",
        "a[b]=1 {a={b=1}}",
        "a[b]=1&a[c]=2&a[b]=3 {a={b=3,c=2}}",
        "a[b][c]=1&a[b][d]=2 {a={b={c=1,d=2}}}",
        "a[]=1&a[]=2 {a=[1,2]}",
        "a[] {a=[null]}",
        "a[][b]=1&a[][c]=2&a[][b]=3 {a=[{b=1,c=2},{b=3}]}",
        "a[][b][c]=1&a[][b][d]=2 {a=[{b={c=1,d=2}}]}",
        "a[][]=1 {a=[[1]]}",
        "a[b][]=1&a[b][]=2 {a={b=[1,2]}}",
        "a[b {a={[b=null}}",
        "a[=1 {a[=1}",
        "[a]=1 {[a]=1}",
        "[]=1 {[]=1}",
        "a]=1 {a]=1}",
        "a[b]c=1 {a={b={c=1}}}",
        "a=1;b=2 {a=1;b=2}",
        "a==b {a==b}",
        "=b {}",
        "& {}",
        "&&a=1&& {a=1}",
        "a%5Bb%5D=1 {a={b=1}}",
        "%61=%62 {a=b}",
        "a=1%2B1 {a=1+1}",
        "a&a[b]=1 {a={b=1}}",
        "a[b]=1&a=2 {a=2}",
        "a[b]=1&a&a[c]=2 {a={c=2}}",
        "a[]=1&a=2 {a=2}",
    })
    void namesAndValuesBecomeATree(String query, String tree) {
        assertThat(params.query(query)).as(params.fault()).isTrue();
        assertThat(render()).isEqualTo(tree);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "a=1&a[b]=2", "a=1&a[]=2", "a[b]=1&a[]=2", "a[]=1&a[b]=2", "a[b]=1&a[b][c]=2", "a[b][c]=1&a[b][]=2",
        "a[][b]=1&a[][b][c]=2",
    })
    void whatDoesNotFitTogetherIsAConflict(String query) {
        assertThat(params.query(query)).isFalse();
        assertThat(params.fault()).isEqualTo("request contains syntax errors, should not be repeated without modification");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a=%", "a=%4", "a=%zz", "%=1", "a=%4&b=1", "a=1&b=%%20", "a=%0g"})
    void aPercentSignNeedsTwoHexDigits(String query) {
        assertThat(params.query(query)).isFalse();
        assertThat(params.fault()).isEqualTo("Invalid query parameters: invalid %-encoding");
    }

    @Test
    void theFirstMistakeIsTheOneThatIsTold() {
        assertThat(params.query("a=1&a[b]=2&c=%zz")).isFalse();
        assertThat(params.fault()).startsWith("request contains syntax errors");
        params.clear();
        assertThat(params.query("c=%zz&a=1&a[b]=2")).isFalse();
        assertThat(params.fault()).contains("%-encoding");
    }

    @Test
    void fourThousandNinetySixParametersAreTheMostAndEmptyOnesCount() {
        assertThat(params.query("a&".repeat(4095) + "a")).isTrue();
        params.clear();
        assertThat(params.query("&".repeat(4096))).isFalse();
        assertThat(params.fault()).isEqualTo("total number of query parameters (4097) exceeds limit (4096)");
    }

    @Test
    void aFormOfFourMebibytesIsTheLargest() {
        byte[] largest = ("a=" + "x".repeat(4_194_302)).getBytes(StandardCharsets.US_ASCII);
        assertThat(params.form(largest)).isTrue();
        params.clear();
        byte[] larger = ("a=" + "x".repeat(4_194_303)).getBytes(StandardCharsets.US_ASCII);
        assertThat(params.form(larger)).isFalse();
        assertThat(params.fault()).isEqualTo("total query size exceeds limit (4194304)");
    }

    @Test
    void manyNamesUnderOneParentAreAllFound() {
        var query = new StringBuilder("x=1");
        for (int i = 0; i < 4000; i++) {
            query.append("&t[").append(i).append("]=").append(i);
        }
        assertThat(params.query(query.toString())).isTrue();
        int map = params.find(ParamName.of("t"));
        for (int i = 0; i < 4000; i++) {
            assertThat(params.text(params.find(map, ParamName.of(Integer.toString(i))))).isEqualTo(Integer.toString(i));
        }
        int entries = 0;
        for (int at = params.first(map); at != Params.NONE; at = params.next(at)) {
            assertThat(params.key(at)).isEqualTo(Integer.toString(entries++));
        }
        assertThat(entries).isEqualTo(4000);
    }

    @Test
    void namesOfTheFormReplaceThoseOfTheQueryAsAWhole() {
        assertThat(params.query("usage[a]=1&usage[b]=2&k=q")).isTrue();
        assertThat(params.form("usage[c]=3&n=f".getBytes(StandardCharsets.US_ASCII))).isTrue();
        int usage = params.find(ParamName.of("usage"));
        assertThat(params.find(usage, ParamName.of("a"))).isEqualTo(Params.NONE);
        assertThat(params.text(params.find(usage, ParamName.of("c")))).isEqualTo("3");
        assertThat(params.text(ParamName.of("k"))).isEqualTo("q");
        assertThat(params.text(ParamName.of("n"))).isEqualTo("f");
        assertThat(params.text(params.findInQuery(ParamName.of("n")))).isNull();
    }

    @Test
    void aFormMayHaveBlanksAfterSeparatorsAndANulAtItsEnd() {
        assertThat(params.form("a=1& b=2&  c=3\0".getBytes(StandardCharsets.US_ASCII))).isTrue();
        assertThat(params.text(ParamName.of("b"))).isEqualTo("2");
        assertThat(params.text(ParamName.of("c"))).isEqualTo("3");
    }

    @ParameterizedTest
    @CsvSource({
        "a=%C3%A4, true", "a=%E2%82%AC, true", "a=%F0%9F%98%80, true", "a=%F4%8F%BF%BF, true",
        "a=%80, false", "a=%C3, false", "a=%C3x, false", "a=%E2%82, false", "a=%C0%80, false", "a=%C1%BF, false",
        "a=%E0%80%80, false", "a=%ED%A0%80, false", "a=%F0%80%80%80, false", "a=%F4%90%80%80, false", "a=%F5, false",
        "a=%FF, false", "%FF=1, false", "a[%FF]=1, false", "a[]=%FF, false", "a[][b]=%FF, false", "a[b][]=%FF, false",
        "%C3[%A4]=1, false", "%FF, false",
    })
    void allNamesAndValuesHaveToBeUtf8(String query, boolean valid) {
        assertThat(params.query(query)).isTrue();
        assertThat(params.isUtf8()).isEqualTo(valid);
    }

    @Test
    void onlyWhatIsLeftHasToBeUtf8() {
        assertThat(params.query("a=%FF&a=1&b=%FF&c[x]=%FF&c=2")).isTrue();
        assertThat(params.form("b=1".getBytes(StandardCharsets.US_ASCII))).isTrue();
        assertThat(params.isUtf8()).isTrue();
    }

    @Test
    void aUsedParserForgetsEverything() {
        assertThat(params.query("a[b]=%FF&c=%zz")).isFalse();
        params.clear();
        assertThat(params.query("d=1")).isTrue();
        assertThat(params.fault()).isNull();
        assertThat(params.isUtf8()).isTrue();
        assertThat(params.find(ParamName.of("a"))).isEqualTo(Params.NONE);
        assertThat(render()).isEqualTo("{d=1}");
    }

    @ParameterizedTest
    @CsvSource({"200,200", "999,999", "100,100", "099,0", "20,0", "2000,0", "2 0,0", "２００,0", "'',0"})
    void aStatusCodeIsThreeDigits(String text, int code) {
        assertThat(params.form(("c=" + text).getBytes(StandardCharsets.UTF_8))).isTrue();
        assertThat(params.statusCode(params.find(ParamName.of("c")))).isEqualTo(code);
    }

    @Test
    void multipartFieldsAreParameters() {
        String body = "preamble\r\n--BB\r\nContent-Disposition: form-data; name=\"a[b]\"\r\n\r\n1\r\n2\r\n--BB\r\n"
                + "content-disposition: form-data; name=c\r\n\r\n\r\n--BB\r\n"
                + "Content-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nfile\r\n--BB--\r\n";
        assertThat(Multipart.read(body.getBytes(StandardCharsets.US_ASCII), "BB", params)).isNull();
        assertThat(params.text(params.find(params.find(ParamName.of("a")), ParamName.of("b")))).isEqualTo("1\r\n2");
        assertThat(params.text(ParamName.of("c"))).isEmpty();
        assertThat(params.find(ParamName.of("f"))).isEqualTo(Params.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--BB", "--BB\r\n", "--BB\r\nx: y\r\n\r\nvalue", "--BBx\r\n\r\n--BB--", "nothing"})
    void brokenMultipartIsToldToBe(String body) {
        assertThat(Multipart.read(body.getBytes(StandardCharsets.US_ASCII), "BB", params)).startsWith("multipart form: ");
    }

    private String render() {
        return params.toString();
    }
}
