import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Logs in and submits a job as Java's default client does: each request offers HTTP/2. */
public class Classic {
    static final HttpClient CLIENT = HttpClient.newHttpClient();

    static String post(String url, String token, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
        if (token != null) {
            request.header("x-access-token", token);
        }
        HttpResponse<String> response = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }

    public static void main(String[] arguments) throws Exception {
        String login = post(arguments[0] + "/users/loginWithToken", null, "{\"apiToken\": \"" + arguments[1] + "\"}");
        String token = login.replaceAll(".*\"id\":\"([^\"]*)\".*", "$1");
        String params = "{\"iterations\": 2}";
        System.out.println(login.substring(0, 3));
        System.out.println(post(arguments[0] + "/jobs", token, "{\"program_id\": \"runtime-simple\", \"params\": " + params + "}"));
    }
}
