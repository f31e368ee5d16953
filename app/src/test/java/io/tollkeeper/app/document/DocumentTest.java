package io.tollkeeper.app.document;

import io.tollkeeper.core.proxy.Finding;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class DocumentTest {
    private final Findings findings = new Findings();

    @Test void scalarsKeepTheTextAsItWasWritten() {
        assertThat(read("key: 0123\nid: 1e3\nflag: yes\nhex: 0x10\n").root()).isEqualTo(new Node.Fields(1, java.util.List.of(
                new Node.Field(1, "key", new Node.Text(1, "0123")),
                new Node.Field(2, "id", new Node.Text(2, "1e3")),
                new Node.Field(3, "flag", new Node.Text(3, "yes")),
                new Node.Field(4, "hex", new Node.Text(4, "0x10")))));
        assertThat(findings.hasErrors()).isFalse();
    }

    @Test void emptyValuesTildeAndNullAreNothing() {
        assertThat(read("a:\nb: ~\nc: null\nd: ''\n").fields()).extracting(Node.Field::value).containsExactly(
                new Node.Nothing(1), new Node.Nothing(2), new Node.Nothing(3), new Node.Text(4, ""));
    }

    @Test void everyRepeatedKeyIsToldWithBothLines() {
        read("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n");
        assertThat(told()).containsExactly(
                "test.yaml:4  b.c: written a second time (first on line 3)",
                "test.yaml:5  a: written a second time (first on line 1)");
    }

    @Test void everyLineIndentedWithATabIsTold() {
        assertThat(read("a:\n\t- x\n \t- y\nb: 1\n").root()).isNull();
        assertThat(told()).containsExactly(
                "test.yaml:2  indented with a tab (YAML wants spaces)",
                "test.yaml:3  indented with a tab (YAML wants spaces)");
    }

    @Test void brokenYamlIsToldInASentenceWithItsLine() {
        read("a: 1\nb: c: d\n");
        assertThat(told()).containsExactly(
                "test.yaml:2  not valid YAML: a second \": \" on a line, or a key indented deeper than the keys above it");
    }

    @Test void anOpenListTellsWhereItBegan() {
        read("a: 1\nb: [1, 2\nc: 3\n");
        assertThat(told()).singleElement().asString()
                .startsWith("test.yaml:3  not valid YAML: while parsing a flow sequence, begun on line 2: expected ',' or ']'");
    }

    @Test void aSecondDocumentIsRefused() {
        read("a: 1\n---\nb: 2\n");
        assertThat(told()).containsExactly("test.yaml:3  a second document (---): write everything into one");
    }

    @Test void aliasesAreRefusedRatherThanMultiplied() {
        read("a: &x [1]\nb: *x\n");
        assertThat(told()).containsExactly("test.yaml:2  b: *x: aliases are not followed (write the value here)");
    }

    @Test void jsonIsRecognisedByItsFirstCharacterAndKeepsLines() {
        var document = read("{\n  \"services\": [],\n\t\"n\": null\n}");
        assertThat(document.fields()).extracting(Node.Field::line).containsExactly(2, 3);
        assertThat(document.fields()).extracting(Node.Field::value).last().isEqualTo(new Node.Nothing(3));
    }

    @Test void brokenJsonIsToldWithItsLine() {
        read("{\n  \"a\": 1,\n  b\n}");
        assertThat(told()).singleElement().asString().startsWith("test.yaml:3  not valid JSON: ");
    }

    @Test void anEmptyFileIsAnEmptyDocument() {
        assertThat(read("# nothing yet\n").root()).isEqualTo(new Node.Fields(1, java.util.List.of()));
        assertThat(findings.hasErrors()).isFalse();
    }

    @Test void deepNestingIsAFindingNotACrash() {
        read("[".repeat(100_000));
        assertThat(told()).singleElement().asString().contains("not valid JSON: Document nesting depth");
    }

    private Document read(String text) {
        return Document.read("test.yaml", text, findings);
    }

    private java.util.List<String> told() {
        return findings.sorted().stream().map(Finding::text).toList();
    }
}
