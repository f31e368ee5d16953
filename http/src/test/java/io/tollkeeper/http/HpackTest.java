package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// The header compression of HTTP/2, against the examples of RFC 7541.
final class HpackTest {

    private static String decode(HpackDecoder decoder, String hex) {
        List<String> fields = new ArrayList<>();
        byte[] block = HexFormat.of().parseHex(hex.replace(" ", ""));
        String fault = decoder.decode(block, block.length, (n, a, al, v, b, bl) -> fields.add(
                new String(n, a, al, StandardCharsets.ISO_8859_1) + ": " + new String(v, b, bl, StandardCharsets.ISO_8859_1)));
        return fault == null ? String.join("|", fields) : "fault: " + fault;
    }

    @Test
    void threeRequestsWithPlainTextFillTheTable() {
        HpackDecoder decoder = new HpackDecoder(4096);
        assertThat(decode(decoder, "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d"))
                .isEqualTo(":method: GET|:scheme: http|:path: /|:authority: www.example.com");
        assertThat(decode(decoder, "8286 84be 5808 6e6f 2d63 6163 6865"))
                .isEqualTo(":method: GET|:scheme: http|:path: /|:authority: www.example.com|cache-control: no-cache");
        assertThat(decode(decoder, "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65"))
                .isEqualTo(":method: GET|:scheme: https|:path: /index.html|:authority: www.example.com|custom-key: custom-value");
    }

    @Test
    void threeRequestsWithHuffmanCodeSayTheSame() {
        HpackDecoder decoder = new HpackDecoder(4096);
        assertThat(decode(decoder, "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"))
                .isEqualTo(":method: GET|:scheme: http|:path: /|:authority: www.example.com");
        assertThat(decode(decoder, "8286 84be 5886 a8eb 1064 9cbf"))
                .isEqualTo(":method: GET|:scheme: http|:path: /|:authority: www.example.com|cache-control: no-cache");
        assertThat(decode(decoder, "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"))
                .isEqualTo(":method: GET|:scheme: https|:path: /index.html|:authority: www.example.com|custom-key: custom-value");
    }

    @Test
    void entriesBeyondTheTableAreForgotten() {
        HpackDecoder decoder = new HpackDecoder(256);
        assertThat(decode(decoder, "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d"))
                .startsWith(":status: 302|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://");
        assertThat(decode(decoder, "4803 3330 37c1 c0bf"))
                .startsWith(":status: 307|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://");
        // :status 302 made room for 307
        assertThat(decode(decoder, "c2")).startsWith("fault: entry 66");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "80", // entry 0
        "ff 00 ff", // an entry far beyond the table
        "00 05 61", // a name cut off
        "00 01 61 7f ff ff ff ff ff 0f", // a length beyond everything
        "00 01 61 81 ff", // a byte of padding alone
        "00 01 61 84 ff ff ff ff", // the end-of-string code
        "00 01 61 81 00", // padding that is not of ones
        "82 20", // a change of the table's size behind a field
        "3f e2 1f" // a table of 4 097 bytes
    })
    void blocksThatMakeNoSenseAreRefused(String hex) {
        assertThat(decode(new HpackDecoder(4096), hex)).startsWith("fault: ");
    }
}
