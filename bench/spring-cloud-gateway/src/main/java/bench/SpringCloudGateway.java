package bench;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
import org.springframework.context.annotation.Bean;

/// One route, everything to one upstream, all else as it comes: `SpringCloudGateway <port> <upstream port>`.
@SpringBootApplication
public class SpringCloudGateway {

    private static String upstream = "";

    public static void main(String[] arguments) {
        upstream = "http://127.0.0.1:" + arguments[1];
        SpringApplication.run(
                SpringCloudGateway.class, "--server.port=" + arguments[0], "--server.address=127.0.0.1", "--spring.main.banner-mode=off");
    }

    @Bean
    RouteLocator routes(RouteLocatorBuilder builder) {
        return builder.routes().route("everything", route -> route.path("/**").uri(upstream)).build();
    }
}
