package io.tollkeeper.compat.fuzz;

import java.io.ByteArrayInputStream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;

import io.tollkeeper.testkit.RawAnswer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

import static io.tollkeeper.compat.fuzz.FuzzTarget.require;

/// Whether an answer is what its head says. Pure functions.
final class WellFormed {

    private static final JsonMapper JSON = JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
    private static final XMLInputFactory XML = factory();

    private WellFormed() {}

    private static XMLInputFactory factory() {
        var factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        return factory;
    }

    static void check(String method, RawAnswer answer) {
        require(answer.ending() == RawAnswer.Ending.COMPLETE, "a whole answer", answer, "complete");
        require(answer.status() != 500, "no failure of ours", answer + " " + answer.text(), "anything but 500");
        require(answer.status() != 503, "room for everything", answer + " " + answer.text(), "anything but 503");
        require(answer.header("x-request-id") != null, "a request id", answer, "one");
        if (answer.bodyLength() == 0 || method.equals("HEAD")) {
            return;
        }
        var type = String.valueOf(answer.header("content-type"));
        if (type.contains("xml")) {
            xml(answer);
        } else if (type.contains("json")) {
            json(answer);
        }
    }

    private static void xml(RawAnswer answer) {
        try {
            var reader = XML.createXMLStreamReader(new ByteArrayInputStream(answer.body()));
            while (reader.hasNext()) {
                reader.next();
            }
            reader.close();
        } catch (XMLStreamException e) {
            throw new AssertionError("XML that is none: " + answer.text(), e);
        }
    }

    private static void json(RawAnswer answer) {
        try {
            JSON.readTree(answer.body());
        } catch (JacksonException e) {
            throw new AssertionError("JSON that is none: " + answer.text(), e);
        }
    }
}
