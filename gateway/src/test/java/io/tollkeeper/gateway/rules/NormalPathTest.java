package io.tollkeeper.gateway.rules;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class NormalPathTest {

    @ParameterizedTest
    @CsvSource(delimiter = '>', textBlock = """
            / > /
            /a/b > /a/b
            //a///b > /a/b
            /a/./b > /a/b
            /a/c/../b > /a/b
            /a/b/.. > /a/
            /a/b/. > /a/b/
            /a/b/ > /a/b/
            /a%2Fb > /a/b
            /a/%2e%2e/b > /b
            /%41%7a > /Az
            /a%20b > /a%20b
            /100%25 > /100%25
            /a%252Fb > /a%252Fb
            /%C3%A9 > /%C3%A9
            /%c3%a9 > /%C3%A9
            /a%3Fb%23 > /a%3Fb%23
            /a;x=1/b > /a;x=1/b
            /a%2Bb+c > /a+b+c
            /... > /...
            /a/..b > /a/..b
            /.hidden > /.hidden
            /a|b > /a%7Cb
            /a\\b > /a%5Cb
            /..;/a > /..;/a
            """)
    void aPathIsNormalisedAsTheOriginalDoes(String path, String normal) {
        assertThat(NormalPath.of(path)).isEqualTo(normal);
    }

    @Test
    void aNormalPathIsNotCopied() {
        String path = "/orders/17/items;x=1";
        assertThat(NormalPath.of(path)).isSameAs(path);
    }

    @Test
    void bytesBeyondAsciiAreEscaped() {
        assertThat(NormalPath.of("/\u00c3\u00a9")).isEqualTo("/%C3%A9");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /../a       | path: its .. segments lead above the root
            /a/../../b  | path: its .. segments lead above the root
            /%2e%2e/b   | path: its .. segments lead above the root
            /%zz        | path: %zz at offset 1 is no escape (expected: % and two hexadecimal digits)
            /a%4        | path: %4 at offset 2 is no escape (expected: % and two hexadecimal digits)
            /a%         | path: % at offset 2 is no escape (expected: % and two hexadecimal digits)
            /a%00b      | path: %00 at offset 2 is refused everywhere
            """)
    void aPathWithoutNormalFormTellsWhatIsWrong(String path, String fault) {
        assertThat(NormalPath.of(path)).isNull();
        assertThat(NormalPath.fault(path)).isEqualTo(fault);
    }
}
