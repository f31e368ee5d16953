package io.tollkeeper.http;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class HeadersTest {

    private final Headers headers = new Headers();

    @Test
    void namesAreFoundWhateverTheirCaseAndDuplicatesStay() {
        headers.add("X-A", "1");
        headers.add("Accept", "text/html");
        headers.add("x-a", "2");
        assertThat(headers.get(HeaderName.of("x-A"))).isEqualTo("1");
        assertThat(headers.find(HeaderName.of("X-a"), 1)).isEqualTo(2);
        assertThat(headers.get(HeaderName.ACCEPT)).isEqualTo("text/html");
        assertThat(headers.has(HeaderName.COOKIE)).isFalse();
        assertThat(headers).hasToString("X-A: 1\nAccept: text/html\nx-a: 2\n");
    }

    @Test
    void removingAndSettingKeepsTheOthersInOrder() {
        headers.add("A", "1");
        headers.add("Cookie", "x");
        headers.add("B", "2");
        headers.add("Cookie", "y");
        headers.set(HeaderName.COOKIE, "z");
        assertThat(headers).hasToString("A: 1\nB: 2\nCookie: z\n");
        headers.remove(HeaderName.COOKIE);
        assertThat(headers.has(HeaderName.COOKIE)).isFalse();
        headers.remove(0);
        assertThat(headers).hasToString("B: 2\n");
    }

    @Test
    void credentialsAreFoundWithHyphensForUnderscores() {
        headers.add("User-Key", "k1");
        assertThat(headers.getLoosely("user_key")).isEqualTo("k1");
        assertThat(headers.getLoosely("userkey")).isNull();
    }

    @Test
    void valuesThatWouldSplitAMessageAreRefused() {
        for (String bad : new String[] {"a\r\nX: b", "a\nb", "a\0b", "caf\u0119", "\u007f"}) {
            assertThatThrownBy(() -> headers.add("X", bad)).isInstanceOf(IllegalArgumentException.class);
        }
        headers.add("X", "caf\u00e9\t ok");
        assertThat(headers.value(0)).isEqualTo("caf\u00e9\t ok");
    }

    @Test
    void hopByHopFieldsAndThoseThatConnectionNamesStayBehind() {
        Headers from = new Headers();
        from.add("Host", "a");
        from.add("Connection", "close, X-Secret ,authorization,x-real-ip");
        from.add("Connection", "X-Other");
        from.add("Keep-Alive", "5");
        from.add("Proxy-Connection", "keep-alive");
        from.add("TE", "trailers");
        from.add("Upgrade", "h2c");
        from.add("X-Secret", "1");
        from.add("X-Other", "1");
        from.add("Authorization", "Basic x");
        from.add("X-Real-IP", "1.2.3.4");
        from.add("X-Kept", "1");
        from.add("X-Kept", "2");
        headers.addEndToEnd(from);
        assertThat(headers).hasToString("Authorization: Basic x\nX-Real-IP: 1.2.3.4\nX-Kept: 1\nX-Kept: 2\n");
    }

    @Test
    void manyFieldsAndLongValuesFit() {
        for (int i = 0; i < 200; i++) {
            headers.add("X-" + i, "v".repeat(i * 10));
        }
        assertThat(headers.size()).isEqualTo(200);
        assertThat(headers.get(HeaderName.of("x-199"))).hasSize(1990);
        headers.clear();
        assertThat(headers.size()).isZero();
        assertThat(headers.get(HeaderName.of("x-199"))).isNull();
    }
}
