package io.tollkeeper.meter.answer;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Random;
import javax.xml.parsers.DocumentBuilderFactory;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class XmlTest {

    private final Xml xml = new Xml();

    @Test
    void textsAndAttributesAreEscapedAsTheOriginalDoes() {
        assertThat(text("a<b>&\"'ä€😀")).isEqualTo("a&lt;b&gt;&amp;\"'ä€😀");
        xml.clear().attribute("\"<>&'");
        assertThat(new String(xml.toBytes(), StandardCharsets.UTF_8)).isEqualTo("&quot;&lt;&gt;&amp;'");
    }

    @Test
    void whatXmlCannotHoldIsReplaced() {
        assertThat(text("\0\u0001\u001f\ud800x\udc00\ufffe\uffff")).isEqualTo("���" + "�x�" + "��");
        assertThat(text("\t\r\n")).isEqualTo("\t\r\n");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 9, 10, 99, 100, 1234567890123456789L, Long.MAX_VALUE, -1, Long.MIN_VALUE})
    void numbersAreDecimal(long number) {
        assertThat(new String(xml.clear().number(number).toBytes(), StandardCharsets.US_ASCII)).isEqualTo(Long.toString(number));
    }

    @ParameterizedTest
    @CsvSource({
        "1970-01-01T00:00:00Z,1970-01-01 00:00:00 +0000",
        "2026-11-20T16:27:05Z,2026-11-20 16:27:05 +0000",
        "2024-02-29T23:59:59Z,2024-02-29 23:59:59 +0000",
        "2000-03-01T00:00:00Z,2000-03-01 00:00:00 +0000",
        "2026-12-31T00:00:00Z,2026-12-31 00:00:00 +0000",
        "9999-12-31T00:00:00Z,9999-12-31 00:00:00 +0000",
    })
    void momentsAreUtcWithAnOffsetWithoutColon(Instant moment, String text) {
        assertThat(new String(xml.clear().moment(moment.getEpochSecond()).toBytes(), StandardCharsets.US_ASCII)).isEqualTo(text);
    }

    @Test
    void everyMessageGivesAWellFormedDocument() throws Exception {
        var random = new Random(7);
        var builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
        for (int i = 0; i < 500; i++) {
            var message = new StringBuilder();
            for (int k = 0; k < 50; k++) {
                message.append((char) (random.nextBoolean() ? random.nextInt(0x80) : random.nextInt(0x10000)));
            }
            byte[] document = ErrorDocument.write(xml, "bad_request", message.toString());
            var root = builder.parse(new ByteArrayInputStream(document)).getDocumentElement();
            assertThat(root.getAttribute("code")).isEqualTo("bad_request");
        }
    }

    private String text(String text) {
        return new String(xml.clear().text(text).toBytes(), StandardCharsets.UTF_8);
    }
}
