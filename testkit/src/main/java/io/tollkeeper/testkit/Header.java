package io.tollkeeper.testkit;

/// One field line as it stood on the wire, name in its original case, value without outer blanks.
public record Header(String name, String value) {

    @Override
    public String toString() {
        return name + ": " + value;
    }
}
