package io.tollkeeper.meter.answer;

/// `<error code="…">…</error>`. Pure function.
public final class ErrorDocument {

    private static final byte[] OPEN = Xml.ascii("<?xml version=\"1.0\" encoding=\"UTF-8\"?><error code=\"");
    private static final byte[] MIDDLE = Xml.ascii("\">");
    private static final byte[] CLOSE = Xml.ascii("</error>");

    private ErrorDocument() {}

    public static byte[] write(Xml xml, String code, String message) {
        return xml.clear()
                .raw(OPEN)
                .attribute(code)
                .raw(MIDDLE)
                .text(message)
                .raw(CLOSE)
                .toBytes();
    }
}
