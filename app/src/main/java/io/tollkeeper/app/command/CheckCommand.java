package io.tollkeeper.app.command;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.declaration.DeclaredProduct;
import io.tollkeeper.app.operate.ProductCheck;
import io.tollkeeper.core.proxy.Finding;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `tollkeeper check FILE`: every mistake of a configuration at once, or what it declares.
@Command(name = "check", description = "Tells every mistake of a configuration file, or what it declares.")
public final class CheckCommand implements Callable<Integer> {

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Tollkeeper tollkeeper;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "The file (default: --config, then tollkeeper.yaml).")
    private @Nullable Path file;

    @Override public Integer call() {
        var sources = tollkeeper.sources();
        var asked = file != null ? file : sources.file();
        if (asked == null) {
            throw new ParameterException(spec.commandLine(), "which file? (there is no tollkeeper.yaml here)");
        }
        return switch (Configuration.load(asked, sources.environment(), sources.overrides())) {
            case Loaded.Bad(var findings) -> bad(findings);
            case Loaded.Good(var configuration) -> good(asked, configuration);
        };
    }

    private static int bad(List<Finding> findings) {
        findings.forEach(finding -> System.out.println(finding.text()));
        long mistakes = findings.stream().filter(Finding::isError).count();
        long doubts = findings.size() - mistakes;
        System.out.println(count(mistakes, "mistake") + (doubts == 0 ? "" : ", " + count(doubts, "warning")));
        return 1;
    }

    /// Of a 3scale document a product with a mistake is refused and the others are not, so both are told.
    private static int good(Path asked, Configuration configuration) {
        var ofProducts = ProductCheck.findings(configuration);
        configuration.warnings().forEach(warning -> System.out.println(warning.text()));
        ofProducts.forEach(finding -> System.out.println(finding.text()));
        var products = configuration.declared().products();
        long mistakes = ofProducts.stream().filter(Finding::isError).count();
        long doubts = configuration.warnings().size() + ofProducts.size() - mistakes;
        System.out.println(asked + (mistakes == 0 ? " is good: " : " has " + count(mistakes, "mistake") + ": ") + count(products.size(), "product")
                + (doubts == 0 ? "" : ", " + count(doubts, "warning")));
        products.forEach(product -> System.out.println("  " + line(product)));
        return mistakes == 0 ? 0 : 1;
    }

    private static String line(DeclaredProduct product) {
        var proxy = product.proxy();
        return proxy.productId() + ": " + String.join(", ", proxy.hosts())
                + " -> " + (proxy.apiBackend() == null ? "no upstream" : proxy.apiBackend())
                + "; " + count(proxy.rules().size(), "rule")
                + ", " + count(product.plans().size(), "plan")
                + ", " + count(product.limits().size(), "limit")
                + ", " + count(product.applications().size(), "application");
    }

    static String count(long number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }
}
