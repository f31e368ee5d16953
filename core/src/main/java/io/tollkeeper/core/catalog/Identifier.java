package io.tollkeeper.core.catalog;

/// 3scale stores a space inside an identifier as `+`, so `a b` and `a+b` are the same one. Pure function.
public final class Identifier {

    private Identifier() {}

    /// The form under which an identifier is stored and looked up.
    public static String normal(String id) {
        return id.indexOf(' ') < 0 ? id : id.replace(' ', '+');
    }
}
